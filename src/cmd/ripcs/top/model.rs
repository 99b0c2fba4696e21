//! What `ripcs top` knows: the objects as lines, how they changed, and where the eye is.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Instant;

use clap::ValueEnum;

use crate::cmd::ripcs::amount::Amount;
use crate::cmd::ripcs::limits::Measured;
use crate::cmd::ripcs::scene::{Scene, Spot};
use crate::cmd::rows::holder;
use crate::ipc::census::{Census, Class, Object, Thing};
use crate::ipc::limits::Limit;
use crate::ipc::users::{Database, Names};
use crate::output::{counted, escape};

/// By what lines are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// The fullest first, then those of most bytes
    Use,
    /// Those where most processes wait first
    Waiters,
    /// Those that change most first
    Rate,
    /// By kind and name
    Name,
}

impl Order {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Waiters => "waiters",
            Self::Rate => "rate",
            Self::Name => "name",
        }
    }

    pub(super) const fn next(self) -> Self {
        match self {
            Self::Use => Self::Waiters,
            Self::Waiters => Self::Rate,
            Self::Rate => Self::Name,
            Self::Name => Self::Use,
        }
    }
}

/// Which kinds are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kinds {
    All,
    Only(Class),
}

impl Kinds {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::All => "all kinds",
            Self::Only(class) => class.word(),
        }
    }

    /// The next one that somebody would step to.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::All => Self::Only(Class::Queue),
            Self::Only(Class::Queue) => Self::Only(Class::Segment),
            Self::Only(Class::Segment) => Self::Only(Class::Set),
            Self::Only(Class::Set) => Self::Only(Class::Semaphore),
            Self::Only(_) => Self::All,
        }
    }
}

/// An object from one look to the next.
pub(super) type Key = (Option<u64>, Thing);

/// An object.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub key: Key,
    pub class: Class,
    pub name: String,
    pub owner: String,
    pub mode: String,
    pub amount: Option<Amount>,
    /// Bytes that it takes.
    pub bytes: Option<u64>,
    /// Hundredths that are used of what it can hold.
    pub percent: Option<u64>,
    /// The processes at it, each with what it does there.
    pub users: Vec<User>,
    /// How many processes are at it.
    pub processes: usize,
    pub waiters: usize,
    /// Change of the amount in a second; `None` when it was not there before.
    pub rate: Option<f64>,
}

/// A process at an object.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub pid: i32,
    pub command: String,
    pub owner: String,
    pub how: String,
    pub blocked: bool,
    pub since: i64,
}

/// All lines of one look, as they are shown.
#[derive(Debug)]
pub(super) struct Model {
    pub order: Order,
    pub kinds: Kinds,
    pub paused: bool,
    pub help: bool,
    /// The object that is open.
    pub open: Option<Key>,
    /// The line that the cursor is on.
    pub selected: Option<Key>,
    /// The first user that is shown of the open object.
    pub scrolled: usize,
    lines: Vec<Line>,
    looked: Option<Instant>,
    pub hidden: usize,
    pub unlisted: usize,
    /// The limit that is nearest to its end.
    pub tightest: Option<String>,
}

impl Model {
    pub(super) fn new(order: Order) -> Self {
        Self {
            order,
            kinds: Kinds::All,
            paused: false,
            help: false,
            open: None,
            selected: None,
            scrolled: 0,
            lines: Vec::new(),
            looked: None,
            hidden: 0,
            unlisted: 0,
            tightest: None,
        }
    }

    /// Takes in another look.
    pub(super) fn update(&mut self, scene: &Scene, census: &Census, limits: &[Measured]) {
        let now = Instant::now();
        let seconds = self.looked.map(|looked| now.duration_since(looked).as_secs_f64());
        let before: HashMap<Key, Option<u64>> =
            self.lines.iter().map(|line| (line.key, line.amount.map(|amount| amount.count))).collect();
        let owners = scene.spots.iter().filter_map(|spot| spot.object.owner());
        let names = Names::of(Database::Users, owners.chain(census.processes.iter().map(|process| process.uid)));
        self.lines = scene.spots.iter().map(|spot| line(scene, census, spot, &names)).collect();
        for line in &mut self.lines {
            let old = before.get(&line.key).copied().flatten();
            line.rate = rate(old, line.amount.map(|amount| amount.count), seconds);
        }
        self.looked = Some(now);
        self.hidden = census.hidden.whole;
        self.unlisted = scene.unlisted.len();
        self.tightest = tightest(limits);
    }

    /// The lines that are shown, in order.
    pub(super) fn shown(&self) -> Vec<&Line> {
        let mut shown: Vec<&Line> = self.lines.iter().filter(|line| self.shows(line.class)).collect();
        match self.order {
            Order::Use => shown.sort_by_key(|line| (Reverse(line.percent), Reverse(line.bytes))),
            Order::Waiters => shown.sort_by_key(|line| (Reverse(line.waiters), Reverse(line.processes))),
            Order::Rate => shown.sort_by(|one, two| {
                let rate = |line: &Line| line.rate.map_or(0.0, f64::abs);
                rate(two).total_cmp(&rate(one))
            }),
            Order::Name => shown.sort_by(|one, two| (one.class, &one.name).cmp(&(two.class, &two.name))),
        }
        shown
    }

