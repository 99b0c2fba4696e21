//! Queues as objects: create, set, show, remove.

use crate::support::{World, has};

#[test]
fn create_prints_what_every_verb_accepts() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.ok("rmsgq", &["create"]), "0");
    assert_eq!(world.ok("rmsgq", &["create", "private"]), "1");
    assert_eq!(world.ok("rmsgq", &["create", "key:75"]), "2");
    assert_eq!(world.ok("rmsgq", &["create", "0x4b"]), "2");
    assert_eq!(world.ok("rmsgq", &["create", "ftok:/etc/passwd"]), "3");
    world.ok("rmsgq", &["send", "key:75", "by key"]);
    assert_eq!(world.ok("rmsgq", &["recv", "id:2"]), "by key");
    world.run("rmsgq", &["create", "0x4b", "--exclusive"]).fails(4, "cannot create queue 0x0000004b: File exists");
    world.run("rmsgq", &["create", "42"]).fails(2, "the kernel chooses identifiers");
    world
        .run("rmsgq", &["create", "ftok:/no/such"])
        .fails(3, "cannot make a key of the file in 'ftok:/no/such:1': No such file");
    assert_eq!(world.ok("rmsgq", &["remove", "0", "1", "0x4b", "3"]), "");
}

#[test]
fn modes_are_asked_for_and_never_wider() {
    let Some(world) = World::new() else { return };
    let mode = |queue: &str| {
        world
            .ok("rmsgq", &["list", "-o", "name,mode", "--no-header"])
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{queue}  ")).map(str::to_owned))
            .expect("listed")
    };
    let queue = world.ok("rmsgq", &["create"]);
    assert_eq!(mode(&queue), "0600");
    for (asked, got) in [("640", "0640"), ("g+r", "0640"), ("u=rw,go=r", "0644"), ("000", "0000")] {
        let queue = world.ok("rmsgq", &["create", "--mode", asked]);
        assert_eq!(mode(&queue), got);
    }
    for wrong in ["1777", "8", "rw", ""] {
        world.run("rmsgq", &["create", "--mode", wrong]).fails(2, "mode");
    }
    world.ok("rmsgq", &["set", &queue, "--mode", "o+w"]);
    assert_eq!(mode(&queue), "0602");
}

#[test]
fn a_name_that_cannot_be_printed_leaves_no_queue() {
    let Some(world) = World::new() else { return };
    world.script("rmsgq create >/dev/full", &[]).fails(1, "cannot write to standard output: No space left on device");
    assert_eq!(world.script("rmsgq create >&-", &[]).status(), 1);
    assert_eq!(world.ok("rmsgq", &["list", "--no-header"]), "");
    // One that was there already stays.
    world.ok("rmsgq", &["create", "0x4b"]);
    world.script("rmsgq create 0x4b >/dev/full", &[]).fails(1, "No space left");
    assert_eq!(world.ok("rmsgq", &["list", "-o", "key", "--no-header"]), "0x0000004b");
}

#[test]
fn remove_tries_all_and_ends_with_the_worst() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let removed = world.run("rmsgq", &["rm", "77", &queue, "0x4b"]);
    removed.fails(3, "rmsgq: cannot remove queue 77: no such identifier\n");
    removed.fails(3, "rmsgq: cannot remove queue 0x0000004b: No such file or directory\n");
    assert_eq!(world.ok("rmsgq", &["list", "--no-header"]), "");
    world.run("rmsgq", &["remove", "77", "--if-exists"]).success();
    world.run("rmsgq", &["remove"]).fails(2, "required");
    world.run("rmsgq", &["remove", "private"]).fails(2, "names no queue that exists");
}

#[test]
fn send_makes_the_queue_on_demand() {
    let Some(world) = World::new() else { return };
    world.run("rmsgq", &["send", "0x4b", "x"]).fails(3, "cannot open queue 0x0000004b: No such file or directory");
    world.ok("rmsgq", &["send", "0x4b", "x", "--create"]);
    world.ok("rmsgq", &["send", "0x4b", "y", "--create"]);
    assert_eq!(world.ok("rmsgq", &["recv", "0x4b", "-c2"]), "x\ny");
}

#[test]
fn show_tells_who_was_last_and_whether_they_run() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create", "0x4b"]);
    world.ok("rmsgq", &["send", &queue, "hello"]);
    let shown = world.run("rmsgq", &["show", "0x4b"]);
    let shown = String::from_utf8_lossy(shown.stdout());
    let field = |name: &str| {
        shown.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start).unwrap_or_default().to_owned()
    };
    assert_eq!(field("name"), "0");
    assert_eq!(field("key"), "0x0000004b");
    assert_eq!(field("messages"), "1");
    assert_eq!(field("sender_command"), "(gone)");
    assert_eq!(field("receiver "), "-");
    let json = world.run("rmsgq", &["show", &queue, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(json.stdout()).expect("JSON");
    assert_eq!(json["bytes"], 5);
    assert_eq!(json["sender_command"], serde_json::Value::Null);
    assert!(json["sender"].as_i64().is_some_and(|pid| pid > 0));
    world.run("rmsgq", &["show", "9"]).fails(3, "cannot look at queue 9: no such identifier");
}

#[test]
fn an_owner_who_locked_himself_out_gets_in_again() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") {
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["create", "/q"]);
    for (name, closed) in [(queue.as_str(), "000"), ("/q", "200")] {
        // Without the capabilities that let root pass every mode.
        let script = "exec setpriv --bounding-set -all --inh-caps -all rmsgq set \"$1\" --mode \"$2\"";
        world.script(script, &[name, closed]).success();
        world.script(script, &[name, "600"]).success();
    }
    assert_eq!(world.ok("rmsgq", &["list", "-o", "mode", "--no-header"]), "0600\n0600");
}

#[test]
fn sending_with_create_asks_for_no_more_than_sending() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") {
        return;
    }
    world.ok("rmsgq", &["create", "/q", "--mode", "200"]);
    let script = "exec setpriv --bounding-set -all --inh-caps -all rmsgq send /q --create x";
    world.script(script, &[]).success();
    assert_eq!(world.ok("rmsgq", &["clear", "/q"]), "1");
}
