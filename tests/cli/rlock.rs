//! `rlock`. Each test locks files in a directory of its own.

use crate::support::{Call, Running, World};

mod convert;
mod cycles;
mod examples;
mod list;
mod peers;
mod run;
mod wait;

/// A file of the world's own.
const FILE: &str = "/dev/shm/lock";

/// A command that holds a lock on it by `rlock run` with these words, and is seen to.
fn holder(world: &World, words: &[&str]) -> Running {
    let command = ["--", "sh", "-c", "echo up; exec sleep 1000"];
    let mut holder = world.start("rlock", &[&["run", FILE], words, &command].concat());
    assert_eq!(holder.line(), "up");
    holder.wait_until_in(Call::Nanosleep);
    holder
}

/// What `rlock list` has of a file in these columns, one line a lock.
fn listed(world: &World, file: &str, columns: &str) -> String {
    world.ok("rlock", &["list", file, "--no-header", "-o", columns])
}

/// A script in Python as a process that holds what it holds until it is killed; it says so by a line.
fn python(world: &World, script: &str) -> Running {
    let mut command = world.command("python3");
    let whole = format!(
        "import fcntl, os, struct, sys, time
def record(fd, kind, start, length, command):
    fcntl.fcntl(fd, command, struct.pack('hhqqi4x', kind, 0, start, length, 0))
OFD_SETLK, OFD_SETLKW, READ, WRITE = 37, 38, fcntl.F_RDLCK, fcntl.F_WRLCK
{script}
print('up', flush=True)
time.sleep(1000)"
    );
    let mut running = Running::start(command.args(["-c", &whole]));
    assert_eq!(running.line(), "up");
    running
}
