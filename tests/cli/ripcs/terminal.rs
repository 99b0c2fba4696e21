//! `ripcs top` and its terminal: left as it was found, whatever happens.

use std::process::Command;

use super::screen::{Screen, parser};
use crate::support::{Outcome, World, skip};

#[test]
fn the_terminal_is_left_as_it_was_found() {
    let Some(world) = World::new() else { return };
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129), ("QUIT", 131)] {
        let Some(mut screen) = Screen::start(&world, &[]) else { return };
        screen.wait_for("OBJECT");
        assert!(screen.parser.screen().alternate_screen(), "it has a screen of its own");
        screen.signal(signal);
        assert_eq!(screen.end(), status, "{signal}");
    }
}

#[test]
fn a_small_and_a_large_terminal_do() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create"]);
    let Some(mut screen) = Screen::start(&world, &[]) else { return };
    screen.wait_for("OBJECT");
    let name = std::fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&screen.slave)));
    let name = name.expect("it has a name");
    for (rows, columns) in [("3", "10"), ("1", "1"), ("60", "200"), ("24", "80")] {
        let outcome = Outcome::of(Command::new("stty").args(["rows", rows, "cols", columns]).arg("-F").arg(&name));
        if outcome.status() != 0 {
            skip("stty cannot change a terminal here");
            return;
        }
        let [rows, columns] = [rows, columns].map(|number| number.parse().expect("a number"));
        screen.parser = parser(rows, columns);
        screen.signal("WINCH");
        screen.press("\x0c");
        if columns >= 80 {
            screen.wait_for("q quit");
        }
    }
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

/// A shell with job control, and this in its foreground: when it stops the shell says so and waits for a line,
/// puts the terminal right, waits for another line and brings it back.
/// `first` is what it writes before.
fn in_a_shell(world: &World, command: &str, first: &str) -> Option<Screen> {
    let script = format!(
        "before=$(stty -g); set -m; {command}; printf '{first}\\r\\nstopped %s\\n' $?; read -r l
        stty \"$before\"; printf '\\r\\nrestored\\n'; read -r l; fg; echo ended $?"
    );
    let mut screen = Screen::of(world, &["sh", "-c", &script])?;
    screen.wait_for("OBJECT");
    Some(screen)
}

const TOP: &str = "ripcs top --interval 0.1";

fn comes_back_and_ends(mut screen: Screen) {
    screen.press("\n");
    screen.wait_for("restored");
    screen.press("\n");
    screen.wait_for_keys();
    screen.wait("the other screen", |screen| screen.alternate_screen() && screen.contents().contains("OBJECT"));
    screen.press("h");
    screen.wait_for("sort by the next");
    screen.press("q");
    screen.wait_for("ended 0");
    assert_eq!(screen.end(), 0);
}

#[test]
fn it_stops_with_the_terminal_as_it_was_and_comes_back() {
    let Some(world) = World::new() else { return };
    let Some(mut screen) = in_a_shell(&world, TOP, "") else { return };
    screen.press("\x1a");
    screen.wait_for("stopped 148");
    screen.is_given_back();
    comes_back_and_ends(screen);
}

#[test]
fn whoever_stops_it_from_elsewhere_finds_the_terminal_as_it_was() {
    let Some(world) = World::new() else { return };
    // A STOP may come in the middle of a picture: the terminal is reset.
    for (signal, first, status) in [("TSTP", "", "stopped 148"), ("STOP", "\\033c", "stopped 147")] {
        let Some(mut screen) = in_a_shell(&world, TOP, first) else { return };
        let shell = screen.child.id();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("/proc");
        let sent = Command::new("kill").args(["-s", signal, children.trim()]).status();
        assert!(sent.expect("kill runs").success());
        screen.wait_for(status);
        // Nobody can do anything about a STOP before it is over.
        if signal == "TSTP" {
            screen.is_given_back();
        }
        comes_back_and_ends(screen);
    }
}

#[test]
fn all_that_was_started_with_it_is_stopped_by_the_key() {
    let Some(world) = World::new() else { return };
    // A script that runs it: who sees the script stop gets the terminal back.
    let script = format!("sh -c '{TOP}; echo over'");
    let Some(mut screen) = in_a_shell(&world, &script, "") else { return };
    screen.press("\x1a");
    screen.wait_for("stopped 148");
    screen.is_given_back();
    comes_back_and_ends(screen);
}

#[test]
fn where_no_shell_could_let_it_go_on_it_does_not_stop() {
    let Some(world) = World::new() else { return };
    let Some(mut screen) = Screen::start(&world, &[]) else { return };
    screen.wait_for("OBJECT");
    screen.press("\x1ah");
    screen.wait_for("sort by the next");
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn it_ends_when_the_terminal_goes_away() {
    let Some(world) = World::new() else { return };
    let Some(mut screen) = Screen::start(&world, &[]) else { return };
    screen.wait_for("OBJECT");
    assert_eq!(screen.hang_up(), 129);
    // Who is told to ignore that finds out by itself.
    let script = "trap '' HUP; exec ripcs top --interval 0.1";
    let Some(mut screen) = Screen::of(&world, &["sh", "-c", script]) else { return };
    screen.wait_for("OBJECT");
    assert_eq!(screen.hang_up(), 1);
}
