//! As a user without privilege: one's own works, others' is refused.

use super::{both_kinds, names, shown};
use crate::support::World;

/// A user who owns nothing.
const NOBODY: u32 = 65_534;

#[test]
fn nobody_has_memory_of_their_own() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    world.script("chmod 1777 /dev/shm", &[]).success();
    for asked in ["private", "0x4b", "/own"] {
        let name = &nobody.ok("rshm", &["create", asked, "--size", "16"]);
        nobody.ok("rshm", &["write", name, "mine"]);
        assert_eq!(nobody.ok("rshm", &["read", name, "--length", "4"]), "mine");
        assert_eq!(nobody.ok("rshm", &["add", name, "8:u32", "2", "--wake"]), "2");
        assert_eq!(nobody.ok("rshm", &["cas", name, "8:u32", "2", "3"]), "2");
        assert_eq!(nobody.ok("rshm", &["wait", name, "8:u32", "eq", "3", "-n"]), "3");
        assert_eq!(nobody.run("rshm", &["watch", name, "-t", "0.05"]).status(), 124);
        nobody.ok("rshm", &["set", name, "--mode", "640"]);
        let shown = shown(&world, name);
        assert_eq!((shown["uid"].as_u64(), shown["mode"].as_str()), (Some(NOBODY.into()), Some("0640")));
        assert_eq!(nobody.run("rshm", &["show", name]).status(), 0);
        nobody.ok("rshm", &["remove", name]);
    }
    for sysv in [&[][..], &["--sysv"]] {
        let run = [&["run", "--size", "8"], sysv, &["--", "sh", "-c", "echo $RSHM_SIZE"]].concat();
        assert_eq!(nobody.ok("rshm", &run), "8");
    }
    nobody.run("rshm", &["create", "--size", "1G", "--huge"]).fails(5, "huge pages need CAP_IPC_LOCK");
    assert_eq!(names(&world), "");
}

#[test]
fn what_is_not_theirs_is_refused() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    world.script("chmod 1777 /dev/shm", &[]).success();
    let kinds = both_kinds(&world, "8");
    world.ok("rshm", &["create", "0x4b", "--size", "8"]);
    let before = world.ok("ripcs", &["--json"]);
    for name in kinds.into_iter().chain(["0x4b"]) {
        for arguments in [
            &["read", name][..],
            &["read", name, "--hex"],
            &["write", name, "x"],
            &["write", name, "--fill", "1"],
            &["get", name, "0:u8"],
            &["put", name, "0:u8", "1"],
            &["add", name, "0:u8"],
            &["swap", name, "0:u8", "1"],
            &["cas", name, "0:u8", "0", "1"],
            &["wait", name, "0:u8", "eq", "0"],
            &["watch", name, "-t", "1"],
            &["set", name, "--mode", "666"],
            &["set", name, "--owner", "65534"],
            &["remove", name],
        ] {
            let outcome = nobody.run("rshm", arguments);
            outcome.fails(5, "rshm: cannot ");
            let ends = ["Permission denied\n", "Operation not permitted\n"];
            assert!(ends.iter().any(|end| outcome.stderr().ends_with(end)), "{arguments:?}: {}", outcome.stderr());
        }
        // That it is there is no secret.
        assert_eq!(nobody.run("rshm", &["show", name]).status(), 0);
    }
    nobody.run("rshm", &["create", "/data", "--size", "8"]).fails(5, "cannot open object '/data': Permission denied\n");
    nobody.run("rshm", &["set", "/data", "--size", "1"]).fails(5, "Permission denied\n");
    nobody.run("rshm", &["set", "0", "--lock"]).fails(5, "Operation not permitted\n");
    assert_eq!(world.ok("ripcs", &["--json"]), before);
    world.script("chmod 755 /dev/shm", &[]).success();
    nobody.run("rshm", &["create", "/new", "--size", "8"]).fails(5, "cannot create object '/new': Permission denied\n");
}

#[test]
fn a_right_that_was_given_is_enough() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    for name in both_kinds(&world, "8") {
        world.ok("rshm", &["write", name, "from us"]);
        world.ok("rshm", &["set", name, "--mode", "644"]);
        assert_eq!(nobody.ok("rshm", &["read", name, "--length", "7"]), "from us");
        assert_eq!(nobody.ok("rshm", &["get", name, "7:u8"]), "0");
        nobody.run("rshm", &["put", name, "7:u8", "1"]).fails(5, "Permission denied\n");
        world.ok("rshm", &["set", name, "--mode", "666"]);
        nobody.ok("rshm", &["put", name, "7:u8", "33"]);
        assert_eq!(world.ok("rshm", &["read", name]), "from us!");
    }
}

#[test]
fn a_large_segment_passes_without_a_privilege_too() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(NOBODY) else { return };
    // Who is privileged fills a segment by way of /proc/self/map_files; nobody does not.
    let script = "PATH=$1:$PATH; segment=$(seq 3000000 | head -c 20000000 | rshm create --from -)
        rshm read $segment | cksum; seq 3000000 | head -c 20000000 | rshm write $segment; rshm read $segment | cksum
        seq 3000000 | head -c 20000000 | rshm run --size 20000000 -- sh -c 'rshm write $RSHM && rshm read $RSHM' | cksum
        seq 3000000 | head -c 20000000 | cksum; rshm remove $segment";
    let mut command = nobody.command("sh");
    let tools = nobody.command("rshm");
    let tool = tools.get_args().last().expect("the tool").to_owned();
    let folder = std::path::Path::new(&tool).parent().expect("a directory").to_owned();
    let sums = crate::support::Outcome::of(command.args(["-c", script, "sh"]).arg(folder)).success();
    let sums: Vec<&str> = sums.lines().collect();
    assert!(sums.len() == 4 && sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
}
