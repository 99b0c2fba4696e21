//! `ripcs limits` and `ripcs why`: the numbers are the kernel's, and what is reached is said to be.

use serde_json::Value;

use crate::support::{Outcome, World, has, is_root, skip};

/// The value under `column` of the limit of this name.
fn limit(world: &World, name: &str, column: &str) -> String {
    world.ok("ripcs", &["limits", name, "--no-header", "-o", column])
}

#[test]
fn the_numbers_are_those_of_lsipc() {
    let Some(world) = World::new() else { return };
    if !has("lsipc") {
        return;
    }
    world.script("ipcmk -Q; ipcmk -Q; ipcmk -M 10000; ipcmk -S 7; ipcmk -S 2", &[]).success();
    let table = world.ok("lsipc", &["-g", "--raw", "--noheadings", "-b", "-o", "RESOURCE,LIMIT,USED"]);
    let mut compared = 0;
    for row in table.lines().map(|line| line.split(' ').collect::<Vec<_>>()) {
        // What has no count there has a meaning of its own here. SHMALL it rounds down segment by segment,
        // for SEMMNS it counts the first set again and again.
        let [name, bound, used] = row[..] else { continue };
        if ["MSGMNI", "SHMMNI", "SEMMNI"].contains(&name) {
            assert_eq!(limit(&world, name, "used,max").split_whitespace().collect::<Vec<_>>(), [used, bound], "{name}");
            compared += 1;
        }
        if ["MSGMAX", "MSGMNB", "SEMMNS", "SEMMSL", "SEMOPM", "SEMVMX"].contains(&name) {
            assert_eq!(limit(&world, name, "max"), bound, "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 9, "{table}");
    assert_eq!(limit(&world, "SEMMSL", "used,by,counts"), "7  0  largest");
    assert_eq!(limit(&world, "SEMMNS", "used"), "9");
    assert_eq!(limit(&world, "SHMALL", "used"), "3", "10000 bytes are three pages");
}

#[test]
fn the_numbers_are_those_of_the_sysctls() {
    let Some(world) = World::new() else { return };
    let all: Value = serde_json::from_str(&world.ok("ripcs", &["limits", "--json"])).expect("JSON");
    let all = all.as_array().expect("an array");
    let mut compared = 0;
    for one in all {
        let set_by = one["set_by"].as_str().expect("text");
        let path = format!("/proc/sys/{}", set_by.replace('.', "/"));
        let read = world.script("cat \"$1\" 2>/dev/null", &[&path]);
        let text = String::from_utf8_lossy(read.stdout()).into_owned();
        if let (Some(max), false) = (one["max"].as_u64(), text.is_empty()) {
            let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
            assert!(numbers.contains(&max), "{one}: {numbers:?}");
            compared += 1;
        }
    }
    assert!(compared > 12, "{compared} of {all:?}");
}

#[test]
fn what_is_said_to_raise_a_limit_raises_it() {
    let Some(world) = World::new() else { return };
    for name in ["MSGMNI", "MSGMAX", "SEMMNI", "SEMMSL", "SHMMNI", "queues_max", "msg_max", "/dev/shm"] {
        if name == "/dev/shm" && world.script("mount -o remount,size=1M /dev/shm", &[]).status() != 0 {
            skip("/dev/shm cannot be mounted anew here");
            continue;
        }
        let before: u64 = limit(&world, name, "max").parse().expect("a number");
        let raise = limit(&world, name, "raise").replace("sysctl -w ", "");
        // sysctl(8) need not be installed.
        let script = match raise.split_once('=') {
            Some((path, value)) if !raise.starts_with("mount") => {
                format!("echo {value} > /proc/sys/{}", path.replace('.', "/"))
            }
            _ => raise,
        };
        if world.script(&script, &[]).status() != 0 {
            skip(&format!("{name} cannot be set here"));
            continue;
        }
        let after: u64 = limit(&world, name, "max").parse().expect("a number");
        assert!(after > before, "{name}: {before} and then {after}");
    }
}

#[test]
fn a_check_ends_with_the_statuses_of_monitoring_systems() {
    let Some(world) = World::new() else { return };
    if world.script("echo 10 > /proc/sys/kernel/msgmni", &[]).status() != 0 {
        skip("kernel.msgmni cannot be set here");
        return;
    }
    let check = |thresholds: &str| world.run("ripcs", &["limits", "MSGMNI", "--check", thresholds]);
    let says = |outcome: &Outcome, status: i32, line: &str| {
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (status, ""));
        assert_eq!(String::from_utf8_lossy(outcome.stdout()), line);
    };
    says(&check("80"), 0, "IPC OK: most used is MSGMNI 0% (0 of 10 queues) | 'MSGMNI'=0;8;10;0;10\n");
    for _ in 0..8 {
        world.ok("rmsgq", &["create"]);
    }
    says(&check("80:90"), 1, "IPC WARNING: MSGMNI 80% (8 of 10 queues) | 'MSGMNI'=8;8;9;0;10\n");
    world.ok("rmsgq", &["create"]);
    says(&check("80:90"), 2, "IPC CRITICAL: MSGMNI 90% (9 of 10 queues) | 'MSGMNI'=9;8;9;0;10\n");
    world.ok("rmsgq", &["create"]);
    says(&check("99"), 2, "IPC CRITICAL: MSGMNI 100% (10 of 10 queues) | 'MSGMNI'=10;9;10;0;10\n");
    let blind = world.run("ripcs", &["limits", "--check", "80", "--pid", "2147483647"]);
    says(&blind, 3, "IPC UNKNOWN: cannot ask for the limits of process 2147483647: No such process\n");
    let nothing = world.run("ripcs", &["limits", "SEMOPM", "--check", "80"]);
    says(&nothing, 3, "IPC UNKNOWN: none of these limits can be seen to run out\n");
    check("95:80").fails(2, "the second not below the first");
    world.run("ripcs", &["limits", "SEMXYZ"]).fails(2, "no limit is called 'SEMXYZ'; there are SEMMNI,");
}

#[test]
fn a_limit_that_is_reached_is_told_by_why() {
    let Some(world) = World::new() else { return };
    if world.script("echo 2 > /proc/sys/kernel/msgmni", &[]).status() != 0 {
        skip("kernel.msgmni cannot be set here");
        return;
    }
    let why = || world.ok("ripcs", &["why", "enospc", "msgget", "--no-header", "-o", "reached,limit,used,max"]);
    world.ok("rmsgq", &["create"]);
    assert_eq!(why(), "no  MSGMNI  1  2");
    world.ok("rmsgq", &["create"]);
    assert_eq!(why(), "yes  MSGMNI  2  2");
    world.run("rmsgq", &["create"]).fails(1, "kernel.msgmni allows 2 queues");
}

#[test]
fn the_bytes_of_a_users_queues_are_counted_as_the_kernel_does() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") || !has("prlimit") {
        return;
    }
    // A user whose queues no other test has at the same time: they count together in all namespaces.
    let user = if is_root() { world.user(4_000_001) } else { None };
    let run = |program: &str, args: &[&str]| {
        let mut command = user.as_ref().map_or_else(|| world.command(program), |user| user.command(program));
        Outcome::of(command.args(args))
    };
    let create = ["create", "/q", "--max-messages", "7", "--max-size", "100"];
    run("rmsgq", &create).success();
    // We ourselves stand first where that is another user.
    let used = world.ok("ripcs", &["limits", "RLIMIT_MSGQUEUE", "--no-header", "-o", "used"]);
    let taken: u64 = used.lines().last().and_then(|line| line.trim().parse().ok()).expect("a number for each user");
    // One byte less than a second one of that size takes is refused, and that is the limit that is told.
    let path = user.as_ref().map_or_else(|| "rmsgq".into(), |user| user.tool("rmsgq"));
    let create = |limit: u64| {
        let limit = format!("--msgqueue={limit}");
        let args = [&limit, "setpriv", "--bounding-set", "-sys_resource", "--inh-caps", "-sys_resource"];
        let args = if user.is_some() { &args[..1] } else { &args[..] };
        run("prlimit", &[args, &[&path, "create", "/r", "--max-messages", "7", "--max-size", "100"]].concat())
    };
    create(2 * taken - 1).fails(1, "RLIMIT_MSGQUEUE");
    create(2 * taken).success();
}

