//! `rpipe meter`.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use super::{rpipe, script};
use crate::support::{Call, Outcome, Running, has, skip, tool, wait_until};

/// The objects that it showed.
fn objects(stderr: &str) -> Vec<serde_json::Value> {
    stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn bytes_pass_exactly_between_whatever_the_ends_are() {
    let folder = tempfile::tempdir().expect("a directory");
    let source = folder.path().join("source");
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&source, &bytes).expect("room");
    for text in [
        "cat source | rpipe meter | cat > target",
        "rpipe meter < source | cat > target",
        "cat source | rpipe meter > target",
        "rpipe meter < source > target",
        ": > target; cat source | rpipe meter >> target",
        ": > target; rpipe meter < source >> target",
        "cat source | rpipe meter --lines | cat > target",
        "rpipe meter --rate 1G < source | rpipe meter --quiet > target",
        "cat source | rpipe meter --final --json 2>&1 > target | grep -q '\"bytes\":12000000,'",
    ] {
        let mut command = tool("sh");
        Outcome::of(command.args(["-c", text]).current_dir(&folder)).success();
        assert!(std::fs::read(folder.path().join("target")).expect("it was made") == bytes, "{text}");
        std::fs::remove_file(folder.path().join("target")).expect("it was made");
    }
}

#[test]
fn it_says_nothing_unless_it_is_asked_or_a_terminal_looks() {
    assert_eq!(script("seq 3 | rpipe meter").success(), "1\n2\n3");
    let last = script("seq 3 | rpipe meter --final 2>&1 >/dev/null").success();
    assert!(last.starts_with("rpipe: 6 B in 0:") && last.ends_with("/s mean"), "{last}");
    let lines = script("seq 3 | rpipe meter --lines --final --size 6 2>&1 >/dev/null").success();
    assert!(lines.starts_with("rpipe: 3 lines in 0:") && lines.ends_with("s/s mean, 50 %"), "{lines}");
}

#[test]
fn objects_come_at_intervals_and_one_at_the_end() {
    let folder = tempfile::tempdir().expect("a directory");
    let text = "exec rpipe meter --json --interval 0.05 --lines --size 1000 >/dev/null 2>objects";
    let mut meter = Running::start(tool("sh").args(["-c", text]).current_dir(&folder));
    let half = "line\n".repeat(500);
    let mut input = meter.input();
    input.write_all(half.as_bytes()).expect("a pipe");
    let told = || std::fs::read_to_string(folder.path().join("objects")).unwrap_or_default();
    let whole = |told: &str| objects(told.rsplit_once('\n').map_or("", |(whole, _)| whole));
    let stands = |object: &serde_json::Value| object["lines"] == 500 && object["rate"] == 0 && object["percent"] == 50;
    wait_until("it tells that nothing comes", || whole(&told()).iter().filter(|object| stands(object)).count() >= 3);
    input.write_all(half.as_bytes()).expect("a pipe");
    drop(input);
    assert_eq!(meter.outcome().status(), 0);
    let objects = objects(&told());
    let (last, before) = objects.split_last().expect("some");
    assert_eq!((&last["lines"], &last["final"], &last["eta"]), (&1000.into(), &true.into(), &0.0.into()));
    assert!(before.iter().all(|object| object["final"] == false), "{before:?}");
}

#[test]
fn the_size_of_a_file_is_known() {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("file"), [0; 4000]).expect("room");
    let mut command = tool("sh");
    command.args(["-c", "{ head -c 1000 > /dev/null; rpipe meter --json --final > /dev/null; } < file"]);
    let outcome = Outcome::of(command.current_dir(&folder));
    let object = &objects(&outcome.stderr())[0];
    // dash's head may read further than it says.
    assert_eq!((&object["size"], &object["percent"]), (&object["bytes"], &100.into()), "{object}");
}

#[test]
fn the_rate_is_kept() {
    for words in [["--rate", "40K"].as_slice(), &["--rate", "5000", "--lines"]] {
        let started = Instant::now();
        let mut command = tool("rpipe");
        command.arg("meter").args(words).args(["--final", "--json"]);
        let input = "1234567\n".repeat(2560);
        let outcome = Outcome::fed(&mut command, input.as_bytes());
        assert_eq!(outcome.stdout(), input.as_bytes());
        // 20 KiB, or 2560 lines: half a second.
        assert!(started.elapsed() >= Duration::from_millis(400), "{words:?}: {:?}", started.elapsed());
        let mean = objects(&outcome.stderr())[0]["mean"].as_u64().expect("a number");
        assert!(mean <= if words.len() > 2 { 6000 } else { 48 * 1024 }, "{words:?}: {mean}");
    }
}

