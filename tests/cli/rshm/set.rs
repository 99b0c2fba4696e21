//! `set` and `remove`.

use super::{both_kinds, names, shown};
use crate::support::{Call, Outcome, World, has, is_root, skip};

#[test]
fn mode_and_size_are_changed() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "10") {
        world.ok("rshm", &["write", name, "0123456789"]);
        world.ok("rshm", &["set", name, "--mode", "640"]);
        world.ok("rshm", &["set", name, "--mode", "o+w"]);
        assert_eq!(shown(&world, name)["mode"], "0642");
        world.run("rshm", &["set", name]).fails(2, "--mode");
    }
    world.ok("rshm", &["set", "/data", "--size", "4"]);
    assert_eq!(world.ok("rshm", &["read", "/data"]), "0123");
    world.ok("rshm", &["set", "/data", "--size", "6", "--mode", "600"]);
    assert_eq!(world.ok("rshm", &["read", "/data"]), "0123\0\0");
    assert_eq!(
        (shown(&world, "/data")["mode"].as_str(), shown(&world, "/data")["bytes"].as_u64()),
        (Some("0600"), Some(6))
    );
    world.run("rshm", &["set", "0", "--size", "4"]).fails(2, "a System V segment keeps its size\n");
    world.run("rshm", &["set", "/data", "--lock"]).fails(2, "for System V segments\n");
    world.run("rshm", &["set", "/none", "--mode", "600"]).fails(3, "cannot open object '/none': No such file");
    world.run("rshm", &["set", "77", "--mode", "600"]).fails(3, "cannot change segment 77: no such identifier\n");
}

#[test]
fn the_owner_is_changed_by_root() {
    let Some(world) = World::new() else { return };
    if !is_root() {
        skip("only root gives objects away");
        return;
    }
    for name in both_kinds(&world, "10") {
        world.ok("rshm", &["set", name, "--owner", "65534"]);
        assert_eq!((shown(&world, name)["uid"].as_u64(), shown(&world, name)["gid"].as_u64()), (Some(65_534), Some(0)));
        world.ok("rshm", &["set", name, "--owner", ":65533", "--mode", "660"]);
        world.ok("rshm", &["set", name, "--owner", "root"]);
        let shown = shown(&world, name);
        assert_eq!(
            (shown["uid"].as_u64(), shown["gid"].as_u64(), shown["mode"].as_str()),
            (Some(0), Some(65_533), Some("0660"))
        );
    }
}

#[test]
fn an_owner_who_locked_himself_out_gets_in_again() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") {
        return;
    }
    for name in both_kinds(&world, "10") {
        // Without the capabilities that let root pass every mode.
        let limited = |arguments: &[&str]| {
            let without = ["--bounding-set", "-all", "--inh-caps", "-all", "rshm"];
            Outcome::of(world.command("setpriv").args(without).args(arguments))
        };
        limited(&["set", name, "--mode", "000"]).success();
        limited(&["read", name]).fails(5, "Permission denied\n");
        assert_eq!(limited(&["show", name]).status(), 0);
        limited(&["set", name, "--mode", "600"]).success();
        limited(&["read", name]).success();
    }
}

#[test]
fn a_locked_segment_shows_it() {
    let Some(world) = World::new() else { return };
    let segment = world.ok("rshm", &["create", "--size", "4096"]);
    let lock = world.run("rshm", &["set", &segment, "--lock"]);
    if lock.status() != 0 {
        lock.fails(5, "RLIMIT_MEMLOCK allows");
        skip("no memory may be locked here");
        return;
    }
    assert_eq!(shown(&world, &segment)["status"], "locked");
    if has("ipcs") {
        assert!(world.ok("ipcs", &["-m"]).contains("locked"));
    }
    world.ok("rshm", &["set", &segment, "--unlock"]);
    assert_eq!(shown(&world, &segment)["status"], serde_json::Value::Null);
    world.run("rshm", &["set", &segment, "--lock", "--unlock"]).fails(2, "--unlock");
}

#[test]
fn the_limit_of_locked_memory_is_named() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") || !has("prlimit") {
        return;
    }
    let segment = world.ok("rshm", &["create", "--size", "1M"]);
    let limited = ["--memlock=65536", "setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "rshm"];
    let refused = Outcome::of(world.command("prlimit").args(limited).args(["set", &segment, "--lock"]));
    refused.fails(1, "RLIMIT_MEMLOCK allows 65536 bytes; CAP_IPC_LOCK goes above: Cannot allocate memory\n");
    assert_eq!(shown(&world, &segment)["status"], serde_json::Value::Null);
}

#[test]
fn remove_tells_who_keeps_it() {
    let Some(world) = World::new() else { return };
    let segment = world.ok("rshm", &["create", "0x4b", "--size", "8"]);
    let holder = world.start("rshm", &["wait", &segment, "0:u32", "eq", "1", "-t", "600"]);
    holder.wait_until_in(Call::Futex);
    holder.signal("STOP");
    let removed = world.run("rshm", &["remove", "0x4b"]);
    assert_eq!((removed.status(), removed.stdout()), (0, &b""[..]));
    assert_eq!(
        removed.stderr(),
        format!("rshm: segment {segment} is still attached 1 time: it goes with the last detach\n")
    );
    let shown = shown(&world, &segment);
    assert_eq!(
        (shown["status"].as_str(), &shown["key"], shown["attaches"].as_u64()),
        (Some("dest"), &serde_json::Value::Null, Some(1))
    );
    world.run("rshm", &["remove", "0x4b"]).fails(3, "cannot remove segment 0x0000004b: No such file or directory\n");
    assert_eq!(world.ok("rshm", &["remove", &segment, "--quiet"]), "");
    drop(holder);
    crate::support::wait_until("the segment is gone", || names(&world).is_empty());
}

#[test]
fn remove_tries_all_and_ends_with_the_worst() {
    let Some(world) = World::new() else { return };
    let [segment, object] = both_kinds(&world, "1");
    let removed = world.run("rshm", &["rm", "77", segment, "/none", object, "0x4b"]);
    removed.fails(3, "rshm: cannot remove segment 77: no such identifier\n");
    removed.fails(3, "rshm: cannot remove object '/none': No such file or directory\n");
    removed.fails(3, "rshm: cannot remove segment 0x0000004b: No such file or directory\n");
    assert_eq!(names(&world), "");
    world.run("rshm", &["remove", "77", "/none", "file:/no/such", "0x4b", "--if-exists"]).success();
    world.run("rshm", &["remove", "private"]).fails(2, "names no segment that exists");
    world.run("rshm", &["remove"]).fails(2, "required");
}
