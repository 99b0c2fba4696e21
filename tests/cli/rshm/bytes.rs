//! `write` and `read`: bytes in and out.

use super::both_kinds;
use crate::support::{Call, World, has, is_root};

#[test]
fn bytes_are_written_where_they_belong() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "10") {
        world.ok("rshm", &["write", name, "--fill", "0x2e"]);
        world.ok("rshm", &["write", name, "--offset", "3", "abc"]);
        assert_eq!(world.ok("rshm", &["read", name]), "...abc....");
        world.ok("rshm", &["write", name, "--fill", "45", "--offset", "8", "--length", "1"]);
        world.feed("rshm", &["write", name, "--offset", "1"], b"xy").success();
        world.feed("rshm", &["write", name, "--offset", "9", "--length", "1", "-"], b"z and more").success();
        assert_eq!(world.ok("rshm", &["read", name]), ".xyabc..-z");
        assert_eq!(world.ok("rshm", &["read", name, "--offset", "1", "--length", "3"]), "xya");
        assert_eq!(world.ok("rshm", &["read", name, "--offset", "7"]), ".-z");
        for nothing in [&["read", name, "--offset", "10"][..], &["read", name, "--length", "0"]] {
            assert_eq!(world.ok("rshm", nothing), "");
        }
        for nothing in [&["write", name, ""][..], &["write", name, "--fill", "1", "--length", "0"]] {
            world.ok("rshm", nothing);
        }
        world.feed("rshm", &["write", name], b"").success();
        assert_eq!(world.ok("rshm", &["read", name]), ".xyabc..-z");
    }
}

#[test]
fn what_runs_past_the_end_is_refused_before_a_byte_is_written() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let long = folder.path().join("long");
    std::fs::write(&long, "0123456789a").expect("room");
    for name in both_kinds(&world, "10") {
        let table: &[&[&str]] = &[
            &["read", name, "--offset", "11"],
            &["read", name, "--offset", "8", "--length", "3"],
            &["read", name, "--offset", "15E", "--length", "15E"],
            &["write", name, "0123456789a"],
            &["write", name, "--offset", "10", "x"],
            &["write", name, "--fill", "1", "--length", "11"],
        ];
        for arguments in table {
            world.run("rshm", arguments).fails(1, "past the end of ");
        }
        let file = world.script("rshm write \"$1\" <\"$2\"", &[name, long.to_str().expect("text")]);
        file.fails(1, "11 bytes from offset 0 on run past the end of ");
        assert_eq!(world.ok("rshm", &["read", name]), "\0".repeat(10));
    }
}

#[test]
fn a_pipe_that_goes_on_past_the_end_is_told() {
    let Some(world) = World::new() else { return };
    for (name, called) in both_kinds(&world, "10").iter().zip(["segment 0", "object '/data'"]) {
        let refused = world.feed("rshm", &["write", name, "--offset", "4"], b"0123456789");
        refused.fails(1, &format!("rshm: {called} ends here and standard input goes on: 6 bytes written\n"));
        assert_eq!(world.ok("rshm", &["read", name, "--offset", "4"]), "012345");
        world.feed("rshm", &["write", name], b"exactly 10").success();
    }
}

#[test]
fn input_need_be_neither_a_pipe_nor_say_how_long_it_is() {
    let Some(world) = World::new() else { return };
    // A file of /proc has 0 bytes, as far as stat(2) knows.
    let version = std::fs::read("/proc/version").expect("Linux");
    for name in both_kinds(&world, "4096") {
        world.script("rshm write $1 </proc/version", &[name]).success();
        let length = version.len().to_string();
        assert_eq!(world.run("rshm", &["read", name, "--length", &length]).stdout(), version);
        world.script("rshm write $1 --fill 1; rshm write $1 --length 7 </dev/zero", &[name]).success();
        assert_eq!(world.run("rshm", &["read", name, "--length", "9"]).stdout(), b"\0\0\0\0\0\0\0\x01\x01");
    }
    for name in ["/made", "0x4b"] {
        world.ok("rshm", &["create", name, "--from", "/proc/version"]);
        assert_eq!(world.run("rshm", &["read", name]).stdout(), version);
    }
    for sysv in [&[][..], &["--sysv"]] {
        let run = [&["run", "--from", "/proc/version"], sysv, &["--", "sh", "-c", "rshm read $RSHM"]].concat();
        assert_eq!(world.run("rshm", &run).stdout(), version);
    }
}

#[test]
fn objects_grow_where_that_is_asked_for() {
    let Some(world) = World::new() else { return };
    let [segment, object] = both_kinds(&world, "4");
    for input in [&["x"][..], &["--fill", "1", "--length", "9"], &[]] {
        let refused = world.run("rshm", &[&["write", segment, "--grow"], input].concat());
        refused.fails(2, "a System V segment keeps its size\n");
    }
    world.ok("rshm", &["write", object, "--grow", "--offset", "2", "text"]);
    assert_eq!(world.ok("rshm", &["read", object]), "\0\0text");
    world.feed("rshm", &["write", object, "--grow", "--offset", "6"], b" and a pipe").success();
    world.ok("rshm", &["write", object, "--grow", "--offset", "17", "--fill", "33", "--length", "3"]);
    assert_eq!(world.ok("rshm", &["read", object]), "\0\0text and a pipe!!!");
    world.ok("rshm", &["write", object, "--grow", "in"]);
    assert_eq!(world.ok("rshm", &["read", object]), "intext and a pipe!!!", "it does not shrink");
}

