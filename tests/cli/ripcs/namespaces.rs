//! What is inside a container is not mixed with what is outside.

use serde_json::Value;

use super::stage::{rows, text};
use crate::support::{Call, Running, World, has, skip, wait_until_in};

/// A world with a container in it, that has pids, objects and a `/dev/shm` of its own: outside and inside a
/// queue, a set and a segment of identifier 0 each, a set of identifier 1 with other units, and somebody who
/// waits at each set 0. The pid, as it is outside, of
/// the container's first process.
struct Containers {
    world: World,
    container: Running,
    first: u32,
    outside: Running,
}

const INSIDE: &str = "exec unshare --ipc --pid --mount --fork --kill-child --mount-proc sh -c '
    mount -t tmpfs -o size=1m inner /dev/shm
    rsem create 0x4b >/dev/null; rshm create -s 8192 >/dev/null; : >/dev/shm/inner
    rsem create 0x4c >/dev/null; rsem op 1 0+7; rmsgq send 0x4b --create one two
    echo ready; exec rsem wait 0x4b'";

impl Containers {
    fn new() -> Option<Self> {
        let world = World::new()?;
        world.ok("rsem", &["create", "0x4b"]);
        world.ok("rshm", &["create", "-s", "4096"]);
        world.ok("rsem", &["create", "0x4c"]);
        world.ok("rsem", &["op", "1", "0+3"]);
        world.ok("rmsgq", &["create", "0x4b"]);
        world.script(": >/dev/shm/outer", &[]).success();
        let mut container = Running::start(&mut world.sh(INSIDE, &[]));
        assert_eq!(container.line(), "ready");
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", container.id())).expect("/proc");
        let first = children.trim().parse().expect("one child");
        wait_until_in(first, Call::Semtimedop);
        let outside = world.start("rsem", &["wait", "0x4b"]);
        outside.wait_until_in(Call::Semtimedop);
        Some(Self { world, container, first, outside })
    }

    fn ripcs(&self, arguments: &[&str]) -> Vec<Value> {
        let outcome = self.world.run("ripcs", &[arguments, &["--json"]].concat());
        assert_eq!(outcome.status(), 0, "{arguments:?}: {}", outcome.stderr());
        rows(&outcome)
    }
}

pub(super) fn number_of(pid: u32) -> u64 {
    let link = std::fs::read_link(format!("/proc/{pid}/ns/ipc")).expect("it lives");
    let text = link.to_string_lossy().into_owned();
    text.trim_start_matches("ipc:[").trim_end_matches(']').parse().expect("a number")
}

#[test]
fn who_is_at_the_same_identifier_inside_and_outside_is_told_apart() {
    let Some(play) = Containers::new() else { return };
    let pids = |rows: Vec<Value>| rows.iter().map(|row| row["pid"].as_u64()).collect::<Vec<_>>();
    assert_eq!(pids(play.ripcs(&["who", "set:0"])), [Some(play.outside.id().into())]);
    let first = play.first.to_string();
    let inside = play.ripcs(&["who", "set:0", "--namespace", &first]);
    assert_eq!(inside[0]["namespace"].as_u64(), Some(number_of(play.first)));
    assert_eq!(pids(inside), [Some(play.first.into())]);
    let all = play.ripcs(&["who", "set", "--namespace", "all"]);
    let at = |pid: u32| {
        let row = all.iter().find(|row| row["pid"] == pid).expect("it is there");
        (text(&row["object"]), row["namespace"].as_u64())
    };
    assert_eq!(at(play.first), ("set:0".into(), Some(number_of(play.first))));
    assert_eq!(at(play.outside.id()), ("set:0".into(), Some(number_of(play.outside.id()))));
    assert_ne!(number_of(play.first), number_of(play.outside.id()));
    assert!(play.container.id() > 0);
}

