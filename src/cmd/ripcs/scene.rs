//! What a verb looks at: objects, each in its namespace, and who is at them.

use std::collections::HashSet;
use std::io;

use anyhow::{Context as _, bail};
use clap::builder::TypedValueParser;

use super::joined;
use super::place::{NamespaceArgs, Place};
use crate::app::Context;
use crate::exit::{Status, UsageError};
use crate::ipc::census::{self, Attention, Census, Class, Found, Hidden, Object, Process, Target, Use};
use crate::ipc::socket::inventory::Status as Socket;
use crate::output::{counted, escape};

/// An object and where it is.
#[derive(Debug)]
pub(super) struct Spot {
    pub object: Object,
    /// Index of its place; `None` for what belongs to no IPC namespace.
    pub place: Option<usize>,
}

/// The objects that are looked at, and where.
#[derive(Debug)]
pub(super) struct Scene {
    pub places: Vec<Place>,
    pub spots: Vec<Spot>,
    /// POSIX objects of these kinds could not be listed, and why.
    pub unlisted: Vec<(Class, io::Error)>,
    all: bool,
    /// Sets are not listed: those that somebody is at will turn up.
    finds_sets: bool,
}

/// From how many sets on it is cheaper to look up those that processes turn out to sleep on.
const MANY_SETS: u64 = 1000;

impl Scene {
    /// The lasting objects of these kinds.
    pub(super) fn of(context: &mut Context, namespaces: &NamespaceArgs, classes: &[Class]) -> anyhow::Result<Self> {
        Self::at(namespaces.places(context)?, classes, namespaces.is_all())
    }

    /// Those of them that may have users: where there are many sets they come with the [`census`](Self::census).
    pub(super) fn of_users(
        context: &mut Context,
        namespaces: &NamespaceArgs,
        classes: &[Class],
    ) -> anyhow::Result<Self> {
        let finds_sets = !namespaces.is_given() && classes.contains(&Class::Set) && census::set_count() > MANY_SETS;
        let listed: Vec<Class> =
            classes.iter().copied().filter(|class| !(finds_sets && *class == Class::Set)).collect();
        let usable = || census::usable_objects(&listed);
        Ok(Self { finds_sets, ..Self::found_by(usable, namespaces.places(context)?, namespaces.is_all())? })
    }

    /// The lasting objects of these kinds in these places; `all` when there are no others.
    pub(super) fn at(places: Vec<Place>, classes: &[Class], all: bool) -> anyhow::Result<Self> {
        Self::found_by(|| census::objects(classes), places, all)
    }

    /// What `find` finds in each of these places.
    fn found_by(find: impl Fn() -> io::Result<Found> + Sync, places: Vec<Place>, all: bool) -> anyhow::Result<Self> {
        let mut scene = Self { places, spots: Vec::new(), unlisted: Vec::new(), all, finds_sets: false };
        for index in 0..scene.places.len() {
            let place = &scene.places[index];
            let found = place.visit(&find);
            let Some(found) = found.with_context(|| format!("cannot list the objects{}", place.told()))? else {
                continue;
            };
            scene.spots.extend(found.objects.into_iter().map(|object| Spot { object, place: Some(index) }));
            for (class, error) in found.unlisted {
                // It is told once, however many namespaces it is so in.
                let is_told = |told: &(Class, io::Error)| told.0 == class && told.1.kind() == error.kind();
                if !scene.unlisted.iter().any(is_told) {
                    scene.unlisted.push((class, error));
                }
            }
        }
        Ok(scene)
    }

    /// Asks for the values of the sets among them; those that we may not read keep none.
    pub(super) fn add_values(&mut self) {
        // Who could list them could enter.
        let _ = self.ask(|objects| {
            census::add_values(objects);
            Ok(())
        });
    }

    /// Asks for more about the objects: about those that last where they are, as an identifier means something
    /// there alone, and about the others from here.
    pub(super) fn ask(&mut self, ask: impl Fn(&mut [&mut Object]) -> io::Result<()> + Sync) -> io::Result<()> {
        for (index, place) in self.places.iter().enumerate() {
            let mut objects = objects_at(&mut self.spots, Some(index));
            if !objects.is_empty() {
                place.visit(|| ask(&mut objects))?;
            }
        }
        let mut held = objects_at(&mut self.spots, None);
        if held.is_empty() { Ok(()) } else { ask(&mut held) }
    }

    /// Asks who is at these objects, and adds those of these kinds that exist only because of that.
    pub(super) fn census(&mut self, classes: &[Class], pids: Option<&[i32]>) -> anyhow::Result<Census> {
        let objects: Vec<&Object> = self.spots.iter().map(|spot| &spot.object).collect();
        let namespace = if self.all { None } else { self.places.first().map(|place| place.number) };
        let mut attention = Attention::to(objects, classes, namespace);
        if self.finds_sets {
            attention.add_calls();
        }
        let mut census = Census::of(pids, &attention).context("cannot look at the processes")?;
        if self.finds_sets {
            let sets = census.sets().context("cannot look at the sets")?;
            self.spots.extend(sets.into_iter().map(|object| Spot { object, place: Some(0) }));
            self.spots.sort_by_key(|spot| spot.object.class());
        }
        let mut held: Vec<_> = census.held.values().cloned().collect();
        held.sort_by(|one, two| (one.class, &one.name, one.inode).cmp(&(two.class, &two.name, two.inode)));
        self.spots.extend(held.into_iter().map(|held| Spot { object: Object::Held(held), place: None }));
        census.complete(self.spots.iter().map(|spot| (&spot.object, self.number_of(spot))));
        Ok(census)
    }

