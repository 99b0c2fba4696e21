//! What every test needs: an IPC namespace of its own, commands inside it, and readiness without
//! sleeping.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

mod faces;
mod user;

pub(crate) use faces::{FACES, Faces};
pub(crate) use user::User;

/// The tools, by name: a new tool gets its line here and is then passed by every shared test.
pub(crate) const TOOLS: &[(&str, &str)] = &[
    ("rfifo", env!("CARGO_BIN_EXE_rfifo")),
    ("ripcs", env!("CARGO_BIN_EXE_ripcs")),
    ("rlock", env!("CARGO_BIN_EXE_rlock")),
    ("rmsgq", env!("CARGO_BIN_EXE_rmsgq")),
    ("rpipe", env!("CARGO_BIN_EXE_rpipe")),
    ("rsem", env!("CARGO_BIN_EXE_rsem")),
    ("rshm", env!("CARGO_BIN_EXE_rshm")),
    ("rsignal", env!("CARGO_BIN_EXE_rsignal")),
    ("rsock", env!("CARGO_BIN_EXE_rsock")),
];

/// The root of the package.
pub(crate) const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// How long something may take that takes milliseconds, on a slow machine that is busy, too. What a test starts
/// to be looked at stays longer than that.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Makes what a world has of its own. The POSIX queues of one user count together in all namespaces, and nine as large
/// as they usually are come up to the limit: too few for tests that run side by side.
const BEGIN: &str = "mount -t tmpfs tests /dev/shm || exit
    { echo 512 >/proc/sys/fs/mqueue/msgsize_default; } 2>/dev/null
    echo ready; exec cat";

/// An IPC namespace with its own `/dev/shm`. Everything in it is gone when it is dropped.
pub(crate) struct World {
    holder: Child,
}

