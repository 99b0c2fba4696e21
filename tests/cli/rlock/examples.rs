//! What the scripts of `examples/` print is what they promise.

use std::path::Path;

use crate::support::{Outcome, PACKAGE, World};

#[test]
fn readers_share_writers_are_alone_and_one_becomes_the_other() {
    let Some(world) = World::new() else { return };
    let path = Path::new(PACKAGE).join("examples/readers-writers-locks.sh");
    let outcome = Outcome::of(world.command("sh").arg(path));
    let expected = "read 10 times, written 5 times, corrected 5 times
the text is: 10 10
a writer died: status 137
the next one has the lock";
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    assert_eq!((outcome.status(), printed.trim_end()), (0, expected), "{}", outcome.stderr());
}
