//! `flock`: scripts that call it run unchanged, and it says what the original says.

use std::time::{Duration, Instant};

use crate::support::{Call, Faces, Outcome, Running, World, has, skip, wait_until, wait_until_in};

/// Lines that are run in a directory with an empty file `l`, in which nothing else is locked.
const FREE: &[&str] = &[
    "flock",
    "flock l",
    "flock 99",
    "flock x9",
    "flock 9x 9>l",
    "flock ' 9' 9>l",
    "flock 4294967305 9>l",
    "flock -1",
    "flock -- -1",
    "flock -x",
    "flock -E 300 l true",
    "flock -E -1 l true",
    "flock -E x l true",
    "flock -E '' l true",
    "flock -w x l true",
    "flock -w '' l true",
    "flock -w 1,5 l true",
    "flock -w .5s l true",
    "flock -w -1 l true",
    "flock -w inf l true",
    "flock -w 0 l echo zero",
    "flock -w 1e1 l echo e",
    "flock -w .007 l echo small",
    "flock -c",
    "flock -c 'echo first' l",
    "flock l -c",
    "flock l -c 'echo a' b",
    "flock l --command",
    "flock l --command 'echo command'",
    "flock l -c 'echo $0 $SHELL'",
    "SHELL=/bin/echo flock l -c hi",
    "SHELL= flock l -c 'echo $0'",
    "SHELL=/no/shell flock l -c hi",
    "flock l -x -c 'echo hi'",
    "flock l -- echo hi",
    "flock -- l echo hi",
    "flock -n l /no/such",
    "flock l /dev",
    "flock l ''",
    "flock -F l /no/such",
    "flock -o -F l true",
    "flock -o l echo closed",
    "flock -u l echo unlocked",
    "flock -s l echo shared",
    "flock -e l echo exclusive",
    "flock --nb l echo nb",
    "flock --nonblock l echo cut short",
    "flock --nonblocking l echo whole",
    "flock --wait 1 l echo wait",
    "flock --conflict-exit-code=7 --timeout=1 l echo long",
    "flock -nb l echo x",
    "flock --zz",
    "flock --close=1 l true",
    "flock -w",
    "flock --timeout",
    "flock -F l echo no fork",
    "flock /nodir/x true",
    "flock '' true",
    "flock . echo directory",
    "flock /dev/full true",
    "flock 0 </dev/null",
    "flock l sh -c 'exit 7'",
    "flock l sh -c 'exit 300'",
    "flock l sh -c 'kill -9 $$'",
    "flock l sh -c 'kill -TERM $$'; echo $?",
    "flock -F l sh -c 'kill -9 $$'; echo $?",
    "umask 027; flock new true; stat -c '%a %s' new; rm new",
    "trap '' PIPE; flock l grep SigIgn /proc/self/status",
    "trap '' USR1; flock l grep SigIgn /proc/self/status",
    "flock l cat </dev/null",
    "echo in | flock l cat",
    "flock -o l sh -c 'ls -l /proc/self/fd | grep -c /l'",
    "flock --help >/dev/full",
    "flock --version >/dev/full",
];

/// The same, while another one has an exclusive lock on `l` by descriptor 8.
const HELD: &[&str] = &[
    "flock -n l true",
    "flock -n -E 7 l true",
    "flock -n -s l true",
    "flock -w 0 l true",
    "flock -w 0.05 l true",
    "flock -w 0.05 -E 9 l -c true",
    "flock --verbose -n l true",
    "flock --verbose -w 0.05 l true",
    "flock --verbose -w 5 -n l true",
    "flock -w 0.05 7 7>l",
    "flock -n 7 7<l",
    "flock -n 8",
    "flock -u l echo nothing to unlock",
    "flock -u 8; flock -n l echo free; flock 8",
    "flock -s 8; flock -ns l echo shared; flock -n l true; flock 8",
];

/// What was printed to both, and the status.
fn all(outcome: &Outcome) -> (String, String, i32) {
    (String::from_utf8_lossy(outcome.stdout()).into_owned(), outcome.stderr(), outcome.status())
}

#[test]
fn says_what_the_original_says() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    let faces = Faces::new();
    let prepare = "mkdir -p /dev/shm/d; cd /dev/shm/d; : >l; ";
    for line in FREE {
        let script = format!("{prepare}{line}");
        assert_eq!(all(&faces.script(&world, &script, &[])), all(&world.script(&script, &[])), "{line}");
    }
    for line in HELD {
        let script = format!("{prepare}exec 8>l; flock 8; {line}");
        assert_eq!(all(&faces.script(&world, &script, &[])), all(&world.script(&script, &[])), "{line}");
    }
}