impl World {
    /// A fresh one, or `None` with a printed reason where this machine does not allow it.
    pub(crate) fn new() -> Option<Self> {
        let mut command = Command::new("unshare");
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--ipc", "--mount", "sh", "-c", BEGIN]);
        let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take()?).read_line(&mut line).ok()?;
        if line != "ready\n" {
            skip("no IPC namespace of our own can be made here");
            return None;
        }
        Some(Self { holder })
    }

    /// A command inside.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--ipc", "--mount"]);
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg(find_tool(program.as_ref()));
        with_environment(&mut command);
        command
    }

    /// A shell script inside; `$1` and on are `args`.
    pub(crate) fn sh(&self, script: &str, args: &[&str]) -> Command {
        let mut command = self.command("sh");
        command.args(["-c", script, "sh"]).args(args);
        command
    }

    /// Runs a tool inside and expects success: what it printed, without the end of the line.
    pub(crate) fn ok(&self, tool: &str, args: &[&str]) -> String {
        let mut command = self.command(tool);
        command.args(args);
        Outcome::of(&mut command).success()
    }

    /// Runs a tool inside.
    pub(crate) fn run(&self, tool: &str, args: &[&str]) -> Outcome {
        let mut command = self.command(tool);
        command.args(args);
        Outcome::of(&mut command)
    }

    /// Runs a tool inside with this standard input.
    pub(crate) fn feed(&self, tool: &str, args: &[&str], input: &[u8]) -> Outcome {
        let mut command = self.command(tool);
        command.args(args);
        Outcome::fed(&mut command, input)
    }

    /// Runs a shell script inside.
    pub(crate) fn script(&self, script: &str, args: &[&str]) -> Outcome {
        Outcome::of(&mut self.sh(script, args))
    }

    /// Starts a tool inside.
    pub(crate) fn start(&self, tool: &str, args: &[&str]) -> Running {
        let mut command = self.command(tool);
        command.args(args);
        Running::start(&mut command)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// How a command ended.
pub(crate) struct Outcome {
    command: String,
    output: Output,
}

impl Outcome {
    /// Runs a command to its end, without input.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().expect("the command starts");
        Self::new(format!("{command:?}"), output)
    }

    /// Runs a command to its end on this input.
    pub(crate) fn fed(command: &mut Command, input: &[u8]) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_vec();
        // A command that ends early does not read it all, which is its right.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("the writer does not panic");
        Self::new(format!("{command:?}"), output)
    }

    /// However it ended, it was not by a panic.
    fn new(command: String, output: Output) -> Self {
        let outcome = Self { command, output };
        let stderr = outcome.stderr();
        assert!(!stderr.contains("panicked at"), "{}: {stderr}", outcome.command);
        outcome
    }

    /// Its exit status; 128 and the number for a signal, as a shell has it.
    pub(crate) fn status(&self) -> i32 {
        status_of(self.output.status)
    }

    pub(crate) fn stdout(&self) -> &[u8] {
        &self.output.stdout
    }

    pub(crate) fn stderr_bytes(&self) -> &[u8] {
        &self.output.stderr
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Expects status 0 and a silent standard error: standard output without its last newline.
    pub(crate) fn success(self) -> String {
        let text = String::from_utf8_lossy(&self.output.stdout);
        assert_eq!((self.status(), self.stderr().as_str()), (0, ""), "{} printed {text}", self.command);
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// Expects this status, nothing on standard output, and these words on standard error.
    pub(crate) fn fails(&self, status: i32, words: &str) {
        let stderr = self.stderr();
        assert_eq!(self.status(), status, "{}: {stderr}", self.command);
        assert!(stderr.contains(words), "{}: {stderr:?} lacks {words:?}", self.command);
        assert!(self.output.stdout.is_empty(), "{} printed {:?}", self.command, self.output.stdout);
    }
}

/// A command that runs, with all that it starts in its process group; killed when dropped.
pub(crate) struct Running {
    command: String,
    child: Child,
}

impl Running {
    /// Starts it, with everything piped.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Self { command: format!("{command:?}"), child: command.spawn().expect("the command starts") }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it sleeps in this system call.
    pub(crate) fn wait_until_in(&self, call: Call) {
        wait_until_in(self.id(), call);
    }

    /// Sends a signal to it.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().expect("kill runs");
        assert!(status.success(), "kill -s {name}");
    }

    /// Reads a line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        let stdout = self.child.stdout.as_mut().expect("piped");
        let mut byte = [0];
        loop {
            let so_far = String::from_utf8_lossy(&line);
            assert!(is_readable(&stdout, PATIENCE), "no line but {so_far:?} within {PATIENCE:?} of {}", self.command);
            if stdout.read(&mut byte).expect("a pipe") == 0 || byte[0] == b'\n' {
                return so_far.into_owned();
            }
            line.push(byte[0]);
        }
    }

    /// Its standard input and output, to talk to it.
    pub(crate) fn pipes(&mut self) -> (ChildStdin, ChildStdout) {
        (self.child.stdin.take().expect("piped"), self.child.stdout.take().expect("piped"))
    }

    /// Its standard input, which is closed with what is returned.
    pub(crate) fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("piped")
    }

    /// Leaves its standard output without a reader.
    pub(crate) fn close_stdout(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Waits for its end.
    pub(crate) fn outcome(mut self) -> Outcome {
        drop(self.child.stdin.take());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut errors = self.child.stderr.take().expect("piped");
        let reader = std::thread::spawn(move || {
            errors.read_to_end(&mut stderr).expect("a pipe");
            stderr
        });
        if let Some(mut output) = self.child.stdout.take() {
            output.read_to_end(&mut stdout).expect("a pipe");
        }
        let stderr = reader.join().expect("the reader does not panic");
        let status = self.child.wait().expect("it ends");
        Outcome::new(format!("process {}, {}", self.id(), self.command), Output { status, stdout, stderr })
    }

    /// What a failed test should tell of it.
    #[allow(clippy::print_stderr, reason = "read with the failure")]
    fn tell(&mut self) {
        let (mut said, mut bytes) = (Vec::new(), [0; 4096]);
        // Somebody else may have it open still: nobody waits for them.
        while let Some(errors) = self.child.stderr.as_mut().filter(|errors| is_readable(errors, Duration::ZERO)) {
            match errors.read(&mut bytes) {
                Ok(count) if count > 0 => said.extend_from_slice(&bytes[..count]),
                _ => break,
            }
        }
        let status = self.child.try_wait().ok().flatten().map_or("still runs".into(), |status| status.to_string());
        eprintln!("process {}, {}: {status}; on standard error: {}", self.id(), self.command, said.escape_ascii());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        let _ = killpg(Pid::from_raw(self.id().cast_signed()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Whether something, or the end, can be read within this time.
fn is_readable(file: &impl AsFd, limit: Duration) -> bool {
    let limit = PollTimeout::try_from(limit).expect("not too long");
    poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], limit).is_ok_and(|ready| ready > 0)
}

/// System calls that a test waits for somebody to sleep in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Fcntl,
    Flock,
    Accept,
    Connect,
    Receive,
    Futex,
    Msgrcv,
    Msgsnd,
    MqReceive,
    MqSend,
    Nanosleep,
    Openat,
    Poll,
    Read,
    Semtimedop,
    Send,
    Sigtimedwait,
    Splice,
    Write,
}

impl Call {
    /// Its number in `/proc/PID/syscall`: on x86-64, and on the machines that came after the numbers were made one.
    fn number(self) -> &'static str {
        let (x86_64, others) = match self {
            Self::Accept => ("288", "242"),
            Self::Connect => ("42", "203"),
            Self::Fcntl => ("72", "25"),
            Self::Flock => ("73", "32"),
            Self::Futex => ("202", "98"),
            Self::Msgrcv => ("70", "188"),
            Self::Msgsnd => ("69", "189"),
            Self::MqReceive => ("243", "183"),
            Self::MqSend => ("242", "182"),
            Self::Nanosleep => ("230", "115"),
            Self::Openat => ("257", "56"),
            Self::Poll => ("7", "73"),
            Self::Read => ("0", "63"),
            Self::Receive => ("45", "207"),
            Self::Semtimedop => ("220", "192"),
            Self::Send => ("44", "206"),
            Self::Sigtimedwait => ("128", "137"),
            Self::Splice => ("275", "76"),
            Self::Write => ("1", "64"),
        };
        if cfg!(target_arch = "x86_64") { x86_64 } else { others }
    }
}

