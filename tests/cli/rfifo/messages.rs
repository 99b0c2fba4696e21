//! Records and streams through a FIFO.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{FIFO, world_with_fifo};
use crate::support::{Call, Outcome, Running, World, wait_until};

/// A `recv` that waits, with these options.
fn reader(world: &World, options: &[&str]) -> Running {
    let reader = world.start("rfifo", &[&["recv", FIFO], options].concat());
    reader.wait_until_in(Call::Poll);
    reader
}

#[test]
fn strangers_meet_at_a_path() {
    let Some(world) = world_with_fifo() else { return };
    let writer = world.start("rfifo", &["send", FIFO, "hello", "two words", ""]);
    writer.wait_until_in(Call::Openat);
    assert_eq!(world.run("rfifo", &["recv", FIFO]).stdout(), b"hello\ntwo words\n\n");
    writer.outcome().success();
    let reader = reader(&world, &[]);
    world.feed("rfifo", &["send", FIFO, "-"], b"one\ntwo").success();
    assert_eq!(reader.outcome().stdout(), b"one\ntwo\n");
}

#[test]
fn it_works_with_programs_that_know_only_files() {
    let Some(world) = world_with_fifo() else { return };
    let cat = world.start("cat", &[FIFO]);
    world.ok("rfifo", &["send", FIFO, "to cat"]);
    assert_eq!(cat.outcome().success(), "to cat");
    let echo = world.start("sh", &["-c", "echo from echo > /dev/shm/f"]);
    assert_eq!(world.ok("rfifo", &["recv", FIFO, "--json"]), "{\"size\":9,\"text\":\"from echo\"}");
    echo.outcome().success();
}

#[test]
fn a_stream_passes_as_it_is() {
    let Some(world) = world_with_fifo() else { return };
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number * 7 % 251) as u8).collect();
    let expected = bytes.clone();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| world.run("rfifo", &["recv", FIFO]));
        world.feed("rfifo", &["send", FIFO, "--whole"], &bytes).success();
        assert!(reader.join().expect("no panic").stdout() == expected, "every byte once, in order");
        // With a limit of time it goes another way.
        let reader = scope.spawn(|| world.run("rfifo", &["recv", FIFO, "-t", "100"]));
        world.feed("rfifo", &["send", FIFO, "--whole", "-t", "100", "-f"], &bytes).success();
        assert!(reader.join().expect("no panic").stdout() == expected, "every byte once, in order");
    });
}

#[test]
fn each_framing_arrives_as_it_was_sent() {
    let Some(world) = world_with_fifo() else { return };
    let table: [(&str, &str, &[u8], &[u8]); 5] = [
        ("--null", "--null", b"a\nb\0\0c\0", b"a\nb\0\0c\0"),
        (
            "--length-prefixed",
            "--length-prefixed",
            b"\0\0\0\x03a\nb\0\0\0\0\0\0\0\x01c",
            b"\0\0\0\x03a\nb\0\0\0\0\0\0\0\x01c",
        ),
        ("--json", "--lines", b"{\"text\":\"a\"}\n{\"base64\":\"/wA=\"}\n", b"a\n\xff\0\n"),
        ("--whole", "--json", b"a\n\xff\0", b"{\"size\":1,\"text\":\"a\"}\n{\"size\":2,\"base64\":\"/wA=\"}\n"),
        ("--quiet", "--raw", b"a\nb", b"a\nb\n"),
    ];
    for (send, recv, input, output) in table {
        let reader = reader(&world, &[recv]);
        world.feed("rfifo", &["send", FIFO, send], input).success();
        let outcome = reader.outcome();
        assert_eq!((outcome.stdout(), outcome.stderr().as_str()), (output, ""), "{send} {recv}");
    }
    let reader = reader(&world, &["--raw", "--count", "2"]);
    world.ok("rfifo", &["send", FIFO, "a", "b", "--follow"]);
    assert_eq!(reader.outcome().stdout(), b"ab");
}