/// Scripts as people write them, around one file.
const SCRIPTS: &[&str] = &[
    // The descriptor of a subshell.
    "( flock -n 9 || exit 1; echo first; ( flock -n 9 || { echo second refused; exit 1; } ) 9>lock ) 9>lock",
    // A lock for the rest of the script.
    "exec 9>lock; flock -n 9 || exit 1; echo alone; flock -n lock true || echo refused",
    // The script locks itself.
    "cat >self <<'end'
#!/bin/sh
[ \"${FLOCKER}\" != \"$0\" ] && exec env FLOCKER=\"$0\" flock -en \"$0\" \"$0\" \"$@\" || :
echo \"locked: $1\"; flock -n \"$0\" true || echo refused
end
chmod +x self; ./self argument",
    // A timeout, with a status of its own.
    "flock lock -c 'flock -w 0.05 -E 75 lock true; echo $?'",
    // Readers, then a writer.
    "( flock -s 9; flock -sn lock echo reads, too; flock -n lock true || echo no writer ) 9<lock; flock lock echo writes",
    // A counter that twenty add to.
    "echo 0 >count
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    flock lock sh -c 'read -r n <count; echo $((n + 1)) >count' &
done; wait; cat count",
    // What is left in the background keeps the lock, unless the descriptor is closed.
    "flock -o lock -c 'sleep 1000 </dev/null >/dev/null 2>&1 & echo $!' >pid; flock -n lock echo free; kill $(cat pid)",
    "flock lock -c 'sleep 1000 </dev/null >/dev/null 2>&1 & echo $!' >pid; flock -n lock echo free || echo held; kill $(cat pid)",
];

#[test]
fn a_script_that_names_no_interpreter_is_for_the_shell() {
    let Some(world) = World::new() else { return };
    if cfg!(target_env = "musl") {
        return skip("musl's execvp(3) runs no such script");
    }
    let script =
        "cd /dev/shm; echo 'echo read by a shell' >plain; chmod +x plain; flock lock ./plain; flock -o lock ./plain";
    let read = Faces::new().script(&world, script, &[]).success();
    assert_eq!(read, "read by a shell\nread by a shell");
}

#[test]
fn scripts_run_unchanged() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    let compare = has("flock");
    for script in SCRIPTS {
        let script = format!("rm -rf /dev/shm/d; mkdir /dev/shm/d; cd /dev/shm/d; : >lock; {script}");
        let ours = all(&faces.script(&world, &script, &[]));
        assert_eq!(ours.1, "", "{script}");
        if compare {
            assert_eq!(ours, all(&world.script(&script, &[])), "{script}");
        }
    }
}

#[test]
fn the_two_hold_each_other_off() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    let faces = Faces::new();
    let theirs = Outcome::of(&mut world.sh("command -v flock", &[])).success();
    let script = format!("cd /dev/shm; {theirs} l flock -n l true; echo $?; flock l {theirs} -n l true; echo $?");
    assert_eq!(faces.script(&world, &script, &[]).success(), "1\n1");
}

/// The command of a running flock.
fn command_of(flock: &Running) -> u32 {
    let children = format!("/proc/{0}/task/{0}/children", flock.id());
    let child = || std::fs::read_to_string(&children).unwrap_or_default().trim().parse().ok();
    wait_until("it has a child", || child().is_some());
    child().expect("as seen")
}

#[test]
fn term_ends_the_command_and_the_lock() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    for options in ["", "-o"] {
        let script = format!("cd /dev/shm; exec flock {options} l sleep 1000");
        let flock = Running::start(&mut faces.sh(&world, &script, &[]));
        let command = command_of(&flock);
        wait_until_in(command, Call::Nanosleep);
        flock.signal("TERM");
        assert_eq!(flock.outcome().status(), 143, "{options}");
        assert_eq!(faces.script(&world, "flock -n /dev/shm/l echo free", &[]).success(), "free");
    }
}

#[test]
fn redirections_of_the_command_do_not_unlock() {
    let Some(world) = World::new() else { return };
    let script = "cd /dev/shm; flock l sh -c 'exec 3>/dev/null 4>/dev/null; flock -n l true; echo $?'";
    assert_eq!(Faces::new().script(&world, script, &[]).success(), "1");
}

#[test]
fn a_timeout_is_kept() {
    let Some(world) = World::new() else { return };
    let started = Instant::now();
    let script = "cd /dev/shm; exec 8>l; flock 8; flock -w 0.3 l true; echo $?";
    assert_eq!(Faces::new().script(&world, script, &[]).success(), "1");
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[test]
fn what_is_told_comes_before_what_the_command_prints() {
    let Some(world) = World::new() else { return };
    for options in ["", "-F", "-o"] {
        let script = format!("flock {options} --verbose /dev/shm/l echo done");
        let printed = Faces::new().script(&world, &script, &[]).success();
        let mut lines = printed.lines();
        let took = lines.next().and_then(|line| line.strip_prefix("flock: getting lock took ")).expect("a time");
        let fraction = took.strip_suffix(" seconds").and_then(|seconds| seconds.split_once('.'));
        assert!(fraction.is_some_and(|(_, digits)| digits.len() == 6), "{printed}");
        assert_eq!(lines.collect::<Vec<_>>(), ["flock: executing echo", "done"]);
    }
}

#[test]
fn ranges_and_descriptors_are_locked_around_a_command() {
    let Some(world) = World::new() else { return };
    let script = "cd /dev/shm; : >l
        flock --start 10 --length 5 l rlock list l --no-header -o kind,range
        flock --fcntl l flock -n --start 3 l true; echo $?
        flock --start 0 --length 5 l flock -n --start 5 l echo beside
        flock --fcntl -s l flock --fcntl -ns l echo shared
        flock --fcntl l flock -n l echo unseen
        flock --fd 9 rlock list l --no-header -o kind,range 9>l
        flock --fcntl 9 9<>l; flock --fcntl 9 9<l; echo $?; flock --length x l true; echo $?";
    let outcome = Faces::new().script(&world, script, &[]);
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    assert_eq!(printed, "ofd  10:5\n1\nbeside\nshared\nunseen\nflock  whole\n65\n64\n");
    assert_eq!(outcome.stderr(), "flock: 9: Bad file descriptor\nflock: invalid length: 'x'\n");
}