/// Waits until process `pid` sleeps in `call`.
pub(crate) fn wait_until_in(pid: u32, call: Call) {
    wait_for(&format!("process {pid} sleeps in {call:?}"), || {
        let seen = sleeps_in(pid, call);
        let has_ended =
            seen.as_ref().is_err_and(|seen| seen.contains(") Z ") || !Path::new(&format!("/proc/{pid}")).exists());
        assert!(!has_ended, "process {pid} has ended, and was to sleep in {call:?}: {seen:?}");
        seen
    });
}

/// Whether process `pid` sleeps in `call`, or what it does instead.
pub(crate) fn sleeps_in(pid: u32, call: Call) -> Result<(), String> {
    let look = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let (before, stat, after) = (look("syscall"), look("stat"), look("syscall"));
    // Who waits for a disk does not sleep.
    let number = before.split(' ').next();
    // open(2) is what musl calls where glibc calls openat(2).
    let is_it =
        number == Some(call.number()) || call == Call::Openat && cfg!(target_arch = "x86_64") && number == Some("2");
    let sleeps = stat.contains(") S ") && before == after && is_it;
    if sleeps { Ok(()) } else { Err(format!("system call {after:?} in {stat:?}")) }
}

/// Looks again and again until it is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || if is_so() { Ok(()) } else { Err(String::new()) });
}

/// Looks again and again until it is so: what it then is. What is seen instead is told if it never is.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}; {seen}"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Says why a test does not apply here.
#[allow(clippy::print_stderr, reason = "a skipped test tells its reason")]
pub(crate) fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}

/// Whether a program is installed; where it is not, says that the test is skipped.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", program]).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        skip(&format!("{program} is not installed"));
    }
    found
}

/// Whether strace(1) is installed and may trace; where not, says that the test is skipped.
pub(crate) fn can_trace() -> bool {
    let traces = || Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    has("strace") && {
        let may = traces().is_ok_and(|output| output.status.success());
        if !may {
            skip("strace may not trace here");
        }
        may
    }
}

/// Asks with `PIDFD_GET_INFO` how a child ended that was waited for.
const ASK_FOR_ENDING: &str = "defined($p = fork) or die $!; exit 42 unless $p;
open P, '+<&=', syscall(434, $p, 0) or die $!; waitpid $p, 0; $info = pack 'Q x56', 8;
exit !(ioctl(P, 0xC040FF0B, $info) && unpack('Q', $info) & 8)";

/// Whether the kernel keeps how a process ended for others than its parent, as it does since Linux 6.15; where not,
/// says that the test is skipped.
pub(crate) fn keeps_endings() -> bool {
    has("perl") && {
        let keeps = Command::new("perl").args(["-e", ASK_FOR_ENDING]).stderr(Stdio::null()).status();
        let keeps = keeps.is_ok_and(|status| status.success());
        if !keeps {
            skip("this kernel tells nobody but its parent how a process ended");
        }
        keeps
    }
}

/// A command outside any namespace of ours, for what touches no object.
pub(crate) fn tool(name: &str) -> Command {
    let mut command = Command::new(find_tool(OsStr::new(name)));
    with_environment(&mut command);
    command
}

pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn find_tool(program: &OsStr) -> PathBuf {
    let found = TOOLS.iter().find(|(name, _)| program == *name);
    found.map_or_else(|| program.into(), |(_, path)| PathBuf::from(path))
}

/// The C locale, UTC, and our tools first on PATH.
fn with_environment(command: &mut Command) {
    let tools = Path::new(TOOLS[0].1).parent().expect("a file lies in a directory");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(tools.to_path_buf()).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(all).expect("no colon in a path of cargo's"));
    command.env("LC_ALL", "C").env("TZ", "UTC").env_remove("NO_COLOR");
}

fn status_of(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().expect("no code means a signal"))
}
