//! `run`: units are held while a command runs, and come back however it ends.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::support::{Call, Running, World, can_trace, wait_for, wait_until};

/// A folder that everybody may write to.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a directory");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(folder.path(), mode).expect("it is ours");
    folder
}

fn lines(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn never_more_run_than_there_are_units() {
    let Some(world) = World::new() else { return };
    let folder = folder();
    // Each job counts who is alive while it is itself.
    let job = "mkdir alive/$$; set -- alive/*; echo $# >> counts; rmdir alive/$$";
    let script = "cd \"$1\" && mkdir alive
        for i in $(seq 200); do rsem run -j 4 0x4b -- sh -c \"$2\" & done; wait";
    world.script(script, &[folder.path().to_str().expect("UTF-8"), job]).success();
    let counts: Vec<u32> = lines(&folder.path().join("counts")).iter().map(|n| n.parse().expect("a number")).collect();
    assert_eq!(counts.len(), 200, "all run");
    assert!(counts.iter().all(|&alive| alive <= 4), "{counts:?}");
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "4");
}

#[test]
fn jobs_that_are_killed_leave_no_unit_behind() {
    let Some(world) = World::new() else { return };
    let folder = folder();
    // Whoever holds a unit keeps it until all are killed that are to be.
    let job = "cd \"$0\" && echo $$ >> begun; while [ -e hold ]; do sleep 0.01; done; echo $$ >> ended";
    fs::write(folder.path().join("hold"), "").expect("room");
    let start = |_| {
        let mut command = world.command("rsem");
        command.args(["run", "-j", "4", "0x4b", "--", "sh", "-c", job]).arg(folder.path());
        command.spawn().expect("it starts")
    };
    let mut jobs: Vec<Child> = (0..200).map(start).collect();
    // 50 of them in no order: every other one among those that hold a unit just now.
    let (mut killed, mut place) = (BTreeSet::new(), 7);
    let begun = || lines(&folder.path().join("begun"));
    while killed.len() < 50 {
        // Comes to every place once.
        place = (place * 61 + 41) % jobs.len();
        let next = if killed.len() % 2 == 0 {
            wait_for("somebody holds a unit", || {
                let begun = begun();
                let holds =
                    |(place, job): &(usize, &Child)| !killed.contains(place) && begun.contains(&job.id().to_string());
                jobs.iter().enumerate().find(holds).map(|(place, _)| place).ok_or(format!("{} began", begun.len()))
            })
        } else {
            place
        };
        if killed.insert(next) {
            // None is reaped yet: no pid is anybody else's.
            let _ = kill(Pid::from_raw(jobs[next].id().cast_signed()), Signal::SIGKILL);
        }
    }
    fs::remove_file(folder.path().join("hold")).expect("it is there");
    for job in &mut jobs {
        job.wait().expect("it ends");
    }
    let (begun, ended) = (begun().len(), lines(&folder.path().join("ended")).len());
    assert!((175..=200).contains(&begun) && ended == 150, "{begun} began, {ended} ended by themselves");
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "4");
    assert_eq!(world.ok("rsem", &["list", "-o", "waiting", "--no-header"]).trim(), "0");
}

