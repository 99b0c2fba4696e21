//! What is there, and who is at it.

use serde_json::Value;

use super::{FIFO, world_with_fifo};
use crate::support::{Call, World, is_root, tool};

fn json(world: &World, arguments: &[&str]) -> Value {
    let outcome = world.run("rfifo", arguments);
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    serde_json::from_slice(outcome.stdout()).expect("JSON")
}

#[test]
fn fifos_below_a_directory_are_found_and_nothing_else() {
    let Some(world) = World::new() else { return };
    world.ok("rfifo", &["create", "-p", "/dev/shm/d/b", "/dev/shm/d/a", "/dev/shm/d/deep/er/c"]);
    world.script("cd /dev/shm/d; : > file; ln -s a link; ln -s deep loop; mkdir empty", &[]).success();
    let paths = |arguments: &[&str]| world.ok("rfifo", &[&["list", "-o", "path", "--no-header"], arguments].concat());
    assert_eq!(paths(&["/dev/shm/d"]), "/dev/shm/d/a\n/dev/shm/d/b\n/dev/shm/d/deep/er/c");
    assert_eq!(paths(&["/dev/shm/d/deep", "/dev/shm/d/empty"]), "/dev/shm/d/deep/er/c");
    assert_eq!(world.script("cd /dev/shm/d/deep && rfifo ls -o path --no-header", &[]).success(), "./er/c");
    let outcome = world.run("rfifo", &["list", "/dev/shm/none", "/dev/shm/d/deep", "--no-header", "-o", "mode,path"]);
    assert_eq!((outcome.status(), outcome.stdout()), (3, &b"0600  /dev/shm/d/deep/er/c\n"[..]));
    assert!(outcome.stderr().contains("cannot look into '/dev/shm/none': No such file"), "{}", outcome.stderr());
}

#[test]
fn peers_and_openers_and_bytes_are_counted() {
    let Some(world) = World::new() else { return };
    // Not one that anybody else has.
    let path = world.ok("rfifo", &["create", &format!("/dev/shm/counted-{}", std::process::id())]);
    let unused = &json(&world, &["list", "/dev/shm", "--json"])[0];
    let numbers = |row: &Value| ["readers", "writers", "openers", "unread", "capacity"].map(|name| row[name].as_u64());
    assert_eq!(numbers(unused), [Some(0), Some(0), Some(0), Some(0), None]);
    let opener = world.start("sh", &["-c", "exec 3< \"$0\"; echo; exec cat", &path]);
    opener.wait_until_in(Call::Openat);
    let listed = |arguments: &[&str]| {
        let rows = json(&world, arguments);
        let all = rows.as_array().expect("rows");
        all.iter().find(|row| row["path"] == *path).expect("it is open").clone()
    };
    let opened = listed(&["list", "--open", "--json"]);
    assert_eq!(numbers(&opened), [Some(0), Some(0), Some(1), Some(0), None]);
    drop(opener);
    let mut holder = world.start("sh", &["-c", "exec 3<> \"$0\"; printf 1234567 >&3; echo; exec cat", &path]);
    holder.line();
    for arguments in [&["list", "/dev/shm", "--json"][..], &["list", "--open", "--json"]] {
        assert_eq!(numbers(&listed(arguments)), [Some(1), Some(1), Some(0), Some(7), Some(65536)], "{arguments:?}");
    }
}

#[test]
fn show_names_who_is_there_and_what_they_do() {
    let Some(world) = world_with_fifo() else { return };
    let hows = || {
        let shown = json(&world, &["show", FIFO, "--json"]);
        let all = shown["processes"].as_array().expect("rows").clone();
        all.into_iter().map(|row| (row["pid"].as_u64().expect("a pid"), row["how"].as_str().expect("text").to_owned()))
    };
    let writer = world.start("sh", &["-c", "exec 3> /dev/shm/f; echo; exec cat"]);
    writer.wait_until_in(Call::Openat);
    let seen: Vec<_> = hows().collect();
    assert_eq!(seen, [(writer.id().into(), "blocked opening to write".to_owned())]);
    let reader = world.start("cat", &[FIFO]);
    reader.wait_until_in(Call::Read);
    writer.wait_until_in(Call::Read);
    let mut seen: Vec<_> = hows().collect();
    seen.sort();
    let mut expected = vec![
        (u64::from(writer.id()), "open to write".to_owned()),
        (u64::from(reader.id()), "blocked reading".to_owned()),
    ];
    expected.sort();
    assert_eq!(seen, expected);
    let poller = world.start("rfifo", &["recv", FIFO]);
    poller.wait_until_in(Call::Poll);
    assert!(hows().any(|row| row == (poller.id().into(), "waiting to read".to_owned())));
}

#[test]
fn looking_wakes_nobody() {
    let Some(world) = world_with_fifo() else { return };
    let writer = world.start("sh", &["-c", "exec 3> /dev/shm/f; echo open"]);
    writer.wait_until_in(Call::Openat);
    for arguments in [&["show", FIFO][..], &["list", "/dev/shm"], &["list", "--open"], &["wait", FIFO]] {
        assert_eq!(world.run("rfifo", arguments).status(), 0);
        writer.wait_until_in(Call::Openat);
    }
    world.run("rfifo", &["recv", FIFO, "-t", "100"]);
    assert_eq!(writer.outcome().success(), "open");
}

#[test]
fn nobody_sees_that_others_may_be_there() {
    let Some(world) = world_with_fifo() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    if !is_root() {
        return;
    }
    let mut holder = world.start("sh", &["-c", "exec 3<> /dev/shm/f; printf 1234567 >&3; echo; exec cat"]);
    holder.line();
    let outcome = nobody.run("rfifo", &["list", "/dev/shm", "--no-header", "-o", "path"]);
    assert_eq!((outcome.status(), outcome.stdout()), (0, &b"/dev/shm/f\n"[..]));
    assert_eq!(nobody.run("rfifo", &["show", FIFO]).stderr().lines().count(), 1, "a note, once");
}

#[test]
fn the_columns_are_told() {
    let outcome = crate::support::Outcome::of(tool("rfifo").args(["list", "-o", "help"]));
    let text = outcome.success();
    assert!(text.starts_with("path") && text.contains("openers"), "{text}");
}
