//! `create`: what is made, what is refused, and that a refusal leaves nothing behind.

use std::io::Write as _;

use super::{both_kinds, names, set_sysctl};
use crate::support::{Call, Running, World, has, is_root, skip};

#[test]
fn create_prints_what_every_verb_accepts() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let file = format!("file:{}/memory", folder.path().display());
    let table: &[(&str, &str, &[&str])] = &[
        ("private", "0", &["id:0"]),
        ("0x4b", "1", &["0x4b", "key:75", "0x0000004b"]),
        ("ftok:/etc/passwd", "2", &["ftok:/etc/passwd", "ftok:/etc/passwd:1"]),
        ("/data", "/data", &[]),
        (&file, &file, &[]),
    ];
    for (asked, printed, others) in table {
        assert_eq!(world.ok("rshm", &["create", asked, "--size", "5"]), *printed);
        world.ok("rshm", &["write", printed, "hello"]);
        assert_eq!(world.ok("rshm", &["read", printed]), "hello");
        for other in *others {
            assert_eq!(world.ok("rshm", &["read", other]), "hello", "{other}");
        }
    }
    for (asked, printed, _) in &table[1..] {
        assert_eq!(world.ok("rshm", &["create", asked, "--size", "3"]), *printed, "it is there already");
        let exclusive = world.run("rshm", &["create", asked, "--size", "5", "--exclusive"]);
        exclusive.fails(4, ": File exists\n");
        world.run("rshm", &["create", asked, "--size", "6"]).fails(1, "exists and has 5 bytes, fewer than 6\n");
        assert_eq!(world.ok("rshm", &["read", asked]), "hello");
    }
    world.run("rshm", &["create", "7", "--size", "5"]).fails(2, "the kernel chooses identifiers");
    world.run("rshm", &["create", "ftok:/no/such", "--size", "5"]).fails(3, "cannot make a key of the file");
    world.run("rshm", &["create", "file:/no/such/folder", "--size", "5"]).fails(3, "No such file or directory");
    let all = [&["remove"], &table.iter().map(|line| line.1).collect::<Vec<_>>()[..]].concat();
    assert_eq!(world.ok("rshm", &all), "");
    assert_eq!(names(&world), "");
}

#[test]
fn what_has_no_byte_is_refused() {
    let Some(world) = World::new() else { return };
    for name in ["private", "0x4b", "/data"] {
        world.run("rshm", &["create", name, "--size", "0"]).fails(2, "shared memory has at least 1 byte\n");
        world.run("rshm", &["create", name]).fails(2, "--size");
        for from in ["/dev/null", "-"] {
            world.run("rshm", &["create", name, "--from", from]).fails(1, "the content is empty");
        }
    }
    assert_eq!(names(&world), "");
}

#[test]
fn modes_are_asked_for_whatever_the_umask() {
    let Some(world) = World::new() else { return };
    let mode = |name: &str| {
        let listed = world.ok("rshm", &["list", "--no-header", "-o", "name,mode"]);
        let line = listed.lines().find(|line| line.split(' ').next() == Some(name)).expect("listed");
        line.rsplit(' ').next().expect("a mode").to_owned()
    };
    for (asked, got) in [("600", "0600"), ("640", "0640"), ("g+r,o+w", "0642"), ("000", "0000")] {
        let script = "umask 777; rshm create $1 --size 1 --mode $2";
        for name in ["private", &format!("/{asked}")] {
            let made = world.script(script, &[name, asked]).success();
            assert_eq!(mode(&made), got);
        }
    }
    for name in ["private", "/default"] {
        assert_eq!(mode(&world.ok("rshm", &["create", name, "--size", "1"])), "0600");
    }
}

#[test]
fn the_limits_of_segments_are_named() {
    let Some(world) = World::new() else { return };
    if !set_sysctl(&world, "shmmax", "8192") {
        return;
    }
    let refused = world.run("rshm", &["create", "0x4b", "--size", "8193"]);
    let words =
        "rshm: cannot create segment 0x0000004b: 8193 bytes are more than kernel.shmmax, 8192: Invalid argument\n";
    refused.fails(1, words);
    assert_eq!(names(&world), "");
    assert!(set_sysctl(&world, "shmmni", "2"));
    both_kinds(&world, "8192");
    world.ok("rshm", &["create", "--size", "8K"]);
    let refused = world.run("rshm", &["create", "--size", "1"]);
    refused.fails(1, "kernel.shmmni allows 2 segments, and that many exist: No space left");
    assert!(set_sysctl(&world, "shmmni", "20") && set_sysctl(&world, "shmall", "5"));
    let refused = world.run("rshm", &["create", "--size", "4097"]);
    refused.fails(1, "2 pages are too many: kernel.shmall allows 5, and 4 are in use: No space left");
    world.run("rshm", &["run", "--sysv", "--size", "4097", "--", "true"]).fails(125, "kernel.shmall allows 5");
    assert_eq!(names(&world), "0 1 /data");
    world.ok("rshm", &["create", "--size", "4096"]);
}

