//! `show`: each semaphore, who operated last, who waits and what for.

use serde_json::Value;

use crate::support::{Call, Outcome, Running, World, has};

/// What `show --json` tells.
fn shown(world: &World, name: &str) -> Value {
    serde_json::from_slice(world.run("rsem", &["show", name, "--json"]).stdout()).expect("JSON")
}

/// The processes of that, as (pid, command, how).
fn processes(world: &World, name: &str) -> Vec<(u64, String, String)> {
    let shown = shown(world, name);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let processes = shown["processes"].as_array().expect("a list").iter();
    processes.map(|user| (user["pid"].as_u64().expect("a pid"), text(&user["command"]), text(&user["how"]))).collect()
}

#[test]
fn the_quiz_is_read_off() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "3"]);
    world.ok("rsem", &["create", "/s", "--value", "3"]);
    let textbook = |name: &str| {
        let shown = shown(&world, name);
        let one = if name == "/s" { &shown["textbook"] } else { &shown["semaphores"][0]["textbook"] };
        one.as_str().expect("text").to_owned()
    };
    for (name, call) in [("0x4b", Call::Semtimedop), ("/s", Call::Futex)] {
        assert_eq!(textbook(name), "M=3, N=0");
        world.ok("rsem", &["wait", name, "3"]);
        assert_eq!(textbook(name), "M=0, N=0");
        let waiter = world.start("rsem", &["wait", name]);
        waiter.wait_until_in(call);
        assert_eq!(textbook(name), "M=0, N=1");
        world.ok("rsem", &["post", name]);
        waiter.outcome().success();
        assert_eq!(textbook(name), "M=0, N=0");
    }
}

#[test]
fn each_semaphore_is_shown_with_its_last_operator() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "1,2"]);
    let holder = world.start("rsem", &["op", "0x4b", "1-1u", "--", "sleep", "1000"]);
    holder.wait_until_in(Call::Nanosleep);
    let sleepers = [world.start("rsem", &["wait", "0x4b", "2"]), world.start("rsem", &["wait", "0x4b:1", "--zero"])];
    for sleeper in &sleepers {
        sleeper.wait_until_in(Call::Semtimedop);
    }
    let all = shown(&world, "0x4b");
    let number = |index: usize, field: &str| all["semaphores"][index][field].as_u64();
    assert_eq!((number(0, "value"), number(0, "increase"), number(0, "zero")), (Some(1), Some(1), Some(0)));
    assert_eq!((number(1, "value"), number(1, "increase"), number(1, "zero")), (Some(1), Some(0), Some(1)));
    assert_eq!(all["semaphores"][0]["command"], Value::Null, "its maker has ended");
    assert_eq!(
        (number(1, "last"), all["semaphores"][1]["command"].as_str()),
        (Some(holder.id().into()), Some("sleep"))
    );
    let text = world.run("rsem", &["show", "0x4b"]);
    let text = String::from_utf8_lossy(text.stdout()).into_owned();
    assert!(text.contains("(gone)") && text.contains("M=1, N=1"), "{text}");
    drop(sleepers);
    holder.signal("KILL");
    let pid = holder.id();
    drop(holder.outcome());
    let all = shown(&world, "0x4b");
    assert_eq!((&all["semaphores"][1]["last"], &all["semaphores"][1]["command"]), (&pid.into(), &Value::Null));
}

#[test]
fn a_deadlock_is_seen() {
    let Some(world) = World::new() else { return };
    let set = world.ok("rsem", &["create", "--value", "1,1"]);
    // Each holds one, and when both do, each wants the other's.
    let script = "rsem op \"$1\" \"$2-1u\" -- sh -c 'echo holds; read go; exec rsem wait \"$1\"' sh \"$1:$3\"";
    let mut pair =
        [["0", "1"], ["1", "0"]].map(|[held, wanted]| Running::start(&mut world.sh(script, &[&set, held, wanted])));
    for process in &mut pair {
        assert_eq!(process.line(), "holds");
    }
    let inputs = pair.each_mut().map(|process| {
        let (mut input, output) = process.pipes();
        std::io::Write::write_all(&mut input, b"go\n").expect("a pipe");
        (input, output)
    });
    crate::support::wait_until("both sleep", || processes(&world, &set).len() == 2);
    let mut hows: Vec<String> = processes(&world, &set).into_iter().map(|(_, _, how)| how).collect();
    hows.sort();
    assert_eq!(hows, ["waiting for 0-1", "waiting for 1-1"]);
    drop(inputs);
}

