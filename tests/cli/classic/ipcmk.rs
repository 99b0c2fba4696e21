//! `ipcmk`: what it makes, and what it says.

use crate::support::{Faces, Outcome, World, has};

/// What was printed to both, and the status.
fn all(outcome: &Outcome) -> (String, String, i32) {
    (String::from_utf8_lossy(outcome.stdout()).into_owned(), outcome.stderr(), outcome.status())
}

#[test]
fn makes_and_says_what_the_original_does() {
    let (Some(ours), Some(theirs)) = (World::new(), World::new()) else { return };
    if !has("ipcmk") {
        return;
    }
    let faces = Faces::new();
    // Each line in both worlds, whose identifiers go the same way.
    let lines = [
        "ipcmk -Q",
        "ipcmk -M 4K -p 600",
        "ipcmk --shmem=1.5MB --mode 0000",
        "ipcmk -QS 3 -M 0x10 -p 640",
        "ipcmk --semaphore 1 -- more words",
        "ipcmk --sem=7 -Q --queue",
        "ipcmk -M 5 -M 6",
        "ipcmk",
        "ipcmk more words",
        "ipcmk -M",
        "ipcmk -M x",
        "ipcmk -M 0",
        "ipcmk -M ''",
        "ipcmk -M -5",
        "ipcmk -M 16E",
        "ipcmk -M 99999999999999999999999",
        "ipcmk -S 0",
        "ipcmk -S x",
        "ipcmk -S ''",
        "ipcmk -S 99999999999",
        "ipcmk -S '5 '",
        "ipcmk --queue=1",
        "ipcmk --shmem",
        "ipcmk --zz=3",
        "ipcmk -Z",
        "ipcs | sed 's/0x[0-9a-f]*/KEY/'; ipcs -t | grep -c 'Not set'",
        "ipcmk -Q >/dev/full",
    ];
    for line in lines {
        assert_eq!(all(&faces.script(&ours, line, &[])), all(&theirs.script(line, &[])), "{line}");
    }
}

#[test]
fn makes_posix_objects_by_name() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    let made = faces.script(&world, "umask 27; ipcmk -m 5K -q -s -n /x -p 666; ls -l /dev/shm | cut -c1-10,40-", &[]);
    let (stdout, stderr, status) = all(&made);
    assert_eq!((stderr.as_str(), status), ("", 0), "{stdout}");
    assert!(
        stdout.starts_with("POSIX shared memory name: /x\nPOSIX message queue name: /x\nPOSIX semaphore name: /x\n")
    );
    assert_eq!(world.ok("ripcs", &["--json", "-o", "kind,name,mode"]).matches("\"/x\"").count(), 3);
    assert_eq!(world.ok("ripcs", &["--json", "-o", "mode"]).matches("\"0640\"").count(), 3);
    // What exists is not taken for what was made.
    faces.script(&world, "ipcmk -m 1 -n x", &[]).fails(1, "ipcmk: create POSIX shared memory failed: File exists\n");
    faces.script(&world, "ipcmk -m 1", &[]).fails(1, "ipcmk: name is required for POSIX IPC\n");
    faces.script(&world, "ipcmk -s -n a/b", &[]).fails(1, "ipcmk: create POSIX semaphore failed: Invalid argument\n");
}

#[test]
fn what_cannot_be_told_is_not_left_behind() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    let outcome = faces.script(&world, "ipcmk -Q -M 1 -S 1 -m 1 -q -s -n /x >/dev/full", &[]);
    outcome.fails(1, "ipcmk: write error: No space left on device\n");
    assert_eq!(world.ok("ripcs", &["--json"]), "[]");
}

#[test]
fn a_mode_is_a_mode() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    for mode in ["9", "abc", "7777", "-1", "4644", "''", "1000"] {
        let words = format!("ipcmk: failed to parse mode: '{}'\n", mode.trim_matches('\''));
        faces.script(&world, &format!("ipcmk -Q -p {mode}"), &[]).fails(1, &words);
    }
    assert_eq!(world.ok("ripcs", &["--json"]), "[]");
}
