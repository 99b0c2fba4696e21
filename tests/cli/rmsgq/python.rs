//! Against `sysv_ipc` and `posix_ipc`, Python's bindings to the C library.
//!
//! They come from PyPI in a virtual environment that only the tests use; `RIPC_TEST_PYTHON` names its
//! interpreter:
//!
//! ```sh
//! python3 -m venv peers && peers/bin/pip install sysv_ipc posix_ipc
//! RIPC_TEST_PYTHON=$PWD/peers/bin/python cargo test --locked
//! ```

use crate::support::{Call, Outcome, Running, World, skip};

/// The interpreter that has both modules, or `None` with a printed reason.
fn python(world: &World, script: &str, args: &[&str]) -> Option<std::process::Command> {
    let Some(interpreter) = std::env::var_os("RIPC_TEST_PYTHON") else {
        skip("RIPC_TEST_PYTHON names no Python with sysv_ipc and posix_ipc");
        return None;
    };
    let mut command = world.command(interpreter);
    command.arg("-c").arg(script).args(args);
    Some(command)
}

#[test]
fn sysv_ipc_and_rmsgq_read_each_other() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create", "0x4b"]);
    world.ok("rmsgq", &["send", &queue, "--type", "7", "from rmsgq"]);
    let script = "import sysv_ipc
q = sysv_ipc.MessageQueue(0x4b)
print(q.id, *q.receive(type=7))
q.send(b'\\x00from\\nPython\\xff', type=9)
print(q.current_messages)";
    let Some(mut python) = python(&world, script, &[]) else { return };
    assert_eq!(Outcome::of(&mut python).success(), format!("{queue} b'from rmsgq' 7\n1"));
    assert_eq!(
        world.ok("rmsgq", &["recv", "0x4b", "--json"]),
        "{\"type\":9,\"size\":13,\"base64\":\"AGZyb20KUHl0aG9u/w==\"}"
    );
}

#[test]
fn posix_ipc_and_rmsgq_read_each_other() {
    let Some(world) = World::new() else { return };
    let script = "import posix_ipc
q = posix_ipc.MessageQueue('/q', posix_ipc.O_CREX, max_messages=3, max_message_size=64)
q.send(b'low', priority=1)
q.send(b'high', priority=30)
print(*q.receive(), q.current_messages)";
    let Some(mut command) = python(&world, script, &[]) else { return };
    assert_eq!(Outcome::of(&mut command).success(), "b'high' 30 1");
    assert_eq!(world.ok("rmsgq", &["recv", "/q", "--json"]), "{\"priority\":1,\"size\":3,\"text\":\"low\"}");
    world.ok("rmsgq", &["send", "/q", "--priority", "5", "to Python"]);
    let Some(mut reader) =
        self::python(&world, "import posix_ipc; print(*posix_ipc.MessageQueue('/q').receive())", &[])
    else {
        return;
    };
    assert_eq!(Outcome::of(&mut reader).success(), "b'to Python' 5");
}

#[test]
fn a_python_sender_that_is_blocked_is_named_and_wakes() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create", "0x4b", "--max-bytes", "4"]);
    world.ok("rmsgq", &["send", &queue, "full"]);
    let script = "import sysv_ipc; sysv_ipc.MessageQueue(0x4b).send(b'more')";
    let Some(mut command) = python(&world, script, &[]) else { return };
    let python = Running::start(&mut command);
    python.wait_until_in(Call::Msgsnd);
    let shown = world.run("rmsgq", &["show", &queue]);
    let shown = String::from_utf8_lossy(shown.stdout()).into_owned();
    let line = shown.lines().last().expect("a process");
    assert!(line.contains("python") && line.ends_with("blocked sending"), "{shown}");
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "full");
    python.outcome().success();
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "more");
}