#[test]
fn more_than_there_is_memory_is_refused() {
    let Some(world) = World::new() else { return };
    let refused = world.run("rshm", &["create", "0x4b", "--size", "1000T"]);
    refused.fails(1, "there is not memory enough for 1099511627776000 bytes: Cannot allocate memory\n");
    world.run("rshm", &["create", "/data", "--size", "1000T"]).fails(1, "no room for 1099511627776000 bytes");
    assert_eq!(names(&world), "");
}

#[test]
fn a_full_file_system_is_told_and_nothing_is_left() {
    let Some(world) = World::new() else { return };
    if world.script("mount -o remount,size=64k /dev/shm", &[]).status() != 0 {
        skip("/dev/shm cannot be made small here");
        return;
    }
    let large = vec![7; 100_000];
    let full = "no room for 65537 bytes in '/dev/shm': 65536 of 65536 bytes are free: No space left on device\n";
    world
        .run("rshm", &["create", "/x", "--size", "65537"])
        .fails(1, &format!("rshm: cannot create object '/x': {full}"));
    for name in ["/x", "file:/dev/shm/x"] {
        let fed = world.feed("rshm", &["create", name, "--from", "-"], &large);
        fed.fails(1, "No space left on device\n");
    }
    assert_eq!(names(&world), "");
    assert_eq!(world.ok("rshm", &["create", "/x", "--size", "32K"]), "/x");
    world.run("rshm", &["set", "/x", "--size", "64K"]).success();
    world
        .run("rshm", &["set", "/x", "--size", "65K"])
        .fails(1, "no room for 66560 bytes in '/dev/shm': 0 of 65536 bytes");
    world.run("rshm", &["write", "/x", "--grow", "--offset", "64K", "x"]).fails(1, "No space left on device\n");
    assert_eq!(world.ok("rshm", &["list", "--no-header", "-o", "name,bytes"]), "/x  65536");
}

#[test]
fn rlimit_fsize_is_named_and_nothing_is_left() {
    let Some(world) = World::new() else { return };
    if !has("prlimit") {
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let file = format!("file:{}/memory", folder.path().display());
    let limited = |arguments: &[&str]| world.run("prlimit", &[&["--fsize=1000", "rshm"], arguments].concat());
    let words = "RLIMIT_FSIZE (ulimit -f) allows 1000 bytes: File too large\n";
    for name in ["/x", &file] {
        limited(&["create", name, "--size", "1001"]).fails(1, words);
        limited(&["create", name, "--from", "/etc/services"]).fails(1, words);
    }
    assert_eq!(names(&world), "");
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0);
    assert_eq!(limited(&["create", "/x", "--size", "1000"]).success(), "/x");
    limited(&["set", "/x", "--size", "1M"]).fails(1, words);
    limited(&["write", "/x", "--grow", "--offset", "1000", "x"]).fails(1, words);
    assert_eq!(world.ok("rshm", &["list", "--no-header", "-o", "name,bytes"]), "/x  1000");
    limited(&["create", "0x4b", "--size", "1001"]).success();
}

#[test]
fn huge_pages_that_are_not_there_are_told() {
    let Some(world) = World::new() else { return };
    let refused = world.run("rshm", &["create", "--size", "1G", "--huge"]);
    let (status, words) = if is_root() {
        (1, "there are not enough huge pages for 1073741824 bytes; vm.nr_hugepages says how many")
    } else {
        (5, "huge pages need CAP_IPC_LOCK or the group in vm.hugetlb_shm_group")
    };
    if refused.status() == 0 {
        skip("this machine has huge pages");
        return;
    }
    refused.fails(status, words);
    world.run("rshm", &["create", "--size", "1M", "--huge=4K"]).fails(1, "this kernel has no huge pages of 4096 bytes");
    for wrong in [&["--huge=3M"][..], &["/x", "--huge"], &["/x", "--no-reserve"]] {
        assert_eq!(world.run("rshm", &[&["create", "--size", "1M"], wrong].concat()).status(), 2);
    }
    assert_eq!(names(&world), "");
    world.ok("rshm", &["create", "--size", "1M", "--no-reserve"]);
}

