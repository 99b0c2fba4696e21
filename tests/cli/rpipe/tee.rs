//! `rpipe tee`.

use std::path::Path;

use crate::support::{Outcome, Running, tool, wait_until};

/// A script in a directory of its own.
fn in_folder(folder: &Path, text: &str) -> Outcome {
    Outcome::of(tool("sh").args(["-c", text]).current_dir(folder))
}

/// Bytes that are no repetition.
fn noise(length: u32) -> Vec<u8> {
    (0..length / 4).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[test]
fn every_output_gets_every_byte() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("source"), noise(12_000_000)).expect("room");
    std::fs::write(path("appended"), "").expect("room");
    for from_pipe in [true, false] {
        for text in [
            "rpipe tee one two > three",
            "rpipe tee one two | cat > three",
            "rpipe tee one --to sh -c 'cat > two' ::: sh -c 'cat > three' > /dev/null",
            "rpipe tee --no-output one --to sh -c 'cat > two' ::: sh -c 'cat > three'",
            "rpipe tee --append one --no-output --to sh -c 'sleep 0.1; cat > two' ::: cat > three",
            "rpipe tee | cat > one; cp one two; cp one three",
            "rpipe tee --no-output one; cp one two; cp one three",
            "rpipe tee two >> appended; cp appended one; cp appended three; : > appended",
            "rpipe tee one two three --to head -c 1 > /dev/null",
        ] {
            let text = if from_pipe { format!("cat source | {text}") } else { format!("{{ {text}; }} < source") };
            in_folder(folder.path(), &text).success();
            for target in ["one", "two", "three"] {
                in_folder(folder.path(), &format!("cmp source {target} && rm {target}")).success();
            }
        }
    }
}

#[test]
fn a_reader_that_dies_stops_nobody_and_its_status_is_told() {
    let folder = tempfile::tempdir().expect("a directory");
    let run = |words: &str| {
        in_folder(
            folder.path(),
            &format!("head -c 5000000 /dev/zero | rpipe tee {words} >/dev/null; wc -c < all; rm all"),
        )
    };
    let outcome = run("all --to sh -c 'read x; exit 3' ::: true ::: sh -c 'cat >/dev/null; exit 4'");
    assert_eq!(String::from_utf8_lossy(outcome.stdout()).trim(), "5000000");
    assert_eq!(outcome.stderr(), "rpipe: 'sh' failed: exit status: 3\nrpipe: 'sh' failed: exit status: 4\n");
    let status = |words: &str| in_folder(folder.path(), &format!("seq 100000 | rpipe tee {words} >/dev/null")).status();
    assert_eq!(status("--to sh -c 'exit 3'"), 3);
    assert_eq!(status("--to true ::: sh -c 'kill -s TERM $$'"), 143);
    assert_eq!(status("--to head -n 1"), 0);
    assert_eq!(status("--to /no/such ::: cat"), 127);
    let outcome = in_folder(folder.path(), "seq 3 | rpipe tee --to /no/such ::: cat >/dev/null");
    assert_eq!(outcome.stderr(), "rpipe: cannot run '/no/such': No such file or directory\n");
}

#[test]
fn an_output_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().expect("a directory");
    let outcome = in_folder(folder.path(), "seq 3 | rpipe tee /dev/full /no/such/file good");
    assert_eq!((outcome.status(), outcome.stdout()), (1, &b"1\n2\n3\n"[..]));
    assert_eq!(
        outcome.stderr(),
        "rpipe: cannot open '/no/such/file': No such file or directory\n\
         rpipe: cannot write to '/dev/full': No space left on device\n"
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("good")).expect("it was made"), "1\n2\n3\n");
    in_folder(folder.path(), "seq 3 | rpipe tee > /dev/full")
        .fails(1, "cannot write to standard output: No space left");
    in_folder(folder.path(), "rpipe tee one two < /").fails(1, "rpipe: cannot read standard input: Is a directory\n");
    in_folder(folder.path(), "rpipe tee --to ::: cat < /dev/null").fails(2, "command 1 of 2 has no word");
}

#[test]
fn without_a_reader_of_standard_output_the_others_go_on() {
    let folder = tempfile::tempdir().expect("a directory");
    let run = |words: &str| {
        in_folder(folder.path(), &format!("(seq 300000 | rpipe tee {words}; echo $? >&2) | head -n 1 > first"))
    };
    assert_eq!(run("all").stderr(), "0\n");
    in_folder(folder.path(), "seq 300000 | cmp - all").success();
    assert_eq!(run("").stderr(), "141\n");
}

#[test]
fn bytes_do_not_wait_for_more_of_them() {
    let folder = tempfile::tempdir().expect("a directory");
    let mut running = Running::start(
        tool("rpipe").args(["tee", "file", "--to", "sh", "-c", "read x; echo $x > seen"]).current_dir(&folder),
    );
    let (mut input, output) = running.pipes();
    std::io::Write::write_all(&mut input, b"hello\n").expect("it is read");
    let content = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    wait_until("both have it", || content("seen") == "hello\n" && content("file") == "hello\n");
    drop((input, output));
    assert_eq!(running.outcome().status(), 0);
}

#[test]
fn commands_have_no_other_descriptors() {
    let folder = tempfile::tempdir().expect("a directory");
    let list = "ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p'";
    let plain = in_folder(folder.path(), list).success();
    let text = "echo | rpipe tee --no-output file --to sh -c \"$0\" ::: true";
    let outcome = Outcome::of(tool("sh").args(["-c", text, list]).current_dir(&folder));
    assert_eq!(outcome.success(), plain);
}
