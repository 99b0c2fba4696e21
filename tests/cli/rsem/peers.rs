//! `rsem` and programs that we did not write, on the same semaphores.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Call, Outcome, Running, World, has, skip, wait_until};

/// A Python that has `sysv_ipc` and `posix_ipc`, and this script for it.
fn python(world: &World, script: &str) -> Option<Command> {
    let Some(interpreter) = std::env::var_os("RIPC_TEST_PYTHON") else {
        skip("RIPC_TEST_PYTHON names no Python with sysv_ipc and posix_ipc");
        return None;
    };
    let mut command = world.command(interpreter);
    command.args(["-c", script]);
    Some(command)
}

#[test]
fn perl_and_rsem_wake_each_other() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let set = world.ok("rsem", &["create", "0x4b", "--value", "0,0"]);
    let take = "semop($ARGV[0], pack('s!3', $ARGV[1], -1, 0)) or die $!; print 'taken'";
    let perl = Running::start(world.command("perl").args(["-e", take, &set, "1"]));
    crate::support::wait_until("perl waits", || {
        world.ok("rsem", &["list", "-o", "waiting", "--no-header"]).trim() == "1"
    });
    world.ok("rsem", &["post", "0x4b:1"]);
    assert_eq!(perl.outcome().success(), "taken");
    let waiter = world.start("rsem", &["wait", "0x4b", "2"]);
    waiter.wait_until_in(Call::Semtimedop);
    let give = "semop($ARGV[0], pack('s!3', 0, 2, 0)) or die $!";
    Outcome::of(world.command("perl").args(["-e", give, &set])).success();
    waiter.outcome().success();
    let all = "print join(',', unpack('s!*', (semctl($ARGV[0], 0, 13, $_) // die($!), $_)[1]))";
    world.ok("rsem", &["set", &set, "--value", "4,9"]);
    assert_eq!(Outcome::of(world.command("perl").args(["-e", all, &set])).success(), "4,9");
}

#[test]
fn perl_that_sets_values_makes_a_set_that_is_used_at_once() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    // IPC_CREAT, SETALL.
    let make = "$id = semget(0x4b, 2, 01600) // die $!; semctl($id, 0, 17, pack('s!2', 3, 4)) // die $!";
    Outcome::of(world.command("perl").args(["-e", make])).success();
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "3\n4");
}

#[test]
fn sysv_ipc_and_rsem_share_a_set() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "2"]);
    let script = "import sysv_ipc
s = sysv_ipc.Semaphore(0x4b)
s.acquire()
print(s.value, s.waiting_for_nonzero)
s.acquire(); s.acquire()
print('woken')";
    let Some(mut command) = python(&world, script) else { return };
    let python = Running::start(&mut command);
    crate::support::wait_until("Python waits", || {
        world.ok("rsem", &["list", "-o", "waiting", "--no-header"]).trim() == "1"
    });
    world.ok("rsem", &["post", "0x4b"]);
    assert_eq!(python.outcome().success(), "1 0\nwoken");
    // A set that it makes is found with its value.
    let make = "import sysv_ipc; sysv_ipc.Semaphore(0x4c, sysv_ipc.IPC_CREX, initial_value=5)";
    let Some(mut command) = self::python(&world, make) else { return };
    Outcome::of(&mut command).success();
    assert_eq!(world.ok("rsem", &["run", "--create", "0x4c", "--", "rsem", "get", "0x4c"]), "4");
}

#[test]
fn posix_ipc_and_rsem_share_a_semaphore() {
    let Some(world) = World::new() else { return };
    let script = "import posix_ipc
s = posix_ipc.Semaphore('/made-there', posix_ipc.O_CREX, initial_value=1)
posix_ipc.Semaphore('/made-here').release()
s.acquire(); s.acquire()
print('woken')";
    world.ok("rsem", &["create", "/made-here", "--value", "3"]);
    let Some(mut command) = python(&world, script) else { return };
    let python = Running::start(&mut command);
    python.wait_until_in(Call::Futex);
    assert_eq!(world.ok("rsem", &["get", "/made-here"]), "4");
    assert_eq!(
        world.ok("rsem", &["list", "-o", "waiting", "--no-header"]).split_whitespace().collect::<String>(),
        "01"
    );
    world.ok("rsem", &["post", "/made-there"]);
    assert_eq!(python.outcome().success(), "woken");
}