#[test]
fn objects_are_listed_with_their_namespace() {
    let Some(play) = Containers::new() else { return };
    let first = play.first.to_string();
    let objects = |rows: &[Value]| rows.iter().map(|row| text(&row["object"])).collect::<Vec<_>>();
    assert_eq!(objects(&play.ripcs(&["list", "segment"])), ["segment:0", "segment:/outer"]);
    let inside = play.ripcs(&["list", "segment", "--namespace", &first]);
    assert_eq!(objects(&inside), ["segment:0", "segment:/inner"], "its own /dev/shm is seen");
    assert_eq!(
        (inside[0]["bytes"].as_u64(), inside[0]["namespace"].as_u64()),
        (Some(8192), Some(number_of(play.first)))
    );
    let all = play.ripcs(&["list", "segment", "--namespace", "all"]);
    let bytes = |namespace: u64| {
        let here = all.iter().filter(|row| row["namespace"].as_u64() == Some(namespace) && row["name"] == "0");
        here.map(|row| row["bytes"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(bytes(number_of(play.first)), [Some(8192)]);
    assert_eq!(bytes(number_of(play.outside.id())), [Some(4096)]);
}

#[test]
fn what_is_removed_inside_is_left_outside() {
    let Some(play) = Containers::new() else { return };
    let first = play.first.to_string();
    let reaped = play.ripcs(&["reap", "--yes", "segment", "--namespace", &first]);
    assert_eq!(text(&reaped[0]["object"]), "segment:0");
    assert_eq!(text(&reaped[0]["done"]), "removed", "{reaped:?}");
    play.world.ok("ripcs", &["remove", "segment:/inner", "--namespace", &first]);
    assert_eq!(play.ripcs(&["list", "segment", "--namespace", &first]), Vec::<Value>::new());
    assert_eq!(play.ripcs(&["list", "segment"]).len(), 2, "the same names outside are other objects");
    let shown = play.world.run("ripcs", &["show", "set:0", "--json", "--namespace", &first]);
    let shown: Value = serde_json::from_slice(shown.stdout()).expect("JSON");
    assert_eq!(shown["processes"][0]["pid"].as_u64(), Some(play.first.into()));
    assert_eq!(shown["semaphores"][0]["increase"], 1);
}

#[test]
fn what_is_asked_of_an_identifier_is_asked_inside() {
    let Some(play) = Containers::new() else { return };
    let first = play.first.to_string();
    let value = |arguments: &[&str]| {
        let rows = play.ripcs(&[&["list", "set", "-o", "name,value,waiting,namespace"], arguments].concat());
        let row = rows.into_iter().find(|row| row["name"] == "1").expect("it is there");
        (row["value"][0].as_u64(), row["waiting"].as_u64())
    };
    assert_eq!(value(&[]), (Some(3), Some(0)));
    assert_eq!(value(&["--namespace", &first]), (Some(7), Some(0)));
    let metrics = |arguments: &[&str]| {
        let text = play.world.ok("ripcs", &[&["metrics", "--objects"], arguments].concat());
        let line = text.lines().find(|line| line.starts_with("ripc_object_value{kind=\"set\",name=\"1\""));
        line.expect("it is there").to_owned()
    };
    assert!(metrics(&[]).ends_with(" 3"), "{}", metrics(&[]));
    assert!(metrics(&["--namespace", &first]).ends_with(" 7"), "{}", metrics(&["--namespace", &first]));
}

#[test]
fn the_overview_is_that_of_the_namespace() {
    let Some(play) = Containers::new() else { return };
    let (first, number) = (play.first.to_string(), number_of(play.first));
    let page = |arguments: &[&str]| play.world.ok("ripcs", &[&["--namespace", &first], arguments].concat());
    let all = page(&[]);
    for words in
        ["Message queues\n", "\n1 queue, 2 messages, 6 bytes\n", "\n2 segments, 8192 bytes\n", "\n2 sets, 2 sem"]
    {
        assert!(all.contains(words), "{words:?} is not in {all}");
    }
    assert_eq!(all.matches(&number.to_string()).count(), 5, "{all}");
    assert_eq!(page(&["-q", "-u"]), "Message queues\n1 queue, 2 messages, 6 bytes");
    assert!(page(&["-q", "-t"]).contains("RECEIVED  CHANGED"), "{}", page(&["-q", "-t"]));
    assert_eq!(page(&["-q", "--no-header", "-o", "name,messages"]), "0  2");
    assert_eq!(page(&["-o", "messages,name"]).matches("\nMESSAGES  NAME\n").count(), 1);
    let one = play.world.run("ripcs", &["--namespace", &first, "-s", "-i", "1"]);
    assert!(
        String::from_utf8_lossy(one.stdout()).contains("\nvalue      7\n"),
        "{}",
        String::from_utf8_lossy(one.stdout())
    );
    let rows: Vec<Value> = serde_json::from_str(&page(&["-qms", "--json"])).expect("JSON");
    assert!(rows.len() == 5 && rows.iter().all(|row| row["namespace"].as_u64() == Some(number)), "{rows:?}");
    assert_eq!(page(&["-u", "-m"]), "Shared memory\n2 segments, 8192 bytes");
    play.world.run("ripcs", &["--namespace", &first, "-o", "bogus"]).fails(2, "ripcs: no column is called 'bogus'");
}

/// Gives the container room for three queues, of which it has one; `false` where that cannot be set.
fn narrows(play: &Containers) -> bool {
    let script = "nsenter -t \"$1\" -i sh -c 'echo 3 >/proc/sys/kernel/msgmni'";
    let narrowed = has("nsenter") && play.world.script(script, &[&play.first.to_string()]).status() == 0;
    if !narrowed {
        skip("kernel.msgmni cannot be set here");
    }
    narrowed
}

#[test]
fn limits_are_those_of_the_namespace() {
    let Some(play) = Containers::new() else { return };
    let (first, number) = (play.first.to_string(), number_of(play.first));
    if !narrows(&play) {
        return;
    }
    let ripcs = |arguments: &[&str]| play.world.run("ripcs", &[arguments, &["--namespace", &first]].concat());
    let limit = |arguments: &[&str]| ripcs(&[&["limits", "--no-header"], arguments].concat()).success();
    assert_eq!(limit(&["MSGMNI", "-o", "used,max,namespace"]), format!("1  3  {number}"));
    let raise = limit(&["MSGMNI", "-o", "raise"]);
    assert_eq!(raise, format!("nsenter -t {first} -i sysctl -w kernel.msgmni=6"));
    assert_eq!(limit(&["locks", "-o", "limit,namespace"]), "locks  -", "it is not of the namespace");
    let rows = play.ripcs(&["limits", "MSGMNI", "locks", "--namespace", "all"]);
    let of = |name: &'static str| rows.iter().filter(move |row| row["limit"] == name);
    assert_eq!(of("locks").count(), 1, "what is the same in all is told once");
    let max = |pid: u32| of("MSGMNI").find(|row| row["namespace"] == number_of(pid)).map(|row| row["max"].clone());
    assert_eq!(max(play.first), Some(3.into()));
    assert_ne!(max(play.outside.id()), Some(3.into()));
    let listed = ripcs(&["-l", "-q", "-o", "limit,max", "--no-header"]).success();
    assert!(listed.lines().any(|line| line.split_whitespace().eq(["MSGMNI", "3"])), "{listed}");
    // The other numbers of a sysctl that stay are those inside.
    let script = "nsenter -t \"$1\" -i sh -c 'echo 11 22 33 44 >/proc/sys/kernel/sem'";
    if play.world.script(script, &[&first]).status() == 0 {
        assert!(limit(&["SEMMNI", "-o", "raise"]).ends_with(" -i sysctl -w kernel.sem='11 22 33 88'"));
    }
}

#[test]
fn a_check_and_why_name_the_namespace() {
    let Some(play) = Containers::new() else { return };
    let (first, number) = (play.first.to_string(), number_of(play.first));
    if !narrows(&play) {
        return;
    }
    let check = |which: &str, warn: &str| {
        let outcome = play.world.run("ripcs", &["limits", "MSGMNI", "--check", warn, "--namespace", which]);
        (outcome.status(), String::from_utf8_lossy(outcome.stdout()).into_owned())
    };
    let (status, line) = check(&first, "30");
    assert!(line.starts_with(&format!("IPC WARNING: MSGMNI in namespace {number}")), "{line}");
    assert!(status == 1 && line.ends_with(" 33% (1 of 3 queues) | 'MSGMNI'=1;0;3;0;3\n"), "{line}");
    let (status, line) = check("all", "30:33");
    assert!(status == 2 && line.contains(&format!("MSGMNI in namespace {number}")), "{line}");
    assert!(line.contains(&format!(" 'MSGMNI@{number}'=1;0;0;0;3")), "{line}");
    let outside = number_of(play.outside.id());
    assert!(!line.contains(&format!("in namespace {outside}")), "there is room outside: {line}");
    assert!(line.contains(&format!(" 'MSGMNI@{outside}'=1;")), "{line}");

    let why = |which: &[&str]| {
        let columns = ["why", "ENOSPC", "msgget", "--no-header", "-o", "reached,used,max"];
        play.world.ok("ripcs", &[&columns, which].concat())
    };
    let fill = "nsenter -t \"$1\" -i sh -c 'rmsgq create; rmsgq create' >/dev/null";
    assert_eq!(why(&["--namespace", &first]), "no  1  3");
    play.world.script(fill, &[&first]).success();
    assert_eq!(why(&["--namespace", &first]), "yes  3  3");
    assert!(why(&[]).starts_with("no  1  "), "{}", why(&[]));
    let table = play.world.ok("ripcs", &["why", "ENOSPC", "msgget", "--namespace", &first]);
    assert!(table.contains(&number.to_string()), "{table}");
}

#[test]
fn metrics_have_the_labels_of_the_namespace_where_it_is_asked_for() {
    let Some(play) = Containers::new() else { return };
    let (first, number) = (play.first.to_string(), number_of(play.first));
    let plain = play.world.ok("ripcs", &["metrics", "--objects"]);
    assert!(!plain.contains("namespace") && !plain.contains("container"), "{plain}");
    let text = play.world.ok("ripcs", &["metrics", "--objects", "--namespace", &first]);
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("it is there").to_owned();
    let label = format!("ipc_namespace=\"{number}\"");
    for start in [
        "ripc_messages{kind=\"queue\",family=\"sysv\",",
        "ripc_object_messages{kind=\"queue\",name=\"0\",",
        "ripc_limit_max{limit=\"MSGMNI\",unit=\"queues\",",
    ] {
        assert!(line(start).contains(&label), "{}", line(start));
    }
    assert!(line("ripc_messages{kind=\"queue\",family=\"sysv\",").ends_with(" 2"));
    assert!(!line("ripc_limit_used{limit=\"locks\"").contains("namespace"), "it is the machine's");
    // Taken apart from their labels, all series are those that there are without.
    let series = |text: &str| {
        let bare = |line: &str| match line.split_once(",ipc_namespace=") {
            Some((before, _)) => format!("{before}}}"),
            None => line.split_once(' ').map_or_else(String::new, |(series, _)| series.to_owned()),
        };
        let mut all: Vec<_> = text.lines().filter(|line| !line.starts_with("ripc_object_")).map(bare).collect();
        all.dedup();
        all
    };
    assert_eq!(series(&text), series(&plain));
    let all = play.world.run("ripcs", &["metrics", "--namespace", "all"]);
    let all = String::from_utf8_lossy(all.stdout()).into_owned();
    let mut names: Vec<_> = all.lines().filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup_by(|one, two| one == two && !one.starts_with('#'));
    assert_eq!(names.len(), before, "no series is there twice");
}
