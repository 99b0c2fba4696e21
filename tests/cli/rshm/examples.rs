//! What the example scripts on shared memory print.

use std::path::Path;

use crate::support::{Outcome, PACKAGE, World, has};

/// Runs a script of `examples/`, which leaves no object: what it printed.
fn example(world: &World, name: &str) -> String {
    let script = Path::new(PACKAGE).join("examples").join(name);
    let printed = Outcome::of(world.command("sh").arg(script)).success();
    assert_eq!(super::names(world), "", "{name} left something");
    printed
}

#[test]
fn a_server_and_a_client_hand_ten_numbers_over() {
    let Some(world) = World::new() else { return };
    let each = |number| format!("(client) sent {number}\n(server) received {number}\n");
    let numbers: String = (0..10).rev().map(each).collect();
    let with_c = if has("cc") { format!(":\n{numbers}") } else { ": skipped, there is no cc here\n".into() };
    let expected = format!("two shells:\n{numbers}a shell and a C program{with_c}");
    assert_eq!(example(&world, "shm-handshake.sh") + "\n", expected);
}

#[test]
fn a_lock_of_one_cell_loses_no_step() {
    let Some(world) = World::new() else { return };
    let expected = "4 processes count to 25 each, one step at a time\nthe counter: 100\nthe lock: 0";
    assert_eq!(example(&world, "shm-lock.sh"), expected);
}

#[test]
fn a_counter_in_a_mapped_file_rises() {
    let Some(world) = World::new() else { return };
    let expected = "the file has 0 in it\nthe reader saw it rise to 50\nod reads it in the file: 50";
    assert_eq!(example(&world, "mapped-counter.sh"), expected);
}

#[test]
fn a_family_shares_what_strangers_and_copies_do_not() {
    let Some(world) = World::new() else { return };
    let expected = "\
before: the variable is of the parent, the cell is 1
in the child: the variable is of the child, the cell is 2
after: the variable is of the parent, the cell is 2
after two grandchildren: the cell is 22
in a private copy: the cell is 99
in the family: the cell is still 22";
    assert_eq!(example(&world, "shm-family.sh"), expected);
}

#[test]
fn what_lives_with_the_process_is_gone_with_it() {
    let Some(world) = World::new() else { return };
    let expected = "\
while the process lives:
   pipe: still here
   memfd: still here
   System V segment: still here
   POSIX object: still here
   mapped file: still here
after it has ended:
   pipe: gone
   memfd: gone
   System V segment: still here
   POSIX object: still here
   mapped file: still here
after the kernel's have been removed, or after a reboot:
   System V segment: gone
   POSIX object: gone
   mapped file: still here";
    assert_eq!(example(&world, "how-long-things-live.sh"), expected);
}

/// The steps of `mmap-pitfalls.sh`: each what follows its headline.
fn pitfalls(printed: &str) -> Vec<Vec<&str>> {
    let mut steps: Vec<Vec<&str>> = Vec::new();
    for line in printed.lines() {
        match (line.strip_prefix("   "), steps.last_mut()) {
            (Some(line), Some(step)) => step.push(line),
            _ => steps.push(Vec::new()),
        }
    }
    steps
}

#[test]
fn each_pitfall_of_mmap_has_its_words() {
    let Some(world) = World::new() else { return };
    let printed = example(&world, "mmap-pitfalls.sh");
    let mut steps = pitfalls(&printed);
    // The command has a process in it, or is left out where root cannot give up its rights.
    let refused = steps[1].split_off(3);
    if has("setpriv") {
        assert_eq!(refused[1..], ["rshm: cannot open 'file:readonly': Permission denied", "status 5"]);
    }
    let waiter = steps[2].remove(0);
    assert!(waiter.contains("/fd/9 0:i32 eq 7 "), "{waiter}");
    let expected = [
        &[
            "$ rshm get file:empty 0:i32",
            "rshm: no cell 0:i32: 4 bytes from offset 0 on run past the end of 'file:empty', which has 0 bytes",
            "status 1",
            "It wants its size first:",
            "$ rshm create file:sized --size 4K",
            "file:sized",
            "status 0",
        ][..],
        &["$ rshm get file:readonly 0:i32", "0", "status 0"],
        &["descriptor 9 is closed", "$ rshm put --wake file:sized 0:i32 7", "status 0", "the waiter: 7, status 0"],
        &[
            "$ rshm write file:sized --offset 1000 middle",
            "status 0",
            "$ rshm read file:sized --offset 1000 --length 6",
            "middle",
            "status 0",
        ],
        &[
            "$ rshm read file:sized --offset 4090 --length 10",
            "rshm: 10 bytes from offset 4090 on run past the end of 'file:sized', which has 4096 bytes",
            "status 1",
            "$ rshm put file:sized 4096:i32 1",
            "rshm: no cell 4096:i32: 4 bytes from offset 4096 on run past the end of 'file:sized', which has 4096 bytes",
            "status 1",
            "$ rshm write file:sized --offset 4096 more",
            "rshm: 4 bytes from offset 4096 on run past the end of 'file:sized', which has 4096 bytes",
            "status 1",
        ],
        &[
            "$ rshm create file:nothing --size 0",
            "rshm: shared memory has at least 1 byte",
            "status 2",
            "$ rshm read file:sized --length 0",
            "status 0",
        ],
        &[
            "$ rshm wait file:sized 0:i32 eq 8 --timeout 60 &",
            "another process has cut it to nothing",
            "the waiter: rshm: cannot access 'file:sized': a part of it is not there; it was cut short, or its file system is full: it has 0 bytes now, status 1",
        ],
    ];
    assert_eq!(steps, expected);
}
