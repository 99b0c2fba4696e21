//! `ripcs list`: objects of every kind in one list.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::any::{self, Item, Note};
use super::kinds::{self, KindWord, tell_unlisted};
use super::listing::Listing;
use super::place::{NamespaceArgs, Place};
use super::scene::{Scene, Spot, tell_hidden};
use crate::app::{Context, Verb};
use crate::args::{self, Owner, ReportArgs};
use crate::exit::Status;
use crate::ipc::census::{Census, Class, Object};
use crate::ipc::{Kind, Name};

#[derive(Debug, Args)]
pub(super) struct List {
    /// The kinds to list, or all; without one those that exist whether or not a process has them
    #[arg(value_name = "KIND")]
    kinds: Vec<KindWord>,

    #[command(flatten)]
    filter: Filter,

    /// Only objects of this System V key (0x4b, 75, ftok:PATH)
    #[arg(long, value_parser = key)]
    key: Option<Name>,

    /// Only objects that this process is at, or that it made or used last
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,

    /// Only objects that no process is at
    #[arg(long)]
    unused: bool,

    #[command(flatten)]
    namespace: NamespaceArgs,

    #[command(flatten)]
    report: ReportArgs,
}

/// Whose objects, and how old.
#[derive(Debug, Clone, Args)]
pub(super) struct Filter {
    /// Only objects of this user: a name, a number, or me
    #[arg(long, value_parser = user)]
    pub user: Option<u32>,

    /// Only objects that nothing has happened to for this long
    #[arg(long, value_name = "DURATION", value_parser = args::duration)]
    pub older: Option<Duration>,
}

/// A user by name or number; `me` is who asks.
fn user(text: &str) -> Result<u32, String> {
    if text == "me" {
        return Ok(crate::ipc::users::effective());
    }
    match args::owner(text) {
        Ok(Owner { user: Some(user), group: None }) => Ok(user),
        Ok(_) => Err("a user is a name, a number or 'me'".into()),
        Err(why) => Err(why),
    }
}

/// A key: plain digits are one here, as nothing else is meant.
fn key(text: &str) -> Result<Name, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if is_number { format!("key:{text}") } else { text.to_owned() };
    match Name::parse(text.as_ref(), Kind::Queue) {
        Ok(name @ (Name::Key(_) | Name::Ftok { .. })) => Ok(name),
        Ok(_) => Err("a key is 0x4b, 75 or ftok:PATH".into()),
        Err(error) => Err(error.to_string()),
    }
}

impl Filter {
    /// Whether the object is one of those that are asked for.
    pub(super) fn takes(&self, object: &Object, now: i64) -> bool {
        let is_old = |older: Duration| {
            let idle = object.last_used().map(|used| now.saturating_sub(used));
            idle.is_some_and(|idle| u64::try_from(idle).is_ok_and(|idle| idle >= older.as_secs()))
        };
        self.user.is_none_or(|user| object.owner() == Some(user)) && self.older.is_none_or(is_old)
    }
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List objects of all kinds, System V and POSIX";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let classes = kinds::classes(&self.kinds);
        if self.report.list.wants_help() {
            any::write_help(context, &classes)?;
            return Ok(Status::Done);
        }
        let columns = any::chosen(&classes, &self.report, self.namespace.is_given())?;
        let listing = Listing::new(&self.report, &classes, &columns);
        let key = self.key.as_ref().map(Name::key).transpose().context("cannot make a key of that file")?.flatten();
        let now = jiff::Timestamp::now().as_second();
        let takes = |object: &Object| self.filter.takes(object, now) && key.is_none_or(|key| object.key() == Some(key));
        let has_held = classes.iter().any(|class| !Class::LASTING.contains(class));
        let asks = self.unused || self.pid.is_some() || any::has(&columns, "users");
        if !(asks || has_held || self.namespace.is_given()) && listing.streams() {
            let unlisted = listing.stream(context, takes)?;
            tell_unlisted(context, &unlisted);
            return Ok(Status::Done);
        }
        let mut scene = Scene::of(context, &self.namespace, &classes)?;
        scene.spots.retain(|spot| takes(&spot.object));
        let mut census = None;
        if asks || has_held {
            let census = census.insert(scene.census(&classes, None)?);
            if has_held && (any::has_file(&columns) || self.filter.user.is_some()) {
                census.add_files(scene.spots.iter_mut().map(|spot| &mut spot.object));
            }
            scene.spots.retain(|spot| takes(&spot.object));
        }
        if let Some(census) = &census {
            self.filter_by_users(&mut scene, census);
        }
        scene.ask(|objects| any::fill(objects, &columns, &self.report)).context("cannot look at the objects")?;
        let items = items(&mut scene, census.as_ref());
        listing.write(context, items)?;
        tell_unlisted(context, &scene.unlisted);
        if let Some(census) = census {
            tell_hidden(context, census.hidden);
        }
        Ok(Status::Done)
    }
}

impl List {
    fn filter_by_users(&self, scene: &mut Scene, census: &Census) {
        let spots = std::mem::take(&mut scene.spots);
        let kept = spots.into_iter().filter(|spot| {
            let users = scene.users(census, spot);
            let is_at = |pid| users.iter().any(|(process, _)| process.pid == pid) || spot.object.names(pid);
            (!self.unused || users.is_empty() && !spot.object.is_attached()) && self.pid.is_none_or(is_at)
        });
        let kept = kept.collect();
        scene.spots = kept;
    }
}

/// The rows of the objects, each with its namespace and, where that was asked, how many are at it.
pub(super) fn items(scene: &mut Scene, census: Option<&Census>) -> Vec<Item> {
    let spots = std::mem::take(&mut scene.spots);
    let places = &scene.places;
    Item::all(spots.into_iter().map(|Spot { object, place }| {
        let place: Option<&Place> = place.map(|place| &places[place]);
        let number = place.map(|place| place.number);
        let users = census.map(|census| census.count(object.thing(), number));
        let ends = census.and_then(|census| any::ends(census, &object));
        (object, Note { namespace: place.and_then(|place| place.namespace.clone()), users, ends })
    }))
}
