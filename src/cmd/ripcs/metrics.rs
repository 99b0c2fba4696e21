//! `ripcs metrics`: the inventory and its limits for a monitoring system that keeps time series.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::amount::{bytes, messages};
use super::exposition::{Exposition, Family};
use super::kinds;
use super::limits::{LimitRow, measure_at};
use super::place::NamespaceArgs;
use super::scene::{Scene, Spot};
use crate::app::{Context, Verb};
use crate::exit::Status;
use crate::ipc::census::{self, Class, Object};
use crate::ipc::limits::Consumer;
use crate::ipc::namespace::Namespace;
use crate::ipc::users::{Database, Names};
use crate::output::Cell;
use crate::sys::{errno, signal};

#[derive(Debug, Args)]
pub(super) struct Metrics {
    /// Replace this file in one step, instead of printing
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Add the numbers of every single object, labelled with its name
    #[arg(long)]
    objects: bool,

    #[command(flatten)]
    namespace: NamespaceArgs,
}

impl Verb for Metrics {
    const NAME: &'static str = "metrics";
    const ABOUT: &'static str = "Write the inventory and its limits as OpenMetrics text";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mut scene = Scene::of(context, &self.namespace, &Class::LASTING)?;
        if self.objects {
            let ask = |objects: &mut [&mut Object]| {
                census::add_values(objects);
                census::add_waiting(objects);
                Ok(())
            };
            scene.ask(ask).context("cannot look at the objects")?;
        }
        let mut page = Exposition::default();
        totals(&mut page, &scene);
        if self.objects {
            each(&mut page, &scene);
        }
        limits(&mut page, &LimitRow::all(measure_at(&scene.places, None)?));
        let text = page.finish();
        match &self.output {
            None => context.out.write_all(text.as_bytes())?,
            Some(path) => replace(path, &text).with_context(|| format!("cannot write '{}'", path.display()))?,
        }
        kinds::tell_unlisted(context, &scene.unlisted);
        Ok(Status::Done)
    }
}

/// A number that objects have: the name of its family, what it is, and how it is asked of one.
type Number = (&'static str, &'static str, fn(&Object) -> Option<u64>);

/// The sums, each by kind and family.
const SUMS: [Number; 4] = [
    ("ripc_objects", "Objects that exist.", |_| Some(1)),
    ("ripc_bytes", "Bytes in queues, and sizes of shared memory.", bytes),
    ("ripc_messages", "Messages in queues.", messages),
    ("ripc_attaches", "Attaches of System V segments.", attaches),
];

/// What is told of every object; the names of families are other ones, as a sum is no object.
const SINGLES: [Number; 6] = [
    ("ripc_object_bytes", "Bytes in a queue, or the size of shared memory.", bytes),
    ("ripc_object_messages", "Messages in a queue.", messages),
    ("ripc_object_attaches", "Attaches of a System V segment.", attaches),
    ("ripc_object_semaphores", "Semaphores in a System V set.", |object| match object {
        Object::Set(set) => Some(set.count),
        _ => None,
    }),
    ("ripc_object_value", "Value of a POSIX semaphore, sum of the values of a set.", value),
    ("ripc_object_waiting", "Processes that sleep on a semaphore or set.", |object| match object {
        Object::Set(set) => set.waiting,
        Object::Semaphore(semaphore) => semaphore.waiting.map(u64::from),
        _ => None,
    }),
];

fn attaches(object: &Object) -> Option<u64> {
    if let Object::Segment(segment) = object { Some(segment.attaches) } else { None }
}

fn value(object: &Object) -> Option<u64> {
    match object {
        Object::Set(set) => Some(set.values.as_ref()?.iter().map(|&value| u64::from(value)).sum()),
        Object::Semaphore(semaphore) => semaphore.value.map(u64::from),
        _ => None,
    }
}

fn family(object: &Object) -> &'static str {
    if object.system_v().is_some() { "sysv" } else { "posix" }
}

/// Every series is there from the beginning, also where it is 0.
const SERIES: [(Class, &str); 6] = [
    (Class::Queue, "sysv"),
    (Class::Queue, "posix"),
    (Class::Segment, "sysv"),
    (Class::Segment, "posix"),
    (Class::Set, "sysv"),
    (Class::Semaphore, "posix"),
];