#[test]
fn a_process_is_asked_for_its_own_limits() {
    let Some(world) = World::new() else { return };
    if !has("prlimit") {
        return;
    }
    let mut sleeper = crate::support::Running::start(
        &mut world.sh("exec prlimit --nofile=77 --sigpending=55 sh -c 'exec 5</dev/null; echo; exec cat'", &[]),
    );
    sleeper.line();
    let pid = sleeper.id().to_string();
    let shown = world.ok("ripcs", &["limits", "RLIMIT_NOFILE", "-p", &pid, "--no-header", "-o", "max,by,raise"]);
    assert_eq!(shown, format!("77  {pid}  prlimit --pid {pid} --nofile=154"));
    let used: u64 = world
        .ok("ripcs", &["limits", "RLIMIT_NOFILE", "-p", &pid, "--no-header", "-o", "used"])
        .parse()
        .expect("a number");
    assert!((4..20).contains(&used), "{used}");
    let why = world.ok("ripcs", &["why", "EAGAIN", "sigqueue", "-p", &pid, "--no-header", "-o", "max"]);
    assert_eq!(why, "55");
}

#[test]
fn the_pipes_of_a_user_are_counted() {
    let Some(world) = World::new() else { return };
    // One of ours has as many pages as a pipe gets that asks for nothing, and is not the only one.
    let mut sleeper = crate::support::Running::start(&mut world.sh("echo; exec cat", &[]));
    sleeper.line();
    let used = |name: &str| -> u64 { limit(&world, name, "used").parse().expect("a number") };
    assert!(used("pipe-max-size") >= 65_536);
    assert!(used("pipe-user-pages-soft") >= 3 * 16);
}

