//! What the example scripts on pipes print.

use std::path::Path;

use crate::support::{Outcome, PACKAGE, tool};

fn example(name: &str, words: &[&str]) -> String {
    let script = Path::new(PACKAGE).join("examples").join(name);
    Outcome::of(tool("sh").arg(script).args(words)).success()
}

#[test]
fn a_family_is_connected_and_waited_for() {
    let expected = "\
parent and child: rpipe writes what ls says into a pipe that its child wc reads
5
two siblings: ls writes, wc reads, their parent waits for both
5
a reader that takes its time: the prompt is last all the same
5
prompt
a writer that goes on when the reader has what it wanted
five
0 0
prompt";
    assert_eq!(example("pipe-family.sh", &[]), expected);
}

#[test]
fn what_several_write_or_read_is_there_once() {
    let expected = "\
four writers, one reader
lines: 100
different ones: 100
whole ones: 100
one writer, three readers
records: 25
different ones: 25
whole ones: 25";
    assert_eq!(example("pipe-sharing.sh", &[]), expected);
}

#[test]
fn the_four_end_cases_are_seen_while_they_hold() {
    let expected = "\
all writers gone: what is left is read, and then there is the end
   unread: 9
   sh: open to read
   it printed: the rest
   it printed: the end of the file
   statuses: 0 0
a writer is silent: who reads sleeps
   unread: 0
   sh: open to write
   cat: blocked reading
   statuses: 0 0
all readers gone: who writes dies of SIGPIPE
   unread: 0
   sh: open to write
   statuses: 141 0
a reader does not read: who writes sleeps when the pipe is full
   unread: 65536
   yes: blocked writing
   sh: open to read
   it printed: y
   statuses: 141 0";
    assert_eq!(example("pipe-ends.sh", &[]), expected);
}

#[test]
fn a_pipe_has_room_for_so_much() {
    let largest = std::fs::read_to_string("/proc/sys/fs/pipe-max-size").expect("it exists");
    let expected = format!(
        "\
a pipe as it is: 65536
byte by byte: 65536
the smallest, one page: 4096
asked for 100000, the next power of two: 131072
the largest for everybody: {largest}packets of 1 byte take a page each: 16
PIPE_BUF: 4096"
    );
    assert_eq!(example("pipe-size.sh", &[]), expected);
}

#[test]
fn questions_are_answered_in_both_directions() {
    let answers = "7 squared is 49\n11 squared is 121\n13 squared is 169";
    let expected = format!(
        "\
reading from a command
it said one
it said two
it said three
writing to a command
a
b
c
a coprocess on two pipes
{answers}
a coprocess on one descriptor
{answers}"
    );
    assert_eq!(example("popen.sh", &[]), expected);
}

#[test]
fn a_pipeline_counts_as_a_loop_does() {
    for number in ["0", "10000"] {
        let printed = example("count-processes.sh", &[number]);
        let counts: Vec<&str> = printed.lines().filter_map(|line| line.rsplit(": ").next()).collect();
        assert!(counts.len() == 2 && counts[0] == counts[1], "{printed}");
        assert!(number != "0" || counts[0].parse::<u32>().is_ok_and(|count| count >= 5), "{printed}");
    }
}
