//! Whom a target means: in pid namespaces of their own.

use super::{apart, apart_prints, rsignal, told};
use crate::support::{Outcome, can_trace, has, skip};

/// Three sleepers, two of them in one session and group; `left` prints the arguments of those that run.
/// Their pids have two digits: `-7` behind a signal is refused.
const THREE: &str = "
    for n in 1 2 3 4 5 6 7 8 9; do (:); done
    sh -c 'rsignal run --new-session -- sh -c \"sleep 1001 & exec sleep 1002\"' &
    sleep 1003 & other=$!
    until_ '[ $(rsignal list name:sleep --no-header | wc -l) = 3 ]'
    leader=$(rsignal list 'match:^sleep 1002' --no-header -o pid | tr -d ' ')
    left() { for n in 1 2 3; do rsignal list \"match:^sleep 100$n\" >/dev/null 2>&1 && printf \"100$n \"; done; echo; }
    ";

/// Whom a target ends, as the arguments of those that are left.
fn left_after(target: &str) -> Option<String> {
    let script = format!("{THREE} rsignal send --wait=200s {target} && left");
    Some(apart_prints(&script)?.trim().to_owned())
}

#[test]
fn a_target_means_those_and_no_others() {
    for (target, left) in [
        ("$leader", "1001 1003"),
        ("$leader $other", "1001"),
        ("group:$leader", "1003"),
        ("-s TERM -$leader", "1003"),
        ("-TERM group:$leader", "1003"),
        ("-- -$leader", "1003"),
        ("session:$leader", "1003"),
        ("tree:$leader", "1003"),
        ("tree:$leader $leader", "1003"),
        ("name:sleep", ""),
        ("'match:^sleep 100[23]'", "1001"),
        ("'match:^sleep 1001$' $other", "1002"),
        ("user:$(id -u)", ""),
    ] {
        let Some(printed) = left_after(target) else { return };
        assert_eq!(printed, left, "{target}");
    }
}

#[test]
fn a_command_line_ends_with_its_last_word() {
    if !has("perl") {
        return;
    }
    // Programs that write over their arguments leave NULs behind them, as empty arguments do.
    let script = "perl -e 'sleep 1004' '' '' & until_ 'rsignal list \"match:^perl\" >/dev/null 2>&1'
        rsignal list 'match:^perl -e sleep 1004$' --no-header | wc -l";
    let Some(found) = apart_prints(script) else { return };
    assert_eq!(found.trim(), "1");
}

#[test]
fn a_group_is_signalled_at_once() {
    if !can_trace() {
        return;
    }
    let script = format!("{THREE} strace -f -e trace=kill,pidfd_open rsignal send group:$leader 2>&1");
    let Some(printed) = apart_prints(&script) else { return };
    assert!(printed.contains("kill(-") && !printed.contains("pidfd_open"), "{printed}");
}

#[test]
fn targets_stand_in_files_and_on_standard_input() {
    let script = format!(
        "{THREE}
        printf '%s\\n\\n  name:nobody-is \\n' $other > file
        rsignal send --wait=200s @file; echo $?; left
        echo $leader | rsignal send --wait=200s -; left
        echo 12x > file; rsignal send @file; echo $?
        rsignal send @none; echo $?"
    );
    let folder = tempfile::tempdir().expect("a directory");
    let Some(mut command) = apart(&script) else { return };
    let outcome = Outcome::of(command.current_dir(&folder));
    assert_eq!(String::from_utf8_lossy(outcome.stdout()), "3\n1001 1002 \n1001 \n2\n3\n", "{}", outcome.stderr());
    let stderr = told(&outcome);
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(lines[0], "rsignal: no process is name:nobody-is");
    assert!(lines[1].starts_with("rsignal: line 1 of 'file': a target is PID"), "{stderr}");
    assert_eq!(lines[2], "rsignal: cannot read 'none': No such file or directory");
}

#[test]
fn a_control_group_means_those_in_it_and_below() {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let Some(path) = own.lines().filter_map(|line| line.splitn(3, ':').nth(2)).find(|path| *path != "/") else {
        return skip("we are in no control group but the root");
    };
    let above = path.rsplit_once('/').map(|(above, _)| above).filter(|above| !above.is_empty()).unwrap_or(path);
    for target in [path, above, &format!("/sys/fs/cgroup{path}"), path.trim_start_matches('/')] {
        let Some(left) = left_after(&format!("'cgroup:{target}'")) else { return };
        assert_eq!(left, "", "{target}");
    }
    let Some(printed) = apart_prints(&format!("rsignal send 'cgroup:{path}-not' 2>&1; echo $?")) else { return };
    assert_eq!(printed, format!("rsignal: no process is cgroup:{path}-not\n3"));
}

#[test]
fn neither_the_tool_nor_its_ancestors_are_meant() {
    let targets = ["name:sh name:rsignal", "match:.", "user:$(id -u)", "tree:1"];
    for target in targets {
        let script = format!("sleep 1000 & sh -c 'rsignal send -s KILL {target} 2>/dev/null; echo alive'; echo done");
        let Some(printed) = apart_prints(&script) else { return };
        assert_eq!(printed, "alive\ndone", "{target}");
    }
    let Some(printed) = apart_prints("sh -c 'rsignal send -s KILL $$; echo alive' 2>/dev/null; echo $?") else {
        return;
    };
    assert_eq!(printed, "137", "by its number the parent is meant");
}

#[test]
fn the_group_of_the_tool_is_signalled_without_it() {
    for kind in ["group", "session"] {
        let script = format!(
            "sh -c 'rsignal run --new-session -- sh -c \"sleep 1000 & rsignal send --print -s KILL {kind}:\\$\\$; echo alive\"'"
        );
        let Some(printed) = apart_prints(&script) else { return };
        let lines: Vec<&str> = printed.lines().collect();
        assert!(lines.len() == 2 && lines[0].parse::<u32>().is_ok() && lines[1] == "alive", "{printed}");
    }
}

#[test]
fn a_name_is_exact() {
    if !has("perl") {
        return;
    }
    let script = "perl -e '$0 = \"fifteen_letters\"; sleep 1000' & perl -e '$0 = \"fifteen\"; sleep 1000' &
        until_ 'rsignal list name:fifteen_letters && rsignal list name:fifteen'
        rsignal list name:fifteen --no-header -o command
        exec 2>&1
        rsignal list --no-header name:fift; rsignal list --no-header name:FIFTEEN; rsignal list name:fifteen_letters_; :";
    let Some(printed) = apart_prints(script) else { return };
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[..3], ["fifteen", "rsignal: no process is name:fift", "rsignal: no process is name:FIFTEEN"]);
    assert!(lines[3].contains("a command name has at most 15 bytes"), "{printed}");
}

#[test]
fn what_would_be_everybody_is_refused() {
    rsignal(&["send", "match:("]).fails(2, "no regular expression: ");
    rsignal(&["send", "cgroup:/"]).fails(2, "every process");
    rsignal(&["send", "group:1"]).fails(2, "every process");
}
