//! `show` names who is at a queue; `peek`, `wait` and `clear` look and empty.

use serde_json::Value;

use crate::support::{Call, Outcome, Running, World, has, wait_until};

/// The processes that `show --json` names, as (pid, command, how).
fn processes(world: &World, queue: &str) -> Vec<(u64, String, String)> {
    let shown = world.run("rmsgq", &["show", queue, "--json"]);
    let shown: Value = serde_json::from_slice(shown.stdout()).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let processes = shown["processes"].as_array().expect("a list").iter();
    processes.map(|user| (user["pid"].as_u64().expect("a pid"), text(&user["command"]), text(&user["how"]))).collect()
}

#[test]
fn show_names_a_blocked_sender_until_room_comes() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["set", &queue, "--max-bytes", "4"]);
    world.ok("rmsgq", &["send", &queue, "full"]);
    let sender = world.start("rmsgq", &["send", &queue, "more"]);
    sender.wait_until_in(Call::Msgsnd);
    assert_eq!(processes(&world, &queue), [(sender.id().into(), "rmsgq".into(), "blocked sending".into())]);
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "full");
    sender.outcome().success();
    assert_eq!(processes(&world, &queue), []);
}

#[test]
fn show_names_receivers_that_we_did_not_write() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    let table =
        [("0", "blocked receiving"), ("5", "blocked receiving type 5"), ("-7", "blocked receiving up to type 7")];
    for (kind, how) in table {
        let mut perl = world.command("perl");
        let perl = Running::start(perl.args(["-e", "msgrcv($ARGV[0], $_, 100, $ARGV[1], 0)", &queue, kind]));
        perl.wait_until_in(Call::Msgrcv);
        assert_eq!(processes(&world, &queue), [(perl.id().into(), "perl".into(), how.into())]);
    }
}

#[test]
fn show_names_who_has_a_posix_queue_open() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/q"]);
    let reader = world.start("rmsgq", &["recv", "/q"]);
    reader.wait_until_in(Call::MqReceive);
    let own = |how: &str| (u64::from(reader.id()), "rmsgq".to_owned(), how.to_owned());
    assert_eq!(processes(&world, "/q"), [own("open for both"), own("blocked receiving")]);
}

/// Opens `/q`, asks to be notified, says so, and waits for its end.
const NOTIFIED: &str = "import ctypes,sys,signal
c=ctypes.CDLL(None,use_errno=True)
q=c.mq_open(b'/q',0)
class S(ctypes.Structure): _fields_=[('v',ctypes.c_void_p),('s',ctypes.c_int),('n',ctypes.c_int),('p',ctypes.c_char*48)]
assert q>=0 and c.mq_notify(q,ctypes.byref(S(None,signal.SIGUSR1,0,b'')))==0, ctypes.get_errno()
print('ready',flush=True)
sys.stdin.read()
";

#[test]
fn show_names_who_is_registered_for_notification() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    world.ok("rmsgq", &["create", "/q"]);
    let mut python = Running::start(world.command("python3").args(["-c", NOTIFIED]));
    assert_eq!(python.line(), "ready");
    let hows: Vec<String> = processes(&world, "/q").into_iter().map(|(_, _, how)| how).collect();
    assert_eq!(hows, ["open to receive", "registered for notification"]);
}

#[test]
fn a_queue_of_another_namespace_is_not_mixed_in() {
    let (Some(world), Some(other)) = (World::new(), World::new()) else { return };
    let queue = world.ok("rmsgq", &["create"]);
    assert_eq!(other.ok("rmsgq", &["create"]), queue, "the same identifier in both");
    let reader = other.start("rmsgq", &["recv", &queue]);
    reader.wait_until_in(Call::Msgrcv);
    assert_eq!(processes(&world, &queue), []);
    assert_eq!(processes(&other, &queue).len(), 1);
}