#[test]
fn a_name_that_cannot_be_printed_leaves_nothing() {
    let Some(world) = World::new() else { return };
    for name in ["private", "0x4b", "/data"] {
        let full = "rshm: cannot write to standard output: No space left on device\n";
        world.script("rshm create \"$1\" --size 1 >/dev/full", &[name]).fails(1, full);
        assert_eq!(world.script("rshm create \"$1\" --size 1 >&-", &[name]).status(), 1);
    }
    assert_eq!(names(&world), "");
    let segment = world.ok("rshm", &["create", "0x4b", "--size", "1"]);
    world.ok("rshm", &["create", "/data", "--size", "1"]);
    for name in ["0x4b", "/data"] {
        world.script("rshm create \"$1\" --size 1 >/dev/full", &[name]).fails(1, "No space left on device\n");
    }
    assert_eq!(names(&world), format!("{segment} /data"), "what was there already stays");
}

#[test]
fn content_comes_from_a_file_or_a_pipe() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let from = folder.path().join("content");
    std::fs::write(&from, "content").expect("room");
    let from = from.to_str().expect("text");
    for (name, other) in [("/a", "/b"), ("0x1", "0x2")] {
        world.ok("rshm", &["create", name, "--from", from]);
        world.feed("rshm", &["create", other, "--from", "-"], b"from\0a pipe").success();
        assert_eq!(world.ok("rshm", &["read", name]), "content");
        assert_eq!(world.ok("rshm", &["read", other]), "from\0a pipe");
        world.run("rshm", &["create", name, "--from", "/etc/passwd"]).fails(4, "File exists\n");
        assert_eq!(world.ok("rshm", &["read", name]), "content");
        world.ok("rshm", &["remove", name, other]);

        world.ok("rshm", &["create", name, "--from", from, "--size", "10"]);
        world.feed("rshm", &["create", other, "--from", "-", "--size", "10"], b"abc").success();
        assert_eq!(world.ok("rshm", &["read", name]), "content\0\0\0");
        assert_eq!(world.ok("rshm", &["read", other]), "abc\0\0\0\0\0\0\0");
        world.ok("rshm", &["remove", name, other]);

        world
            .run("rshm", &["create", name, "--from", from, "--size", "6"])
            .fails(1, "the content has 7 bytes, more than 6");
        let more = world.feed("rshm", &["create", name, "--from", "-", "--size", "6"], b"content");
        more.fails(1, "the content has more than 6 bytes");
        world.run("rshm", &["create", name, "--from", "/no/such"]).fails(3, "cannot open '/no/such': No such file");
    }
    assert_eq!(names(&world), "");
}

#[test]
fn an_object_is_not_there_before_its_content() {
    let Some(world) = World::new() else { return };
    let mut creator = world.start("rshm", &["create", "/data", "--from", "-"]);
    let (mut input, _output) = creator.pipes();
    input.write_all(b"first ").expect("it reads");
    creator.wait_until_in(Call::Splice);
    assert_eq!(names(&world), "");
    world.run("rshm", &["read", "/data"]).fails(3, "cannot open object '/data': No such file or directory\n");
    input.write_all(b"second").expect("it reads");
    drop(input);
    assert_eq!(creator.outcome().status(), 0);
    assert_eq!(world.ok("rshm", &["read", "/data"]), "first second");
}

#[test]
fn who_races_its_creator_sees_it_whole() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let opener = "$| = 1; print \"ready\\n\"; for my $n (1 .. 40) { until (open(F, '<', \"/dev/shm/$n\")) {} print -s F, \"\\n\" }";
    let mut opener = Running::start(world.command("perl").args(["-e", opener]));
    assert_eq!(opener.line(), "ready");
    let creator = "n=0; while [ $((n += 1)) -le 40 ]; do case $n in
        *[02468]) rshm create /$n --size 100000 ;;
        *) head -c 100000 /dev/zero | rshm create /$n --from - ;;
        esac; done";
    world.script(creator, &[]).success();
    let seen = opener.outcome().success();
    assert_eq!(seen, ["100000"; 40].join("\n"));
}

#[test]
fn a_symbolic_link_is_no_place_for_an_object() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let link = format!("{}/link", folder.path().display());
    std::os::unix::fs::symlink("nowhere", &link).expect("room");
    world.script("ln -s /etc/passwd /dev/shm/link", &[]).success();
    // It once went round and round.
    let create = |name: &str| world.run("timeout", &["-s", "KILL", "300", "rshm", "create", name, "--size", "1"]);
    create(&format!("file:{link}")).fails(1, "it is a symbolic link to nothing\n");
    create("/link").fails(1, "cannot open object '/link': Too many levels of symbolic links\n");
    world.run("rshm", &["create", "file:/", "--size", "1"]).fails(1, "cannot open 'file:/': it is no regular file\n");
}
