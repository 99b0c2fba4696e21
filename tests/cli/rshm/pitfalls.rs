//! What goes wrong with shared memory elsewhere: empty files, odd offsets, files that shrink under a
//! reader, descriptors that are closed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Call, Outcome, Running, World, has, wait_until};

/// A folder with a file of this content, and the name of that.
fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("memory");
    fs::write(&path, content).expect("room");
    let name = format!("file:{}", path.display());
    (folder, path, name)
}

fn shrink(path: &Path, size: u64) {
    fs::File::options().write(true).open(path).and_then(|file| file.set_len(size)).expect("it is ours");
}

#[test]
fn an_empty_file_has_nothing_and_takes_nothing() {
    let Some(world) = World::new() else { return };
    let (_folder, path, name) = file(b"");
    for arguments in
        [&["read", &*name][..], &["read", &name, "--hex"], &["write", &name, ""], &["write", &name, "--fill", "1"]]
    {
        assert_eq!(world.ok("rshm", arguments), "", "{arguments:?}");
    }
    for arguments in [
        &["get", &*name, "0:u8"][..],
        &["put", &name, "0:u8", "1"],
        &["wait", &name, "0:u8", "eq", "1"],
        &["watch", &name],
        &["write", &name, "x"],
        &["read", &name, "--length", "1"],
    ] {
        world.run("rshm", arguments).fails(1, "has 0 bytes\n");
    }
    world.feed("rshm", &["write", &name], b"x").fails(1, "ends here and standard input goes on: 0 bytes written\n");
    world.ok("rshm", &["write", &name, "--grow", "grown"]);
    assert_eq!(fs::read(path).expect("it is ours"), b"grown");
}

#[test]
fn an_offset_need_not_be_that_of_a_page() {
    let Some(world) = World::new() else { return };
    let (_folder, path, name) = file(&vec![b'.'; 20_000]);
    for offset in ["1", "4095", "4098", "12289", "19998"] {
        world.ok("rshm", &["write", &name, "--offset", offset, "ab"]);
        assert_eq!(world.ok("rshm", &["read", &name, "--offset", offset, "--length", "2"]), "ab");
        assert_eq!(world.ok("rshm", &["get", &name, &format!("{offset}:u16be")]), "24930");
        let at: usize = offset.parse().expect("a number");
        assert_eq!(&fs::read(&path).expect("it is ours")[at - 1..at + 2], b".ab");
    }
}

#[test]
fn a_file_that_may_only_be_read_is_only_read() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") {
        return;
    }
    let (_folder, path, name) = file(b"content");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o444)).expect("it is ours");
    // Root is let in everywhere; without its capabilities it is not.
    let limited = |arguments: &[&str]| {
        let without = ["--bounding-set", "-all", "--inh-caps", "-all", "rshm"];
        Outcome::of(world.command("setpriv").args(without).args(arguments))
    };
    assert_eq!(limited(&["read", &name]).success(), "content");
    assert_eq!(limited(&["get", &name, "0:u8"]).success(), "99");
    assert_eq!(limited(&["wait", &name, "0:u8", "eq", "99"]).success(), "99");
    for arguments in [
        &["write", &*name, "x"][..],
        &["write", &name, "--fill", "1"],
        &["write", &name],
        &["put", &name, "0:u8", "1"],
        &["add", &name, "0:u8"],
        &["swap", &name, "0:u8", "1"],
        &["cas", &name, "0:u8", "99", "1"],
        &["set", &name, "--size", "1"],
    ] {
        limited(arguments).fails(5, &format!("rshm: cannot open '{name}': Permission denied\n"));
    }
    assert_eq!(fs::read(path).expect("it is ours"), b"content");
}

#[test]
fn what_is_no_regular_file_is_no_memory() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().display();
    world.script("mkfifo \"$1/fifo\" && mkfifo /dev/shm/fifo", &[&path.to_string()]).success();
    for name in [format!("file:{path}"), format!("file:{path}/fifo"), "file:/dev/zero".into(), "/fifo".into()] {
        for arguments in
            [&["read", &*name][..], &["write", &name, "x"], &["get", &name, "0:u8"], &["set", &name, "--mode", "600"]]
        {
            let outcome = world.run("rshm", arguments);
            let why = ["it is no regular file\n", "Is a directory\n"];
            assert!(
                outcome.status() == 1 && why.iter().any(|why| outcome.stderr().ends_with(why)),
                "{}",
                outcome.stderr()
            );
        }
        world.run("rshm", &["remove", &name]).fails(1, "it is no regular file\n");
    }
    assert!(folder.path().join("fifo").exists());
}

#[test]
fn a_file_cut_short_while_it_is_read_is_an_error() {
    let Some(world) = World::new() else { return };
    for (how, call) in [(&[][..], Call::Splice), (&["--hex"], Call::Write)] {
        // Nothing in it repeats, so that its hexadecimal form is long, too.
        let content: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let (_folder, path, name) = file(&content);
        let reader = world.start("rshm", &[&["read", &name], how].concat());
        // Its pipe is full.
        reader.wait_until_in(call);
        shrink(&path, 5000);
        let outcome = reader.outcome();
        let words = format!(
            "rshm: cannot access '{name}': a part of it is not there; it was cut short, or its file system is full: it has 5000 bytes now\n"
        );
        assert_eq!((outcome.status(), outcome.stderr()), (1, words));
    }
}