    /// The namespace of an object, where it is of one.
    pub(super) fn number_of(&self, spot: &Spot) -> Option<u64> {
        spot.place.map(|place| self.places[place].number)
    }

    /// Who is at an object.
    pub(super) fn users<'a>(&self, census: &'a Census, spot: &Spot) -> Vec<(&'a Process, &'a Use)> {
        census.users(spot.object.thing(), self.number_of(spot)).collect()
    }

    /// Leaves the objects that have one of these names, with the other ends of sockets, and all of these kinds;
    /// each name has to be that of one object.
    pub(super) fn retain_named(&mut self, context: &mut Context, targets: &[&Target], whole: &[Class]) -> Status {
        let mut keep: Vec<bool> = self.spots.iter().map(|spot| whole.contains(&spot.object.class())).collect();
        let status = context.for_each(targets, |_, target| {
            let found = self.named(target)?;
            self.call(&found, target);
            for index in self.other_ends(&found).into_iter().chain(found) {
                keep[index] = true;
            }
            Ok(())
        });
        let mut keep = keep.into_iter();
        self.spots.retain(|_| keep.next().unwrap_or(false));
        status
    }

    /// Calls locked files by the path that was asked for, where nobody was seen who has them open.
    fn call(&mut self, found: &[usize], target: &Target) {
        let Some(path) = target.path() else { return };
        for &index in found {
            if let Object::Held(held) = &mut self.spots[index].object {
                held.call(path);
            }
        }
    }

    /// The other ends of the sockets among these.
    fn other_ends(&self, found: &[usize]) -> Vec<usize> {
        let socket = |index: usize| joined::socket(&self.spots[index]);
        let named: HashSet<u64> = found.iter().filter_map(|&index| Some(socket(index)?.inode)).collect();
        if named.is_empty() {
            return Vec::new();
        }
        let known: HashSet<u64> = found.iter().filter_map(|&index| socket(index)).flat_map(Socket::others).collect();
        let is_far = |index: &usize| {
            socket(*index).is_some_and(|far| known.contains(&far.inode) || far.others().any(|one| named.contains(&one)))
        };
        (0..self.spots.len()).filter(is_far).collect()
    }

    /// Leaves the objects of this name.
    pub(super) fn keep_named(&mut self, target: &Target) -> anyhow::Result<()> {
        let mut index = 0;
        let found = self.named(target)?;
        self.call(&found, target);
        self.spots.retain(|_| {
            index += 1;
            found.contains(&(index - 1))
        });
        Ok(())
    }

    /// The objects of this name: one, or one of the same kind in each namespace.
    pub(super) fn named(&self, target: &Target) -> anyhow::Result<Vec<usize>> {
        let cannot = || format!("cannot find {target}");
        let sought = target.look_up().with_context(cannot)?;
        let found: Vec<usize> = (0..self.spots.len()).filter(|&index| sought.is(&self.spots[index].object)).collect();
        let Some(&first) = found.first() else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "nothing is called so")).with_context(cannot);
        };
        let class = self.spots[first].object.class();
        if !target.is_of_many() && found.iter().any(|&index| self.spots[index].object.class() != class) {
            let mut names: Vec<_> = found.iter().map(|&index| escape(&self.spots[index].object.full_name())).collect();
            names.dedup();
            bail!(UsageError(format!("{target} may be any of {}: say which", names.join(", "))));
        }
        Ok(found)
    }
}

/// The objects of a place, or those that belong to none.
fn objects_at(spots: &mut [Spot], place: Option<usize>) -> Vec<&mut Object> {
    spots.iter_mut().filter(|spot| spot.place == place).map(|spot| &mut spot.object).collect()
}

/// Says once what could not be seen, with how many processes.
pub(super) fn tell_hidden(context: &mut Context, hidden: Hidden) {
    if hidden.whole > 0 {
        let processes = counted(hidden.whole as u64, "process");
        context.note(&format!("{processes} could not be looked at: they may be there, too"));
    }
    if hidden.calls > 0 {
        let processes = counted(hidden.calls as u64, "process");
        context.note(&format!("of {processes} it could not be seen what they wait for"));
    }
}

/// Reads the name of an object of any kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct TargetParser;

impl TypedValueParser for TargetParser {
    type Value = Target;

    fn parse_ref(
        &self,
        _command: &clap::Command,
        _arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Target, clap::Error> {
        // The grammar's own words say all there is to say, escaped; clap would repeat the raw text.
        let refusal = |error| clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{error}\n"));
        Target::parse(value).map_err(refusal)
    }
}
