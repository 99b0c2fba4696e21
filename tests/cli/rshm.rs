//! `rshm`.

use crate::support::{World, skip};

mod bytes;
mod cells;
mod create;
mod examples;
mod locking;
mod peers;
mod pitfalls;
mod rights;
mod run;
mod set;
mod show;
mod unnamed;
mod wait;
mod watch;

/// What `show --json` says; others' processes may be hidden from us, of which a note tells.
fn shown(world: &World, name: &str) -> serde_json::Value {
    let shown = world.run("rshm", &["show", name, "--json"]);
    assert_eq!(shown.status(), 0, "{}", shown.stderr());
    serde_json::from_slice(shown.stdout()).expect("JSON")
}

/// The names of all that `list` shows.
fn names(world: &World) -> String {
    world.ok("rshm", &["list", "--no-header", "-o", "name"]).replace('\n', " ")
}

/// A segment and an object of this many bytes: `0` and `/data`.
fn both_kinds(world: &World, size: &str) -> [&'static str; 2] {
    assert_eq!(world.ok("rshm", &["create", "--size", size]), "0");
    assert_eq!(world.ok("rshm", &["create", "/data", "--size", size]), "/data");
    ["0", "/data"]
}

/// Sets a sysctl of the world's own; `false` with a printed reason where that may not be.
fn set_sysctl(world: &World, name: &str, value: &str) -> bool {
    let set = world.script("echo \"$2\" 2>/dev/null >\"/proc/sys/kernel/$1\"", &[name, value]).status() == 0;
    if !set {
        skip(&format!("kernel.{name} cannot be set here"));
    }
    set
}
