//! Benchmarks against the peers installed on the machine.
fn main() {}
