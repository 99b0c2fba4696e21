//! `rsignal show`, `list`, `names`: what processes do with signals.

use super::{apart, apart_prints, rsignal, sleeper};
use crate::support::{Outcome, Running, has, skip, tool, wait_until};

/// The sentence about a signal.
fn effect(pid: u32, signal: &str) -> String {
    let shown = rsignal(&["show", &pid.to_string(), "--signal", signal, "--json"]).success();
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    shown["effect"].as_str().expect("a sentence").to_owned()
}

#[test]
fn why_a_signal_does_nothing_is_said_in_a_sentence() {
    let sleeper = sleeper(&["--ignore", "TERM", "--block", "INT,RTMIN+2"]);
    let pid = sleeper.id();
    assert_eq!(effect(pid, "TERM"), "TERM does nothing: the process ignores it");
    assert_eq!(effect(pid, "INT"), "INT waits: every thread of the process blocks it");
    assert_eq!(effect(pid, "USR1"), "USR1 ends the process");
    assert_eq!(effect(pid, "ABRT"), "ABRT ends the process and may leave a core dump");
    assert_eq!(effect(pid, "WINCH"), "WINCH does nothing: that is its default action");
    rsignal(&["send", "-INT", &pid.to_string()]).success();
    assert_eq!(effect(pid, "INT"), "INT waits: every thread of the process blocks it; one is pending");
    sleeper.signal("STOP");
    wait_until("it is stopped", || effect(pid, "USR1").contains("the process is stopped"));
    assert!(effect(pid, "KILL").ends_with("ends the process"));
    // It ends when nobody is left who would wait for it: a shell might, up to the last moment.
    let script = "until grep -q cat /proc/$$/comm; do :; done & echo $!; exec cat";
    let mut parent = Running::start(tool("sh").args(["-c", script]));
    let ended: u32 = parent.line().parse().expect("a pid");
    wait_until("it has ended", || effect(ended, "TERM").contains("has ended"));
}

#[test]
fn init_of_a_namespace_is_told() {
    let script = "rsignal show 1 | sed -n 's/^effect *//p'; rsignal show 1 -s KILL | sed -n 's/^effect *//p'
        trap : TERM; rsignal show 1 | sed -n 's/^effect *//p'";
    let Some(printed) = apart_prints(script) else { return };
    let nothing = "does nothing: the process is init of its pid namespace and has no handler for it (from outside KILL \
                   and STOP work)";
    let caught = "TERM is caught: the handler of the process decides what happens";
    assert_eq!(printed, format!("TERM {nothing}\nKILL {nothing}\n{caught}"));
}

#[test]
fn sets_are_shown_by_names() {
    let sleeper = sleeper(&["--default", "all", "--ignore", "HUP,PIPE", "--block", "USR1,RTMIN,RTMIN+1,RTMIN+2,RTMAX"]);
    let pid = sleeper.id().to_string();
    rsignal(&["send", "-s", "USR1", &pid]).success();
    let text = rsignal(&["show", &pid]).success();
    let field =
        |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).expect("a line");
    assert_eq!(field("blocked"), "USR1,RTMIN..RTMIN+2,RTMAX");
    assert_eq!((field("ignored"), field("shared_pending")), ("HUP,PIPE".into(), "USR1".into()));
    assert_eq!(field("own_pending"), "-");
    let json = rsignal(&["show", &pid, "--threads", "--json"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["blocked"], serde_json::json!(["USR1", "RTMIN", "RTMIN+1", "RTMIN+2", "RTMAX"]));
    assert_eq!(json["threads"][0]["pid"].as_u64(), Some(sleeper.id().into()));
    assert!(json["queued"].as_u64() >= Some(1) && json["limit"].as_u64() > json["queued"].as_u64());
}