/// Opens or makes a semaphore, and does what each argument says; `k` ends the process of the third.
const C: &str = r#"
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    sem_t *s = sem_open(argv[1], O_CREAT, 0600, 2);
    int value;
    if (s == SEM_FAILED) { perror("sem_open"); return 1; }
    for (char *c = argv[2]; *c; c++) {
        if (*c == 'p' && sem_wait(s)) perror("sem_wait");
        if (*c == 'v' && sem_post(s)) perror("sem_post");
        if (*c == 'k' && kill(atoi(argv[3]), SIGTERM)) perror("kill");
        if (*c == 'g') { sem_getvalue(s, &value); printf("%d\n", value); fflush(stdout); }
    }
    return 0;
}
"#;

/// That program, compiled.
fn compiled(folder: &TempDir) -> Option<PathBuf> {
    if !has("gcc") {
        return None;
    }
    let (source, program) = (folder.path().join("sem.c"), folder.path().join("sem"));
    std::fs::write(&source, C).expect("it is ours");
    Outcome::of(Command::new("gcc").arg("-o").arg(&program).arg(&source).arg("-pthread")).success();
    Some(program)
}

#[test]
fn c_and_rsem_share_a_semaphore() {
    let Some(world) = World::new() else { return };
    let folder = TempDir::new().expect("a directory");
    let Some(program) = compiled(&folder) else { return };
    let run = |name: &str, what: &str| Outcome::of(world.command(&program).args([name, what])).success();
    assert_eq!(run("/made-in-c", "gpg"), "2\n1");
    assert_eq!(world.ok("rsem", &["get", "/made-in-c"]), "1");
    world.ok("rsem", &["create", "/made-here", "--value", "7"]);
    assert_eq!(run("/made-here", "gvvg"), "7\n9");
    assert_eq!(world.ok("rsem", &["get", "/made-here"]), "9");
    let waiter = world.start("rsem", &["wait", "/made-in-c", "2"]);
    waiter.wait_until_in(Call::Nanosleep);
    run("/made-in-c", "v");
    waiter.outcome().success();
    let sleeper = Running::start(world.command(&program).args(["/made-in-c", "pg"]));
    sleeper.wait_until_in(Call::Futex);
    let shown = world.run("rsem", &["show", "/made-in-c"]);
    let shown = String::from_utf8_lossy(shown.stdout()).into_owned();
    let last: Vec<&str> = shown.lines().last().expect("a process").split_whitespace().collect();
    assert_eq!((last[0], last[1], last[3]), (&*sleeper.id().to_string(), "sem", "waiting"), "{shown}");
    world.ok("rsem", &["post", "/made-in-c"]);
    assert_eq!(sleeper.outcome().success(), "0");
}

#[test]
fn who_gives_up_passes_a_wake_up_on() {
    let Some(world) = World::new() else { return };
    if !has("taskset") {
        return;
    }
    let folder = TempDir::new().expect("a directory");
    let Some(program) = compiled(&folder) else { return };
    // On one processor nobody sees the unit before the signal has come, too.
    let pinned = |words: &[&str]| {
        let mut command = world.command("taskset");
        command.args(["-c", &first_processor()]).args(words);
        command
    };
    for _ in 0..5 {
        let name = world.ok("rsem", &["create", "/s", "--value", "0"]);
        let wants_two = Running::start(&mut pinned(&["rsem", "wait", &name, "2"]));
        wants_two.wait_until_in(Call::Futex);
        let wants_one = Running::start(&mut pinned(&["rsem", "wait", &name]));
        wants_one.wait_until_in(Call::Futex);
        let given = pinned(&[&program.to_string_lossy(), &name, "vk", &wants_two.id().to_string()]).output();
        assert!(given.expect("it runs").status.success());
        assert_eq!(wants_two.outcome().status(), 143, "it died of the signal");
        wait_until("the unit is taken", || world.ok("rsem", &["get", &name]) == "0");
        wants_one.outcome().success();
        world.ok("rsem", &["remove", &name]);
    }
}

/// A processor that we may run on.
fn first_processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("we run");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("we run somewhere");
    list.trim().split(['-', ',']).next().expect("a number").to_owned()
}

#[test]
fn ipcrm_and_ipcs_know_our_sets() {
    let Some(world) = World::new() else { return };
    if !has("ipcs") || !has("ipcrm") {
        return;
    }
    let set = world.ok("rsem", &["create", "0x4b", "--value", "5,6", "--mode", "640"]);
    let shown = world.ok("ipcs", &["-s", "-i", &set]);
    let values: Vec<&str> = shown.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(values.ends_with(&["5", "6"]), "{shown}");
    world.ok("ipcrm", &["-S", "0x4b"]);
    world.run("rsem", &["get", &set]).fails(3, "no such identifier");
}
