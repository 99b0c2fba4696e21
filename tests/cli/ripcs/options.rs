//! What of the inventory is shown, and how.

use serde_json::Value;

use crate::support::World;

/// One object of each kind.
fn furnished() -> Option<World> {
    let world = World::new()?;
    world.ok("rmsgq", &["create"]);
    world.script("ipcmk -M 10 && ipcmk -S 2 && printf x >/dev/shm/file", &[]);
    Some(world)
}

fn titles(text: &str) -> Vec<&str> {
    let titles = ["Message queues", "Shared memory", "Semaphores"];
    text.lines().filter(|line| titles.contains(line)).collect()
}

#[test]
fn the_kinds_that_are_asked_for_are_shown() {
    let Some(world) = furnished() else { return };
    let table: [(&[&str], &[&str]); 8] = [
        (&[], &["Message queues", "Shared memory", "Semaphores"]),
        (&["-a"], &["Message queues", "Shared memory", "Semaphores"]),
        (&["-a", "-q"], &["Message queues", "Shared memory", "Semaphores"]),
        (&["-q"], &["Message queues"]),
        (&["-m"], &["Shared memory"]),
        (&["-s"], &["Semaphores"]),
        (&["-sq"], &["Message queues", "Semaphores"]),
        (&["--queues", "--segments", "--semaphores"], &["Message queues", "Shared memory", "Semaphores"]),
    ];
    for (arguments, expected) in table {
        assert_eq!(titles(&world.ok("ripcs", arguments)), expected, "{arguments:?}");
        let all = world.ok("ripcs", &[arguments, &["--json"]].concat());
        let all: Vec<Value> = serde_json::from_str(&all).expect("JSON");
        let has = |kind: &str| all.iter().any(|object| object["kind"] == kind);
        assert_eq!(has("queue"), expected.contains(&"Message queues"), "{arguments:?}");
    }
}

#[test]
fn a_page_is_a_table_per_kind_with_totals() {
    let Some(world) = World::new() else { return };
    let empty = "Message queues\nNAME  KEY  OWNER  MODE  BYTES  MESSAGES\n0 queues, 0 messages, 0 bytes\n\n\
                 Shared memory\nNAME  KEY  OWNER  MODE  BYTES  ATTACHES  STATUS\n0 segments, 0 bytes\n\n\
                 Semaphores\nNAME  KEY  OWNER  MODE  COUNT  VALUE\n0 sets, 0 semaphores";
    assert_eq!(world.ok("ripcs", &[]), empty);
    assert_eq!(world.ok("ripcs", &["--json"]), "[]");
    assert_eq!(world.ok("ripcs", &["--no-header"]), "");
    assert_eq!(world.ok("ripcs", &["--no-header", "--json"]), "[]");

    world.ok("rmsgq", &["create", "0x4b", "--mode", "g+r"]);
    world.ok("rmsgq", &["send", "0x4b", "x"]);
    assert_eq!(
        world.ok("ripcs", &["-q"]),
        "Message queues\nNAME  KEY         OWNER  MODE  BYTES  MESSAGES\n\
         0     0x0000004b  root   0640      1         1\n1 queue, 1 message, 1 byte"
    );
    assert_eq!(world.ok("ripcs", &["-q", "--no-header"]), "0  0x0000004b  root  0640  1  1");
    world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", "1", "longer", "text"]);
    assert!(world.ok("ripcs", &["-q"]).ends_with("\n2 queues, 3 messages, 11 bytes"));
    world.script("printf x >/dev/shm/a; truncate -s 32 /dev/shm/sem.s", &[]).success();
    let page = world.ok("ripcs", &["-ms"]);
    assert!(page.contains("\n1 segment, 1 byte\n\nSemaphores\n") && page.ends_with("\n0 sets, 1 semaphore"), "{page}");
}

