//! `rlock run`: what holds the lock, and for how long.

use std::fs;

use super::{FILE, holder, listed};
use crate::support::{Call, World, can_trace, wait_until};

#[test]
fn the_holder_is_the_command_itself_and_kill_9_gives_back() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd", "posix"] {
        let holder = holder(&world, &["--kind", kind]);
        wait_until("nothing of ours stays", || {
            fs::read_to_string(format!("/proc/{}/comm", holder.id())).is_ok_and(|comm| comm == "sleep\n")
        });
        let line = listed(&world, FILE, "pid,command,kind,claim,range,standing,path");
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words, [&holder.id().to_string(), "sleep", kind, "exclusive", "whole", "held", FILE]);
        holder.signal("KILL");
        assert_eq!(holder.outcome().status(), 137);
        assert_eq!(listed(&world, FILE, "pid"), "");
    }
}

#[test]
fn a_conflict_names_the_holder() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd", "posix"] {
        let holder = holder(&world, &["--kind", kind]);
        let run = |words: &[&str]| {
            world.run("rlock", &[&["run", FILE, "--kind", kind], words, &["--", "echo", "ran"]].concat())
        };
        let who = format!("process {} (sleep), which started 20", holder.id());
        run(&["--nowait"]).fails(124, &format!("rlock: '{FILE}' is locked by {who}"));
        run(&["-n", "--shared"]).fails(124, &who);
        run(&["--timeout", "0.1"]).fails(124, &format!("rlock: '{FILE}' was locked until the timeout by {who}"));
        run(&["-n", "-E", "75"]).fails(75, &who);
        assert_eq!(run(&["-n", "-q", "--conflict-status", "0"]).stderr(), "");
        world.run("rlock", &["wait", FILE, "-n", "-k", kind]).fails(124, &format!("'{FILE}' is locked by {who}"));
    }
}

#[test]
fn who_waits_gets_it() {
    let Some(world) = World::new() else { return };
    for (kind, call) in [("flock", Call::Flock), ("ofd", Call::Fcntl), ("posix", Call::Fcntl)] {
        for patience in [&[][..], &["--timeout", "100"]] {
            let holder = holder(&world, &["--kind", kind]);
            let words = [&["run", FILE, "--kind", kind], patience, &["--", "echo", "mine"]].concat();
            let waiter = world.start("rlock", &words);
            waiter.wait_until_in(call);
            drop(holder);
            assert_eq!(waiter.outcome().success(), "mine");
        }
    }
}

#[test]
fn flock_and_record_locks_do_not_see_each_other_and_those_of_both_owners_do() {
    let Some(world) = World::new() else { return };
    let kinds = ["flock", "ofd", "posix"];
    for held in kinds {
        let _holder = holder(&world, &["--kind", held]);
        for wanted in kinds {
            let refused = (held == "flock") == (wanted == "flock");
            let status = world.run("rlock", &["run", FILE, "-nq", "--kind", wanted, "--", "true"]).status();
            assert_eq!(status, if refused { 124 } else { 0 }, "{held} {wanted}");
        }
    }
}

#[test]
fn ranges_conflict_where_they_overlap() {
    let Some(world) = World::new() else { return };
    let _holder = holder(&world, &["--range", "10:10"]);
    assert_eq!(listed(&world, FILE, "kind,range,start,length"), "ofd  10:10  10  10");
    let table =
        [("0:10", 0), ("0:11", 124), ("19:1", 124), ("20:", 0), ("20:1K", 0), ("0:", 124), ("0:0", 124), ("15:1", 124)];
    for (range, status) in table {
        let outcome = world.run("rlock", &["run", FILE, "-nq", "--range", range, "--", "true"]);
        assert_eq!(outcome.status(), status, "{range}");
        assert_eq!(world.run("rlock", &["wait", FILE, "-nq", "--range", range]).status(), status, "{range}");
    }
    world.run("rlock", &["run", FILE, "--kind", "flock", "--range", "0:1", "--", "true"]).fails(2, "whole files");
    world.run("rlock", &["run", FILE, "--range", "0:9223372036854775808", "--", "true"]).fails(2, "no file is");
}

