//! Making a semaphore and giving it its value is one step to everybody.

use std::time::{Duration, Instant};

use crate::support::{Call, Running, World, can_trace, has, sleeps_in, wait_until};

#[test]
fn of_many_that_create_one_initialises_and_never_two_hold() {
    let Some(world) = World::new() else { return };
    // Who meets another one inside says so; two who initialise would leave a value of 2.
    let script = "cd \"$(mktemp -d)\" || exit
        inside() { rsem run --create --value 1 \"$1\" -- sh -c 'mkdir inside || echo two hold; rmdir inside'; }
        for round in $(seq 100); do
            for process in $(seq 16); do inside \"$1\" & done; wait
            [ \"$(rsem get \"$1\")\" = 1 ] || echo \"round $round: $(rsem get \"$1\")\"
            rsem remove \"$1\"
        done
        rmdir \"$PWD\"";
    for name in ["0x4b", "/s"] {
        assert_eq!(world.script(script, &[name]).success(), "", "{name}");
    }
}

/// Makes a set without values and says so; gives it one unit at the end of its input.
const HALF_MADE: &str = "$| = 1; $id = semget(0x4b, 1, 01600) // die $!; print \"made\\n\"; <STDIN>;
    semop($id, pack('s!3', 0, 1, 0)) or die $!; print \"given\\n\"";

#[test]
fn who_finds_a_set_half_made_waits_for_its_values() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    // On a machine that is too busy for it the set has become old meanwhile.
    for _ in 0..10 {
        let started = Instant::now();
        let mut maker = Running::start(world.command("perl").args(["-e", HALF_MADE]));
        assert_eq!(maker.line(), "made");
        let openers: Vec<Running> = [&["get", "0x4b"][..], &["run", "--create", "0x4b", "--", "rsem", "get", "0x4b"]]
            .iter()
            .map(|arguments| world.start("rsem", arguments))
            .collect();
        // Who comes too late is not waited for either.
        let is_late = || started.elapsed() >= Duration::from_millis(900);
        wait_until("both wait", || {
            is_late() || openers.iter().all(|opener| sleeps_in(opener.id(), Call::Nanosleep).is_ok())
        });
        drop(maker.input());
        assert_eq!(maker.line(), "given");
        let in_time = !is_late();
        let values: Vec<String> = openers
            .into_iter()
            .map(|opener| String::from_utf8_lossy(opener.outcome().stdout()).trim_end().to_owned())
            .collect();
        world.ok("rsem", &["remove", "0x4b"]);
        if in_time {
            // The second one holds the unit while it looks; the first sees the value or that.
            assert!(["0", "1"].contains(&&*values[0]) && values[1] == "0", "{values:?}");
            return;
        }
    }
    crate::support::skip("too busy a machine");
}

#[test]
fn a_set_without_values_is_taken_after_a_while_but_not_by_create() {
    let Some(world) = World::new() else { return };
    if !has("ipcmk") {
        return;
    }
    let made = world.ok("ipcmk", &["-S", "2"]);
    let id = made.rsplit(' ').next().expect("an identifier");
    assert_eq!(world.ok("rsem", &["get", id]), "0\n0", "others make such");
    let script = "semget(0x4b, 1, 01600) // die $!";
    if has("perl") {
        crate::support::Outcome::of(world.command("perl").args(["-e", script])).success();
        let outcome = world.run("rsem", &["run", "--create", "0x4b", "--", "true"]);
        outcome.fails(125, "semaphore set 0x0000004b was made without values");
        world.ok("rsem", &["set", "0x4b", "--value", "1"]);
        world.ok("rsem", &["run", "--create", "0x4b", "--", "true"]);
    }
}

#[test]
fn a_posix_semaphore_has_no_other_name_while_it_is_made() {
    let Some(world) = World::new() else { return };
    if !can_trace() {
        return;
    }
    let log = world.script("strace -o /dev/fd/3 rsem create /s --value 3 3>&1 >/dev/null 2>&1", &[]);
    let log = String::from_utf8_lossy(log.stdout()).into_owned();
    let place = |word: &str| log.find(word).unwrap_or_else(|| panic!("no {word} in {log}"));
    assert!(place("O_TMPFILE") < place("pwrite64(") && place("pwrite64(") < place("linkat("), "{log}");
    assert_eq!(world.ok("rsem", &["get", "/s"]), "3");
}