fn totals(page: &mut Exposition, scene: &Scene) {
    for (name, help, number) in SUMS {
        let mut sums: BTreeMap<(usize, Class, &str), u64> = BTreeMap::new();
        for place in 0..scene.places.len() {
            for (class, family) in SERIES.into_iter().filter(|&(class, family)| has(name, class, family)) {
                sums.insert((place, class, family), 0);
            }
        }
        for Spot { object, place } in &scene.spots {
            let sum = place.and_then(|place| sums.get_mut(&(place, object.class(), family(object))));
            if let Some(sum) = sum {
                *sum = sum.saturating_add(number(object).unwrap_or(0));
            }
        }
        let mut samples = page.gauge(name, help);
        for ((place, class, family), sum) in sums {
            let labels = [("kind", class.word().as_bytes()), ("family", family.as_bytes())];
            sample(&mut samples, &labels, scene.places[place].namespace.as_deref(), sum);
        }
    }
}

/// Adds a sample, with the labels of its namespace where one was asked for.
fn sample(samples: &mut Family<'_>, labels: &[(&str, &[u8])], namespace: Option<&Namespace>, number: u64) {
    let Some(Namespace { number: id, container, .. }) = namespace else { return samples.sample(labels, number) };
    let id = id.to_string();
    let container = container.as_deref().unwrap_or_default();
    let place = [("ipc_namespace", id.as_bytes()), ("container", container.as_bytes())];
    samples.sample(&[labels, &place].concat(), number);
}

/// Which kinds have such a number at all.
fn has(name: &str, class: Class, family: &str) -> bool {
    match name {
        "ripc_bytes" => matches!(class, Class::Queue | Class::Segment),
        "ripc_messages" => class == Class::Queue,
        "ripc_attaches" => class == Class::Segment && family == "sysv",
        _ => true,
    }
}

fn each(page: &mut Exposition, scene: &Scene) {
    let owners = Names::of(Database::Users, scene.spots.iter().filter_map(|spot| spot.object.owner()));
    for (name, help, number) in SINGLES {
        let mut samples = page.gauge(name, help);
        for Spot { object, place } in &scene.spots {
            let Some(number) = number(object) else { continue };
            let key = object.key().map(|key| key.to_string()).unwrap_or_default();
            let owner = object.owner().unwrap_or(0);
            let owner = owners.get(owner).map_or_else(|| owner.to_string(), str::to_owned);
            let name = object.name();
            let labels = [
                ("kind", object.class().word().as_bytes()),
                ("name", &name),
                ("key", key.as_bytes()),
                ("owner", owner.as_bytes()),
            ];
            sample(&mut samples, &labels, place.and_then(|place| scene.places[place].namespace.as_deref()), number);
        }
    }
}

fn limits(page: &mut Exposition, rows: &[LimitRow]) {
    const USED: &str = "How much of a limit is used, or the most that one object takes.";
    const MAX: &str = "A limit; one that does not exist has no sample.";
    limit_family(page.gauge("ripc_limit_used", USED), rows, |row| row.limit.used());
    limit_family(page.gauge("ripc_limit_max", MAX), rows, |row| row.limit.bound());
}

fn limit_family(mut samples: Family<'_>, rows: &[LimitRow], number: impl Fn(&LimitRow) -> Option<u64>) {
    for row in rows {
        let Some(number) = number(row) else { continue };
        // The object that takes the most is another one each time; whose limit it is stays.
        let user = match (row.limit.consumer(), row.by()) {
            (Some(Consumer::User(_)), Cell::Foreign(name)) => name.into_owned(),
            (Some(Consumer::User(uid)), _) => uid.to_string().into_bytes(),
            _ => Vec::new(),
        };
        let labels = [("limit", row.limit.name.as_bytes()), ("unit", row.limit.unit.as_bytes()), ("user", &user)];
        sample(&mut samples, &labels, row.namespace.as_deref(), number);
    }
}

/// Puts a whole new file into the place of the old one: nobody sees a part of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays, and what it leads to is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(errno::error(errno::EISDIR)),
        // A device (/dev/stdout) is nothing to put a file in the place of.
        Ok(there) if !there.is_file() => return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
        _ => {}
    }
    let name = path.file_name().ok_or_else(|| errno::error(errno::EISDIR))?;
    // A collector reads what ends in .prom: this does not.
    let draft = [b".".as_slice(), name.as_bytes(), format!(".{}", std::process::id()).as_bytes()].concat();
    let draft = path.with_file_name(std::ffi::OsStr::from_bytes(&draft));
    // Interrupted or not, the draft does not stay.
    let held = signal::hold_endings();
    let done = write_draft(&draft, text).and_then(|()| fs::rename(&draft, path));
    if done.is_err() {
        let _ = fs::remove_file(&draft);
    }
    drop(held);
    done
}

fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    // A collector is another user.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
