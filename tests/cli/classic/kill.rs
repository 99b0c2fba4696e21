//! `kill` against the kills that there are: what each line prints, how it ends, and what it does to a process.
//!
//! The peers are the installed kill, whosever it is, bash's own, and those in the folders that
//! `RIPC_TEST_ORIGINALS` names. Every difference stands in the table with its reason, and one that is
//! none any more is an error, too.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Faces, Outcome, has, is_root, skip, tool};

/// Whose kill it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    UtilLinux,
    Gnu,
    Procps,
    Bash,
}

use Family::{Bash, Gnu, Procps, UtilLinux};

/// A line, and who does otherwise: in words, why we do not.
type Line = (&'static str, &'static [(&'static [Family], &'static str)]);

/// Runs the lines of its input, each with a process `$p` of its own, as `$1` says what kill is, and prints
/// for each: the status, how `$p` ended, standard output, standard error. Who must not be touched is `$q`.
const DRIVER: &str = r#"K=$1 folder=$2
ulimit -c 0
sleep 1000 & q=$!
while IFS= read -r line; do
    sleep 1000 & p=$!
    # A shell yet, until it has become the other program.
    until read -r name </proc/$p/comm && [ "$name" = sleep ]; do :; done
    (eval "$line") >"$folder/out" 2>"$folder/err" </dev/null
    status=$?
    # Of two that are pending, KILL would come first.
    while grep -qs 'ShdPnd:.*[1-9a-f]' /proc/$p/status /proc/$q/status; do :; done
    # Who has taken a signal runs until it has ended.
    until state=$(sed -n 's/^State:[^A-Z]*\([A-Z]\).*/\1/p' /proc/$q/status 2>/dev/null)
        [ "$state" = S ] || [ "$state" = Z ] || [ -z "$state" ]; do :; done
    command kill -KILL $p 2>/dev/null
    wait $p 2>/dev/null
    ends="status $status, process $?"
    [ "$state" = S ] || { ends="$ends, the other gone"; sleep 1000 & q=$!; }
    echo "$ends"
    sed "s/\b$p\b/PID/g" "$folder/out"
    echo @
    sed "s/\b$p\b/PID/g; s#^[^ ]*: line [0-9]*: ##; s#^[^ ]*/kill:#kill:#" "$folder/err"
    echo @@
done"#;

/// What came of a line.
#[derive(Debug, PartialEq, Eq)]
struct Result {
    /// Of the line and of its process.
    ends: String,
    stdout: String,
    stderr: String,
}

/// A kill to be called: the word for it, the folder it lies in, its family.
struct Peer {
    word: &'static str,
    folder: PathBuf,
    family: Family,
}

impl Peer {
    fn all() -> Vec<Self> {
        let mut folders = vec![PathBuf::from("/bin")];
        folders.extend(std::env::split_paths(&std::env::var_os("RIPC_TEST_ORIGINALS").unwrap_or_default()));
        let mut all: Vec<Self> = folders.into_iter().filter_map(Self::of).collect();
        let bash = Command::new("bash").args(["-c", "echo $BASH_VERSION"]).output();
        if bash.is_ok_and(|version| version.stdout.starts_with(b"5.2.")) {
            all.push(Self { word: "kill", folder: "/bin".into(), family: Bash });
        }
        all
    }

    fn of(folder: PathBuf) -> Option<Self> {
        let version = Command::new(folder.join("kill")).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        // Others of their versions differ in other points.
        let families = [("util-linux 2.42", UtilLinux), ("coreutils) 9.1", Gnu), ("procps-ng 4.0.2", Procps)];
        let family = families.into_iter().find(|(name, _)| version.contains(name));
        if family.is_none() {
            skip(&format!("{} is no kill that we know: {version}", folder.display()));
        }
        Some(Self { word: "env kill", folder, family: family?.1 })
    }

    fn run(&self, lines: &[&str]) -> Option<Vec<Result>> {
        run(if self.family == Bash { "bash" } else { "sh" }, self.word, &self.folder, lines)
    }
}