#[test]
fn hex_is_what_hexdump_shows() {
    let Some(world) = World::new() else { return };
    if !has("hexdump") {
        return;
    }
    let bytes: Vec<u8> = (0..=255).chain(vec![0; 70_000]).chain(*b"the end").collect();
    for (name, file) in [("/data", "/dev/shm/data"), ("0x4b", "/dev/shm/data")] {
        world.feed("rshm", &["create", name, "--from", "-"], &bytes).success();
        for (offset, length) in
            [("0", "70263"), ("0", "1"), ("5", "48"), ("16", "16"), ("300", "69963"), ("70262", "1"), ("9", "0")]
        {
            let theirs = world.ok("hexdump", &["-C", "-s", offset, "-n", length, file]);
            let ours = world.ok("rshm", &["read", name, "--hex", "--offset", offset, "--length", length]);
            assert_eq!(ours, theirs, "{name} from {offset}, {length}");
        }
    }
}

#[test]
fn dd_reads_the_same_part() {
    let Some(world) = World::new() else { return };
    let bytes: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
    for name in ["/data", "0x4b"] {
        world.feed("rshm", &["create", name, "--from", "-"], &bytes).success();
        for (from, count) in [(1, 4096), (4095, 2), (4097, 8192), (79_999, 1), (12_345, 50_000)] {
            let [offset, length] = [from, count].map(|number: usize| number.to_string());
            let read = world.run("rshm", &["read", name, "--offset", &offset, "--length", &length]);
            assert!(read.status() == 0 && read.stdout() == &bytes[from..from + count], "{name} {from} {count}");
        }
    }
    let script = "dd if=/dev/shm/data bs=1 skip=4097 count=8192 2>/dev/null | cksum
        rshm read /data --offset 4097 --length 8K | cksum
        rshm read 0x4b --offset 4097 --length 8K | cksum";
    let sums = world.script(script, &[]).success();
    let sums: Vec<&str> = sums.lines().collect();
    assert!(sums.len() == 3 && sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
}

#[test]
fn large_amounts_pass_both_ways_unchanged() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    // 64 MiB in which no two pages are equal.
    let script = "cd \"$1\" && seq 1 9000000 | head -c 64M >in && cksum <in
        for name in /data 0x4b; do
            rshm create $name --size 64M >name && rshm write $name <in && rshm read $name | cksum && rshm remove $name
            cat in | rshm create $name --from - >name && rshm read $name >out && cksum <out && rshm remove $name
            rshm create $name --from in >name && rshm read $name --splice | cksum
            rshm write $name --fill 0 && cat in | rshm write $name && rshm read $name | cksum
        done";
    let sums = world.script(script, &[folder.path().to_str().expect("text")]).success();
    let sums: Vec<&str> = sums.lines().collect();
    assert_eq!(sums.len(), 9);
    assert!(sums[0].ends_with(" 67108864") && sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
}

#[test]
fn a_reader_that_leaves_ends_it_silently() {
    let Some(world) = World::new() else { return };
    for name in ["0x4b", "/data"] {
        world.script("seq 2000000 | head -c 8M | rshm create $1 --from -", &[name]).success();
        for how in ["", "--hex", "--splice"] {
            let script = "exec 3>&1; { rshm read $1 $2; echo $? >&3; } | head -c 10 >/dev/null";
            assert_eq!(world.script(script, &[name, how]).success(), "141", "{name} {how}");
        }
    }
}

#[test]
fn output_that_fails_is_told() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "100000") {
        for how in ["", "--hex"] {
            let full = world.script("rshm read $1 $2 >/dev/full", &[name, how]);
            full.fails(1, "rshm: cannot write to standard output: No space left on device\n");
            let closed = world.script("rshm read $1 $2 >&-", &[name, how]);
            closed.fails(1, "rshm: cannot write to standard output: Bad file descriptor\n");
        }
        let closed = world.script("rshm write $1 <&-", &[name]);
        closed.fails(1, "Bad file descriptor\n");
        world.script("rshm read $1 --splice >/dev/null", &[name]).fails(1, "standard output is no pipe");
    }
}

#[test]
fn a_signal_ends_it_while_it_waits_for_bytes() {
    let Some(world) = World::new() else { return };
    both_kinds(&world, "8");
    // Through /proc/self/map_files, which takes a privilege, or without it.
    let of_segment = if is_root() { Call::Splice } else { Call::Read };
    let table: &[(&[&str], Call)] = &[
        (&["write", "0"], of_segment),
        (&["write", "/data"], Call::Splice),
        (&["create", "0x4b", "--size", "9", "--from", "-"], of_segment),
        (&["create", "/new", "--size", "9", "--from", "-"], Call::Splice),
    ];
    for (arguments, call) in table {
        let mut sleeper = world.start("rshm", arguments);
        let (mut input, _output) = sleeper.pipes();
        std::io::Write::write_all(&mut input, b"abc").expect("it reads");
        sleeper.wait_until_in(*call);
        sleeper.signal("TERM");
        let outcome = sleeper.outcome();
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (143, ""), "{arguments:?}");
        assert_eq!(super::names(&world), "0 /data");
    }
}
