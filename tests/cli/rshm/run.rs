//! `run`: memory for one command and what it starts.

use super::{names, shown};
use crate::support::{Call, Outcome, World, wait_until, wait_until_in};

#[test]
fn the_command_and_its_children_share_it() {
    let Some(world) = World::new() else { return };
    for sysv in [&[][..], &["--sysv"]] {
        let script = "echo \"$RSHM_SIZE\"; rshm write \"$RSHM\" child
            sh -c 'rshm read \"$RSHM\"; echo; sh -c \"rshm write \\\"\\$RSHM\\\" GRAND\"'
            rshm read \"$RSHM\"; rshm add \"$RSHM\" 8:u64 --wake 2>/dev/null || rshm add \"$RSHM\" 8:u64";
        let run = [&["run", "--size", "16"], sysv, &["--", "sh", "-c", script]].concat();
        let zeros = "\0".repeat(11);
        assert_eq!(world.ok("rshm", &run), format!("16\nchild{zeros}\nGRAND{zeros}1"));
        assert_eq!(names(&world), "");
    }
}

#[test]
fn what_it_was_filled_with_is_there() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let from = folder.path().join("content");
    std::fs::write(&from, "content").expect("room");
    let from = from.to_str().expect("text");
    for sysv in [&[][..], &["--sysv"]] {
        let run = |more: &[&str]| {
            let script = "echo \"$RSHM_SIZE\"; rshm read \"$RSHM\"";
            world.run("rshm", &[&["run", "--from", from], sysv, more, &["--", "sh", "-c", script]].concat())
        };
        assert_eq!(run(&[]).success(), "7\ncontent");
        assert_eq!(run(&["--size", "9"]).success(), "9\ncontent\0\0");
        run(&["--size", "6"]).fails(125, "the content has more than 6 bytes\n");
        world
            .run("rshm", &[&["run", "--from", "/dev/null"], sysv, &["--", "true"]].concat())
            .fails(125, "the content is empty");
        world
            .run("rshm", &[&["run", "--from", "/none"], sysv, &["--", "true"]].concat())
            .fails(125, "cannot open '/none'");
    }
}

#[test]
fn nothing_of_a_memfd_is_left() {
    let Some(world) = World::new() else { return };
    let script = "echo $RSHM; ls -l /dev/shm /proc/$$/fd/${RSHM##*/}; rshm list --no-header; exec cat";
    let mut running = world.start("rshm", &["run", "--size", "16", "--", "sh", "-c", script]);
    assert!(running.line().starts_with("file:/dev/fd/"));
    let listed = world.run("rshm", &["list", "--deleted", "--no-header", "-o", "pid"]);
    let pid = running.id().to_string();
    assert!(String::from_utf8_lossy(listed.stdout()).lines().any(|line| line.trim() == pid));
    assert_eq!(names(&world), "");
    assert_eq!(running.outcome().status(), 0);
    let listed = world.run("rshm", &["list", "--deleted", "--no-header", "-o", "pid"]);
    assert!(!String::from_utf8_lossy(listed.stdout()).lines().any(|line| line.trim() == pid));
}

#[test]
fn sealed_memory_stays_as_it_is() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let from = folder.path().join("content");
    std::fs::write(&from, "content").expect("room");
    let sealed = |command: &str| {
        let from = from.to_str().expect("text");
        world.run("rshm", &["run", "--from", from, "--seal", "--", "sh", "-c", command])
    };
    for change in [
        "rshm write $RSHM hello",
        "echo hello | rshm write $RSHM",
        "rshm write $RSHM --fill 1",
        "rshm put $RSHM 0:u8 1",
        "rshm add $RSHM 0:u8",
        "rshm set $RSHM --size 1",
        "rshm set $RSHM --size 1M",
        "rshm write $RSHM --grow --offset 7 more",
    ] {
        sealed(change).fails(5, "a seal forbids it (F_ADD_SEALS of fcntl(2)): Operation not permitted\n");
    }
    assert_eq!(sealed("rshm read $RSHM").success(), "content");
    assert_eq!(
        sealed("rshm show $RSHM --json 2>/dev/null | grep -o '\"seals\":\"[^\"]*\"'").success(),
        "\"seals\":\"seal,shrink,grow,write\""
    );
    world.run("rshm", &["run", "--size", "5", "--seal", "--", "true"]).fails(2, "--from");
    world.run("rshm", &["run", "--from", "/etc/passwd", "--seal", "--sysv", "--", "true"]).fails(2, "--sysv");
}

