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
