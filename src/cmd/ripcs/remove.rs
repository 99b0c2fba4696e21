//! `ripcs remove`: objects of any kind removed, by name or all of a kind.

use anyhow::Context as _;
use clap::Args;

use super::kinds::{Asked, AskedParser, tell_unlisted};
use super::list::Filter;
use super::place::{NamespaceArgs, Place};
use super::scene::Scene;
use crate::app::{Context, Verb};
use crate::exit::{Status, UsageError};
use crate::ipc::census::{Class, Object};
use crate::output::escape;

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Remove {
    /// The objects: 3, queue:3, 0x4b, /jobs; with --all the kinds: queue, segment, semaphore, set
    #[arg(value_name = "OBJECT", value_parser = AskedParser, required = true)]
    objects: Vec<Asked>,

    /// All objects of these kinds, of this user where --user says so
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    filter: Filter,

    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,

    /// One that does not exist is no failure
    #[arg(long)]
    if_exists: bool,

    /// Say what was removed
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    namespace: NamespaceArgs,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ALIAS: Option<&'static str> = Some("rm");
    const ABOUT: &'static str = "Remove objects of any kind, by name or all of a kind";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        self.check()?;
        let classes: Vec<Class> = self.objects.iter().flat_map(Asked::classes).copied().collect();
        let classes: Vec<Class> = Class::LASTING.into_iter().filter(|class| classes.contains(class)).collect();
        let scene = Scene::of(context, &self.namespace, &classes)?;
        if self.all {
            let now = jiff::Timestamp::now().as_second();
            let mine = scene.spots.iter().filter(|spot| self.filter.takes(&spot.object, now));
            let status = context.for_each(mine, |context, spot| self.remove(context, &scene, spot.place, &spot.object));
            tell_unlisted(context, &scene.unlisted);
            return Ok(status);
        }
        // All names are understood before anything is removed: none of them may mean two things.
        let mut found = Vec::new();
        let status = context.for_each(Asked::names(&self.objects), |_, target| match scene.named(target) {
            Ok(indices) => {
                found.extend(indices);
                Ok(())
            }
            Err(error) if self.if_exists && Status::of(&error) == Status::NotFound => Ok(()),
            Err(error) => Err(error),
        });
        // What could not be listed may be what was not found.
        tell_unlisted(context, &scene.unlisted);
        if status == Status::Usage {
            return Ok(status);
        }
        let removed = context.for_each(found, |context, index| {
            let spot = &scene.spots[index];
            self.remove(context, &scene, spot.place, &spot.object)
        });
        Ok(status.max(removed))
    }
}

impl Remove {
    /// Kinds only with `--all`, names only without, and what processes hold open not at all.
    fn check(&self) -> anyhow::Result<()> {
        let usage = |words: &str| Err(UsageError(words.into()).into());
        let kinds = self.objects.iter().filter(|one| matches!(one, Asked::Kind(_))).count();
        let lasts = |one: &Asked| one.classes().iter().all(|class| Class::LASTING.contains(class));
        match () {
            () if self.all && kinds < self.objects.len() => usage("--all takes kinds, not the names of objects"),
            () if !self.all && kinds > 0 => usage("a kind is removed with --all alone"),
            () if !self.all && (self.filter.user.is_some() || self.filter.older.is_some()) => {
                usage("--user and --older choose among --all")
            }
            () if !self.objects.iter().all(lasts) => {
                usage("only queues, segments and semaphores are removed: the others end with their processes")
            }
            () => Ok(()),
        }
    }

    fn remove(
        &self,
        context: &mut Context,
        scene: &Scene,
        place: Option<usize>,
        object: &Object,
    ) -> anyhow::Result<()> {
        let place = place.map(|place| &scene.places[place]);
        let told = place.map(Place::told).unwrap_or_default();
        let name = format!("{}{told}", escape(&object.full_name()));
        if self.dry_run {
            context.note(&format!("would remove {name}"));
            return Ok(());
        }
        let removed = match place {
            Some(place) => place.within(|| object.remove()),
            None => object.remove(),
        };
        match removed {
            // Somebody else was faster.
            Err(error) if self.if_exists && error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            removed => removed.with_context(|| format!("cannot remove {name}"))?,
        }
        if self.verbose {
            context.note(&format!("removed {name}"));
        }
        Ok(())
    }
}
