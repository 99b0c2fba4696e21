//! A tool that sleeps ends at once of a signal.

use super::faces;
use crate::support::{Call, World};

/// A file of the world's own.
const LOCK: &str = "/dev/shm/lock";

/// Everything that can sleep: what has to be there, how it is started, and where it then sleeps.
/// A verb with `--timeout` needs its line here.
const SLEEPERS: &[(&str, &str, &[&str], Call)] = &[
    ("rfifo", "rfifo create /dev/shm/f", &["recv", "/dev/shm/f"], Call::Poll),
    ("rfifo", "rfifo create /dev/shm/f", &["recv", "/dev/shm/f", "--count", "1", "--timeout", "100"], Call::Poll),
    ("rfifo", "rfifo create /dev/shm/f", &["send", "/dev/shm/f", "x"], Call::Openat),
    ("rfifo", "rfifo create /dev/shm/f", &["send", "/dev/shm/f", "--timeout", "100"], Call::Openat),
    ("rfifo", "rfifo create /dev/shm/f", &["wait", "/dev/shm/f", "--timeout", "100"], Call::Nanosleep),
    ("rmsgq", "rmsgq create 0x4b", &["recv", "0x4b"], Call::Msgrcv),
    ("rmsgq", "rmsgq create 0x4b", &["recv", "0x4b", "--timeout", "100", "--json"], Call::Msgrcv),
    ("rmsgq", "rmsgq create 0x4b", &["send", "0x4b"], Call::Read),
    ("rmsgq", "rmsgq send 0x4b --create x && rmsgq set 0x4b --max-bytes 1", &["send", "0x4b", "y"], Call::Msgsnd),
    ("rmsgq", "rmsgq create /q", &["recv", "/q", "--follow"], Call::MqReceive),
    ("rmsgq", "rmsgq create /q", &["recv", "/q", "--timeout", "100"], Call::MqReceive),
    ("rmsgq", "rmsgq create 0x4b", &["wait", "0x4b"], Call::Nanosleep),
    ("rmsgq", "rmsgq create /q", &["wait", "/q", "--for", "message"], Call::Poll),
    ("rshm", "rshm create --size 8", &["wait", "0", "0:u32", "eq", "1"], Call::Futex),
    ("rshm", "rshm create --size 8", &["wait", "0", "0:u64", "eq", "1", "--timeout", "100"], Call::Nanosleep),
    ("rshm", "rshm create /m --size 8", &["wait", "/m", "0:i32be", "changed"], Call::Futex),
    ("rshm", "rshm create /m --size 8", &["watch", "/m"], Call::Nanosleep),
    ("rshm", "rshm create --size 8", &["watch", "0", "--timeout", "100", "--interval", "9"], Call::Nanosleep),
    ("rshm", "", &["create", "/m", "--from", "-"], Call::Splice),
    ("rshm", "", &["create", "0x4b", "--from", "-"], Call::Splice),
    ("rshm", "rshm create /m --size 8", &["write", "/m"], Call::Splice),
    ("rmsgq", "rmsgq create /q; while rmsgq send /q x -nq; do :; done", &["send", "/q", "y"], Call::MqSend),
    ("rsem", "rsem create 0x4b", &["wait", "0x4b"], Call::Semtimedop),
    ("rsem", "rsem create 0x4b", &["op", "0x4b", "0-1", "--timeout", "100"], Call::Semtimedop),
    ("rsem", "rsem create 0x4b", &["run", "0x4b", "--", "true"], Call::Semtimedop),
    ("rsem", "rsem create 0x4b --count 2", &["barrier", "0x4b", "2"], Call::Semtimedop),
    ("rsem", "rsem create /s", &["wait", "/s"], Call::Futex),
    ("rsem", "rsem create /s --value 1", &["wait", "/s", "--zero"], Call::Nanosleep),
    ("rsem", "rsem create /s", &["run", "/s", "--timeout", "100", "--", "true"], Call::Futex),
    ("ripcs", "", &["watch"], Call::Poll),
    ("ripcs", "rmsgq create 0x4b", &["watch", "queue:0", "--timeout", "100", "--interval", "9"], Call::Poll),
    ("rpipe", "", &["meter"], Call::Splice),
    ("rpipe", "", &["meter", "--lines"], Call::Read),
    ("rpipe", "", &["tee"], Call::Splice),
    ("rpipe", "", &["buffer"], Call::Futex),
    ("rpipe", "", &["run", "cat", ":::", "cat"], Call::Sigtimedwait),
    ("rpipe", "", &["duplex", "cat", ":::", "cat"], Call::Sigtimedwait),
    // What we hold by one descriptor is in the way of another one of ours.
    ("rlock", "true >/dev/shm/lock", &["run", LOCK, "--", "rlock", "run", LOCK, "--", "true"], Call::Flock),
    (
        "rlock",
        "true >/dev/shm/lock",
        &["run", LOCK, "--", "rlock", "run", LOCK, "-t", "100", "--", "true"],
        Call::Flock,
    ),
    (
        "rlock",
        "true >/dev/shm/lock",
        &["run", LOCK, "-kofd", "--", "rlock", "run", LOCK, "-kofd", "--", "true"],
        Call::Fcntl,
    ),
    ("rlock", "true >/dev/shm/lock", &["run", LOCK, "--", "rlock", "wait", LOCK], Call::Nanosleep),
    (
        "rlock",
        "true >/dev/shm/lock",
        &["run", LOCK, "-s", "--", "rlock", "run", LOCK, "-s", "--", "rlock", "convert", "-u"],
        Call::Flock,
    ),
    ("rsignal", "", &["recv", "USR1"], Call::Sigtimedwait),
    ("rsignal", "", &["recv", "USR1", "--timeout", "100", "--json"], Call::Sigtimedwait),
    ("rsignal", "", &["wait", "1"], Call::Poll),
    ("rsignal", "", &["wait", "1", "--timeout", "100"], Call::Poll),
    ("rsignal", "", &["run", "--timeout", "100", "sleep", "1000"], Call::Sigtimedwait),
    ("rsock", "", &["listen", "unix:/dev/shm/s"], Call::Poll),
    ("rsock", "", &["listen", "unix:/dev/shm/s", "--timeout", "100", "--exec", "true"], Call::Poll),
    ("rsock", "", &["listen", "unix:/dev/shm/s", "--type", "dgram"], Call::Poll),
    ("rsock", "", &["recv", "unix:/dev/shm/s", "--type", "dgram"], Call::Receive),
    ("rsock", "", &["recv", "exec:exec sleep 1000 2>&1", "--timeout", "100"], Call::Poll),
    ("rsock", "", &["recv", "unix:/dev/shm/s", "--wait", "--timeout", "100"], Call::Nanosleep),
    ("rsock", FULL, &["send", "unix:/dev/shm/s", "x", "--timeout", "100"], Call::Connect),
    ("rsock", "", &["connect", "exec:exec sleep 1000 2>&1"], Call::Read),
    ("rsock", "", &["connect", "exec:exec sleep 1000 2>&1", "--timeout", "100"], Call::Poll),
    ("rsock", "", &["ask", "exec:exec sleep 1000 2>&1", "x"], Call::Read),
    ("rsock", "", &["ask", "exec:exec sleep 1000 2>&1", "x", "--lines", "--timeout", "100"], Call::Poll),
    ("rsock", "", &["call", "exec:exec sleep 1000 2>&1", "x"], Call::Read),
    ("rsock", "", &["call", "exec:exec sleep 1000 2>&1", "x", "--timeout", "100"], Call::Poll),
    ("rsock", "", &["serve", "unix:/dev/shm/s", "--method", "x=cat"], Call::Accept),
    ("rsock", "", &["send-fd", "--listen", "unix:/dev/shm/s", "0"], Call::Accept),
    ("rsock", "", &["recv-fd", "unix:/dev/shm/s", "--", "true"], Call::Accept),
    ("rsock", "", &["recv-fd", "unix:/dev/shm/s", "--timeout", "100"], Call::Poll),
    ("rsock", FULL, &["peer", "unix:/dev/shm/s"], Call::Connect),
];

