//! Sets and semaphores: made, read, changed, listed, removed.

use serde_json::Value;

use crate::support::{Call, World};

#[test]
fn a_set_has_the_values_it_was_made_with() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.ok("rsem", &["create"]), "0");
    assert_eq!(world.ok("rsem", &["get", "0"]), "0");
    let table: &[(&[&str], &str)] = &[
        (&["--value", "3"], "3"),
        (&["--count", "3", "--value", "2"], "2\n2\n2"),
        (&["--value", "1,0,32767"], "1\n0\n32767"),
        (&["--count", "2", "--value", "0,0"], "0\n0"),
        (&["--value", "0,5"], "0\n5"),
    ];
    for (arguments, values) in table {
        let name = world.ok("rsem", &[&["create", "0x4b"], *arguments].concat());
        assert_eq!(world.ok("rsem", &["get", "0x4b"]), *values, "{arguments:?}");
        world.ok("rsem", &["remove", &name]);
    }
    let many = world.ok("rsem", &["create", "--count", "600", "--value", "7"]);
    assert_eq!(world.ok("rsem", &["get", &many]), vec!["7"; 600].join("\n"));
    assert_eq!(world.ok("rsem", &["get", &format!("{many}:599")]), "7");
}

#[test]
fn what_is_there_is_found_and_left_as_it_is() {
    let Some(world) = World::new() else { return };
    for name in ["0x4b", "/jobs"] {
        let made = world.ok("rsem", &["create", name, "--value", "3"]);
        assert_eq!(world.ok("rsem", &["create", name, "--value", "9"]), made);
        assert_eq!(world.ok("rsem", &["get", name]), "3");
        world.run("rsem", &["create", name, "--exclusive"]).fails(4, "File exists");
        world.ok("rsem", &["remove", name]);
        world.run("rsem", &["get", name]).fails(3, "No such file or directory");
    }
    world.run("rsem", &["create", "7"]).fails(2, "the kernel chooses identifiers");
}

#[test]
fn wrong_shapes_are_bad_usage_and_make_nothing() {
    let Some(world) = World::new() else { return };
    let table: &[(&[&str], &str)] = &[
        (&["--value", "32768"], "above SEMVMX, 32767"),
        (&["--value", "1,2", "--count", "3"], "2 values for 3 semaphores"),
        (&["--count", "0"], "0"),
        (&["--count", "65536"], "65536"),
        (&["/s", "--value", "1,2"], "a POSIX semaphore is alone"),
        (&["/s", "--count", "2"], "a POSIX semaphore is alone"),
        (&["/s", "--value", "2147483648"], "2147483648"),
        (&["file:x"], "a file is no semaphore"),
    ];
    for (arguments, words) in table {
        world.run("rsem", &[&["create"], *arguments].concat()).fails(2, words);
    }
    assert_eq!(world.ok("ripcs", &["--json"]), "[]");
}

#[test]
fn modes_are_as_asked_whatever_the_umask() {
    let Some(world) = World::new() else { return };
    for name in ["0x4b", "/s"] {
        for (mode, bits) in [("666", "0666"), ("400", "0400"), ("g+rw", "0660"), ("0", "0000")] {
            let made =
                world.script("umask 077; exec rsem create \"$1\" --value 2 --mode \"$2\"", &[name, mode]).success();
            assert_eq!(world.ok("rsem", &["get", name, "--mode"]), bits);
            world.ok("rsem", &["remove", &made]);
        }
        world.script("umask 0; exec rsem create \"$1\"", &[name]).success();
        assert_eq!(world.ok("rsem", &["get", name, "--mode"]), "0600");
        world.ok("rsem", &["remove", name]);
    }
}

#[test]
fn what_get_prints_set_takes() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "1,2,3"]);
    world.ok("rsem", &["create", "/s", "--value", "3"]);
    world.ok("rsem", &["set", "0x4b", "--value", "4,5,6"]);
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "4\n5\n6");
    world.ok("rsem", &["set", "0x4b:1", "--value", "0"]);
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "4\n0\n6");
    world.ok("rsem", &["set", "0x4b", "--value", "1"]);
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "1\n1\n1");
    for value in ["7", "2", "0"] {
        world.ok("rsem", &["set", "/s", "--value", value]);
        assert_eq!(world.ok("rsem", &["get", "/s"]), value);
    }
    for name in ["0x4b", "/s"] {
        world.ok("rsem", &["set", name, "--mode", "u=rw,g+r"]);
        assert_eq!(world.ok("rsem", &["get", name, "--mode"]), "0640");
        let owner = world.ok("rsem", &["get", name, "--owner"]);
        world.ok("rsem", &["set", name, "--owner", &owner]);
        assert_eq!(world.ok("rsem", &["get", name, "--owner"]), owner);
    }
}