#[test]
fn who_holds_all_units_has_waited_for_all_jobs() {
    let Some(world) = World::new() else { return };
    let folder = folder();
    let script = "cd \"$1\" && rsem create 0x4b --value 4 >/dev/null
        for i in $(seq 12); do rsem run -j 4 0x4b -- sh -c 'sleep 0.02; echo done >> log' & done
        until rsem wait 0x4b --zero --nowait --quiet || [ -s log ]; do :; done
        while [ \"$(wc -l < log 2>/dev/null || echo 0)\" -lt 8 ]; do :; done
        rsem wait 0x4b 4; wc -l < log; wait; wc -l < log";
    let counted = world.script(script, &[folder.path().to_str().expect("UTF-8")]);
    let counted = String::from_utf8_lossy(counted.stdout()).into_owned();
    let counts: Vec<usize> = counted.lines().map(|line| line.trim().parse().expect("a number")).collect();
    assert!(counts.len() == 2 && counts[0] >= 8 && counts[1] <= 12, "{counted}");
}

#[test]
fn the_status_is_that_of_the_command() {
    let Some(world) = World::new() else { return };
    for name in ["0x4b", "/s"] {
        for tree in [&[][..], &["--tree"]] {
            let run =
                |command: &[&str]| world.run("rsem", &[&["run", "--create", name], tree, &["--"], command].concat());
            assert_eq!(run(&["sh", "-c", "exit 7"]).status(), 7);
            assert_eq!(run(&["sh", "-c", "exit 124"]).status(), 124);
            assert_eq!(run(&["sh", "-c", "kill -TERM $$"]).status(), 143);
            assert_eq!(run(&["sh", "-c", "kill -KILL $$"]).status(), 137);
            run(&["/no/such"]).fails(127, "rsem: cannot run '/no/such': No such file or directory\n");
            run(&["/etc/passwd"]).fails(126, "rsem: cannot run '/etc/passwd': Permission denied\n");
            assert_eq!(run(&["rsem", "get", name]).success(), "0");
            assert_eq!(world.ok("rsem", &["get", name]), "1");
        }
    }
}

#[test]
fn own_failures_are_told_from_the_commands() {
    let Some(world) = World::new() else { return };
    world.run("rsem", &["run", "0x4b", "--", "true"]).fails(125, "cannot open semaphore 0 of set 0x0000004b");
    world.run("rsem", &["run", "/s", "--", "true"]).fails(125, "cannot open semaphore '/s'");
    world.run("rsem", &["run", "0x4b:1", "--create", "--", "true"]).fails(2, "--create makes one semaphore");
    world.run("rsem", &["run", "0x4b", "--value", "2", "--", "true"]).fails(2, "--create");
    world.run("rsem", &["run", "0x4b", "-j", "2", "--create", "--", "true"]).fails(2, "--create");
    world.run("rsem", &["run", "private", "-j", "2", "--", "true"]).fails(2, "nobody else finds a private set");
    world.run("rsem", &["run", "0x4b"]).fails(2, "COMMAND");
    assert_eq!(world.ok("ripcs", &["--json"]), "[]");
    for name in ["0x4b", "/s"] {
        world.ok("rsem", &["create", name, "--value", "1"]);
        let run =
            |more: &[&str]| world.run("rsem", &[&["run", name, "-N", "2"], more, &["--", "echo", "ran"]].concat());
        run(&["--nowait"]).fails(124, "has not 2 units\n");
        run(&["--timeout", "0.1"]).fails(124, "had not 2 units until the timeout\n");
        run(&["-n", "-E", "75"]).fails(75, "has not 2 units\n");
        assert_eq!(run(&["-n", "-q", "--conflict-status", "0"]).stderr(), "");
        assert_eq!(world.ok("rsem", &["get", name]), "1");
    }
    world.run("rsem", &["run", "0x4b:4", "--", "true"]).fails(125, "there is no semaphore 4");
}

#[test]
fn a_system_v_holder_is_the_command_itself_and_kill_9_gives_back() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "3"]);
    let mut holder = world.start("rsem", &["run", "0x4b", "-N", "2", "--", "sh", "-c", "echo up; exec sleep 1000"]);
    assert_eq!(holder.line(), "up");
    wait_until("nothing of ours stays", || {
        fs::read_to_string(format!("/proc/{}/comm", holder.id())).is_ok_and(|comm| comm == "sleep\n")
    });
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "1");
    holder.signal("KILL");
    assert_eq!(holder.outcome().status(), 137);
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "3");
}

#[test]
fn a_posix_holder_passes_signals_on_and_gives_back() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "/s", "--value", "3"]);
    for signal in ["TERM", "HUP", "INT", "USR1"] {
        let mut holder = world.start("rsem", &["run", "/s", "-N", "2", "--", "sh", "-c", "echo up; exec sleep 1000"]);
        assert_eq!(holder.line(), "up");
        assert_eq!(world.ok("rsem", &["get", "/s"]), "1");
        holder.signal(signal);
        let status = 128 + format!("SIG{signal}").parse::<Signal>().expect("a signal") as i32;
        assert_eq!(holder.outcome().status(), status);
        assert_eq!(world.ok("rsem", &["get", "/s"]), "3");
    }
}