#[test]
fn peek_takes_nothing() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    if world.run("rmsgq", &["peek", &queue]).stderr().contains("CONFIG_CHECKPOINT_RESTORE") {
        crate::support::skip("this kernel has no MSG_COPY");
        return;
    }
    world.run("rmsgq", &["peek", &queue]).fails(124, "no message 0 in queue 0");
    for kind in ["3", "1", "2"] {
        world.ok("rmsgq", &["send", &queue, "--type", kind, &format!("type {kind}")]);
    }
    assert_eq!(world.ok("rmsgq", &["peek", &queue]), "type 3");
    assert_eq!(
        world.ok("rmsgq", &["peek", &queue, "--index", "1", "--json"]),
        "{\"type\":1,\"size\":6,\"text\":\"type 1\"}"
    );
    assert_eq!(world.ok("rmsgq", &["peek", &queue, "--all"]), "type 3\ntype 1\ntype 2");
    assert_eq!(world.run("rmsgq", &["peek", &queue, "--count", "9"]).status(), 124);
    assert_eq!(world.run("rmsgq", &["peek", &queue, "--all", "-0"]).stdout(), b"type 3\0type 1\0type 2\0");
    assert_eq!(world.ok("rmsgq", &["clear", &queue]), "3");
    assert_eq!(world.ok("rmsgq", &["peek", &queue, "--all"]), "");
}

#[test]
fn wait_sees_each_state_and_takes_nothing() {
    let Some(world) = World::new() else { return };
    let system_v = world.ok("rmsgq", &["create", "--max-bytes", "1"]);
    world.ok("rmsgq", &["create", "/q", "--max-messages", "1", "--max-size", "1"]);
    for queue in [system_v.as_str(), "/q"] {
        world.ok("rmsgq", &["wait", queue, "--for", "empty"]);
        world.ok("rmsgq", &["wait", queue, "--for", "room", "--timeout", "100"]);
        world.run("rmsgq", &["wait", queue, "--timeout", "0.1"]).fails(124, "has no message");
        let waiter = world.start("rmsgq", &["wait", queue]);
        world.ok("rmsgq", &["send", queue, "x"]);
        waiter.outcome().success();
        world.run("rmsgq", &["wait", queue, "--for", "room", "--nowait"]).fails(124, "is full");
        world.run("rmsgq", &["wait", queue, "--for", "empty", "--nowait"]).fails(124, "is not empty");
        assert_eq!(world.ok("rmsgq", &["recv", queue, "--nowait"]), "x");
    }
    let waiter = world.start("rmsgq", &["wait", &system_v]);
    wait_until("the waiter sleeps", || asleep(&waiter));
    world.ok("rmsgq", &["remove", &system_v]);
    waiter.outcome().fails(3, "cannot wait for queue 0");
}

/// Whether it sleeps, in whatever.
fn asleep(process: &Running) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
    stat.contains("(rmsgq) S")
}

#[test]
fn clear_counts_what_went() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let mut lines = "x\n".repeat(200);
    lines.push_str(&"y".repeat(8000));
    Outcome::fed(world.command("rmsgq").args(["send", &queue]), lines.as_bytes()).success();
    assert_eq!(world.ok("rmsgq", &["clear", &queue]), "201");
    assert_eq!(world.ok("rmsgq", &["clear", &queue]), "0");
}

#[test]
fn long_messages_are_left_or_cut_as_asked() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "123456789"]);
    let left = world.run("rmsgq", &["recv", &queue, "--max-size", "4"]);
    left.fails(1, "the next message in queue 0 is longer than --max-size; it stays there");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--max-size", "4", "--truncate"]), "1234");
    world.run("rmsgq", &["recv", &queue, "--truncate"]).fails(2, "--max-size");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--drain"]), "");
}

#[test]
fn a_huge_max_size_takes_no_memory() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let long = "y".repeat(8192);
    world.ok("rmsgq", &["send", &queue, "x", &long]);
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--max-size", "15E"]), "x");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--max-size", "1G", "--truncate"]), long);
}
