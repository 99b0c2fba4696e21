//! Making and removing FIFOs, and what is none.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::FIFO;
use crate::support::{Outcome, World, has, is_root};

#[test]
fn several_are_made_with_their_mode_whatever_the_umask() {
    let Some(world) = World::new() else { return };
    for (mode, made) in [("", "600"), ("-m 640", "640"), ("--mode g+r,o+w", "642"), ("-m 666", "666"), ("-m 0", "0")] {
        let script =
            format!("umask 077; rfifo create /dev/shm/a /dev/shm/b {mode}; stat -c '%F %a' /dev/shm/a /dev/shm/b");
        let text = format!("/dev/shm/a\n/dev/shm/b\nfifo {made}\nfifo {made}");
        assert_eq!(world.script(&script, &[]).success(), text, "{mode}");
        world.ok("rfifo", &["remove", "/dev/shm/a", "/dev/shm/b"]);
    }
}

#[test]
fn one_that_exists_is_told_from_what_is_none() {
    let Some(world) = super::world_with_fifo() else { return };
    world.run("rfifo", &["create", FIFO]).fails(4, "cannot create FIFO '/dev/shm/f': File exists");
    assert_eq!(world.ok("rfifo", &["create", FIFO, "--exist-ok", "-m", "644"]), FIFO);
    assert_eq!(world.script("stat -c %a /dev/shm/f; : > /dev/shm/file; mkdir /dev/shm/folder", &[]).success(), "600");
    for (path, what) in [("/dev/shm/file", "a regular file"), ("/dev/shm/folder", "a directory")] {
        let words = format!("cannot create FIFO '{path}': it is {what}, no FIFO");
        world.run("rfifo", &["create", path, "--exist-ok"]).fails(1, &words);
    }
    // The others are made, and the worst counts.
    let mixed = world.run("rfifo", &["create", "/dev/shm/new", FIFO, "/dev/shm/none/x", "/dev/shm/newer"]);
    assert_eq!((mixed.status(), mixed.stdout()), (4, &b"/dev/shm/new\n/dev/shm/newer\n"[..]), "{}", mixed.stderr());
}

#[test]
fn missing_directories_are_made_where_that_is_wanted() {
    let Some(world) = World::new() else { return };
    world.run("rfifo", &["create", "/dev/shm/x/y/f"]).fails(3, "No such file or directory");
    assert_eq!(world.ok("rfifo", &["create", "-p", "/dev/shm/x/y/f"]), "/dev/shm/x/y/f");
    assert_eq!(
        world.script("umask 027; rfifo create -p /dev/shm/z/f; stat -c %a /dev/shm/z", &[]).success(),
        "/dev/shm/z/f\n750"
    );
}

#[test]
fn nothing_but_a_fifo_is_removed() {
    let Some(world) = super::world_with_fifo() else { return };
    world.script(": > /dev/shm/file; ln -s f /dev/shm/link; mkdir /dev/shm/folder", &[]).success();
    for (path, what) in [("file", "a regular file"), ("link", "a symbolic link"), ("folder", "a directory")] {
        let path = format!("/dev/shm/{path}");
        let words = format!("cannot remove '{path}': it is {what}, no FIFO");
        world.run("rfifo", &["remove", &path]).fails(1, &words);
    }
    world.run("rfifo", &["remove", "/dev/null"]).fails(1, "it is a device, no FIFO");
    world.run("rfifo", &["remove", FIFO, "/dev/shm/none"]).fails(3, "cannot remove '/dev/shm/none': No such file");
    assert_eq!(world.ok("rfifo", &["rm", "--if-exists", FIFO]), "");
    assert_eq!(world.script("ls /dev/shm", &[]).success(), "file\nfolder\nlink");
}

#[test]
fn no_verb_opens_what_is_no_fifo() {
    let Some(world) = super::world_with_fifo() else { return };
    world.script("echo kept > /dev/shm/file; ln -s f /dev/shm/link; ln -s file /dev/shm/other", &[]).success();
    for verb in [&["send", "x"][..], &["recv"], &["recv", "-c1"], &["show"], &["wait", "-n"]] {
        let run = |path: &str, more: &[&str]| world.run("rfifo", &[&[verb[0], path], &verb[1..], more].concat());
        for (path, what) in
            [("/dev/shm/file", "a regular file"), ("/dev/shm/other", "a regular file"), ("/", "a directory")]
        {
            run(path, &[]).fails(1, &format!("'{path}': it is {what}, no FIFO"));
        }
        run("/dev/shm/link", &["--no-follow"]).fails(1, "it is a symbolic link, no FIFO");
        run("/dev/shm/none", &[]).fails(3, "No such file or directory");
    }
    world.run("rfifo", &["serve", "/dev/shm/file", "--", "cat"]).fails(1, "it is a regular file, no FIFO");
    assert_eq!(world.script("cat /dev/shm/file", &[]).success(), "kept");
    // A link is followed unless told otherwise.
    world.run("rfifo", &["recv", "-n", "/dev/shm/link"]).fails(124, "nothing to read");
}

#[test]
fn a_hostile_path_is_exact_in_a_pipe_and_escaped_in_tables() {
    let Some(world) = World::new() else { return };
    for name in [&b"\x1b[31mred\x07"[..], b"two\nlines", "x\u{202e}y".as_bytes(), b"\xff\xfe"] {
        let path = [b"/dev/shm/d/", name].concat();
        let run = |verb: &[&str]| Outcome::of(world.command("rfifo").args(verb).arg(OsString::from_vec(path.clone())));
        assert_eq!(run(&["create", "-p"]).stdout(), [&path, &b"\n"[..]].concat());
        for table in
            [run(&["show"]), world.run("rfifo", &["list", "/dev/shm/d"]), run(&["recv", "-n"]), run(&["create"])]
        {
            let text = [table.stdout(), table.stderr_bytes()].concat();
            let text = String::from_utf8(text).expect("escaped");
            assert!(!text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text}");
        }
        let json: serde_json::Value =
            serde_json::from_str(&world.ok("rfifo", &["list", "/dev/shm/d", "--json"])).expect("JSON");
        match String::from_utf8(path.clone()) {
            Ok(path) => assert_eq!(json[0]["path"], path),
            Err(_) => assert!(json[0]["path"]["base64"].is_string()),
        }
        run(&["remove"]).success();
    }
}

#[test]
fn what_is_not_theirs_is_refused() {
    let Some(world) = super::world_with_fifo() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    for verb in [&["send", FIFO, "x"][..], &["recv", FIFO], &["recv", FIFO, "--nowait"], &["remove", FIFO]] {
        let outcome = nobody.run("rfifo", verb);
        assert_eq!(outcome.status(), if is_root() { 5 } else { 0 }, "{verb:?}: {}", outcome.stderr());
        assert!(outcome.stderr().starts_with("rfifo: cannot "), "{}", outcome.stderr());
    }
}

#[test]
fn it_does_what_mkfifo_does() {
    let Some(world) = World::new() else { return };
    if !has("mkfifo") {
        return;
    }
    for mode in ["644", "600", "u=rw,g=r,o="] {
        let script = "mkfifo -m \"$1\" /dev/shm/theirs; rfifo create -m \"$1\" /dev/shm/ours >/dev/null
            stat -c '%F %a %u %g' /dev/shm/theirs /dev/shm/ours | uniq | wc -l; rm /dev/shm/*";
        // Symbolic modes start from 666 there and from 600 here: these are the same in both.
        assert_eq!(world.script(script, &[mode]).success(), "1", "{mode}");
    }
}