#[test]
fn what_follows_the_count_stays_for_the_next_reader() {
    let Some(world) = world_with_fifo() else { return };
    let writer = world.start("rfifo", &["send", FIFO, "1", "2", "3", "4", "5", "6", "--follow"]);
    assert_eq!(world.ok("rfifo", &["recv", FIFO, "-c", "2"]), "1\n2");
    assert_eq!(world.ok("rfifo", &["recv", FIFO, "-c1", "--json"]), "{\"size\":1,\"text\":\"3\"}");
    assert_eq!(
        world.ok("rfifo", &["recv", FIFO, "-c2", "--exec", "sh", "-c", "cat; echo \" $RFIFO_SIZE\""]),
        "4 1\n5 1"
    );
    // Fewer than were asked for.
    let outcome = world.run("rfifo", &["recv", FIFO, "-c", "2"]);
    assert_eq!((outcome.status(), outcome.stdout()), (1, &b"6\n"[..]));
    writer.outcome().success();
}

#[test]
fn atomic_refuses_what_could_be_mixed() {
    let Some(world) = world_with_fifo() else { return };
    let (fits, long) = ("x".repeat(4095), "x".repeat(4096));
    let send = |words: &[&str]| world.run("rfifo", &[&["send", FIFO, "--atomic"], words].concat());
    // Nobody has to be there for that, and nothing is sent before.
    send(&["short", &long])
        .fails(1, "a record of 4096 bytes is not atomic: with its frame it has 4097, and PIPE_BUF is 4096");
    let reader = reader(&world, &["-c2"]);
    let outcome = world.feed("rfifo", &["send", FIFO, "--atomic"], format!("{fits}\n{long}\nlast\n").as_bytes());
    outcome.fails(1, "record 2 is not sent: a record of 4096 bytes is not atomic");
    assert_eq!(reader.outcome().success(), format!("{fits}\nlast"));
}

#[test]
fn a_record_that_is_larger_than_the_pipe_arrives_whole() {
    let Some(world) = world_with_fifo() else { return };
    let (one, two) = ("a".repeat(300_000), "b".repeat(200_000));
    std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..2).map(|_| scope.spawn(|| world.run("rfifo", &["recv", FIFO, "-c1", "-t", "100"]))).collect();
        world.feed("rfifo", &["send", FIFO, "--follow"], format!("{one}\n{two}\n").as_bytes()).success();
        let mut got: Vec<String> =
            readers.into_iter().map(|reader| reader.join().expect("no panic").success()).collect();
        got.sort();
        assert!(got == [one.clone(), two.clone()], "{:?}", got.iter().map(String::len).collect::<Vec<_>>());
    });
}

#[test]
fn several_readers_share_the_records_of_one_writer() {
    let Some(world) = world_with_fifo() else { return };
    // What they print is taken at once: it is more than their pipes hold.
    let printed = |reader: Running| std::thread::spawn(|| reader.outcome());
    let readers: Vec<_> = (0..4).map(|_| printed(reader(&world, &["--lines"]))).collect();
    let numbers: Vec<String> = (0..20_000).map(|number| format!("record {number:06}\n")).collect();
    let numbers = numbers.concat();
    world.feed("rfifo", &["send", FIFO], numbers.as_bytes()).success();
    let all: Vec<Outcome> = readers.into_iter().map(|reader| reader.join().expect("no panic")).collect();
    let mut lines: Vec<&[u8]> =
        all.iter().flat_map(|one| one.stdout().split_inclusive(|&byte| byte == b'\n')).collect();
    lines.sort_unstable();
    assert!(lines.concat() == numbers.as_bytes(), "every record once: {} lines", lines.len());
}

#[test]
fn sixteen_writers_lose_nothing_while_the_reader_restarts() {
    let Some(world) = world_with_fifo() else { return };
    let script = "i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); printf '%s %04d %0200d\n' \"$1\" $i $i; done |
        rfifo send --atomic --follow /dev/shm/f";
    let writers: Vec<Running> =
        (10..26).map(|number| world.start("sh", &["-c", script, "sh", &number.to_string()])).collect();
    let mut got = Vec::new();
    // Each reader takes some, and is ended in the midst of it.
    for _ in 0..8 {
        let mut reader = world.start("rfifo", &["recv", FIFO, "--follow", "--lines"]);
        for _ in 0..200 {
            got.extend_from_slice(format!("{}\n", reader.line()).as_bytes());
        }
        reader.signal("TERM");
        let outcome = reader.outcome();
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (143, ""));
        got.extend_from_slice(outcome.stdout());
    }
    let last = world.start("rfifo", &["recv", FIFO, "--follow", "--lines"]);
    let pid = Pid::from_raw(last.id().cast_signed());
    let end = std::thread::spawn(move || {
        let failed = writers.into_iter().map(Running::outcome).find(|writer| writer.status() != 0);
        kill(pid, Signal::SIGTERM).expect("it runs until then");
        failed.map(|writer| writer.stderr())
    });
    got.extend_from_slice(last.outcome().stdout());
    assert_eq!(end.join().expect("no panic"), None);
    let mut lines: Vec<&str> = std::str::from_utf8(&got).expect("text").lines().collect();
    lines.sort_unstable();
    let expected: Vec<String> = (10..26)
        .flat_map(|writer| (1..=1000).map(move |number| format!("{writer} {number:04} {number:0200}")))
        .collect();
    assert!(lines == expected, "{} records of {}", lines.len(), expected.len());
}

