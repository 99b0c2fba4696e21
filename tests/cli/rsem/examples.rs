//! The classic exercises: what the scripts of `examples/` print is what they promise.

use std::path::Path;

use crate::support::{Outcome, PACKAGE, World};

/// Script by script, its whole output.
const EXPECTED: &[(&str, &str)] = &[
    (
        "dining-philosophers",
        "philosopher 0 ate 3 times
philosopher 1 ate 3 times
philosopher 2 ate 3 times
philosopher 3 ate 3 times
philosopher 4 ate 3 times
on the table: 5 forks",
    ),
    (
        "cigarette-smokers",
        "on the table: paper and matches
the one with tobacco smokes
on the table: tobacco and paper
the one with matches smokes
on the table: tobacco and matches
the one with paper smokes
on the table: paper and matches
the one with tobacco smokes
left on the table: 0 0 0",
    ),
    ("producer-consumer", "consumed: a1 a2 a3 a4 a5 b1 b2 b3 b4 b5\nfree, filled, mutex: 3 0 1"),
    (
        "barrier",
        "phases in the order of work: 1 1 1 1 2 2 2 2
one came and died: 0 are there
another one gave up: status 124",
    ),
    (
        "semaphore-textbook",
        "A lock: P and V in the same process
  never two inside, 3 were
A signal: P in one process, V in another
  the first is done
  the second may go on
The quiz: the value is 3 at the beginning
  at the beginning: M=3, N=0
  three have come:  M=0, N=0
  a fourth came:    M=0, N=1
  one has left:     M=0, N=0",
    ),
    ("readers-writers", "read 10 times, written 5 times\nthe text is: 5 5"),
    ("limit-jobs", "a job died: status 137\ndone: 1 2 3 4 5 6 7 8 9 10"),
];

#[test]
fn the_scripts_show_what_the_exercises_ask_for() {
    for (script, expected) in EXPECTED {
        let Some(world) = World::new() else { return };
        let path = Path::new(PACKAGE).join(format!("examples/{script}.sh"));
        let outcome = Outcome::of(world.command("sh").arg(path));
        let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
        assert_eq!((outcome.status(), printed.trim_end()), (0, *expected), "{script}: {}", outcome.stderr());
    }
}
