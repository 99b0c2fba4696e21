//! Every lasting object there is, all at once or some at a time.

use std::io;
use std::ops::Range;

use super::{Class, Object};
use crate::in_turn::in_turn;
use crate::ipc::msgq::{posix as posix_queue, sysv as queue};
use crate::ipc::object::{SHARE, SlotTable};
use crate::ipc::sem::{posix as semaphore, sysv as set};
use crate::ipc::shm;
use crate::sys::heap;

/// The objects that could be listed, and why not all of them could.
#[derive(Debug, Default)]
pub struct Found {
    /// Those listed.
    pub objects: Vec<Object>,
    /// POSIX objects of these kinds could not be listed, and why.
    pub unlisted: Vec<(Class, io::Error)>,
}

/// Every lasting object of these kinds, in this IPC namespace and `/dev/shm`.
pub fn objects(classes: &[Class]) -> io::Result<Found> {
    objects_that(classes, |_| true)
}

/// Those of them that somebody may be at: the kernel counts who has a segment attached.
pub fn usable_objects(classes: &[Class]) -> io::Result<Found> {
    objects_that(classes, |object| !matches!(object, Object::Segment(_)) || object.is_attached())
}

fn objects_that(classes: &[Class], count: impl Fn(&Object) -> bool + Sync) -> io::Result<Found> {
    let batches = batches(classes)?;
    let mut all = Found::default();
    in_turn(
        batches.len(),
        |number| {
            let mut found = batches[number].look()?;
            found.objects.retain(&count);
            Ok(found)
        },
        |found: io::Result<Found>| {
            let found = found?;
            all.objects.extend(found.objects);
            all.unlisted.extend(found.unlisted);
            Ok(())
        },
    )
    .map(|()| all)
}

/// Some of the objects that there are, to be looked at together.
#[derive(Debug)]
pub struct Batch(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// What is in these slots of the kernel's table.
    Slots(Class, Range<i32>),
    /// What `/proc/sysvipc` lists.
    Listed(Class),
    /// POSIX objects.
    Posix(Class),
}

/// All lasting objects of these kinds, in batches of some hundred: those of one kind behind each other.
pub fn batches(classes: &[Class]) -> io::Result<Vec<Batch>> {
    let mut parts = Vec::new();
    for &class in classes {
        match class {
            Class::Queue => add_slots(&mut parts, class, &queue::SLOTS)?,
            Class::Segment => add_slots(&mut parts, class, &shm::SLOTS)?,
            Class::Set => add_slots(&mut parts, class, &set::SLOTS)?,
            // Those are found where they are held.
            Class::File | Class::Fifo | Class::Pipe | Class::Socket | Class::Lock => continue,
            Class::Semaphore => {}
        }
        if class != Class::Set {
            parts.push(Part::Posix(class));
        }
    }
    let mut batches: Vec<Batch> = Vec::new();
    let mut room = 0;
    for part in parts {
        let size = if let Part::Slots(_, slots) = &part { slots.end - slots.start } else { 0 };
        match batches.last_mut() {
            Some(Batch(together)) if size <= room => together.push(part),
            _ => {
                room = SHARE;
                batches.push(Batch(vec![part]));
            }
        }
        room -= size;
    }
    if batches.len() > 1 {
        heap::keep_freed();
    }
    Ok(batches)
}

fn add_slots<T, S: Send>(parts: &mut Vec<Part>, class: Class, table: &SlotTable<T, S>) -> io::Result<()> {
    match table.shares()? {
        Some(shares) => parts.extend(shares.into_iter().map(|slots| Part::Slots(class, slots))),
        None => parts.push(Part::Listed(class)),
    }
    Ok(())
}

impl Batch {
    /// All of them in one.
    #[must_use]
    pub fn joined(batches: Vec<Self>) -> Vec<Self> {
        vec![Self(batches.into_iter().flat_map(|Self(parts)| parts).collect())]
    }

    /// The objects of this batch, as they are now.
    pub fn look(&self) -> io::Result<Found> {
        let mut found = Found::default();
        for part in &self.0 {
            match part {
                Part::Slots(Class::Queue, slots) => found.add(queue::SLOTS.within(slots.clone())?, Object::Queue),
                Part::Slots(Class::Segment, slots) => found.add(shm::SLOTS.within(slots.clone())?, Object::Segment),
                Part::Slots(_, slots) => found.add(set::SLOTS.within(slots.clone())?, Object::Set),
                Part::Listed(Class::Queue) => found.add(queue::SLOTS.rows()?, Object::Queue),
                Part::Listed(Class::Segment) => found.add(shm::SLOTS.rows()?, Object::Segment),
                Part::Listed(_) => found.add(set::SLOTS.rows()?, Object::Set),
                Part::Posix(Class::Queue) => found.try_add(Class::Queue, posix_queue::list(), Object::PosixQueue),
                Part::Posix(Class::Segment) => found.try_add(Class::Segment, shm::posix_objects(), Object::Memory),
                Part::Posix(_) => found.try_add(Class::Semaphore, semaphore::list(), Object::Semaphore),
            }
        }
        Ok(found)
    }
}

impl Found {
    fn add<T>(&mut self, listed: Vec<T>, object: fn(T) -> Object) {
        self.objects.extend(listed.into_iter().map(object));
    }

    /// Adds POSIX objects, or the reason why there are none to add.
    fn try_add<T>(&mut self, class: Class, listed: io::Result<Vec<T>>, object: fn(T) -> Object) {
        match listed {
            Ok(listed) => self.add(listed, object),
            Err(error) => self.unlisted.push((class, error)),
        }
    }
}
