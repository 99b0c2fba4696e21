//! `ripcs metrics`: what a collector reads.

use std::process::Command;

use crate::support::{Outcome, World, skip, wait_until};

/// Both parsers of Python's prometheus_client, the OpenMetrics one being strict.
const PARSE: &str = "import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
from prometheus_client.parser import text_string_to_metric_families as older
text = sys.stdin.read()
samples = [sample for family in strict(text) for sample in family.samples]
assert len(samples) == len([sample for family in older(text) for sample in family.samples])
names = [sample.labels.get('name') for sample in samples]
assert '/e\\\\x1b\"q' in names, names
print(len(samples))";

#[test]
fn the_parsers_of_others_take_it() {
    let Some(world) = World::new() else { return };
    let python = std::env::var("RIPC_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", "import prometheus_client"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        skip("Python with prometheus_client is not installed");
        return;
    }
    let script = "rmsgq create 0x4b; rmsgq create /q; rmsgq send /q x; rsem create 0x4c --count 3; rsem create /s
        rshm create --size 5; name=$(printf '/dev/shm/e\\033\"q'); : >\"$name\"";
    world.script(script, &[]);
    let text = world.ok("ripcs", &["metrics", "--objects"]) + "\n";
    let parsed = Outcome::fed(Command::new(&python).args(["-c", PARSE]), text.as_bytes()).success();
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(parsed, samples.to_string());
}

#[test]
fn the_sums_are_those_of_the_objects() {
    let Some(world) = World::new() else { return };
    let value = |series: &str| {
        let text = world.ok("ripcs", &["metrics"]);
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned));
        line.unwrap_or_else(|| panic!("{series} is not in {text}"))
    };
    assert_eq!(value("ripc_objects{kind=\"queue\",family=\"sysv\"}"), "0");
    world.ok("rmsgq", &["send", "0x4b", "--create", "one", "two"]);
    world.ok("rmsgq", &["send", "/q", "--create", "three"]);
    world.ok("rshm", &["create", "--size", "4097"]);
    assert_eq!(value("ripc_objects{kind=\"queue\",family=\"sysv\"}"), "1");
    assert_eq!(value("ripc_messages{kind=\"queue\",family=\"sysv\"}"), "2");
    assert_eq!(value("ripc_bytes{kind=\"queue\",family=\"posix\"}"), "5");
    assert_eq!(value("ripc_bytes{kind=\"segment\",family=\"sysv\"}"), "4097");
    assert_eq!(value("ripc_limit_used{limit=\"MSGMNI\",unit=\"queues\"}"), "1");
    assert_eq!(value("ripc_limit_used{limit=\"SHMALL\",unit=\"pages\"}"), "2");
}

#[test]
fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ripc.prom");
    let text = path.to_str().expect("UTF-8");
    world.ok("ripcs", &["metrics", "--output", text]);
    let whole = |text: String| text.starts_with("# TYPE") && text.ends_with("# EOF\n");
    assert!(whole(std::fs::read_to_string(&path).expect("it is there")));
    // Whoever reads while it is written anew sees the old or the new one.
    let script = "for i in 1 2 3 4 5 6 7 8; do ripcs metrics --output \"$0\"; done; : >\"$0.written\"";
    let _writer = world.start("sh", &["-c", script, text]);
    wait_until("the last one is written", || {
        assert!(whole(std::fs::read_to_string(&path).expect("it stays")));
        folder.path().join("ripc.prom.written").exists()
    });
    let entries = std::fs::read_dir(folder.path()).expect("a folder");
    let mut left: Vec<_> = entries.map(|entry| entry.expect("one").file_name()).collect();
    left.sort();
    assert_eq!(left, ["ripc.prom", "ripc.prom.written"]);

    let nowhere = world.run("ripcs", &["metrics", "--output", "/no/such/folder/x.prom"]);
    nowhere.fails(3, "ripcs: cannot write '/no/such/folder/x.prom': No such file or directory\n");
    std::fs::create_dir(folder.path().join("taken")).expect("a folder");
    let taken = folder.path().join("taken");
    let refused = world.run("ripcs", &["metrics", "--output", taken.to_str().expect("UTF-8")]);
    assert_eq!(refused.status(), 1, "{}", refused.stderr());
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 3);
}
