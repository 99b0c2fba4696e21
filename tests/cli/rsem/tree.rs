//! `run --tree`: units are held until every descendant has ended.

use std::time::{Duration, Instant};

use crate::support::{Call, World, wait_until};

/// Makes the semaphore that is held, and one that holds the descendants up until it is posted.
fn semaphores(world: &World) -> [&'static str; 2] {
    for name in ["0x4b", "/s"] {
        world.ok("rsem", &["create", name, "--value", "1"]);
    }
    world.ok("rsem", &["create", "0x4c"]);
    ["0x4b", "/s"]
}

#[test]
fn a_shell_that_ends_before_its_child_gives_back_early_without_it() {
    let Some(world) = World::new() else { return };
    let [name, _] = semaphores(&world);
    world.ok("rsem", &["run", name, "--", "sh", "-c", "rsem wait 0x4c >/dev/null 2>&1 & exit"]);
    assert_eq!(world.ok("rsem", &["get", name]), "1", "the child still runs");
    world.ok("rsem", &["post", "0x4c"]);
}

#[test]
fn nothing_comes_back_before_the_last_descendant_has_ended() {
    let Some(world) = World::new() else { return };
    // In the background; a grandchild whose parents have both ended; a daemon in a session of its own.
    let commands = [
        "rsem wait 0x4c & exit 3",
        "(rsem wait 0x4c & exit) & exit 3",
        "setsid sh -c 'rsem wait 0x4c & exit' & exit 3",
    ];
    for name in semaphores(&world) {
        for command in commands {
            let holder = world.start("rsem", &["run", name, "--tree", "--", "sh", "-c", command]);
            wait_until("the descendant sleeps and the command is gone", || {
                let children = format!("/proc/{0}/task/{0}/children", holder.id());
                let children = std::fs::read_to_string(children).unwrap_or_default();
                let pids: Vec<&str> = children.split_whitespace().collect();
                matches!(pids.as_slice(), &[pid] if comm(pid) == "rsem")
                    && world.run("rsem", &["list", "-o", "waiting", "--no-header"]).stdout().contains(&b'1')
            });
            assert_eq!(world.ok("rsem", &["get", name]), "0", "{command}");
            world.ok("rsem", &["post", "0x4c"]);
            assert_eq!(holder.outcome().status(), 3, "the status is the command's: {command}");
            assert_eq!(world.ok("rsem", &["get", name]), "1");
        }
    }
}

fn comm(pid: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

#[test]
fn a_shell_with_a_sleeping_child_holds_as_long_as_that_sleeps() {
    let Some(world) = World::new() else { return };
    // Its output goes elsewhere: we would wait for the end of that, too.
    let run = |more: &[&str], time: &str| {
        let command = format!("sleep {time} >/dev/null 2>&1 & echo $!");
        world.ok("rsem", &[&["run", "--create", "0x4b"], more, &["--", "sh", "-c", &command]].concat())
    };
    let started = Instant::now();
    run(&["--tree"], "1");
    assert!(started.elapsed() >= Duration::from_secs(1));
    let child = run(&[], "1000");
    world.script("kill -KILL $1", &[&child]).success();
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "1");
}

#[test]
fn a_signal_reaches_the_descendants_that_are_left() {
    let Some(world) = World::new() else { return };
    for name in semaphores(&world) {
        let command = "rsem wait 0x4c & echo $!; exit 3";
        let mut holder = world.start("rsem", &["run", name, "--tree", "--", "sh", "-c", command]);
        let child: u32 = holder.line().parse().expect("a pid");
        crate::support::wait_until_in(child, Call::Semtimedop);
        wait_until("the command is gone", || {
            let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", holder.id()));
            children.is_ok_and(|children| children.trim() == child.to_string())
        });
        holder.signal("TERM");
        assert_eq!(holder.outcome().status(), 3);
        assert_eq!(world.ok("rsem", &["get", name]), "1");
    }
}

#[test]
fn orphans_that_end_while_the_command_runs_are_not_kept_as_zombies() {
    let Some(world) = World::new() else { return };
    semaphores(&world);
    let command = "for i in 1 2 3; do (sh -c : & exit); done; echo up; exec rsem wait 0x4c";
    let mut holder = world.start("rsem", &["run", "0x4b", "--tree", "--", "sh", "-c", command]);
    assert_eq!(holder.line(), "up");
    wait_until("one child is left", || {
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", holder.id()));
        children.is_ok_and(|children| children.split_whitespace().count() == 1)
    });
    world.ok("rsem", &["post", "0x4c"]);
    holder.outcome().success();
}
