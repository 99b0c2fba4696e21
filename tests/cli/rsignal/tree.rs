//! `tree:`: a family is reached completely, however it forks.

use super::apart_prints;
use crate::support::has;

/// Forks 200 times a second, in two generations: a child lives for three seconds and has a child itself.
const HAPPY: &str =
    "while (1) { unless (fork) { fork; sleep 3; exit } select undef, undef, undef, 0.005; 1 while waitpid(-1, 1) > 0 }";

#[test]
fn a_fork_happy_family_is_killed_completely() {
    if !has("perl") {
        return;
    }
    for signal in ["KILL", "TERM", "INT"] {
        let script = format!(
            "rsignal run --default INT -- perl -e '{HAPPY}' & root=$!
            until_ '[ $(rsignal list name:perl --no-header -o pid | wc -l) -gt 40 ]'
            rsignal send -s {signal} --wait=200s tree:$root || echo status $?
            rsignal list name:perl --no-header 2>&1; echo $?"
        );
        let Some(printed) = apart_prints(&script) else { return };
        assert_eq!(printed, "rsignal: no process is name:perl\n3", "{signal}");
    }
}

#[test]
fn the_members_of_a_tree_go_on_where_the_signal_is_ignored() {
    let script = "sh -c 'trap \"\" TERM; sleep 1000 & sleep 1000 & wait' & root=$!
        until_ '[ $(rsignal list --ignoring TERM name:sleep --no-header | wc -l) = 2 ]'
        rsignal send tree:$root
        rsignal list tree:$root --no-header -o command,state | grep ' [Tt]$' || echo 'none is stopped'
        rsignal send -s KILL --print --wait tree:$root | wc -l";
    let Some(printed) = apart_prints(script) else { return };
    assert_eq!(printed, "none is stopped\n3");
}

#[test]
fn who_was_stopped_before_stays_so() {
    let script = "sleep 1000 & p=$!
        rsignal send -s STOP $p; until_ 'rsignal list $p --no-header -o state | grep T'
        rsignal send -s TERM tree:$p
        rsignal list $p --no-header -o state,pending";
    let Some(printed) = apart_prints(script) else { return };
    assert_eq!(printed, "T  TERM");
}

#[test]
fn the_tree_of_an_ancestor_spares_the_line_to_us() {
    let script = "sleep 1000 & sleep 1000 &
        sh -c 'rsignal send --wait tree:1; echo $?'
        rsignal list name:sleep --no-header 2>&1";
    let Some(mut command) = super::apart(script) else { return };
    let outcome = crate::support::Outcome::of(&mut command);
    assert_eq!(String::from_utf8_lossy(outcome.stdout()), "0\nrsignal: no process is name:sleep\n");
}
