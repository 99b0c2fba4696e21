//! `ripcs watch`: what happens to objects, as it happens.

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::amount::Amount;
use super::kinds::{Asked, AskedParser, tell_unlisted};
use super::place::{NamespaceArgs, Place};
use super::scene::{Scene, tell_hidden};
use crate::app::{Context, Verb};
use crate::args;
use crate::cmd::rows::holder;
use crate::exit::{OutputError, Status};
use crate::ipc::census::{self, Arrivals, Change, Class, Event, Snapshot, Sought, Target};
use crate::output::{Cell, counted, escape, local, write_object};
use crate::sys::fd;

#[derive(Debug, Args)]
pub(super) struct Watch {
    /// Only these objects: names (3, queue:3, /jobs) or kinds (queue); without one all
    #[arg(value_name = "OBJECT", value_parser = AskedParser)]
    objects: Vec<Asked>,

    /// Only these events, with commas between
    #[arg(short, long, value_name = "LIST", value_delimiter = ',', hide_possible_values = true)]
    events: Vec<Kind>,

    /// Look this often for what nothing tells of
    #[arg(short, long, value_name = "DURATION", value_parser = args::interval, default_value = "1")]
    interval: Duration,

    /// End after N events
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// End after DURATION (0.5, 10s, 2m), with status 124 unless --count was reached
    #[arg(short, long, value_name = "DURATION", value_parser = args::duration)]
    timeout: Option<Duration>,

    /// Write a JSON object per event
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    namespace: NamespaceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Created,
    Attached,
    Grew,
    Shrank,
    Blocked,
    Woken,
    Detached,
    Removed,
}

impl Kind {
    const fn of(change: Change) -> Self {
        match change {
            Change::Created => Self::Created,
            Change::Attached => Self::Attached,
            Change::Grew { .. } => Self::Grew,
            Change::Shrank { .. } => Self::Shrank,
            Change::Blocked => Self::Blocked,
            Change::Woken => Self::Woken,
            Change::Detached => Self::Detached,
            Change::Removed => Self::Removed,
        }
    }
}

impl Verb for Watch {
    const NAME: &'static str = "watch";
    const ABOUT: &'static str = "Print what happens: created, attached, grew, blocked, woken, removed";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        // What cannot be written is to be known before anything happens.
        fd::write(fd::stdout(), b"").context(OutputError)?;
        self.sought().collect::<Result<Vec<_>, _>>()?;
        // The directories that we see are those of our own namespaces.
        let arrivals = if self.namespace.is_given() { None } else { Arrivals::watch().ok() };
        let places = self.namespace.places(context)?;
        let mut before = self.look(&places, Some(context))?;
        let (started, mut printed) = (Instant::now(), 0);
        let end = self.timeout.map(|limit| started + limit);
        let mut next = started + self.interval;
        loop {
            let woken = wait(arrivals.as_ref(), end.map_or(next, |end| next.min(end)))?;
            if woken == Woken::NobodyReads {
                return Ok(Status::Done);
            }
            let appeared = arrivals.as_ref().map(Arrivals::appeared).transpose().unwrap_or_default();
            let now = if Instant::now() >= next {
                next = Instant::now() + self.interval;
                self.look(&places, None)?
            } else {
                let mut now = self.look_at_objects(&places)?;
                now.keep_users(&before);
                now
            };
            let mut events = now.since(&before);
            if self.objects.is_empty() {
                events.extend(short_lives(appeared.unwrap_or_default(), &before, &now));
            }
            for event in events.iter().filter(|event| self.wants(event)) {
                self.print(context, event)?;
                printed += 1;
                if self.count == Some(printed) {
                    return Ok(Status::Done);
                }
            }
            context.out.flush()?;
            before = now;
            if end.is_some_and(|end| Instant::now() >= end) {
                return Ok(Status::GaveUp);
            }
        }
    }
}

