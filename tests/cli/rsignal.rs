//! `rsignal`. What means processes by name, user or command line runs in a pid namespace of its own, where
//! nobody else can be meant.

use std::process::Command;

use crate::support::{Outcome, Running, is_root, skip, tool};

mod receive;
mod recycled;
mod run;
mod send;
mod show;
mod targets;
mod tree;
mod wait;

/// A shell script as the first process of a pid namespace; all of it is killed when the script ends. `None`
/// with a printed reason where there can be none.
fn apart(script: &str) -> Option<Command> {
    let command = |script: &str| {
        let mut command = tool("unshare");
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]);
        command
    };
    if Outcome::of(&mut command("true")).status() != 0 {
        skip("no pid namespace of our own can be made here");
        return None;
    }
    // Shells without job control start background commands with INT ignored; that is not what is tested.
    Some(command(&format!("until_() {{ until eval \"$1\" >/dev/null 2>&1; do :; done; }}; {script}")))
}

/// What such a script prints; it has to end well.
fn apart_prints(script: &str) -> Option<String> {
    let outcome = Outcome::of(&mut apart(script)?);
    assert_eq!((outcome.status(), told(&outcome).as_str()), (0, ""), "{script}");
    Some(String::from_utf8_lossy(outcome.stdout()).trim_end().to_owned())
}

/// What a script told, without the shell's own lines on the jobs that signals ended.
fn told(outcome: &Outcome) -> String {
    let stderr = outcome.stderr();
    let told = stderr.lines().filter(|line| !["Terminated", "Killed", "Interrupt", ""].contains(line));
    told.collect::<Vec<_>>().join("\n")
}

/// A process that sleeps, with signals as these words of `rsignal run` say, and is seen to.
fn sleeper(words: &[&str]) -> Running {
    let mut command = tool("rsignal");
    let sleeper = Running::start(command.arg("run").args(words).args(["--", "sleep", "1000"]));
    sleeper.wait_until_in(crate::support::Call::Nanosleep);
    sleeper
}

fn rsignal(words: &[&str]) -> Outcome {
    Outcome::of(tool("rsignal").args(words))
}