#[test]
fn a_follower_survives_writers_and_ends_with_the_fifo() {
    let Some(world) = world_with_fifo() else { return };
    let mut follower = reader(&world, &["--follow"]);
    for word in ["one", "two", "three"] {
        world.ok("rfifo", &["send", FIFO, word]);
        assert_eq!(follower.line(), word);
        follower.wait_until_in(Call::Poll);
    }
    world.script("exec 3> /dev/shm/f; rfifo remove /dev/shm/f; echo last >&3", &[]).success();
    assert_eq!(follower.line(), "last");
    follower.outcome().fails(3, "cannot open '/dev/shm/f': No such file or directory");
}

#[test]
fn what_cannot_be_written_is_told() {
    let Some(world) = world_with_fifo() else { return };
    // Both are there before anybody reads.
    let script = "exec 3<> /dev/shm/f; rfifo send /dev/shm/f a 'b\"c'; exec rfifo recv /dev/shm/f --lines > /dev/full";
    let outcome = world.script(script, &[]);
    assert_eq!(outcome.status(), 1);
    let told = "rfifo: lost: {\"size\":1,\"text\":\"a\"}\nrfifo: lost: {\"size\":3,\"text\":\"b\\\"c\"}\n\
                rfifo: cannot write to standard output: No space left on device\n";
    assert_eq!(outcome.stderr(), told);
}

#[test]
fn a_record_without_an_end_is_told_when_a_signal_comes() {
    let Some(world) = world_with_fifo() else { return };
    let mut writer = world.start("sh", &["-c", "exec 3> /dev/shm/f; printf 'whole\\npart' >&3; echo; exec cat"]);
    let mut reader = world.start("rfifo", &["recv", FIFO, "--lines"]);
    assert_eq!((writer.line(), reader.line()), (String::new(), "whole".into()));
    reader.wait_until_in(Call::Poll);
    wait_until("the part is taken", || {
        world.run("rfifo", &["show", FIFO, "--json"]).stdout().windows(10).any(|text| text == b"\"unread\":0")
    });
    reader.signal("TERM");
    let outcome = reader.outcome();
    assert_eq!(
        (outcome.status(), outcome.stderr()),
        (143, "rfifo: cut short: {\"size\":4,\"text\":\"part\"}\n".into())
    );
}

#[test]
fn a_reader_that_goes_is_an_error_with_a_count() {
    let Some(world) = world_with_fifo() else { return };
    let mut sender = world.start("rfifo", &["send", FIFO]);
    let (mut input, output) = sender.pipes();
    drop(output);
    std::io::Write::write_all(&mut input, b"one\n").expect("a pipe");
    assert_eq!(world.ok("rfifo", &["recv", FIFO, "-c1"]), "one");
    std::io::Write::write_all(&mut input, b"two\n").expect("a pipe");
    drop(input);
    sender.outcome().fails(1, "nobody reads '/dev/shm/f' any more, 1 record sent before");
}

#[test]
fn a_command_that_fails_is_told_with_its_record() {
    let Some(world) = world_with_fifo() else { return };
    let writer = world.start("rfifo", &["send", FIFO, "good", "bad", "good"]);
    let outcome = world.run("rfifo", &["recv", FIFO, "--exec", "grep", "good"]);
    assert_eq!((outcome.status(), outcome.stdout()), (1, &b"good\ngood\n"[..]));
    assert_eq!(outcome.stderr(), "rfifo: failed: {\"size\":3,\"text\":\"bad\"}\n");
    writer.outcome().success();
    let _writer = world.start("rfifo", &["send", FIFO, "x"]);
    world.run("rfifo", &["recv", FIFO, "--exec", "/dev/shm/none"]).fails(127, "cannot run '/dev/shm/none'");
}