impl Watch {
    /// What the names mean now: a path may be another file by then.
    fn sought(&self) -> impl Iterator<Item = anyhow::Result<Sought<'_>>> {
        let look_up = |target| Target::look_up(target).with_context(|| format!("cannot find {target}"));
        Asked::names(&self.objects).into_iter().map(look_up)
    }

    /// The kinds among these that only a look at all processes finds.
    fn held(&self) -> Vec<Class> {
        let classes = self.objects.iter().flat_map(Asked::classes).copied();
        classes.filter(|class| !Class::LASTING.contains(class)).collect()
    }

    fn wants(&self, event: &Event) -> bool {
        self.events.is_empty() || self.events.contains(&Kind::of(event.change))
    }

    /// Whether it matters who is at the objects: looking at all processes takes its time.
    fn wants_users(&self) -> bool {
        let is_of_users = |kind: &Kind| matches!(kind, Kind::Attached | Kind::Detached | Kind::Blocked | Kind::Woken);
        self.events.is_empty() || self.events.iter().any(is_of_users)
    }

    fn scene(&self, places: &[Place]) -> anyhow::Result<Scene> {
        let mut scene = Scene::at(places.to_vec(), &Class::LASTING, self.namespace.is_all())?;
        self.retain(&mut scene);
        scene.add_values();
        Ok(scene)
    }

    /// Leaves what was asked for.
    fn retain(&self, scene: &mut Scene) {
        let sought: Vec<Sought<'_>> = self.sought().filter_map(Result::ok).collect();
        scene.spots.retain(|spot| {
            let is_of =
                |asked: &Asked| matches!(asked, Asked::Kind(_)) && asked.classes().contains(&spot.object.class());
            self.objects.is_empty()
                || self.objects.iter().any(is_of)
                || sought.iter().any(|sought| sought.is(&spot.object))
        });
    }

    /// The lasting objects alone, which is quick.
    fn look_at_objects(&self, places: &[Place]) -> anyhow::Result<Snapshot> {
        Ok(snapshot(&self.scene(places)?))
    }

    /// Objects and who is at them. What cannot be seen is said to whoever is given.
    fn look(&self, places: &[Place], mut told: Option<&mut Context>) -> anyhow::Result<Snapshot> {
        let mut scene = self.scene(places)?;
        if let Some(context) = told.as_deref_mut() {
            tell_unlisted(context, &scene.unlisted);
        }
        let held = self.held();
        if held.is_empty() && !self.wants_users() {
            return Ok(snapshot(&scene));
        }
        let census = scene.census(&held, None)?;
        self.retain(&mut scene);
        let mut objects: Vec<_> = scene.spots.iter_mut().map(|spot| &mut spot.object).collect();
        census::add_contents(&mut objects).context("cannot look at the pipes")?;
        let mut snapshot = snapshot(&scene);
        for spot in &scene.spots {
            for (process, used) in scene.users(&census, spot) {
                snapshot.add_user(scene.number_of(spot), process, used);
            }
        }
        if let Some(context) = told {
            tell_hidden(context, census.hidden);
        }
        Ok(snapshot)
    }

    fn print(&self, context: &mut Context, event: &Event) -> std::io::Result<()> {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let time = i64::try_from(time).unwrap_or(i64::MAX);
        if self.json {
            return write_object(&mut context.out, &fields(event, time));
        }
        let object = escape(&event.object);
        write!(context.out, "{}  {:<8}  {object}", local(time), event.change.word())?;
        match (event.change, &event.actor) {
            (Change::Grew { from, to, unit } | Change::Shrank { from, to, unit }, _) => {
                writeln!(context.out, "  {from} -> {}", counted(to, unit))
            }
            (_, Some(actor)) => {
                let how = holder::how(&event.object, &actor.how);
                writeln!(context.out, "  {} {}: {how}", actor.pid, escape(&actor.command))
            }
            _ => writeln!(context.out),
        }
    }
}

fn snapshot(scene: &Scene) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for spot in &scene.spots {
        let amount = Amount::of(&spot.object).map(|amount| (amount.count, amount.unit));
        snapshot.add(&spot.object, scene.number_of(spot), amount);
    }
    snapshot
}

/// The objects that came and were gone again before anybody looked.
fn short_lives(appeared: Vec<Vec<u8>>, before: &Snapshot, now: &Snapshot) -> Vec<Event> {
    let unseen = appeared.into_iter().filter(|name| !before.has(name) && !now.has(name));
    let event = |change, object| Event { change, object, namespace: None, actor: None };
    unseen.flat_map(|name| [event(Change::Created, name.clone()), event(Change::Removed, name)]).collect()
}

fn fields(event: &Event, time: i64) -> Vec<(&'static str, Cell<'_>)> {
    let mut fields = vec![
        ("time", Cell::Time(time)),
        ("event", Cell::text(event.change.word())),
        ("object", Cell::Foreign(event.object.as_slice().into())),
    ];
    if let Change::Grew { from, to, unit } | Change::Shrank { from, to, unit } = event.change {
        fields.extend([("from", Cell::Number(from)), ("to", Cell::Number(to)), ("unit", Cell::text(unit))]);
    }
    if let Some(actor) = &event.actor {
        fields.extend([
            ("pid", Cell::Signed(actor.pid.into())),
            ("uid", Cell::Number(actor.uid.into())),
            ("command", Cell::Foreign(actor.command.as_slice().into())),
            ("how", Cell::shown(holder::how(&event.object, &actor.how))),
        ]);
    }
    fields.extend(event.namespace.map(|namespace| ("namespace", Cell::Number(namespace))));
    fields
}

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// It is time to look.
    ToLook,
    /// The reader of what we print is gone.
    NobodyReads,
}

/// Waits until this moment, or until something is seen to come or go.
fn wait(arrivals: Option<&Arrivals>, until: Instant) -> anyhow::Result<Woken> {
    let output = fd::stdout();
    // Asked for nothing, an end is told all the same.
    let mut entries = vec![PollFd::new(output.as_fd(), PollFlags::empty())];
    entries.extend(arrivals.map(|arrivals| PollFd::new(arrivals.as_fd(), PollFlags::POLLIN)));
    // Rounded up: we would be back too early.
    let left = until.saturating_duration_since(Instant::now()).as_nanos().div_ceil(1_000_000);
    let left = i32::try_from(left).ok().and_then(|left| PollTimeout::try_from(left).ok()).unwrap_or(PollTimeout::MAX);
    match poll(&mut entries, left) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error).context("cannot wait"),
    }
    let gone = entries[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
    Ok(if gone { Woken::NobodyReads } else { Woken::ToLook })
}
