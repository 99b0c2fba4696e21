//! Locks that other programs take, and theirs that ours hold off.

use super::{FILE, holder, listed};
use crate::support::{World, has};

#[test]
fn flock_and_we_hold_each_other_off() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    let script = "flock \"$1\" rlock run \"$1\" -nq -- true; echo $?
        flock -s \"$1\" rlock run \"$1\" -nqs -- true; echo $?
        rlock run \"$1\" -- flock -n \"$1\" true; echo $?
        rlock run \"$1\" -s -- flock -ns \"$1\" true; echo $?";
    assert_eq!(world.script(script, &[FILE]).success(), "124\n0\n1\n0");
}

#[test]
fn python_and_we_hold_each_other_off() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    for kind in ["flock", "posix"] {
        let call = if kind == "flock" { "flock" } else { "lockf" };
        let script = format!(
            "import fcntl, subprocess
file = open('{FILE}', 'w')
try:
    fcntl.{call}(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print(subprocess.run(['rlock', 'run', '{FILE}', '-nq', '-k', '{kind}', '--', 'true']).returncode)
except BlockingIOError:
    print('blocked')"
        );
        assert_eq!(world.ok("python3", &["-c", &script]), "124", "{kind}");
        let holder = holder(&world, &["--kind", kind]);
        assert_eq!(world.ok("python3", &["-c", &script]), "blocked", "{kind}");
        drop(holder);
    }
}

#[test]
fn lslocks_lists_the_same_locks() {
    let Some(world) = World::new() else { return };
    if !has("lslocks") {
        return;
    }
    let holder = holder(&world, &["--kind", "posix", "--range", "5:10"]);
    let pid = holder.id().to_string();
    let theirs = world.ok("lslocks", &["-nr", "-p", &pid, "-o", "COMMAND,PID,TYPE,MODE,START,END,PATH"]);
    assert_eq!(theirs, format!("sleep {pid} POSIX WRITE 5 14 {FILE}"));
    assert_eq!(listed(&world, FILE, "command,pid,kind,start,length"), format!("sleep  {pid}  posix  5  10"));
}