    fn shows(&self, class: Class) -> bool {
        self.kinds == Kinds::All || self.kinds == Kinds::Only(class)
    }

    /// All lines, whatever is shown.
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The object that is open, while it exists.
    pub(super) fn opened(&self) -> Option<&Line> {
        self.lines.iter().find(|line| Some(line.key) == self.open)
    }

    /// Where the cursor is among the lines that are shown; on the first one where its line is gone.
    pub(super) fn cursor(&self) -> usize {
        let shown = self.shown();
        shown.iter().position(|line| Some(line.key) == self.selected).unwrap_or(0)
    }

    /// Moves the cursor, or what is open, by so many lines.
    pub(super) fn step(&mut self, by: isize) {
        if let Some(line) = self.opened() {
            let last = line.users.len().saturating_sub(1);
            self.scrolled = self.scrolled.saturating_add_signed(by).min(last);
            return;
        }
        let to = self.cursor().saturating_add_signed(by);
        let shown = self.shown();
        self.selected = shown.get(to.min(shown.len().saturating_sub(1))).map(|line| line.key);
    }

    /// Opens what the cursor is on.
    pub(super) fn enter(&mut self) {
        self.open = self.shown().get(self.cursor()).map(|line| line.key);
        self.scrolled = 0;
    }
}

fn line(scene: &Scene, census: &Census, spot: &Spot, names: &Names) -> Line {
    let object = &spot.object;
    let called = |uid: u32| names.get(uid).map_or_else(|| uid.to_string(), |name| escape(name.as_bytes()));
    let full_name = object.full_name();
    let user = |process: &crate::ipc::census::Process, used: &crate::ipc::census::Use| User {
        pid: process.pid,
        command: escape(&process.command),
        owner: called(process.uid),
        how: escape(holder::how(&full_name, &used.how).as_bytes()),
        blocked: used.how.is_blocked(),
        since: used.since.unwrap_or(process.started),
    };
    let users: Vec<User> = scene.users(census, spot).into_iter().map(|(process, used)| user(process, used)).collect();
    let distinct = |blocked: bool| {
        let mut pids: Vec<i32> = users.iter().filter(|user| user.blocked || !blocked).map(|user| user.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids.len()
    };
    let (bytes, percent) = fill(object);
    let mode = object.system_v().map(|object| object.permissions().mode).or(object.file().map(|file| file.mode));
    Line {
        key: (scene.number_of(spot), object.thing()),
        class: object.class(),
        name: escape(&full_name),
        owner: object.owner().map_or_else(|| "?".into(), called),
        mode: mode.map_or_else(|| "?".into(), |mode| format!("{:04o}", mode.bits())),
        amount: Amount::of(object),
        bytes,
        percent,
        processes: distinct(false),
        waiters: distinct(true),
        users,
        rate: None,
    }
}

/// Bytes that an object takes, and how full it is where it can be full.
fn fill(object: &Object) -> (Option<u64>, Option<u64>) {
    let share = |used: u64, most: u64| (used * 100).checked_div(most);
    match object {
        Object::Queue(queue) => {
            (Some(queue.bytes), queue.max_bytes.and_then(|most| share(queue.bytes.max(queue.messages), most)))
        }
        Object::PosixQueue(queue) => {
            let percent = queue.messages.zip(queue.max_messages).and_then(|(used, most)| share(used, most));
            (queue.bytes, percent)
        }
        Object::Segment(segment) => (Some(segment.size), None),
        Object::Memory(file) => (Some(file.size), None),
        _ => (None, None),
    }
}

fn rate(old: Option<u64>, new: Option<u64>, seconds: Option<f64>) -> Option<f64> {
    let (old, new, seconds) = (old?, new?, seconds.filter(|seconds| *seconds > 0.0)?);
    let change = i64::try_from(new).ok()? - i64::try_from(old).ok()?;
    // Nobody reads more than a few digits of it.
    #[allow(clippy::cast_precision_loss, reason = "it is shown with one digit")]
    Some(change as f64 / seconds)
}

/// `MSGMNI 85% of 32000`: the limit that will be reached first.
fn tightest(limits: &[Measured]) -> Option<String> {
    let of_all = |limit: &Limit| limit.runs_out() && limit.name != "msg_qbytes" && limit.name != "mq_maxmsg";
    let running = limits.iter().filter(|one| of_all(&one.limit));
    let Measured { limit, namespace, .. } = running.max_by_key(|one| one.limit.percent())?;
    let bound = counted(limit.bound()?, limit.unit.trim_end_matches('s'));
    let place = namespace.as_ref().map_or_else(String::new, |namespace| format!(" in {}", namespace.number));
    Some(format!("{} {}% of {bound}{place}", limit.name, limit.percent()?))
}
