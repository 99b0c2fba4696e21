//! What is inside a container is not mixed with what is outside.

use serde_json::Value;

use super::stage::{rows, text};
use crate::support::{Call, Running, World, wait_until_in};

/// A world with a container in it, that has pids, objects and a `/dev/shm` of its own: outside and inside a
/// set and a segment of identifier 0 each, and somebody who waits at each set. The pid, as it is outside, of
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
    echo ready; exec rsem wait 0x4b'";

impl Containers {
    fn new() -> Option<Self> {
        let world = World::new()?;
        world.ok("rsem", &["create", "0x4b"]);
        world.ok("rshm", &["create", "-s", "4096"]);
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

fn number_of(pid: u32) -> u64 {
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
fn a_namespace_that_is_none_is_told() {
    let Some(world) = World::new() else { return };
    for pid in ["0", "-1", "x", "99999999999", ""] {
        assert_eq!(world.run("ripcs", &["list", &format!("--namespace={pid}")]).status(), 2, "{pid}");
    }
    let outcome = world.run("ripcs", &["list", "--namespace", "2147483647"]);
    outcome.fails(3, "ripcs: cannot enter the IPC namespace of process 2147483647: No such process\n");
}