#[test]
fn set_refuses_what_does_not_fit() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "1,2,3"]);
    world.ok("rsem", &["create", "/s", "--value", "3"]);
    world.run("rsem", &["set", "0x4b", "--value", "1,2"]).fails(2, "2 values for 3 semaphores");
    world.run("rsem", &["set", "0x4b:0", "--value", "1,2"]).fails(2, "2 values for one semaphore");
    world.run("rsem", &["set", "/s", "--value", "1,2"]).fails(2, "2 values for one semaphore");
    world.run("rsem", &["set", "0x4b:0", "--value", "32768"]).fails(2, "above SEMVMX");
    let no_such = "there is no semaphore 3 of set 0x0000004b: it has 3, from 0 to 2";
    world.run("rsem", &["set", "0x4b:3", "--value", "1"]).fails(1, no_such);
    world.run("rsem", &["get", "0x4b:3"]).fails(1, no_such);
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "1\n2\n3");
    assert_eq!(world.ok("rsem", &["get", "/s"]), "3");
}

#[test]
fn list_has_values_and_who_waits() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "0,2"]);
    world.ok("rsem", &["create", "/s", "--value", "5"]);
    let sleeper = world.start("rsem", &["wait", "0x4b"]);
    sleeper.wait_until_in(Call::Semtimedop);
    let table = world.ok("rsem", &["list", "-o", "name,count,value,waiting", "--no-header"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows, [["0", "2", "0,2", "1"], ["/s", "1", "5", "0"]]);
    assert!(world.ok("rsem", &["ls"]).starts_with("NAME"), "the alias");
    let json: Value = serde_json::from_str(&world.ok("rsem", &["list", "--json"])).expect("JSON");
    assert_eq!((&json[0]["value"], &json[0]["waiting"]), (&serde_json::json!([0, 2]), &1.into()));
    assert_eq!((&json[1]["value"], &json[1]["kind"]), (&5.into(), &"semaphore".into()));
}

#[test]
fn remove_says_how_many_it_woke() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--count", "2"]);
    let sleepers = ["0x4b:0", "0x4b:1"].map(|name| world.start("rsem", &["wait", name]));
    for sleeper in &sleepers {
        sleeper.wait_until_in(Call::Semtimedop);
    }
    let removed = world.run("rsem", &["remove", "0x4b"]);
    let told = "rsem: removed semaphore set 0x0000004b: woke 2 processes that waited (EIDRM)\n";
    assert_eq!((removed.status(), removed.stderr().as_str()), (0, told));
    for sleeper in sleepers {
        sleeper.outcome().fails(3, "Identifier removed");
    }
    world.run("rsem", &["remove", "0x4b", "7", "/s"]).fails(3, "cannot remove");
    world.ok("rsem", &["remove", "--if-exists", "0x4b", "7", "/s"]);
}

#[test]
fn removing_a_posix_name_wakes_nobody_and_says_so() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "/s"]);
    let sleeper = world.start("rsem", &["wait", "/s"]);
    sleeper.wait_until_in(Call::Futex);
    let removed = world.run("rsem", &["rm", "/s"]);
    assert_eq!(removed.status(), 0);
    assert!(removed.stderr().contains("1 process still waits on it"), "{}", removed.stderr());
    sleeper.wait_until_in(Call::Futex);
    sleeper.signal("TERM");
    assert_eq!(sleeper.outcome().status(), 143);
}

#[test]
fn a_file_that_is_no_semaphore_is_refused() {
    let Some(world) = World::new() else { return };
    let make = "printf '' > /dev/shm/sem.empty; printf 12345678 > /dev/shm/sem.short; mkfifo /dev/shm/sem.fifo
        ln -s /etc/passwd /dev/shm/sem.link; mkdir /dev/shm/sem.dir";
    world.script(make, &[]).success();
    for name in ["/empty", "/short", "/fifo", "/link", "/dir"] {
        for verb in ["wait", "post", "get"] {
            let outcome = world.run("rsem", &[verb, name]);
            assert!([1, 3].contains(&outcome.status()), "{verb} {name}: {} {}", outcome.status(), outcome.stderr());
            assert!(outcome.stderr().starts_with("rsem: cannot "), "{verb} {name}: {}", outcome.stderr());
            if ["/empty", "/short"].contains(&name) {
                outcome.fails(1, "what lies there is no semaphore\n");
            }
        }
    }
    let list = world.ok("rsem", &["list", "-o", "name,value", "--no-header"]);
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows, [["/empty", "?"], ["/short", "?"]]);
}

#[test]
fn a_limit_is_named_with_its_value() {
    let Some(world) = World::new() else { return };
    if world.script("echo '4 10 500 3' > /proc/sys/kernel/sem", &[]).status() != 0 {
        crate::support::skip("the limits of this namespace cannot be set");
        return;
    }
    let too_many = "5 semaphores are more than SEMMSL of kernel.sem allows a set, 4";
    world.run("rsem", &["create", "--count", "5"]).fails(1, too_many);
    for _ in 0..2 {
        world.ok("rsem", &["create", "--count", "4"]);
    }
    let all = "SEMMNS of kernel.sem allows 10 semaphores in all sets, and 8 exist";
    world.run("rsem", &["create", "--count", "4"]).fails(1, all);
    world.ok("rsem", &["create"]);
    world.run("rsem", &["create"]).fails(1, "SEMMNI of kernel.sem allows 3 sets, and that many exist");
}