#[test]
fn each_thread_is_shown() {
    if !has("python3") {
        return;
    }
    let script = "import signal, threading, sys
def blocks():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    print('ready', flush=True)
    sys.stdin.read()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threading.Thread(target=blocks).start()";
    let mut python = Running::start(tool("python3").args(["-c", script]));
    assert_eq!(python.line(), "ready");
    let pid = python.id();
    assert!(effect(pid, "TERM").contains("every thread of the process blocks it"), "inherited");
    assert_eq!(effect(pid, "USR1"), "USR1 ends the process", "one thread lets it through");
    let shown = rsignal(&["show", "--threads", &pid.to_string()]).success();
    let blocked: Vec<&str> = shown.lines().rev().take(2).filter_map(|line| line.split_whitespace().nth(3)).collect();
    assert!(blocked.contains(&"TERM") && blocked.iter().any(|set| set.contains("USR1")), "{shown}");
}

#[test]
fn processes_are_listed_by_what_they_do() {
    let script = "rsignal run --ignore USR1,USR2 --block RTMIN -- sleep 1000 & one=$!
        rsignal run --ignore USR1 -- sleep 1000 & two=$!
        trap : USR1
        until_ '[ $(rsignal list --ignoring USR1 name:sleep --no-header | wc -l) = 2 ]'
        rsignal send -s RTMIN $one
        list() {
            pids=$(rsignal list --no-header -o pid \"$@\")
            echo $pids '' | sed \"s/\\<$one\\>/one/; s/\\<$two\\>/two/; s/\\<$$\\>/sh/\"
        }
        list --ignoring USR1
        list --ignoring USR1,USR2
        list --ignoring USR1 name:cat $two
        list --blocking RTMIN
        list --pending RTMIN
        list --catching USR1
        rsignal list --json -o pid,ignored $two | tr -d ' \\n'";
    let Some(mut command) = apart(script) else { return };
    let outcome = Outcome::of(&mut command);
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    let expected = "one two \none \ntwo \none \none \nsh \n[{\"pid\":";
    assert!(printed.starts_with(expected), "{printed} {}", outcome.stderr());
    assert!(printed.ends_with("]}]") && printed.contains("\"USR1\""), "{printed}");
    assert_eq!(outcome.stderr(), "rsignal: no process is name:cat\n");
}

#[test]
fn a_hostile_command_name_is_escaped_in_tables() {
    if !has("perl") {
        return;
    }
    let script = "$0 = \"a\\e[31m\\n\\xff\"; $| = 1; print \"ready\\n\"; sleep 1000";
    let mut perl = Running::start(tool("perl").args(["-e", script]));
    assert_eq!(perl.line(), "ready");
    let pid = perl.id().to_string();
    for words in [&["show", &*pid][..], &["list", &pid]] {
        let shown = rsignal(words).success();
        assert!(shown.contains("a\\x1b[31m\\n") && !shown.contains('\x1b'), "{shown:?}");
    }
    rsignal(&["send", "name:a\x1b[31m"]).fails(3, "no process is name:a\\x1b[31m\n");
}

#[test]
fn the_names_are_those_of_the_shell() {
    if !has("bash") {
        return;
    }
    let script = "for n in $(seq 31) $(seq 34 64); do kill -l $n; done";
    let names = Outcome::of(tool("bash").args(["-c", script])).success();
    if !names.contains("RTMAX") {
        return skip("this bash knows no real-time signals");
    }
    assert_eq!(rsignal(&["names", "--no-header", "-o", "name"]).success(), names.replace("SIG", ""));
}

#[test]
fn signals_are_looked_up_in_every_way() {
    let names = |words: &[&str]| rsignal(&[&["names", "--no-header", "-o", "name"], words].concat()).success();
    assert_eq!(names(&["137"]), "KILL");
    assert_eq!(names(&["0x4002"]), "INT\nTERM");
    assert_eq!(names(&["9", "sigterm", "RTMIN+3", "130"]), "KILL\nTERM\nRTMIN+3\nINT");
    let row = rsignal(&["names", "ABRT", "--json"]).success();
    let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
    let expected =
        serde_json::json!({"number": 6, "name": "ABRT", "alias": "IOT", "action": "core", "meaning": "abort(3)"});
    assert_eq!(row[0], expected);
    let told = "rsignal: 'NOSUCH' is no signal, no exit status of one, and no mask of signals\n";
    rsignal(&["names", "NOSUCH"]).fails(2, told);
}