#[test]
fn the_status_is_the_commands() {
    let Some(world) = World::new() else { return };
    for sysv in [&[][..], &["--sysv"]] {
        let run = |command: &[&str]| world.run("rshm", &[&["run", "--size", "8"], sysv, &["--"], command].concat());
        assert_eq!(run(&["true"]).status(), 0);
        assert_eq!(run(&["sh", "-c", "exit 7"]).status(), 7);
        assert_eq!(run(&["sh", "-c", "kill -KILL $$"]).status(), 137);
        assert_eq!(run(&["sh", "-c", "kill -TERM $$"]).status(), 143);
        run(&["/no/such"]).fails(127, "rshm: cannot run '/no/such': No such file or directory\n");
        run(&["/etc/passwd"]).fails(126, "rshm: cannot run '/etc/passwd': Permission denied\n");
        assert_eq!(names(&world), "");
        world.run("rshm", &[&["run", "--size", "0"], sysv, &["--", "true"]].concat()).fails(2, "at least 1 byte");
        world.run("rshm", &[&["run"], sysv, &["--", "true"]].concat()).fails(2, "--size");
        world.run("rshm", &[&["run", "--size", "8"], sysv].concat()).fails(2, "<COMMAND>");
    }
}

#[test]
fn a_size_beyond_all_memory_takes_none() {
    let Some(world) = World::new() else { return };
    let refused = world.run("rshm", &["run", "--sysv", "--size", "1000T", "--", "true"]);
    refused.fails(125, "rshm: cannot make a segment: there is not memory enough for 1099511627776000 bytes");
    // A memfd has a size without having its pages. It once took them all, one after the other.
    let script =
        "rshm put $RSHM 1099511627775992:u64 7; rshm get $RSHM 1099511627775992:u64; stat -L -c %b ${RSHM#file:}";
    let run =
        world.sh("ulimit -t 20; exec rshm run --size 1000T -- sh -c \"$1\"", &[script]).output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&run.stdout), "7\n8\n");
}

#[test]
fn the_segment_goes_with_the_command() {
    let Some(world) = World::new() else { return };
    let script = "rshm list --no-header -o name,bytes,status; rshm read $RSHM | wc -c; kill -$1 $$";
    for (signal, status) in [("KILL", 137), ("TERM", 143)] {
        let run = world.run("rshm", &["run", "--sysv", "--size", "9", "--", "sh", "-c", script, "sh", signal]);
        assert_eq!(run.status(), status, "{}", run.stderr());
        let stdout = String::from_utf8_lossy(run.stdout()).into_owned();
        assert!(stdout.ends_with("  9  dest\n9\n"), "{stdout}");
        assert_eq!(names(&world), "");
    }
}

#[test]
fn the_segment_goes_with_the_last_user_when_the_tool_is_killed() {
    let Some(world) = World::new() else { return };
    let script = "echo $RSHM $$; exec rshm wait $RSHM 0:u32 eq 1";
    let mut run = world.start("rshm", &["run", "--sysv", "--size", "9", "--", "sh", "-c", script]);
    let line = run.line();
    let (segment, child) = line.split_once(' ').expect("two words");
    let child: u32 = child.parse().expect("a pid");
    wait_until_in(child, Call::Futex);
    assert_eq!(shown(&world, segment)["attaches"], 2);
    run.signal("KILL");
    wait_until("the tool has let go", || shown(&world, segment)["attaches"] == 1);
    assert_eq!(shown(&world, segment)["status"], "dest");
    world.ok("rshm", &["put", segment, "0:u32", "1"]);
    wait_until("the segment is gone", || names(&world).is_empty());
    let outcome = run.outcome();
    assert_eq!((outcome.status(), outcome.stdout()), (137, &b"1\n"[..]));
}

#[test]
fn signals_reach_the_command() {
    let Some(world) = World::new() else { return };
    for sysv in [&[][..], &["--sysv"]] {
        // Not by itself: a shell that has forked and not yet become the command swallows a signal.
        let script = "trap 'kill $!; wait $!; echo got it; exit 9' TERM
            sh -c 'echo ready; exec rshm wait $RSHM 0:u8 eq 1' & wait";
        let mut run = world.start("rshm", &[&["run", "--size", "8"], sysv, &["--", "sh", "-c", script]].concat());
        assert_eq!(run.line(), "ready");
        run.signal("TERM");
        assert_eq!(run.line(), "got it");
        assert_eq!(run.outcome().status(), 9);
        assert_eq!(names(&world), "");
    }
}

#[test]
fn many_run_beside_each_other() {
    let Some(world) = World::new() else { return };
    let script = "n=0; while [ $((n += 1)) -le 10 ]; do
        rshm run $1 --size 8 -- sh -c 'rshm add $RSHM 0:u64; rshm add $RSHM 0:u64' &
    done; wait";
    for sysv in ["", "--sysv"] {
        let printed = Outcome::of(&mut world.sh(script, &[sysv])).success();
        let mut lines: Vec<&str> = printed.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, [["1"; 10], ["2"; 10]].concat());
        assert_eq!(names(&world), "");
    }
}