#[test]
fn a_terminal_sees_it_grow() {
    if !has("script") {
        return;
    }
    // Only standard error is the terminal; the second half comes when the first one has been seen.
    let folder = tempfile::tempdir().expect("a directory");
    let fifo = folder.path().join("more");
    Outcome::of(tool("mkfifo").arg(&fifo)).success();
    let inner = "(head -c 2097152 /dev/zero; cat more) | rpipe meter --interval 0.1 --size 8M | cat > /dev/null";
    let mut command = tool("script");
    let words = ["--quiet", "--return", "--command", inner, "/dev/null"];
    let mut terminal = Running::start(command.args(words).env("SHELL", "/bin/sh").current_dir(&folder));
    let (keys, mut screen) = terminal.pipes();
    let (mut shown, mut bytes) = (String::new(), [0; 4096]);
    let is_half = |state: &&str| {
        state.starts_with("rpipe: 2.00 MiB in 0:")
            && state.contains("/s now, ")
            && state.contains(", 25 %, 0:")
            && state.ends_with(" to go\x1b[K")
    };
    while shown.split('\r').filter(is_half).count() < 2 {
        let count = screen.read(&mut bytes).expect("a pipe");
        assert!(count > 0, "{shown:?}");
        shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    std::fs::write(&fifo, vec![0; 2 << 20]).expect("it is read");
    screen.read_to_string(&mut shown).expect("a pipe");
    drop(keys);
    assert_eq!(terminal.outcome().status(), 0);
    let states: Vec<&str> = shown.split('\r').filter(|state| state.starts_with("rpipe: ")).collect();
    let last = states.last().expect("some");
    assert!(last.starts_with("rpipe: 4.00 MiB in ") && last.ends_with("/s mean, 50 %\x1b[K"), "{shown:?}");
}

#[test]
fn an_ending_signal_lets_it_tell_its_last_line() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut meter = Running::start(tool("rpipe").args(["meter", "--final"]));
        let (mut input, mut output) = meter.pipes();
        input.write_all(b"12345").expect("a pipe");
        output.read_exact(&mut [0; 5]).expect("they pass");
        meter.wait_until_in(Call::Splice);
        meter.signal(signal);
        let outcome = meter.outcome();
        drop(input);
        assert_eq!(outcome.status(), status);
        assert!(outcome.stderr().starts_with("rpipe: 5 B in 0:"), "{}", outcome.stderr());
    }
}

#[test]
fn without_a_reader_it_tells_its_last_line_and_dies_of_the_pipe() {
    let outcome = script("(yes | rpipe meter --final; echo $? >&2) | head -n 1");
    let stderr = outcome.stderr();
    assert!(stderr.starts_with("rpipe: ") && stderr.ends_with("/s mean\n141\n"), "{stderr}");
    assert_eq!(script("(yes | rpipe meter; echo $? >&2) | head -n 1").stderr(), "141\n");
}

#[test]
fn a_failure_names_its_side() {
    script("rpipe meter < /").fails(1, "rpipe: cannot read standard input: Is a directory\n");
    script("seq 3 | rpipe meter > /dev/full")
        .fails(1, "rpipe: cannot write to standard output: No space left on device\n");
    script("seq 3 | rpipe meter --lines > /dev/full").fails(1, "rpipe: cannot write to standard output: No space left");
    for words in [["--rate", "0"], ["--size", "0"], ["--interval", "0"]] {
        rpipe(&[&["meter"], &words[..]].concat()).fails(2, "invalid value '0'");
    }
    rpipe(&["meter", "--quiet", "--final"]).fails(2, "cannot be used with");
}

#[test]
fn pipes_are_grown_and_never_shrunk() {
    if !has("python3") {
        return;
    }
    let look = "import fcntl, os, subprocess, sys
r, w = os.pipe(); fcntl.fcntl(w, 1031, int(sys.argv[1]))
out, back = os.pipe()
meter = subprocess.Popen([sys.argv[2], 'meter'], stdin=r, stdout=back)
os.write(w, b'x'); os.read(out, 1)
print(fcntl.fcntl(w, 1032), fcntl.fcntl(out, 1032)); sys.stdout.flush()
os.close(w); meter.wait()";
    let tool_path = script("command -v rpipe").success();
    let run = |size: &str| Outcome::of(tool("python3").args(["-c", look, size, &tool_path]));
    // Half as large where writer and reader take turns.
    let (input, output) = if script("nproc").success() == "1" { (262_144, 524_288) } else { (524_288, 1_048_576) };
    assert_eq!(run("4096").success(), format!("{input} {output}"));
    let larger = run("2097152");
    if larger.stderr().contains("PermissionError") {
        return skip("no pipe may be made larger than that here");
    }
    assert_eq!(larger.success(), format!("2097152 {output}"));
}