#[test]
fn sleepers_that_we_did_not_write_are_decoded() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let set = world.ok("rsem", &["create", "--value", "0,1,1"]);
    let script = "semop($ARGV[0], pack('s!9', 0, -2, 010000, 1, 0, 0, 2, 3, 04000))";
    let perl = Running::start(world.command("perl").args(["-e", script, &set]));
    crate::support::wait_until("perl sleeps", || !processes(&world, &set).is_empty());
    let own = (u64::from(perl.id()), "perl".to_owned(), "waiting for 0-2u 1=0 2+3n".to_owned());
    assert_eq!(processes(&world, &set), [own]);
}

#[test]
fn a_sleeper_whose_memory_is_closed_is_still_counted() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    world.ok("rsem", &["create", "0x4b", "--mode", "666"]);
    let sleeper = world.start("rsem", &["wait", "0x4b"]);
    sleeper.wait_until_in(Call::Semtimedop);
    let seen = nobody.run("rsem", &["show", "0x4b"]);
    let text = String::from_utf8_lossy(seen.stdout()).into_owned();
    assert_eq!(seen.status(), 0, "{}", seen.stderr());
    assert!(text.contains("M=0, N=1") && seen.stderr().contains("could not be looked at"), "{text}{}", seen.stderr());
}

#[test]
fn who_may_not_read_a_set_sees_that_it_is_there() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    let set = world.ok("rsem", &["create", "0x4b", "--value", "3"]);
    world.ok("rsem", &["create", "/s", "--value", "3"]);
    for name in [set.as_str(), "/s"] {
        let seen = nobody.run("rsem", &["show", name, "--json"]);
        let seen: Value = serde_json::from_slice(seen.stdout()).expect("JSON");
        assert_eq!((&seen["mode"], &seen["value"]), (&"0600".into(), &Value::Null));
        for verb in ["wait", "post"] {
            nobody.run("rsem", &[verb, name]).fails(5, "Permission denied\n");
        }
        nobody.run("rsem", &["set", name, "--mode", "666"]).fails(5, "cannot ");
        nobody.run("rsem", &["remove", name]).fails(5, "Operation not permitted\n");
    }
    nobody.run("rsem", &["run", &set, "--", "true"]).fails(125, "Permission denied\n");
    assert_eq!(world.ok("rsem", &["get", &set]), "3");
    world.ok("rsem", &["set", &set, "--mode", "622"]);
    nobody.ok("rsem", &["wait", &set]);
    assert_eq!(world.ok("rsem", &["get", &set]), "2", "the right to write is enough");
}

#[test]
fn who_maps_a_posix_semaphore_is_shown_also_after_its_removal_of_the_name() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "/s", "--value", "1"]);
    let mut holder = world.start("rsem", &["run", "/s", "--", "sh", "-c", "echo up; exec sleep 1000"]);
    assert_eq!(holder.line(), "up");
    let waiter = world.start("rsem", &["wait", "/s"]);
    waiter.wait_until_in(Call::Futex);
    let (holder, waiter) = (u64::from(holder.id()), u64::from(waiter.id()));
    let mut expected =
        [(holder, "rsem".into(), "has it mapped".into()), (waiter, "rsem".into(), "has it mapped".to_owned())].to_vec();
    expected.push((waiter, "rsem".into(), "waiting".into()));
    // The later one need not have the higher pid.
    expected.sort();
    let mut seen = processes(&world, "/s");
    seen.sort();
    assert_eq!(seen, expected);
}

#[test]
fn several_are_shown_and_each_failure_is_told() {
    let Some(world) = World::new() else { return };
    let set = world.ok("rsem", &["create"]);
    world.ok("rsem", &["create", "/s"]);
    let outcome = Outcome::of(world.command("rsem").args(["show", &set, "/none", "/s", "99", "--json"]));
    assert_eq!(outcome.status(), 3);
    assert_eq!(String::from_utf8_lossy(outcome.stdout()).lines().count(), 2);
    for words in ["cannot look at semaphore '/none'", "cannot look at semaphore set 99: no such identifier"] {
        assert!(outcome.stderr().contains(words), "{}", outcome.stderr());
    }
}