#[test]
fn readers_share() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd", "posix"] {
        let _one = holder(&world, &["--shared", "--kind", kind]);
        let _other = holder(&world, &["-s", "-n", "-k", kind]);
        assert_eq!(listed(&world, FILE, "claim"), "shared\nshared");
        world.run("rlock", &["run", FILE, "-n", "--kind", kind, "--", "true"]).fails(124, " (sleep), which started 2");
    }
}

#[test]
fn the_descriptor_is_out_of_the_way_and_known_to_the_command() {
    let Some(world) = World::new() else { return };
    let script = "exec 3>/dev/null 4>/dev/null 9>/dev/null; echo $RLOCK_FD
        rlock run \"$1\" -nq -- true; echo $?; rlock run \"$1.2\" -- sh -c 'echo $RLOCK_FD'";
    assert_eq!(world.ok("rlock", &["run", FILE, "--", "sh", "-c", script, "sh", FILE]), "50\n124\n51");
    let few = world.script("ulimit -n 16; rlock run \"$1\" -- sh -c 'test -e /proc/$$/fd/$RLOCK_FD'", &[FILE]);
    few.success();
}

#[test]
fn what_the_command_leaves_behind_keeps_the_lock_unless_it_is_kept_from_it() {
    let Some(world) = World::new() else { return };
    let leaves = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!";
    for (words, status) in [(&[][..], 124), (&["--close"], 0)] {
        let left = world.ok("rlock", &[&["run", FILE], words, &["--", "sh", "-c", leaves]].concat());
        assert_eq!(world.run("rlock", &["run", FILE, "-nq", "--", "true"]).status(), status, "{words:?}");
        world.script("kill -9 $1", &[&left]).success();
        world.ok("rlock", &["wait", FILE, "--timeout", "100"]);
    }
    let script = "echo \"${RLOCK_FD-none}\"; ls -l /proc/$$/fd | grep -c lock";
    assert_eq!(world.run("rlock", &["run", FILE, "--close", "--", "sh", "-c", script]).stdout(), b"none\n0\n");
}

#[test]
fn a_tree_holds_it_until_its_last_leaf_has_gone() {
    let Some(world) = World::new() else { return };
    // The descendant has not the descriptor, and belongs to nobody else.
    let script = "exec 3<&0; setsid sh -c 'echo up; read line' <&3 & exit 5";
    let words = ["run", FILE, "--tree", "--close", "--", "sh", "-c", script];
    for kind in ["flock", "posix"] {
        let mut tree = world.start("rlock", &[&words[..2], &["--kind", kind], &words[2..]].concat());
        assert_eq!(tree.line(), "up");
        let outcome = world.run("rlock", &["run", FILE, "-n", "--kind", kind, "--", "true"]);
        outcome.fails(124, &format!("process {} (rlock)", tree.id()));
        let (stdin, _stdout) = tree.pipes();
        drop(stdin);
        world.ok("rlock", &["wait", FILE, "--kind", kind, "--timeout", "100"]);
        assert_eq!(tree.outcome().status(), 5);
    }
}

#[test]
fn signals_reach_the_command() {
    let Some(world) = World::new() else { return };
    for words in [&[][..], &["--close"], &["--tree"]] {
        let script = "trap 'echo told; exit 7' TERM; echo up; while :; do sleep 0.01; done";
        let mut command = world.start("rlock", &[&["run", FILE], words, &["--", "sh", "-c", script]].concat());
        assert_eq!(command.line(), "up");
        command.signal("TERM");
        let outcome = command.outcome();
        assert_eq!((outcome.status(), outcome.stdout()), (7, &b"told\n"[..]), "{words:?}");
        world.ok("rlock", &["run", FILE, "-n", "--", "true"]);
    }
}

