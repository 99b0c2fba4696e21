//! `rlock convert`: shared becomes exclusive, and back.

use super::{FILE, holder, listed};
use crate::support::{Call, World, has};

#[test]
fn the_lock_of_run_is_converted() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd"] {
        let look = format!("rlock list {FILE} --no-header -o kind,claim");
        let script = format!("{look}; rlock convert --upgrade; {look}; rlock convert -u; rlock convert -d; {look}");
        let printed = world.ok("rlock", &["run", FILE, "--shared", "--kind", kind, "--", "sh", "-c", &script]);
        let lines: Vec<_> = printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines, [format!("{kind} shared"), format!("{kind} exclusive"), format!("{kind} shared")]);
    }
}

#[test]
fn what_cannot_be_had_leaves_the_shared_lock() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd"] {
        let other = holder(&world, &["--shared", "--kind", kind]);
        for patience in [&["--nowait"][..], &["--timeout", "0.1"]] {
            let script = "rlock convert -u \"$@\" 2>&1; echo $?; rlock convert -uq \"$@\"; echo $?
                rlock list --no-header -o claim \"$FILE\"";
            let words = [&["run", FILE, "-s", "-k", kind, "--", "sh", "-c", script, "sh"], patience].concat();
            let mut command = world.command("env");
            command.arg(format!("FILE={FILE}")).arg("rlock").args(&words);
            let printed = crate::support::Outcome::of(&mut command).success();
            let who = format!("keeps its shared lock: so has process {} (sleep), which started 2", other.id());
            assert!(printed.contains(&who), "{printed}");
            assert!(printed.ends_with("\n124\n124\nshared\nshared"), "{printed}");
        }
    }
}

#[test]
fn who_waits_is_upgraded_when_the_others_have_gone() {
    let Some(world) = World::new() else { return };
    for (kind, call) in [("flock", Call::Flock), ("ofd", Call::Fcntl)] {
        let other = holder(&world, &["--shared", "--kind", kind]);
        let waiter = world.start("rlock", &["run", FILE, "-s", "-k", kind, "--", "rlock", "convert", "-u"]);
        waiter.wait_until_in(call);
        drop(other);
        waiter.outcome().success();
    }
}

#[test]
fn a_descriptor_of_the_shell_is_converted() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    let script = "exec 9>\"$1\"; flock 9; rlock convert --downgrade --fd 9; rlock list \"$1\" --no-header -o claim
        rlock run \"$1\" -s -n -- echo shared, too";
    assert_eq!(world.script(script, &[FILE]).success(), "shared\nshared, too");
}

#[test]
fn one_of_several_ranges_is_converted() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let script = format!(
        "import fcntl, os, struct, subprocess
fd = os.open('{FILE}', os.O_RDWR | os.O_CREAT)
os.set_inheritable(fd, True)
for start in 0, 10:
    fcntl.fcntl(fd, 37, struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, start, 5, 0))
run = lambda *words: subprocess.run(['rlock', 'convert', '--fd', str(fd), *words], close_fds=False).returncode
print(run('-u', '-r', '10:5'), run('-u', '-r', '0:6'), flush=True)
subprocess.run(['rlock', 'list', '{FILE}', '--no-header', '-o', 'range,claim'])
print(run('-u'), run('-d'), flush=True)
subprocess.run(['rlock', 'list', '{FILE}', '--no-header', '-o', 'range,claim'])"
    );
    let outcome = world.run("python3", &["-c", &script]);
    let printed = String::from_utf8_lossy(outcome.stdout()).replace("  ", " ").replace("  ", " ");
    assert_eq!(printed, "0 1\n0:5 shared\n10:5 exclusive\n0 0\n0:5 shared\n10:5 shared\n", "{}", outcome.stderr());
    assert!(outcome.stderr().contains("it holds none on 0:6"), "{}", outcome.stderr());
}

#[test]
fn what_holds_nothing_is_refused() {
    let Some(world) = World::new() else { return };
    let convert = |words: &[&str]| world.run("rlock", &[&["convert"], words].concat());
    convert(&["-u"]).fails(2, "--fd is missing");
    convert(&["--fd", "0"]).fails(2, "--upgrade");
    convert(&["-ud", "--fd", "0"]).fails(2, "--downgrade");
    convert(&["-u", "--fd", "0"]).fails(1, "cannot convert the lock of descriptor 0: it holds none, or a POSIX lock");
    convert(&["-u", "--fd", "77"]).fails(1, "cannot use descriptor 77: Bad file descriptor\n");
    let posix = ["run", FILE, "-k", "posix", "--", "sh", "-c", "rlock convert -d; echo $?"];
    let outcome = world.run("rlock", &posix);
    assert_eq!(outcome.stdout(), b"1\n");
    assert_eq!(listed(&world, FILE, "pid"), "");
}