#[test]
fn a_file_cut_short_while_it_is_waited_for_or_watched_is_an_error() {
    let Some(world) = World::new() else { return };
    for (arguments, call) in [
        (&["wait", "4096:u32", "eq", "1"][..], Call::Futex),
        (&["wait", "4100:u64", "eq", "1"], Call::Nanosleep),
        (&["watch", "--interval", "0.01"], Call::Nanosleep),
    ] {
        let (_folder, path, name) = file(&[0; 8192]);
        let waiter = world.start("rshm", &[&[arguments[0], &name], &arguments[1..]].concat());
        waiter.wait_until_in(call);
        shrink(&path, 0);
        waiter.outcome().fails(1, "it was cut short, or its file system is full: it has 0 bytes now\n");
    }
}

#[test]
fn a_bus_error_that_somebody_sends_ends_who_has_a_file_mapped() {
    let Some(world) = World::new() else { return };
    let (_folder, _, name) = file(&[0; 8192]);
    let waiter = world.start("rshm", &["wait", &name, "0:u32", "eq", "1"]);
    waiter.wait_until_in(Call::Futex);
    waiter.signal("BUS");
    assert_eq!(waiter.outcome().status(), 128 + 7);
}

#[test]
fn whoever_races_one_that_shrinks_gets_a_number_or_an_error() {
    let Some(world) = World::new() else { return };
    let (_folder, path, name) = file(&[7; 8192]);
    let path = path.to_str().expect("text");
    let mut shrinker = Running::start(
        world.sh("echo ready; while :; do : >\"$1\"; truncate -s 8192 \"$1\"; done", &[path]).env("LC_ALL", "C"),
    );
    assert_eq!(shrinker.line(), "ready");
    let script = "n=0; while [ $((n += 1)) -le 200 ]; do
        case $((n % 3)) in
            0) rshm get $1 4096:u32 ;;
            1) rshm read $1 --hex --offset 4000 --length 100 ;;
            2) rshm add $1 4096:u16 ;;
        esac >/dev/null 2>&1
        echo $?
    done | sort | uniq -c";
    let statuses = world.script(script, &[&name]).success();
    assert!(statuses.lines().all(|line| line.ends_with(" 0") || line.ends_with(" 1")), "{statuses}");
    drop(shrinker);
}

#[test]
fn a_full_file_system_under_a_mapping_is_an_error() {
    let Some(world) = World::new() else { return };
    if world.script("mount -o remount,size=64k /dev/shm", &[]).status() != 0 {
        crate::support::skip("/dev/shm cannot be made small here");
        return;
    }
    // A file with a hole, as ftruncate(2) makes one, has no room set aside.
    world.script("truncate -s 1M /dev/shm/hole && rshm write /hole --fill 1 --length 64K", &[]).success();
    for arguments in [
        &["write", "/hole", "--offset", "64K", "x"][..],
        &["put", "/hole", "70000:u8", "1"],
        &["write", "/hole", "--fill", "1"],
    ] {
        world.run("rshm", arguments).fails(1, "its file system is full: it has 1048576 bytes now\n");
    }
    let piped = world.feed("rshm", &["write", "/hole", "--offset", "60K"], &vec![1; 100_000]);
    piped.fails(
        1,
        "cannot write to object '/hole': 4096 bytes written, then: no room for it all in '/dev/shm', which has 65536 bytes",
    );
}

#[test]
fn a_mapping_outlives_its_descriptor_and_its_name() {
    let Some(world) = World::new() else { return };
    let (_folder, path, _) = file(&[0; 16]);
    let script = "exec 9<>\"$1\"; echo ready; read line; exec 9>&-; echo closed; read line";
    let mut holder = Running::start(&mut world.sh(script, &[path.to_str().expect("text")]));
    assert_eq!(holder.line(), "ready");
    let waiter = world.start("rshm", &["wait", &format!("file:/proc/{}/fd/9", holder.id()), "8:u32", "eq", "7"]);
    waiter.wait_until_in(Call::Futex);
    let (mut input, _output) = holder.pipes();
    std::io::Write::write_all(&mut input, b"go on\n").expect("it reads");
    let descriptor = format!("/proc/{}/fd/9", holder.id());
    wait_until("the descriptor is closed", || !Path::new(&descriptor).exists());
    world.ok("rshm", &["put", &format!("file:{}", path.display()), "8:u32", "7"]);
    assert_eq!(waiter.outcome().success(), "7");
}

#[test]
fn nobody_is_led_astray_by_a_symbolic_link() {
    let Some(world) = World::new() else { return };
    let (_folder, path, name) = file(b"content");
    let link = path.with_extension("link");
    std::os::unix::fs::symlink(&path, &link).expect("room");
    world.script("ln -s \"$1\" /dev/shm/link", &[path.to_str().expect("text")]).success();
    for link in [format!("file:{}", link.display()), "/link".into()] {
        world.run("rshm", &["remove", &link]).fails(1, "it is no regular file\n");
    }
    // Where others may plant one, as in /dev/shm, none is followed at all.
    for arguments in [&["read", "/link"][..], &["write", "/link", "x"], &["get", "/link", "0:u8"]] {
        world.run("rshm", arguments).fails(1, "cannot open object '/link': Too many levels of symbolic links\n");
    }
    for arguments in [&["set", "/link", "--mode", "666"][..], &["show", "/link"]] {
        assert_eq!(world.run("rshm", arguments).status(), 1);
    }
    assert_eq!(world.ok("rshm", &["read", &name]), "content");
    assert!(fs::symlink_metadata(link).expect("still there").is_symlink());
}
