//! `show` and `list`: who has it, who made it, what it takes.

use serde_json::Value;

use super::{both_kinds, shown};
use crate::support::{Call, Running, World, has};

/// Attaches a segment, touches two pages of it, says where it lies, and waits for its end.
const HOLDER: &str = "import ctypes, sys
c = ctypes.CDLL(None)
c.shmat.restype = ctypes.c_void_p
address = c.shmat(int(sys.argv[1]), None, 0)
ctypes.memset(address, 1, 8192)
print('%x' % address, flush=True)
sys.stdin.read()";

/// A Python that holds this segment, and where.
fn holder(world: &World, segment: &str) -> (Running, String) {
    let mut python = Running::start(world.command("python3").args(["-c", HOLDER, segment]));
    let address = python.line();
    assert!(!address.is_empty(), "it attaches the segment");
    (python, address)
}

#[test]
fn show_names_who_has_a_segment_attached() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let segment = world.ok("rshm", &["create", "0x4b", "--size", "20000"]);
    assert_eq!(shown(&world, &segment)["processes"], Value::Array(vec![]));
    let (python, address) = holder(&world, &segment);
    let shown = shown(&world, "0x4b");
    let users = shown["processes"].as_array().expect("a list");
    assert_eq!(users.len(), 1, "{shown}");
    let user = &users[0];
    assert_eq!(user["pid"].as_u64(), Some(python.id().into()));
    assert!(user["command"].as_str().is_some_and(|command| command.starts_with("python")), "{user}");
    assert_eq!(
        (user["how"].as_str(), user["rss"].as_u64(), user["page"].as_u64()),
        (Some("mapped rw"), Some(8192), Some(4096))
    );
    assert!(user["address"].as_str().is_some_and(|range| range.starts_with(&format!("{address}-"))), "{user}");
    assert_eq!(
        (shown["attaches"].as_u64(), shown["bytes"].as_u64(), shown["rss"].as_u64()),
        (Some(1), Some(20_000), Some(8192))
    );
    // Its creator has ended; who attached it last runs.
    assert!(shown["creator"].as_u64().is_some_and(|pid| pid > 0) && shown["creator_command"].is_null(), "{shown}");
    assert_eq!(shown["user"].as_u64(), Some(python.id().into()));
    assert_eq!(shown["user_command"], user["command"]);
    let table = world.run("rshm", &["show", &segment]);
    let table = String::from_utf8_lossy(table.stdout()).into_owned();
    let field = |name: &str| table.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
    assert_eq!(
        (field("creator_command"), field("key"), field("attaches")),
        (Some("(gone)"), Some("0x0000004b"), Some("1"))
    );
    drop(python);
    crate::support::wait_until("it is detached", || self::shown(&world, &segment)["attaches"] == 0);
    assert_eq!(self::shown(&world, &segment)["processes"], Value::Array(vec![]));
}

#[test]
fn a_segment_of_another_namespace_is_not_mixed_in() {
    let (Some(world), Some(other)) = (World::new(), World::new()) else { return };
    for one in [&world, &other] {
        assert_eq!(one.ok("rshm", &["create", "--size", "8192"]), "0", "the same identifier in both");
    }
    let [ours, theirs] = [&world, &other].map(|one| {
        let holder = one.start("rshm", &["wait", "0", "0:u32", "eq", "1"]);
        holder.wait_until_in(Call::Futex);
        holder
    });
    for (one, holder) in [(&world, &ours), (&other, &theirs)] {
        let shown = shown(one, "0");
        let pids: Vec<_> =
            shown["processes"].as_array().expect("a list").iter().map(|user| user["pid"].as_u64()).collect();
        assert_eq!(pids, [Some(holder.id().into())]);
    }
}

#[test]
fn show_names_who_has_an_object_open_and_mapped() {
    let Some(world) = World::new() else { return };
    world.ok("rshm", &["create", "/data", "--size", "8192"]);
    let reader = world.start("rshm", &["wait", "/data", "0:u32", "eq", "1"]);
    reader.wait_until_in(Call::Futex);
    let shown = shown(&world, "/data");
    let hows: Vec<_> = shown["processes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|user| (user["pid"].as_u64(), user["how"].as_str()))
        .collect();
    let pid = Some(u64::from(reader.id()));
    assert_eq!(hows, [(pid, Some("mapped r")), (pid, Some("open r"))]);
    assert_eq!(
        (shown["name"].as_str(), shown["bytes"].as_u64(), shown["mode"].as_str()),
        (Some("/data"), Some(8192), Some("0600"))
    );
    assert_eq!(shown["allocated"].as_u64(), Some(8192), "room was set aside");
    assert_eq!((&shown["status"], &shown["seals"]), (&Value::Null, &Value::Null));
    let by_path = self::shown(&world, "file:/dev/shm/data");
    assert_eq!(by_path["processes"], shown["processes"]);
}

#[test]
fn show_tries_all_and_ends_with_the_worst() {
    let Some(world) = World::new() else { return };
    let [segment, object] = both_kinds(&world, "5");
    let shown = world.run("rshm", &["show", "77", segment, "/none", object, "--json"]);
    assert_eq!(shown.status(), 3);
    let stderr = shown.stderr();
    assert!(stderr.contains("rshm: cannot look at segment 77: no such identifier\n"), "{stderr}");
    assert!(stderr.contains("rshm: cannot look at object '/none': No such file or directory\n"), "{stderr}");
    let names: Vec<Value> = String::from_utf8_lossy(shown.stdout())
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["name"].clone())
        .collect();
    assert_eq!(names, ["0", "/data"]);
}

#[test]
fn list_shows_both_kinds_with_the_columns_asked_for() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.ok("rshm", &["list", "--json"]), "[]");
    both_kinds(&world, "5000");
    world.ok("rshm", &["create", "0x4b", "--size", "5", "--mode", "640"]);
    world.ok("rshm", &["write", "0", "x"]);
    assert_eq!(
        world.ok("rshm", &["ls", "--no-header", "-o", "name,key,mode,bytes,attaches,rss"]),
        "0      -           0600  5000  0  4096\n1      0x0000004b  0640     5  0     0\n/data  -           0600  5000  -     -"
    );
    let listed: Value = serde_json::from_str(&world.ok("rshm", &["list", "--json"])).expect("JSON");
    let names: Vec<_> = listed.as_array().expect("a list").iter().map(|row| row["name"].as_str()).collect();
    assert_eq!(names, [Some("0"), Some("1"), Some("/data")]);
    assert!(world.ok("rshm", &["list", "-o", "help"]).contains("rss"));
    world.run("rshm", &["list", "-o", "nothing"]).fails(2, "nothing");
}