#[test]
fn units_of_a_posix_semaphore_come_together_or_not() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "/s", "--value", "3"]);
    let waiter = world.start("rsem", &["run", "/s", "-N", "4", "--", "rsem", "get", "/s"]);
    waiter.wait_until_in(Call::Nanosleep);
    world.ok("rsem", &["wait", "/s", "3", "--timeout", "200"]);
    world.ok("rsem", &["post", "/s", "5"]);
    assert_eq!(waiter.outcome().success(), "1");
    assert_eq!(world.ok("rsem", &["get", "/s"]), "5");
}

#[test]
fn one_run_of_a_free_semaphore_makes_few_calls() {
    let Some(world) = World::new() else { return };
    if !can_trace() {
        return;
    }
    world.ok("rsem", &["create", "0x4b", "--value", "1"]);
    let calls = |name: &str| {
        let script = "strace -f -o /dev/fd/3 rsem run \"$1\" -- /bin/true 3>&1 >/dev/null 2>&1";
        let log = world.script(script, &[name]);
        let log = String::from_utf8_lossy(log.stdout()).into_owned();
        let own = log.lines().take_while(|line| !line.contains("execve(\"/bin/true\""));
        (own.count(), log.matches(" execve(").count(), log.contains("clone") || log.contains("fork"))
    };
    let (own, executed, forked) = calls("0x4b");
    assert_eq!((executed, forked), (2, false), "it becomes the command");
    assert!((5..=25).contains(&own), "{own} calls of our own");
}

#[test]
fn a_semaphore_that_its_command_cuts_short_is_an_error() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "/s", "--value", "2"]);
    let ran = world.run("rsem", &["run", "-N", "2", "/s", "--", "sh", "-c", ": >/dev/shm/sem.s"]);
    ran.fails(125, "cannot give back 2 units to semaphore '/s': its file was cut short, it is no semaphore any more\n");
}

#[test]
fn a_semaphore_cut_short_in_a_wait_is_an_error() {
    let Some(world) = World::new() else { return };
    // Who waits for zero looks again and again; a sleeper is woken by a signal that ends nothing.
    for (arguments, call, signal) in
        [(&["wait", "/s"][..], Call::Futex, Some("ALRM")), (&["wait", "--zero", "/full"], Call::Nanosleep, None)]
    {
        world.script("rsem create /s --value 0; rsem create /full --value 1", &[]).success();
        let waiter = world.start("rsem", arguments);
        waiter.wait_until_in(call);
        world.script(": >/dev/shm/sem.s; : >/dev/shm/sem.full", &[]).success();
        if let Some(signal) = signal {
            waiter.signal(signal);
        }
        waiter.outcome().fails(1, "its file was cut short, it is no semaphore any more\n");
        world.script("rm /dev/shm/sem.s /dev/shm/sem.full", &[]).success();
    }
}

#[test]
fn whoever_races_one_that_cuts_a_semaphore_short_gets_an_answer_or_an_error() {
    let Some(world) = World::new() else { return };
    world.script("rsem create /s --value 1000; cp /dev/shm/sem.s /dev/shm/copy", &[]).success();
    let cut = "echo ready; cd /dev/shm; while :; do : >sem.s; cat copy >sem.s; done";
    let mut shrinker = Running::start(world.sh(cut, &[]).env("LC_ALL", "C"));
    assert_eq!(shrinker.line(), "ready");
    let script = "n=0; while [ $((n += 1)) -le 200 ]; do
        case $((n % 2)) in 0) rsem post /s 500 ;; 1) rsem wait --nowait /s 500 ;; esac >/dev/null 2>&1
        echo $?
    done | sort | uniq -c";
    let statuses = world.script(script, &[]).success();
    let known = |line: &str| [" 0", " 1", " 124"].iter().any(|end| line.ends_with(end));
    assert!(statuses.lines().all(known), "{statuses}");
    drop(shrinker);
}