/// Runs lines in a pid namespace, where nobody else can be meant.
fn run(shell: &str, word: &str, folder: &Path, lines: &[&str]) -> Option<Vec<Result>> {
    let room = tempfile::tempdir().expect("a directory");
    let mut command = tool("unshare");
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    // A process group reaches across namespaces: this one gets its own, lest 0 means us.
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "setsid", shell, "-c", DRIVER, "sh", word]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    command.arg(room.path()).env("PATH", std::env::join_paths(all).expect("no colon in it"));
    let input: String = lines.concat_lines();
    let outcome = Outcome::fed(&mut command, input.as_bytes());
    if outcome.status() != 0 {
        skip(&format!("no pid namespace of our own can be made here: {}", outcome.stderr()));
        return None;
    }
    let text = String::from_utf8_lossy(outcome.stdout()).into_owned();
    let results: Vec<Result> = text.split_terminator("@@\n").map(Result::of).collect();
    assert_eq!(results.len(), lines.len(), "{text}");
    Some(results)
}

impl Result {
    fn of(text: &str) -> Self {
        let (ends, rest) = text.split_once('\n').expect("a line of statuses");
        let (stdout, stderr) = rest.split_once("@\n").expect("two parts");
        Self { ends: ends.to_owned(), stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }

    /// util-linux's words are ours; of others it counts that there are some.
    fn is_like(&self, other: &Self, family: Family) -> bool {
        let says = if family == UtilLinux {
            self.stderr == other.stderr
        } else {
            self.stderr.is_empty() == other.stderr.is_empty()
        };
        self.ends == other.ends && self.stdout == other.stdout && says
    }
}

trait Lines {
    fn concat_lines(&self) -> String;
}

impl Lines for &[&str] {
    fn concat_lines(&self) -> String {
        self.join("\n") + "\n"
    }
}

const PARTIAL: &str = "some failed and some did not: 64, of which POSIX wants no more than that it is not 0";
const NO_REAL_TIME: &str = "knows no names of real-time signals, or not all";
const OPTIONS: &str = "has no such option";
const POSIX_LIST: &str = "POSIX: a name gives its number, and each operand is answered";
const STATUS_OF_USAGE: &str = "bash has 2 for bad usage";
const IO: &str = "calls 29 IO; POSIX and the others call it POLL";
const FORMAT: &str = "has its own format";

/// What every kill does as we do, or not.
const LINES: &[Line] = &[
    // To send.
    ("$K $p", &[]),
    ("$K -9 $p", &[]),
    ("$K -KILL $p", &[]),
    ("$K -SIGKILL $p", &[]),
    ("$K -s TERM $p", &[]),
    ("$K -s 15 $p", &[]),
    ("$K -s KILL -- $p", &[]),
    ("$K -9 -- $p", &[]),
    ("$K -0 $p", &[]),
    ("$K -s 0 $p", &[]),
    ("$K -- $p", &[]),
    ("$K -kill $p", &[(&[Gnu], "takes capitals only")]),
    ("$K -sigkill $p", &[(&[Gnu], "takes capitals only"), (&[Bash], "reads -s igkill")]),
    ("$K -s kill $p", &[]),
    ("$K -s sigkill $p", &[]),
    ("$K -stop $p; $K -9 $p", &[(&[Gnu, Bash], "reads -s top")]),
    ("$K -s9 $p", &[(&[UtilLinux, Bash], OPTIONS)]),
    ("$K -sKILL $p", &[(&[UtilLinux], OPTIONS)]),
    ("$K -n 9 $p", &[(&[UtilLinux, Procps], OPTIONS)]),
    ("$K --signal KILL $p", &[(&[Bash], OPTIONS)]),
    ("$K --signal=KILL $p", &[(&[UtilLinux, Bash], OPTIONS)]),
    ("$K --sig=KILL $p", &[(&[UtilLinux, Bash], OPTIONS)]),
    ("$K -s EXIT $p", &[(&[UtilLinux], "the shells' name for 0")]),
    ("$K -RTMIN+3 $p", &[]),
    ("$K -RTMIN $p", &[(&[UtilLinux], NO_REAL_TIME)]),
    ("$K -s RTMAX $p", &[(&[UtilLinux, Procps], NO_REAL_TIME)]),
    ("$K -RTMAX-3 $p", &[(&[Procps], NO_REAL_TIME)]),
    ("$K -RT3 $p", &[(&[Gnu, Procps, Bash], "util-linux's names")]),
    ("$K -64 $p", &[]),
    ("$K -s 64 $p", &[]),
    ("$K -s POLL $p", &[(&[Bash], "not bash's name")]),
    ("$K -s IO $p", &[]),
    ("$K -s IOT $p", &[(&[Bash], "not bash's name")]),
    ("$K -s CLD $p", &[(&[Bash], "not bash's name")]),
    // Whom.
    ("$K -0 99999", &[]),
    ("$K -0 99999 99998", &[]),
    ("$K -0 $p 99999", &[(&[Gnu, Procps, Bash], PARTIAL)]),
    ("$K 99999 $p", &[(&[Gnu, Procps, Bash], PARTIAL)]),
    ("$K -s 0 ' '$p", &[]),
    ("$K -s 0 +$p", &[]),
    ("$K -s 0 $p' '", &[(&[Bash], "takes blanks behind it, too")]),
    ("$K -s 0 -- -99999", &[]),
    ("$K -s 0 -99999", &[(&[Procps], "cuts -99999 to -9")]),
    ("$K -0 -99999", &[(&[Procps], "cuts -99999 to -9")]),
    ("$K -0 99999 -99998", &[(&[Procps], "cuts -99998 to -9")]),
    ("$K -99999", &[(&[Procps], "takes it for a group")]),
    ("$K 99999 -1", &[(&[UtilLinux, Gnu, Bash], "signals every process, which a -1 behind is not likely to mean")]),
    ("$K 99999 -0", &[(&[UtilLinux, Gnu, Bash], "signals our group, which a -0 behind is not likely to mean")]),
    ("$K $p -9", &[(&[Procps], "takes a signal anywhere"), (&[Gnu, Bash], PARTIAL)]),
    ("$K -s 0 99999999999", &[(&[UtilLinux], "takes it for a name")]),
    ("$K -s 0 4294967297", &[(&[UtilLinux], "takes it for a name"), (&[Procps], "cuts it to 32 bits: process 1")]),
    ("$K ''", &[]),
    ("$K x", &[]),
    ("$K -s 0 0x5", &[]),
    ("$K -s 0 5x", &[]),
    ("$K -s 0 -", &[]),
    ("$K $p:5", &[(&[UtilLinux], "we word all failures to send alike")]),
    ("$K $p:x", &[]),
    ("$K -s 0 -a $$x", &[]),
    // What is wrong.
    ("$K", &[(&[Bash], STATUS_OF_USAGE)]),
    ("$K --", &[(&[Bash], STATUS_OF_USAGE)]),
    ("$K -9", &[(&[Bash], STATUS_OF_USAGE)]),
    ("$K -s", &[]),
    ("$K -s KILL", &[(&[Bash], STATUS_OF_USAGE)]),
    ("$K -s FOO $p", &[]),
    ("$K -FOO $p", &[]),
    ("$K -s SIG $p", &[]),
    ("$K -s '' $p", &[]),
    ("$K -s 65 $p", &[]),
    ("$K -65 $p", &[]),
    ("$K -s -1 $p", &[]),
    ("$K -s 143 $p", &[(&[Gnu], "takes exit statuses for signals to send")]),
    ("$K -s RTMIN+40 $p", &[]),
    ("$K -s TERM -s KILL $p", &[(&[UtilLinux, Procps, Bash], "does not see that two signals were named")]),
    // Lists.
    ("$K -l 9", &[]),
    ("$K -l 15", &[]),
    ("$K -l TERM", &[(&[UtilLinux], POSIX_LIST)]),
    ("$K -l SIGTERM", &[(&[UtilLinux], POSIX_LIST)]),
    ("$K -l term", &[(&[UtilLinux], POSIX_LIST)]),
    ("$K -l 9 15", &[(&[UtilLinux, Procps], POSIX_LIST)]),
    ("$K -l 9 TERM", &[(&[UtilLinux, Procps], POSIX_LIST)]),
    ("$K -l 143", &[(&[Procps], POSIX_LIST)]),
    ("$K -l 137", &[(&[Procps], POSIX_LIST)]),
    ("$K -l 271", &[(&[UtilLinux, Procps, Bash], "ksh's statuses")]),
    ("$K -l 0", &[(&[UtilLinux, Procps], "0 is EXIT")]),
    ("$K -l 128", &[(&[UtilLinux, Procps, Bash], "0 is EXIT")]),
    ("$K -l EXIT", &[(&[UtilLinux, Procps], "0 is EXIT")]),
    ("$K -l 29", &[(&[UtilLinux, Bash], IO)]),
    ("$K -l 32", &[(&[Procps, Bash], "calls what has no name an error")]),
    ("$K -l 34", &[(&[UtilLinux, Procps], NO_REAL_TIME)]),
    ("$K -l 37", &[(&[UtilLinux, Procps], NO_REAL_TIME)]),
    ("$K -l 64", &[(&[UtilLinux, Procps], NO_REAL_TIME)]),
    ("$K -l RTMIN+3", &[(&[UtilLinux, Procps], POSIX_LIST)]),
    ("$K -l 65", &[(&[Procps], "says so with status 0")]),
    ("$K -l FOO", &[(&[Procps], "says so with status 0")]),
    ("$K -l FOO 9", &[(&[UtilLinux, Procps], POSIX_LIST)]),
    ("$K -l", &[(&[UtilLinux], "ends with patterns, which no kill takes back"), (&[Procps, Bash], FORMAT)]),
    ("$K -L", &[(&[Gnu, Procps, Bash], FORMAT)]),
    ("$K --table", &[(&[Gnu, Procps], FORMAT), (&[Bash], OPTIONS)]),
    ("$K -t", &[(&[UtilLinux, Procps, Bash], OPTIONS)]),
    ("$K -t 9 TERM 143", &[(&[UtilLinux, Procps, Bash], OPTIONS)]),
    ("$K -t 0 32 33 34 64", &[(&[UtilLinux, Procps, Bash], OPTIONS)]),
    ("$K -l 0x4002", &[(&[Gnu, Procps, Bash], "decodes no masks")]),
    ("$K -l 0x0", &[(&[Gnu, Procps, Bash], "decodes no masks")]),
    ("$K -l 0xg", &[(&[Procps], "says so with status 0")]),
    ("$K --list=9", &[(&[Gnu, Bash], OPTIONS)]),
    ("$K -l=9", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    // util-linux's own.
    ("$K -p 99999", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K -p $p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K -p nobody-of-that-name", &[]),
    ("$K -p -9 $p", &[]),
    ("$K -9 -p $p", &[(&[Bash], "takes what is no option for an operand, and is content with one of them")]),
    ("$K -q 5 -p 4", &[]),
    ("$K -q 7 -s KILL $p", &[(&[Gnu, Bash], OPTIONS)]),
    ("$K --queue 7 $p", &[(&[Gnu, Bash], OPTIONS)]),
    ("$K -q 7 99999", &[]),
    ("$K -q x $p", &[]),
    ("$K -q 4294967296 $p", &[(&[Procps], "cuts it to 32 bits")]),
    ("$K -q", &[]),
    ("$K --verbose -9 $p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K -0 --timeout 1 KILL $p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K --verbose -0 --timeout 1 TERM --timeout 5000 KILL $p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K --timeout 1 FOO $p", &[]),
    ("$K --timeout x TERM $p", &[]),
    ("$K --timeout", &[]),
    ("$K --timeout 1000", &[(&[UtilLinux], "dies of SIGSEGV")]),
    ("$K --timeout -1 KILL $p", &[(&[UtilLinux], "waits for ever")]),
    ("$K -r -9 $p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K -r --verbose $p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K -r -s 0 -99999", &[(&[UtilLinux], "is silent")]),
    ("$K -d $p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K -d=$p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K --show-process-state=$p", &[(&[Gnu, Procps, Bash], OPTIONS)]),
    ("$K -d 99999", &[]),
    ("$K -d x", &[]),
    ("$K -d 0", &[]),
    ("$K -d 99999999999", &[]),
    ("$K -d", &[]),
    ("$K -d 1 2", &[]),
    // What scripts do with it.
    (
        "for s in $($K -l | head -16); do $K -l $s; done | sort -n | head -3",
        &[(&[UtilLinux], POSIX_LIST), (&[Procps, Bash], FORMAT)],
    ),
    ("for n in 1 2 3 9 15; do echo $n $($K -l $n); done", &[]),
    ("false; $K -l $((128 + 9))", &[(&[Procps], POSIX_LIST)]),
    ("$K -0 $p 2>/dev/null && echo alive", &[]),
    ("$K -0 99999 2>/dev/null || echo gone", &[]),
    ("$K -9 $p 2>&1 | grep -c 'No such'", &[]),
    ("$K -0 99999 2>&1 | grep -c 'No such process'", &[]),
    ("$K -L | awk '$2 == \"TERM\" { print $1 }'", &[(&[Bash], FORMAT)]),
    ("$K -l TERM >/dev/full", &[(&[Bash], "says so with its own status"), (&[Procps], "says nothing")]),
];

#[test]
fn every_line_does_what_it_does_elsewhere_or_there_is_a_reason() {
    let faces = Faces::new();
    let lines: Vec<&str> = LINES.iter().map(|(line, _)| *line).collect();
    let Some(ours) = run("sh", "env kill", faces.folder(), &lines) else { return };
    let mut wrong = Vec::new();
    for peer in Peer::all() {
        let theirs = peer.run(&lines).expect("a namespace, as before");
        for (((line, reasons), ours), theirs) in LINES.iter().zip(&ours).zip(&theirs) {
            let reason = reasons.iter().find(|(families, _)| families.contains(&peer.family));
            if ours.is_like(theirs, peer.family) != reason.is_none() {
                let reason = reason.map(|(_, reason)| reason);
                wrong.push(format!("{:?} {line} ({reason:?})\n  ours {ours:?}\n  theirs {theirs:?}", peer.family));
            }
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs lines with our kill alone.
fn ours(lines: &[&str]) -> Option<Vec<Result>> {
    run("sh", "env kill", Faces::new().folder(), lines)
}

/// What the lines print, and how each of their processes ended.
fn prints(table: &[(&str, &str, &str, &str)]) {
    let lines: Vec<&str> = table.iter().map(|(line, ..)| *line).collect();
    let Some(results) = ours(&lines) else { return };
    for ((line, ends, stdout, stderr), result) in table.iter().zip(results) {
        let is = (result.ends.as_str(), result.stdout.as_str(), result.stderr.as_str());
        assert_eq!(is, (*ends, *stdout, *stderr), "{line}");
    }
}

const ALIVE: &str = "status 0, process 137";

#[test]
fn names_mean_processes_but_not_ourselves() {
    prints(&[
        (
            "cp /bin/sleep $folder/named; $folder/named 99 & until $K -p named; do :; done >/dev/null 2>&1; $K named; wait $! 2>/dev/null; echo $?",
            ALIVE,
            "143\n",
            "",
        ),
        (
            "$folder/named 99 & until $K -0 named; do :; done 2>/dev/null; $K -9 named none; echo $?",
            ALIVE,
            "64\n",
            "kill: cannot find process \"none\"\n",
        ),
        ("$K sh", "status 1, process 137", "", "kill: cannot find process \"sh\"\n"),
        ("$K kill", "status 1, process 137", "", "kill: cannot find process \"kill\"\n"),
        ("$K -p -- -KILL", "status 1, process 137", "", "kill: cannot find process \"-KILL\"\n"),
    ]);
}

#[test]
fn a_group_is_never_cut_short() {
    prints(&[
        // The pid of the group's leader has one digit, and -N9999 begins with it.
        (
            "setsid sleep 1000 & g=$!; until $K -0 -- -$g; do :; done 2>/dev/null; $K -KILL -${g}9999 2>&1 | sed s/$g/G/; $K -0 $g && echo $?; $K -KILL -$g; wait $g 2>/dev/null; echo $?",
            ALIVE,
            "kill: sending signal to -G9999 failed: No such process\n0\n137\n",
            "",
        ),
    ]);
}

#[test]
fn everybody_is_meant_only_by_the_first_operand() {
    let refused = "kill: refusing to signal every process: -1 is not the first operand\n";
    prints(&[
        ("$K -9 99999 -1 2>&1 | tail -1", ALIVE, refused, ""),
        ("$K -9 -- 99999 -1 2>&1 | tail -1", ALIVE, refused, ""),
        ("$K 99999 -0 2>&1 | tail -1", ALIVE, "kill: cannot find process \"-0\"\n", ""),
        // The last one: the driver is the first process of its namespace, and stays.
        ("trap '' TERM; $K -s 0 -1 && $K -- -1", "status 0, process 143, the other gone", "", ""),
    ]);
}

#[test]
fn handlers_are_seen_also_those_of_real_time_signals() {
    let with = |signal: &str, order: &str| {
        // What the line before has left there would be taken for an answer.
        format!(
            "rm -f $folder/ready; perl -e '$SIG{{{signal}}} = sub {{ print \"got\\n\"; exit }}; $| = 1; print \"ready\\n\"; sleep 1000' >$folder/ready & h=$!; \
             until grep -qs ready $folder/ready; do :; done; $K {order} $h; s=$?; [ $s = 0 ] && wait $h; tail -1 $folder/ready; command kill -9 $h; exit $s"
        )
    };
    if !has("perl") {
        return;
    }
    let lines = [with("TERM", "-r"), with("NUM40", "-r -40"), with("TERM", "-r -INT"), with("TERM", "-r -EXIT")];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let Some(results) = ours(&lines) else { return };
    let found: Vec<_> = results.iter().map(|result| (&result.ends[..8], result.stdout.as_str())).collect();
    assert_eq!(found, [("status 0", "got\n"), ("status 0", "got\n"), ("status 1", "ready\n"), ("status 1", "ready\n")]);
}

#[test]
fn values_arrive_with_what_follows_too() {
    let receive = "rm -f $folder/seen; rsignal recv USR1,USR2 --ready --count 2 --json >$folder/seen & r=$!; until grep -qs ready $folder/seen; do :; done";
    let line =
        format!("{receive}; $K -q -7 --timeout 1 USR2 -s USR1 $r; wait $r; grep -o '\"value\":[-0-9]*' $folder/seen");
    let without =
        format!("{receive}; $K --timeout 1 USR2 -s USR1 $r; wait $r; grep -c '\"code\":\"user\"' $folder/seen");
    prints(&[(&line, ALIVE, "\"value\":-7\n\"value\":-7\n", ""), (&without, ALIVE, "2\n", "")]);
}

#[test]
fn an_inode_is_that_of_one_process() {
    prints(&[
        ("$K $p:1", "status 1, process 137", "", "kill: sending signal to PID:1 failed: No such process\n"),
        ("$K -p $p:1", "status 1, process 137", "", "kill: sending signal to PID:1 failed: No such process\n"),
    ]);
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

#[test]
fn no_line_crashes_hangs_or_touches_what_it_does_not_name() {
    // Neither 0 nor -1 is among the operands, which name everybody, nor a pid that somebody may have.
    const WORDS: &[&str] = &[
        "-9",
        "-0",
        "-KILL",
        "-s",
        "-sTERM",
        "-n9",
        "-l",
        "-L",
        "-t",
        "-a",
        "-p",
        "-r",
        "-ap",
        "-d",
        "-q",
        "-q7",
        "--queue=7",
        "--timeout=1",
        "--timeout=x",
        "--signal=9",
        "--sig",
        "--list",
        "--list=9",
        "--table",
        "--verbose",
        "--verb",
        "-d=1x",
        "--",
        "-",
        "''",
        "$p",
        "$p",
        "$p",
        "-$p",
        "99999",
        "-99999",
        "$p:1",
        "$p:",
        "99999999999",
        "-99999999999",
        "x",
        "TERM",
        "KILL",
        "0x4002",
        "RTMIN",
        "-RTMAX-1",
        "-x",
        "--x",
        "-:",
        "$(printf '\\377')",
        "'a b'",
        "-99999999999999999999",
    ];
    let mut dice = Dice(7);
    let lines: Vec<String> = (0..300)
        .map(|_| {
            let words: Vec<&str> = (0..=dice.roll(6)).map(|_| dice.pick(WORDS)).collect();
            format!("timeout 300 $K {}", words.join(" "))
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let Some(results) = ours(&lines) else { return };
    let mut sent = 0;
    for (line, result) in lines.iter().zip(results) {
        let status = result.ends["status ".len()..].split(',').next().expect("a status");
        assert!(["0", "1", "64"].contains(&status), "{line}: {result:?}");
        assert!(!result.stderr.contains("panicked") && !result.ends.contains("gone"), "{line}: {result:?}");
        // Only a line that names it does something to it.
        if !result.ends.ends_with("137") {
            assert!(line.contains("$p"), "{line}: {result:?}");
            sent += 1;
        }
    }
    assert!(sent > 5, "{sent} lines ended their process");
}
