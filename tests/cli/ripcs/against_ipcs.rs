//! Every row that `ipcs -a` shows, `ripcs` shows, with the same numbers.

use serde_json::Value;

use crate::support::{Outcome, Running, User, World, has, is_root, skip};

/// Owners of objects: us, a user with a name, and a number that nobody knows.
const FOREIGN: [u32; 2] = [65_534, 4_000_000];

/// Sends two messages to the queue of this id.
const SEND: &str = "msgsnd($ARGV[0], pack('l! a*', 1, $_), 0) or die $! for 'two', \"\\0bytes\"";

/// Attaches a segment as often as told, says so, and stays until its input ends.
const ATTACH: &str = "use IPC::SysV 'shmat'; my ($id, $times) = @ARGV;
defined shmat($id, undef, 0) or die $! for 1 .. $times;
$| = 1; print \"attached\\n\"; <STDIN>";

/// Three queues, segments and sets, of as many owners as we can be.
struct Furnished<'a> {
    world: &'a World,
    users: Vec<User<'a>>,
    attached: Vec<Running>,
}

impl<'a> Furnished<'a> {
    /// `None` where what makes them is not installed.
    fn new(world: &'a World) -> Option<Self> {
        if !["ipcs", "ipcmk", "perl"].into_iter().all(has) {
            return None;
        }
        if world.script("perl -MIPC::SysV -e1", &[]).status() != 0 {
            skip("perl has no IPC::SysV");
            return None;
        }
        let users = if is_root() { FOREIGN.iter().filter_map(|&uid| world.user(uid)).collect() } else { Vec::new() };
        let mut all = Self { world, users, attached: Vec::new() };
        all.make(0, &["-Q", "-p", "600"]);
        let queue = all.make(1, &["-Q", "-p", "666"]);
        all.make(2, &["-Q", "-p", "007"]);
        world.script("perl -e \"$1\" \"$2\"", &[SEND, &queue]).success();
        all.make(0, &["-M", "1", "-p", "400"]);
        let segment = all.make(1, &["-M", "8388609", "-p", "640"]);
        let marked = all.make(2, &["-M", "4096", "-p", "777"]);
        all.attach(&segment, "3");
        all.attach(&marked, "1");
        world.script("ipcrm -m \"$1\"", &[&marked]).success();
        for (owner, count, mode) in [(0, "1", "600"), (1, "250", "664"), (2, "32", "000")] {
            all.make(owner, &["-S", count, "-p", mode]);
        }
        Some(all)
    }

    /// Runs ipcmk as one of the owners: the identifier that it prints.
    fn make(&self, owner: usize, arguments: &[&str]) -> String {
        let foreign = owner.checked_sub(1).and_then(|index| self.users.get(index));
        let mut command = foreign.map_or_else(|| self.world.command("ipcmk"), |user| user.command("ipcmk"));
        let printed = Outcome::of(command.args(arguments)).success();
        printed.rsplit(' ').next().expect("Message queue id: 0").to_owned()
    }

    fn attach(&mut self, segment: &str, times: &str) {
        let mut perl = Running::start(self.world.command("perl").args(["-e", ATTACH, segment, times]));
        assert_eq!(perl.line(), "attached");
        self.attached.push(perl);
    }
}

/// A kind of object: what ipcs calls it, our option, our columns in ipcs' order.
const KINDS: [(&str, &str, &str, &[&str]); 3] = [
    ("Message Queues", "-q", "queue", &["key", "name", "owner", "mode", "bytes", "messages"]),
    ("Shared Memory Segments", "-m", "segment", &["key", "name", "owner", "mode", "bytes", "attaches", "status"]),
    ("Semaphore Arrays", "-s", "set", &["key", "name", "owner", "mode", "count"]),
];

/// The rows that `ipcs -a` has of this kind, in our words.
fn rows_of_ipcs(world: &World, title: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let all = world.ok("ipcs", &["-a"]);
    let title = format!("------ {title} --------");
    let rows = all.lines().skip_while(|line| *line != title).skip(2).take_while(|line| !line.is_empty());
    let in_our_words = |(column, word): (&&str, &str)| match *column {
        "key" if word == "0x00000000" => "-".to_owned(),
        "mode" => format!("{word:0>4}"),
        _ => word.to_owned(),
    };
    rows.map(|row| {
        // The last column, ipcs leaves empty.
        let words = row.split_whitespace().chain(std::iter::repeat("-"));
        columns.iter().zip(words).map(in_our_words).collect()
    })
    .collect()
}

#[test]
fn every_row_of_ipcs_is_there_with_the_same_numbers() {
    let Some(world) = World::new() else { return };
    let Some(_furnished) = Furnished::new(&world) else { return };
    for (title, option, _, columns) in KINDS {
        let expected = rows_of_ipcs(&world, title, columns);
        assert_eq!(expected.len(), 3, "{title}");
        let table = world.ok("ripcs", &[option, "--no-header", "-o", &columns.join(",")]);
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows, expected, "{title}");
    }
}

#[test]
fn every_row_of_ipcs_is_in_the_json_with_the_same_numbers() {
    let Some(world) = World::new() else { return };
    let Some(_furnished) = Furnished::new(&world) else { return };
    let all: Vec<Value> = serde_json::from_str(&world.ok("ripcs", &["--json"])).expect("JSON");
    for (title, _, kind, columns) in KINDS {
        let of_kind = all.iter().filter(|object| object["kind"] == kind);
        let cell = |value: &Value| match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        let rows: Vec<Vec<String>> =
            of_kind.map(|object| columns.iter().map(|column| cell(&object[*column])).collect()).collect();
        assert_eq!(rows, rows_of_ipcs(&world, title, columns), "{title}");
    }
    assert_eq!(all.len(), 9, "nothing but those");
}

#[test]
fn what_the_rows_hold_is_what_was_made() {
    let Some(world) = World::new() else { return };
    let Some(_furnished) = Furnished::new(&world) else { return };
    let rows = |option: &str, columns: &str| world.ok("ripcs", &[option, "--no-header", "-o", columns]);
    let counts: Vec<String> = rows("-q", "bytes,messages").lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(counts, ["0  0", "9  2", "0  0"]);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&rows("-m", "bytes,attaches,status")), words("1 0 - 8388609 3 - 4096 1 dest"));
    assert_eq!(words(&rows("-s", "count,mode")), words("1 0600 250 0664 32 0000"));
    let owners = if is_root() { "0 65534 4000000" } else { "0 0 0" };
    for option in ["-q", "-m", "-s"] {
        assert_eq!(words(&rows(option, "uid")), words(owners));
        assert_eq!(words(&rows(option, "gid")), words(owners));
    }
    // A key of 0 is none: the segment to be removed has lost its own.
    assert_eq!(words(&rows("-m", "key"))[2], "-");
    assert_eq!(words(&rows("-q", "owner")), words(if is_root() { "root nobody 4000000" } else { "root root root" }));
}

#[test]
fn a_reader_without_rights_sees_the_same_rows() {
    let Some(world) = World::new() else { return };
    let Some(furnished) = Furnished::new(&world) else { return };
    let Some(user) = furnished.users.last() else { return };
    for (_, option, _, columns) in KINDS {
        let arguments = [option, "--no-header", "-o", &columns.join(",")];
        let theirs = user.run("ripcs", &arguments);
        assert_eq!(String::from_utf8_lossy(theirs.stdout()).trim_end(), world.ok("ripcs", &arguments));
        assert_eq!(theirs.status(), 0);
    }
}
