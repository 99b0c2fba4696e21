//! `waitpid`: waits for anybody's processes.
//!
//! Where util-linux has one (2.39 and newer; also in a folder that `RIPC_TEST_ORIGINALS` names), both are
//! asked the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Call, Faces, Outcome, Running, tool};

/// A process to wait for.
const SLEEPER: &str = "sleep 1000 & p=$!; trap 'kill -9 $p 2>/dev/null' EXIT; ";

/// Each line: what it prints and tells, `PID` for the process, and the status. `true`: the original has
/// it otherwise, for a reason that the page gives.
const LINES: &[(&str, &str, &str, i32, bool)] = &[
    ("waitpid", "", "waitpid: no PIDs specified\n", 1, false),
    ("waitpid x", "", "waitpid: failed to parse PID argument 'x': Invalid argument\n", 1, false),
    ("waitpid ''", "", "waitpid: failed to parse PID argument '': Invalid argument\n", 1, false),
    ("waitpid -- -5", "", "waitpid: failed to parse PID argument '-5': Numerical result out of range\n", 1, false),
    ("waitpid 0", "", "waitpid: failed to parse PID argument '0': Numerical result out of range\n", 1, false),
    (
        "waitpid 4294967297",
        "",
        "waitpid: failed to parse PID argument '4294967297': Numerical result out of range\n",
        1,
        false,
    ),
    ("waitpid $p:x", "", "waitpid: failed to parse PID argument 'PID:x': Invalid argument\n", 1, false),
    ("waitpid $p:0", "", "waitpid: failed to parse PID argument 'PID:0': Numerical result out of range\n", 1, false),
    ("waitpid \"$p \"", "", "waitpid: failed to parse PID argument 'PID ': Invalid argument\n", 1, false),
    ("waitpid -c 1 -e 5", "", "waitpid: options --count and --exited cannot be combined\n", 1, false),
    ("waitpid -e -c 1 5", "", "waitpid: options --exited and --count cannot be combined\n", 1, false),
    ("waitpid -c 5 1", "", "waitpid: can't wait for 5 of 1 PIDs\n", 1, false),
    ("waitpid -c 0 1", "", "waitpid: invalid count: '0': Numerical result out of range\n", 1, false),
    ("waitpid -c x 1", "", "waitpid: invalid count: 'x'\n", 1, false),
    ("waitpid -t x 1", "", "waitpid: invalid timeout: 'x'\n", 1, false),
    ("waitpid -t nan $p", "", "waitpid: invalid timeout: 'nan'\n", 1, true),
    ("waitpid -t -1 $p", "", "waitpid: could not set timer: Invalid argument\n", 1, false),
    (
        "waitpid -t",
        "",
        "waitpid: option requires an argument -- 't'\nTry 'waitpid --help' for more information.\n",
        1,
        false,
    ),
    (
        "waitpid --foo",
        "",
        "waitpid: unrecognized option '--foo'\nTry 'waitpid --help' for more information.\n",
        1,
        false,
    ),
    ("waitpid 4194305", "", "waitpid: could not open PID 4194305: No such process\n", 1, false),
    ("waitpid -e 4194305", "", "", 0, false),
    ("waitpid -ev 4194305", "", "waitpid: PID 4194305 has exited, skipping\n", 0, false),
    ("waitpid $p:5", "", "waitpid: could not open PID PID: No such process\n", 1, false),
    (
        "waitpid -ve $p:5",
        "",
        "waitpid: pidfd inode 5 not found for PID PID\nwaitpid: PID PID has exited, skipping\n",
        0,
        true,
    ),
    ("waitpid -t .01 $p", "", "", 3, false),
    ("waitpid -v -t 1e-2 $p", "Timeout expired\n", "", 3, false),
    ("waitpid $p -v --timeout=0.01", "Timeout expired\n", "", 3, false),
    // Nobody waits for the process of these, so that it cannot be gone.
    ("sh -c 'sleep 0 & exec waitpid -v $!' | sed 's/[0-9][0-9]*/PID/'", "PID PID finished\n", "", 0, false),
    ("sh -c 'sleep 0 & exec waitpid -t 100 -c1 $! $1' sh $p; echo $?", "0\n", "", 0, false),
    ("sh -c 'sleep 0 & exec waitpid -t 0 \" $!\"'; echo $?", "0\n", "", 0, false),
];

/// The line with this waitpid first on the path.
fn run(folder: &Path, line: &str) -> (String, String, i32) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    // A line of util-linux's getopt begins with all of argv[0].
    let script = format!(
        "{SLEEPER} {{ {line}; }} >out 2>err; s=$?; sed \"s/\\b$p\\b/PID/g\" out; sed \"s/\\b$p\\b/PID/g\" err >&2; exit $s"
    );
    let room = tempfile::tempdir().expect("a directory");
    let mut command = tool("sh");
    command.args(["-c", &script]).current_dir(room.path());
    command.env("PATH", std::env::join_paths(all).expect("no colon in it"));
    let outcome = Outcome::of(&mut command);
    (String::from_utf8_lossy(outcome.stdout()).into_owned(), outcome.stderr(), outcome.status())
}

#[test]
fn every_line_does_what_it_says() {
    let faces = Faces::new();
    let mut originals: Vec<PathBuf> = vec!["/usr/bin".into()];
    originals.extend(std::env::split_paths(&std::env::var_os("RIPC_TEST_ORIGINALS").unwrap_or_default()));
    originals.retain(|folder| folder.join("waitpid").exists());
    for (line, stdout, stderr, status, differs) in LINES {
        let ours = run(faces.folder(), line);
        assert_eq!((ours.0.as_str(), ours.1.as_str(), ours.2), (*stdout, *stderr, *status), "{line}");
        for folder in originals.iter().filter(|_| !differs) {
            assert_eq!(run(folder, line), ours, "{line} of {}", folder.display());
        }
    }
}

#[test]
fn waits_for_a_process_of_somebody_else() {
    let faces = Faces::new();
    let mut sleeper = Command::new("sleep");
    let sleeper = Running::start(sleeper.arg("1000"));
    let mut command = Command::new(faces.folder().join("waitpid"));
    let waiting = Running::start(command.args(["-v", &sleeper.id().to_string()]));
    waiting.wait_until_in(Call::Poll);
    sleeper.signal("KILL");
    assert_eq!(waiting.outcome().success(), format!("PID {} finished", sleeper.id()));
}
