//! `ripcs show`: everything about one object of any kind, and who is at it.

use anyhow::Context as _;
use clap::Args;

use super::any::{self, Item, Note};
use super::kinds::tell_unlisted;
use super::place::NamespaceArgs;
use super::scene::{Scene, TargetParser, tell_hidden};
use crate::app::{Context, Verb};
use crate::cmd::rows;
use crate::cmd::rows::holder::{self, At, HolderRow};
use crate::cmd::rows::semaphore::{MEMBER_COLUMNS, MemberRow};
use crate::exit::Status;
use crate::ipc::census::{Class, Hidden, Object, Target};
use crate::ipc::sem::sysv::Set;
use crate::output::{write_details, write_object};

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The objects, with the kind before the name where it has to be told: 3, queue:3, /jobs, ./fifo
    #[arg(value_name = "OBJECT", value_parser = TargetParser, required = true)]
    objects: Vec<Target>,

    #[command(flatten)]
    namespace: NamespaceArgs,

    /// Write a JSON object for each
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show everything about an object of any kind, and who is at it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mut hidden = Hidden::default();
        let status = context.for_each(&self.objects, |context, target| {
            let seen = self.show(context, target)?;
            hidden = Hidden { whole: hidden.whole.max(seen.whole), calls: hidden.calls.max(seen.calls) };
            Ok(())
        });
        tell_hidden(context, hidden);
        Ok(status)
    }
}

impl Show {
    /// The System V objects of this identifier, of these kinds: queue, segment, set.
    pub(super) fn of_id(id: i32, kinds: [bool; 3], namespace: NamespaceArgs, json: bool) -> Self {
        let words = if kinds == [true; 3] { vec![String::new()] } else { named(kinds) };
        let target = |kind: String| Target::parse(format!("{kind}{id}").as_ref()).expect("a kind and digits");
        Self { objects: words.into_iter().map(target).collect(), namespace, json }
    }

    /// Shows the object of this name; one in each namespace where all are looked into.
    fn show(&self, context: &mut Context, target: &Target) -> anyhow::Result<Hidden> {
        let mut scene = Scene::of(context, &self.namespace, target.classes())?;
        if target.classes().iter().any(|class| Class::LASTING.contains(class)) {
            // What could not be listed may be what is not found.
            scene.keep_named(target).inspect_err(|_| tell_unlisted(context, &scene.unlisted))?;
        }
        let census = scene.census(target.classes(), None)?;
        scene.keep_named(target)?;
        for spot in std::mem::take(&mut scene.spots) {
            let users = scene.users(&census, &spot);
            let namespace = spot.place.and_then(|place| scene.places[place].namespace.clone());
            let at = At { object: spot.object.full_name(), namespace: namespace.clone(), users };
            let members = members(&scene, spot.place, &spot.object);
            let mut object = spot.object;
            census.add_files([&mut object]);
            any::ask(&mut object, spot.place.map(|place| &scene.places[place])).context("cannot look at it")?;
            let count = census.count(object.thing(), spot.place.map(|place| scene.places[place].number));
            let note = Note { namespace, users: Some(count), ends: any::ends(&census, &object) };
            let holders = HolderRow::all(&[at]);
            self.write(context, &Item::all([(object, note)])[0], &members, &holders)?;
        }
        Ok(census.hidden)
    }

    fn write(
        &self,
        context: &mut Context,
        item: &Item,
        members: &[MemberRow],
        holders: &[HolderRow],
    ) -> std::io::Result<()> {
        let mut fields = item.fields();
        if self.json {
            if !members.is_empty() {
                fields.push(("semaphores", rows::records(MEMBER_COLUMNS, members)));
            }
            fields.push(("processes", rows::records(holder::COLUMNS, holders)));
            return write_object(&mut context.out, &fields);
        }
        write_details(&mut context.out, &fields)?;
        rows::write_records(context, MEMBER_COLUMNS, members)?;
        rows::write_shown(context, holder::COLUMNS, holders)
    }
}

/// What stands before an identifier of these kinds.
fn named(kinds: [bool; 3]) -> Vec<String> {
    let words = [Class::Queue, Class::Segment, Class::Set].map(|class| format!("{class}:"));
    words.into_iter().zip(kinds).filter_map(|(word, is_asked)| is_asked.then_some(word)).collect()
}

/// The semaphores of a set; none of them where they may not be read.
fn members(scene: &Scene, place: Option<usize>, object: &Object) -> Vec<MemberRow> {
    let (Object::Set(status), Some(place)) = (object, place) else { return Vec::new() };
    let members = scene.places[place].within(|| Set::at(status.id).semaphores()).unwrap_or_default();
    let last = status.operated.max(status.changed);
    members.into_iter().map(|member| MemberRow::of(member, last)).collect()
}