/// A listener whose command keeps it from accepting, and whose backlog is full.
const FULL: &str = "timeout 100 rsock listen unix:/dev/shm/s --backlog 1 --jobs 1 --exec sleep 100 >/dev/null 2>&1 &
    for i in 1 2 3; do rsock send --wait unix:/dev/shm/s x; done";

#[test]
fn interrupting_a_sleeper_ends_it_of_the_signal() {
    for (name, make, arguments, call) in SLEEPERS {
        let Some(world) = World::new() else { return };
        world.script(make, &[]);
        for (signal, status) in [("INT", 130), ("TERM", 143)] {
            let before = world.ok("ripcs", &["--json", "-o", "name,mode,bytes,count,messages"]);
            let mut sleeper = world.start(name, arguments);
            sleeper.wait_until_in(*call);
            // The end of its input shall not come first.
            let _input = sleeper.input();
            sleeper.signal(signal);
            let outcome = sleeper.outcome();
            // What may not be seen of the machine's other processes is said, which is no failure.
            let stderr = outcome.stderr();
            let says: Vec<&str> = stderr.lines().filter(|line| !line.contains(" process")).collect();
            assert_eq!((outcome.status(), says), (status, Vec::new()), "{name} {arguments:?}");
            assert_eq!(outcome.stdout(), b"");
            assert_eq!(world.ok("ripcs", &["--json", "-o", "name,mode,bytes,count,messages"]), before);
        }
    }
}

#[test]
fn everything_with_a_timeout_is_interrupted_above() {
    for face in faces().iter().filter(|face| face.has_option("timeout")) {
        let is_in = |(name, _, arguments, _): &&(&str, &str, &[&str], Call)| {
            // Also a tool that becomes itself with another verb.
            let sleeps = |verb| arguments[0] == verb || arguments.windows(2).any(|words| words == [*name, verb]);
            face.tool == *name && face.verb.as_deref().is_none_or(sleeps)
        };
        assert!(SLEEPERS.iter().any(|line| is_in(&line)), "{face} can sleep");
    }
}
