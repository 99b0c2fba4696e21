//! `rpipe buffer`.

use std::io::{Read as _, Write as _};

use super::{rpipe, script};
use crate::support::{Call, Outcome, Running, has, tool, wait_until};

#[test]
fn bytes_pass_exactly_whatever_the_size() {
    let folder = tempfile::tempdir().expect("a directory");
    let bytes: Vec<u8> =
        (0..2_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    std::fs::write(folder.path().join("source"), &bytes).expect("room");
    for options in
        ["", "--size 1", "--size 4097", "--size 1M --high 50%", "--size 3M --high 3M --low 10%", "--low 0 --size 64K"]
    {
        let size = if options == "--size 1" { 5000 } else { bytes.len() };
        let text = format!("head -c {size} source | rpipe buffer {options} | cat > target");
        Outcome::of(tool("sh").args(["-c", &text]).current_dir(&folder)).success();
        assert!(std::fs::read(folder.path().join("target")).expect("it was made") == bytes[..size], "{options}");
    }
}

/// A buffer that waits for its input.
fn start(options: &[&str]) -> Running {
    let mut command = tool("rpipe");
    let running = Running::start(command.arg("buffer").args(options));
    running.wait_until_in(Call::Futex);
    running
}

/// `VmRSS`, or another line of `/proc/PID/status`, in KiB.
fn memory(running: &Running, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).expect("it runs");
    let line = status.lines().find_map(|text| text.strip_prefix(line)?.strip_suffix("kB")).expect("a line");
    line.trim_matches([':', ' ', '\t']).parse().expect("a number")
}

#[test]
fn the_writer_is_not_held_up_before_the_buffer_is_full() {
    let mut running = start(&["--size", "20M"]);
    let (mut input, mut output) = running.pipes();
    let before = memory(&running, "VmRSS");
    // What is in the pipes comes on top.
    input.write_all(&vec![7; 20 << 20]).expect("all of it is taken");
    drop(input);
    wait_until("it is in memory", || memory(&running, "VmRSS") > before + 16 * 1024);
    let mut all = Vec::new();
    output.read_to_end(&mut all).expect("a pipe");
    assert!(all.len() == 20 << 20 && all.iter().all(|&byte| byte == 7));
    assert_eq!(running.outcome().status(), 0);
}

#[test]
fn memory_is_taken_only_for_what_is_held_and_given_back() {
    let mut running = start(&["--size", "1G"]);
    let (mut input, mut output) = running.pipes();
    let before = memory(&running, "VmRSS");
    input.write_all(&vec![7; 24 << 20]).expect("all of it is taken");
    wait_until("it is in memory", || memory(&running, "VmRSS") > before + 16 * 1024);
    assert!(memory(&running, "VmHWM") < before + 40 * 1024);
    let mut taken = vec![0; 24 << 20];
    output.read_exact(&mut taken).expect("a pipe");
    wait_until("it is given back", || memory(&running, "VmRSS") < before + 8 * 1024);
    drop(input);
    assert_eq!(running.outcome().status(), 0);
}

#[test]
fn nothing_is_written_below_the_high_mark() {
    if !has("python3") {
        return;
    }
    let mut running = start(&["--size", "1M", "--high", "100"]);
    let (mut input, mut output) = running.pipes();
    let mut part = [0; 100];
    for _ in 0..2 {
        running.wait_until_in(Call::Futex);
        input.write_all(&[1; 99]).expect("it is read");
        wait_until("it has read that", || unread(&running, 0) == "0");
        running.wait_until_in(Call::Futex);
        assert_eq!(unread(&running, 1), "0");
        input.write_all(&[1]).expect("it is read");
        output.read_exact(&mut part).expect("now it comes");
    }
    // The end of the input is the end of waiting.
    input.write_all(&[2; 5]).expect("it is read");
    drop(input);
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).expect("a pipe");
    assert_eq!(rest, [2; 5]);
}

/// Bytes that wait in the pipe behind this descriptor of it.
fn unread(running: &Running, descriptor: u32) -> String {
    let look = "import array, fcntl, sys
count = array.array('i', [0]); fcntl.ioctl(open(sys.argv[1]), 0x541b, count); print(count[0])";
    let path = format!("/proc/{}/fd/{descriptor}", running.id());
    Outcome::of(tool("python3").args(["-c", look, &path])).success()
}

#[test]
fn after_being_full_it_is_read_below_the_low_mark_alone() {
    if !has("python3") {
        return;
    }
    let mut running = start(&["--size", "3M", "--low", "0"]);
    let (mut input, mut output) = running.pipes();
    // 3 MiB are held, 1 MiB of them waits in the pipe to us; 1 MiB more waits in the other one.
    let writer = std::thread::spawn(move || input.write_all(&vec![3; 8 << 20]));
    wait_until("both pipes are full", || unread(&running, 0) == "1048576" && unread(&running, 1) == "1048576");
    let mut part = vec![0; 2 << 20];
    output.read_exact(&mut part).expect("a pipe");
    wait_until("the pipe is full again", || unread(&running, 1) == "1048576");
    assert_eq!(unread(&running, 0), "1048576", "nothing is read before all is written");
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).expect("a pipe");
    writer.join().expect("it does not panic").expect("all of it is taken");
    assert_eq!(rest.len(), 6 << 20);
}

#[test]
fn a_failure_names_its_side() {
    script("rpipe buffer < /").fails(1, "rpipe: cannot read standard input: Is a directory\n");
    script("seq 3 | rpipe buffer > /dev/full")
        .fails(1, "rpipe: cannot write to standard output: No space left on device\n");
    assert_eq!(script("(yes | rpipe buffer; echo $? >&2) | head -n 1").stderr(), "141\n");
    rpipe(&["buffer", "--size", "0"]).fails(2, "a buffer holds at least 1 byte");
    rpipe(&["buffer", "--size", "1M", "--high", "2M"]).fails(2, "a mark of 2097152 bytes is above the size of 1048576");
    rpipe(&["buffer", "--low", "101%"]).fails(2, "there are at most 100 %");
}