#[test]
fn a_posix_lock_ends_with_any_descriptor_that_the_command_closes() {
    let Some(world) = World::new() else { return };
    // The shell itself opens and closes it.
    let script = "exec 4<\"$1\" 4<&-; rlock list \"$1\" --no-header -o command";
    let held = |words: &[&str]| {
        world.ok("rlock", &[&["run", FILE, "--kind", "posix"], words, &["--", "sh", "-c", script, "sh", FILE]].concat())
    };
    assert_eq!(held(&[]), "");
    assert_eq!(held(&["--close"]), "rlock");
}

#[test]
fn a_file_that_was_replaced_is_locked_anew() {
    let Some(world) = World::new() else { return };
    let holder = holder(&world, &[]);
    let waiter = world.start("rlock", &["run", FILE, "--", "sh", "-c", "echo mine; exec sleep 1000"]);
    waiter.wait_until_in(Call::Flock);
    world.script("rm \"$1\" && : > \"$1\"", &[FILE]).success();
    drop(holder);
    let mut waiter = waiter;
    assert_eq!(waiter.line(), "mine");
    // The new file has the lock.
    world.run("rlock", &["run", FILE, "-n", "--", "true"]).fails(124, &format!("process {} ", waiter.id()));
}

#[test]
fn own_failures_are_told_from_the_commands() {
    let Some(world) = World::new() else { return };
    let run = |words: &[&str]| world.run("rlock", &[&["run"], words].concat());
    run(&["/dev/shm/no/such", "--", "true"]).fails(125, "cannot open '/dev/shm/no/such': No such file or directory\n");
    run(&[FILE, "--no-create", "--", "true"]).fails(125, "cannot open '/dev/shm/lock': No such file or directory\n");
    run(&["/dev/shm", "-k", "ofd", "--", "true"]).fails(125, "cannot open '/dev/shm': Is a directory\n");
    run(&[FILE]).fails(2, "COMMAND");
    run(&[FILE, "--kind", "lease", "--", "true"]).fails(2, "lease");
    world.script("! test -e \"$1\"", &[FILE]).success();
    run(&[FILE, "--", "/no/such"]).fails(127, "rlock: cannot run '/no/such': No such file or directory\n");
    run(&[FILE, "--", "/dev"]).fails(126, "rlock: cannot run '/dev': Permission denied\n");
    assert_eq!(run(&[FILE, "--", "sh", "-c", "exit 7"]).status(), 7);
    assert_eq!(run(&["/dev/shm", "--", "echo", "in a directory"]).success(), "in a directory");
}

#[test]
fn a_new_file_is_its_owners_unless_told_otherwise() {
    let Some(world) = World::new() else { return };
    let mode =
        |words: &[&str]| world.ok("rlock", &[&["run", FILE], words, &["--", "stat", "-c", "%a %s", FILE]].concat());
    assert_eq!(mode(&[]), "600 0");
    // It is there by now.
    assert_eq!(mode(&["--mode", "644"]), "600 0");
    world.script("rm \"$1\"", &[FILE]).success();
    let script = "umask 026; rlock run \"$1\" -m g+rw,o+r -- stat -c %a \"$1\"";
    assert_eq!(world.script(script, &[FILE]).success(), "640");
}

#[test]
fn a_free_lock_takes_few_calls_and_no_process() {
    let Some(world) = World::new() else { return };
    if !can_trace() {
        return;
    }
    let script = "strace -f -o /dev/fd/3 rlock run \"$1\" -- /bin/true 3>&1 >/dev/null 2>&1";
    let log = world.script(script, &[FILE]);
    let log = String::from_utf8_lossy(log.stdout()).into_owned();
    let own = log.lines().take_while(|line| !line.contains("execve(\"/bin/true\"")).count();
    assert!((5..=30).contains(&own), "{own} calls of our own");
    assert!(log.matches(" execve(").count() == 2 && !log.contains("clone") && !log.contains("fork"), "{log}");
}
