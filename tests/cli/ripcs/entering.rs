//! Who may look into a namespace, and what is said of one that may not be entered or has ended.

use serde_json::Value;

use super::namespaces::number_of;
use super::stage::{rows, text};
use crate::support::{Call, Outcome, Running, World, skip, tool, wait_until_in};

#[test]
fn a_namespace_that_is_none_is_told() {
    let Some(world) = World::new() else { return };
    for pid in ["0", "-1", "x", "99999999999", ""] {
        assert_eq!(world.run("ripcs", &["list", &format!("--namespace={pid}")]).status(), 2, "{pid}");
    }
    let outcome = world.run("ripcs", &["list", "--namespace", "2147483647"]);
    outcome.fails(3, "ripcs: cannot enter the IPC namespace of process 2147483647: No such process\n");
}

#[test]
fn who_made_a_namespace_as_a_user_may_look_into_it() {
    let Some(world) = World::new() else { return };
    // Where these tests are not root's, the world is one in a user namespace of its own.
    let holder = world.start("cat", &[]);
    world.ok("rmsgq", &["create", "/mine"]);
    let outside = |arguments: &[&str]| {
        Outcome::of(tool("ripcs").args(arguments).args(["--namespace", &holder.id().to_string()])).success()
    };
    wait_until_in(holder.id(), Call::Read);
    assert_eq!(outside(&["list", "--no-header", "-o", "object"]), "queue:/mine");
    assert!(outside(&["-q"]).contains("1 queue, "));
    outside(&["remove", "/mine"]);
    assert_eq!(world.ok("ripcs", &["list", "--json"]), "[]");
}

const USERS_OWN: &str = "exec unshare --user --map-root-user --ipc --mount sh -c '
    mount -t tmpfs -o size=1m own /dev/shm && : >/dev/shm/inner
    ipcmk -M 4096 >/dev/null; ipcmk -Q >/dev/null; echo ready; exec cat'";

#[test]
fn a_users_own_namespace_is_entered_by_root_and_that_user_and_by_nobody_else() {
    let Some(world) = World::new() else { return };
    let (Some(maker), Some(other)) = (world.user(65_534), world.user(4242)) else { return };
    let mut inside = Running::start(maker.command("sh").args(["-c", USERS_OWN]));
    if inside.line() != "ready" {
        return skip("a user may not make a user namespace here");
    }
    let pid = inside.id().to_string();
    let list = ["list", "--no-header", "-o", "object,owner", "--namespace", &pid];
    let objects = |text: &str| text.lines().map(|line| line.split("  ").next().map(str::to_owned)).collect::<Vec<_>>();
    let truth = ["queue:0", "segment:0", "segment:/inner"].map(|name| Some(name.to_owned()));
    assert_eq!(objects(&world.ok("ripcs", &list)), truth);
    assert_eq!(objects(&maker.ok("ripcs", &list)), truth);
    let shown = maker.run("ripcs", &["show", "queue:0", "--namespace", &pid]);
    assert_eq!(shown.status(), 0, "{}", shown.stderr());
    assert_eq!(maker.ok("ripcs", &["limits", "MSGMNI", "-o", "used", "--no-header", "--namespace", &pid]), "1");
    let cannot = format!("ripcs: cannot enter the IPC namespace of process {pid}: Permission denied\n");
    other.run("ripcs", &list).fails(5, &cannot);
    maker.ok("ripcs", &["remove", "queue:0", "--namespace", &pid]);
    assert_eq!(objects(&world.ok("ripcs", &list)), truth[1..]);
}

#[test]
fn what_may_not_be_entered_is_told_once_and_the_rest_is_shown() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    nobody.ok("rmsgq", &["create"]);
    // Its process is nobody's, its namespace is root's.
    let script = "exec unshare --ipc setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'echo ready; exec cat'";
    let mut closed = Running::start(&mut world.sh(script, &[]));
    assert_eq!(closed.line(), "ready");
    wait_until_in(closed.id(), Call::Read);
    let (pid, number) = (closed.id().to_string(), number_of(closed.id()));
    let one = nobody.run("ripcs", &["list", "--namespace", &pid]);
    one.fails(5, &format!("ripcs: cannot enter the IPC namespace of process {pid}: Operation not permitted\n"));
    for verb in
        [&["list", "--json"][..], &["limits", "--json"], &["who", "--json"], &["orphans", "--json"], &["--json"]]
    {
        let all = nobody.run("ripcs", &[verb, &["--namespace", "all"]].concat());
        let told = format!("ripcs: cannot enter namespace {number} of process {pid}: Operation not permitted");
        assert_eq!(all.stderr().lines().filter(|line| *line == told).count(), 1, "{verb:?}: {}", all.stderr());
        assert_eq!(all.status(), 0, "{verb:?}: {}", all.stderr());
        assert!(verb[0] != "list" || rows(&all).iter().any(|row| row["object"] == "queue:0"), "the rest is there");
    }
}

#[test]
fn a_namespace_lives_as_long_as_its_last_process() {
    let Some(world) = World::new() else { return };
    let script = "exec unshare --ipc sh -c '
        sleep 1000 & echo $!; read -r line; kill $!; wait $! 2>/dev/null; rmsgq create; exec cat'";
    let mut inside = Running::start(&mut world.sh(script, &[]));
    let sleeper = inside.line();
    let watch = ["watch", "queue", "--interval", "0.05", "-e", "created,removed", "--json", "--namespace"];
    let mut watched = world.start("ripcs", &[&watch[..], &[&sleeper]].concat());
    watched.wait_until_in(Call::Poll);
    let mut all = world.start("ripcs", &[&watch[..], &["all"]].concat());
    all.wait_until_in(Call::Poll);
    let number = number_of(inside.id());
    let mut input = inside.input();
    std::io::Write::write_all(&mut input, b"\n").expect("it reads");
    // The one it was named by has ended: the namespace has not.
    let event = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    let created = event(&watched.line());
    assert_eq!((text(&created["event"]), text(&created["object"])), ("created".into(), "queue:0".into()));
    let next = |all: &mut Running, number: u64| loop {
        let found = event(&all.line());
        if found["namespace"] == number {
            return text(&found["event"]);
        }
    };
    assert_eq!(next(&mut all, number), "created");
    drop(input);
    drop(inside);
    let ended = watched.outcome();
    let words = format!("ripcs: cannot list the objects in namespace {number}: No such process\n");
    assert_eq!((ended.status(), ended.stderr()), (3, words));
    // Among all it is one that is gone, and the others are looked at as before.
    assert_eq!(next(&mut all, number), "removed");
    world.ok("rmsgq", &["create"]);
    let own = world.start("cat", &[]);
    wait_until_in(own.id(), Call::Read);
    assert_eq!(next(&mut all, number_of(own.id())), "created");
}