#[test]
fn why_knows_what_it_does_not_know() {
    let Some(world) = World::new() else { return };
    world.run("ripcs", &["why", "ENOSPC", "kill"]).fails(3, "ENOSPC (No space left on device) has no meaning");
    world.run("ripcs", &["why", "ENOSUCH"]).fails(2, "Linux has no error of this name");
    world.run("ripcs", &["why", "EAGAIN", "frobnicate"]).fails(2, "no call is known as 'frobnicate'");
    let by_number = world.ok("ripcs", &["why", "28", "semget(2)", "--json"]);
    assert_eq!(by_number, world.ok("ripcs", &["why", "ENOSPC", "SEMGET", "--json"]));
    let all: Value = serde_json::from_str(&by_number).expect("JSON");
    assert_eq!((&all[0]["limit"], &all[0]["number"], &all[0]["reached"]), (&"SEMMNI".into(), &28.into(), &"no".into()));
}

#[test]
fn a_plain_user_sees_what_is_theirs() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/secret", "--mode", "600"]);
    let Some(nobody) = world.user(65_534) else { return };
    let outcome = nobody.run("ripcs", &["limits", "--no-header", "-o", "limit,used"]);
    let shown = String::from_utf8_lossy(outcome.stdout()).into_owned();
    assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, ""), "{shown}");
    assert!(shown.lines().any(|line| line.split_whitespace().eq(["MSGMNI", "0"])), "{shown}");
    let checked = nobody.run("ripcs", &["limits", "SEMMNI", "--check", "80"]);
    assert_eq!(checked.status(), 0);
}