#[test]
fn the_flags_of_ipcs_are_understood() {
    let Some(world) = furnished() else { return };
    let headers = |arguments: &[&str]| {
        let page = world.ok("ripcs", arguments);
        let headers = page.lines().filter(|line| line.starts_with("NAME"));
        headers.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(
        headers(&["-t"]),
        ["NAME OWNER SENT RECEIVED CHANGED", "NAME OWNER ATTACHED DETACHED CHANGED", "NAME OWNER OPERATED CHANGED"]
    );
    assert_eq!(headers(&["-q", "-p"]), ["NAME OWNER SENDER RECEIVER"]);
    assert_eq!(headers(&["-mp", "-b"]), ["NAME OWNER CREATOR USER"]);
    assert_eq!(headers(&["-s", "-c"]), ["NAME MODE CUID CGID UID GID"]);
    assert_eq!(headers(&["-u"]), Vec::<String>::new());
    assert!(world.ok("ripcs", &["-u"]).contains("Shared memory\n2 segments, "), "{}", world.ok("ripcs", &["-u"]));
    let limits = world.ok("ripcs", &["-l", "-s"]);
    assert!(limits.contains("SEMMNI") && !limits.contains("MSGMNI"), "{limits}");
    let details = String::from_utf8_lossy(world.run("ripcs", &["-s", "-i", "0"]).stdout()).into_owned();
    assert!(details.contains("object") && details.contains("set:0") && details.contains("TEXTBOOK"), "{details}");
    world.run("ripcs", &["-i", "0"]).fails(2, "ripcs: 0 may be any of queue:0, segment:0, set:0: say which");
    world.run("ripcs", &["-q", "-i", "7"]).fails(3, "ripcs: cannot find queue:7: nothing is called so");
    world.run("ripcs", &["-t", "-p"]).fails(2, "cannot be used with");
}

#[test]
fn columns_are_chosen() {
    let Some(world) = furnished() else { return };
    let header = |arguments: &[&str]| {
        let page = world.ok("ripcs", arguments);
        page.lines().nth(1).expect("a header").split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(",")
    };
    assert_eq!(header(&["-q", "-o", "mode,name"]), "MODE,NAME");
    assert_eq!(header(&["-q", "--columns=Mode"]), "MODE");
    assert_eq!(header(&["-q", "-o", "+uid"]), "NAME,KEY,OWNER,MODE,BYTES,MESSAGES,UID");
    assert_eq!(header(&["-q", "-o", "+uid,gid"]), "NAME,KEY,OWNER,MODE,BYTES,MESSAGES,UID,GID");
    let all = header(&["-m", "-o", "all"]);
    let objects: Vec<Value> = serde_json::from_str(&world.ok("ripcs", &["-m", "--json"])).expect("JSON");
    let object = objects[0].as_object().expect("an object");
    assert_eq!(all.to_ascii_lowercase().split(',').collect::<Vec<_>>().len(), object.len(), "JSON has all columns");
    assert!(all.to_ascii_lowercase().split(',').all(|name| object.contains_key(name)), "{all}");
    let few: Value = serde_json::from_str(&world.ok("ripcs", &["-q", "--json", "-o", "name,uid"])).expect("JSON");
    assert_eq!(few, serde_json::json!([{"name": "0", "uid": 0}]));
}

#[test]
fn the_list_of_columns_is_help() {
    let Some(world) = World::new() else { return };
    for option in ["-q", "-m", "-s"] {
        let listed = world.ok("ripcs", &[option, "-o", "help"]);
        let names: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split("  ").next()).collect();
        assert!(names.starts_with(&["name", "key", "owner", "mode"]), "{names:?}");
        // Each of them is a column.
        let page = world.ok("ripcs", &[option, "-o", &names.join(",")]);
        let header: Vec<&str> = page.lines().nth(1).expect("a header").split_whitespace().collect();
        assert_eq!(header, names.iter().map(|name| name.to_ascii_uppercase()).collect::<Vec<_>>());
    }
    assert_eq!(titles(&world.ok("ripcs", &["-o", "help"])).len(), 3);
}

#[test]
fn an_unknown_column_is_bad_usage_and_lists_those_there_are() {
    let Some(world) = furnished() else { return };
    for list in ["nonsense", "name,nonsense", "+nonsense", "name,,mode", "name ", "help,name"] {
        for option in ["-q", "-m", "-s", "-a"] {
            let outcome = world.run("ripcs", &[option, "-o", list]);
            outcome.fails(2, "ripcs: no column is called '");
            outcome.fails(2, "'; there are name, key, owner, mode, ");
        }
    }
}

#[test]
fn a_column_of_one_kind_is_left_out_of_the_others() {
    let Some(world) = furnished() else { return };
    for list in ["messages", "+messages", "bytes,messages", "name,value", "attaches,value"] {
        assert_eq!(world.run("ripcs", &["-o", list]).status(), 0, "-o {list}");
    }
}
