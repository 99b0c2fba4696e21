//! Remote procedure calls: `rsock call` and `rsock serve`, with each other and with what others wrote.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Call, Outcome, Running, tool};

mod python;
mod serve;

/// A folder for a socket, and what serves there.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of the socket.
    fn address(&self) -> String {
        format!("unix:{}", self.path("socket").display())
    }

    /// Starts `rsock serve` with these methods, and waits until one can connect.
    fn serve(&self, words: &[&str]) -> Running {
        let mut command = tool("rsock");
        command.args(["serve", &self.address(), "--ready"]).args(words).current_dir(self.folder.path());
        let mut server = Running::start(&mut command);
        assert_eq!(server.line(), format!("ready {}", self.address()));
        server
    }

    fn call(&self, words: &[&str]) -> Outcome {
        Outcome::of(tool("rsock").args(["call", &self.address()]).args(words))
    }

    /// What comes back for these bytes, until all are answered.
    fn exchange(&self, bytes: &str) -> String {
        let outcome = Outcome::fed(tool("rsock").args(["connect", &self.address()]), bytes.as_bytes());
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, ""));
        String::from_utf8_lossy(outcome.stdout()).into_owned()
    }
}

/// A script of Python's as a server: it prints a line when one can connect to the path `argv[1]`.
fn python_server(interpreter: impl AsRef<std::ffi::OsStr>, script: &str, path: &Path) -> Running {
    let mut command = Command::new(interpreter);
    let mut server = Running::start(command.arg("-c").arg(script).arg(path));
    assert_eq!(server.line(), "ready", "the server of the test starts");
    server
}

#[test]
fn results_pass_as_they_were_written() {
    let site = Site::new();
    let _server =
        site.serve(&["--method", "echo=cat", "--method", "text=echo 'a \"b\"'; echo c", "--method", "nothing=:"]);
    for params in ["[1,2.50,1e400,12345678901234567890]", "{\"b\":{},\"a\":[\"ü\\n\\\"\"]}", "[]"] {
        assert_eq!(site.call(&["echo", params]).success(), params);
    }
    assert_eq!(site.call(&["echo", "{ \"b\" : 1 ,\n \"a\" : \" \" }"]).success(), "{\"b\":1,\"a\":\" \"}");
    assert_eq!(site.call(&["text"]).success(), "\"a \\\"b\\\"\\nc\"");
    assert_eq!(site.call(&["text", "--raw"]).success(), "a \"b\"\nc");
    assert_eq!(site.call(&["echo", "[1]", "-r"]).success(), "[1]");
    assert_eq!(site.call(&["nothing"]).success(), "null");
    assert_eq!(site.call(&["echo"]).success(), "null");
    assert_eq!(site.call(&["echo", "[1]", "[2]", "{}"]).success(), "[1]\n[2]\n{}");
    assert_eq!(site.call(&["echo", "[1]", "--content-length"]).success(), "[1]");
    let big = format!("[\"{}\"]", "x".repeat(1 << 20));
    let piped =
        Outcome::fed(tool("rsock").args(["call", &site.address(), "echo", "-"]), format!("{big}\n[2]\n").as_bytes());
    assert_eq!(piped.success(), format!("{big}\n[2]"));
}

#[test]
fn an_error_is_status_1_and_told() {
    let site = Site::new();
    let _server = site.serve(&[
        "--method",
        "fail=echo first >&2; echo sorry >&2; exit 3",
        "--method",
        "silent=exit 4",
        "--method",
        "killed=kill -9 $$",
        "--method",
        "own=echo '{\"code\": 7, \"message\": \"mine\", \"data\": {\"a\": 1}}'; exit 1",
        "--method",
        "bytes=printf '\\377'",
        "--method",
        "good=echo 1",
    ]);
    site.call(&["fail"]).fails(1, "rsock: fail failed: sorry (-32000): \"exit status 3\"\n");
    site.call(&["silent"]).fails(1, "rsock: silent failed: exit status 4 (-32000)\n");
    site.call(&["killed"]).fails(1, "rsock: killed failed: ended by signal 9 (-32000)\n");
    site.call(&["own"]).fails(1, "rsock: own failed: mine (7): {\"a\":1}\n");
    site.call(&["bytes"]).fails(1, "(-32603)");
    site.call(&["none"]).fails(1, "rsock: none failed: Method not found (-32601): \"none\"\n");
    assert_eq!(site.call(&["good"]).success(), "1");
    for params in ["5", "\"x\"", "null", "x", "[1", "", "[1] [2]"] {
        assert_eq!(site.call(&["good", params]).status(), 2, "{params}");
    }
}

#[test]
fn a_notification_is_not_answered() {
    let site = Site::new();
    let _server = site.serve(&["--method", "note=cat >noted; mv noted there", "--method", "look=cat there"]);
    assert_eq!(site.call(&["note", "[\"x\"]", "--notify"]).success(), "");
    crate::support::wait_until("the notification is there", || site.path("there").exists());
    assert_eq!(site.call(&["look"]).success(), "[\"x\"]");
}

#[test]
fn whoever_does_not_answer_is_not_waited_for() {
    let site = Site::new();
    let mut listener = tool("rsock");
    let mut silent = Running::start(listener.args(["listen", &site.address(), "--ready", "--exec", "sleep", "1000"]));
    silent.line();
    let words = format!("rsock: '{}' did not answer until the timeout\n", site.address());
    site.call(&["x", "--timeout", "0.1"]).fails(124, &words);
    let waiting = Running::start(tool("rsock").args(["call", &site.address(), "x"]));
    waiting.wait_until_in(Call::Read);
    drop(silent);
    waiting.outcome().fails(1, "ended the connection without an answer");
    site.call(&["x"]).fails(3, "cannot connect");
    let early = Running::start(tool("rsock").args(["call", &site.address(), "echo", "[1]", "--wait"]));
    early.wait_until_in(Call::Nanosleep);
    let _server = site.serve(&["--method", "echo=cat"]);
    assert_eq!(early.outcome().success(), "[1]");
}

#[test]
fn every_address_will_do() {
    let site = Site::new();
    let mut command = tool("rsock");
    let mut server = Running::start(command.args(["serve", "tcp:localhost:0", "--ready", "--method", "echo=cat"]));
    let line = server.line();
    let address = line.strip_prefix("ready ").expect("an address");
    assert_eq!(Outcome::of(tool("rsock").args(["call", address, "echo", "[1]"])).success(), "[1]");
    let _server = site.serve(&["--method", "echo=cat"]);
    let through = format!("exec:rsock connect {}", site.address());
    assert_eq!(Outcome::of(tool("rsock").args(["call", &through, "echo", "[2]"])).success(), "[2]");
}

#[test]
fn the_example_prints_what_it_promises() {
    let outcome = Outcome::of(tool("sh").arg(Path::new(crate::support::PACKAGE).join("examples/rpc.sh")));
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    let each = "  sum of 1 2 3: 6
  shouted: [\"HELLO\"]
  status 1: rsock: sum failed: numbers, please (-32000): \"exit status 1\"
  status 1: rsock: product failed: Method not found (-32601): \"product\"
  one more each: 2 3 4 5 6
  answered together: \"id\":1 \"id\":2 \"id\":3
";
    assert_eq!((outcome.status(), printed), (0, format!("over unix\n{each}over tcp\n{each}")), "{}", outcome.stderr());
}

#[test]
fn a_server_that_calls_back_is_refused() {
    // Answers once the client has answered.
    let script = "import json, socket, sys
listener = socket.socket(socket.AF_UNIX); listener.bind(sys.argv[1]); listener.listen(); print('ready', flush=True)
stream = listener.accept()[0].makefile('rw')
call = json.loads(stream.readline())
stream.write('{\"jsonrpc\":\"2.0\",\"method\":\"progress\"}{\"jsonrpc\":\"2.0\",\"method\":\"ask\",\"id\":\"a\"}'); stream.flush()
refusal = json.loads(stream.readline())
stream.write(json.dumps({'jsonrpc': '2.0', 'id': call['id'], 'result': refusal}, separators=(',', ':'))); stream.flush()
stream.readline()";
    if !crate::support::has("python3") {
        return;
    }
    let site = Site::new();
    let _server = python_server("python3", script, &site.path("socket"));
    let seen = site.call(&["x", "--timeout", "200"]).success();
    let refusal = r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"a"}"#;
    assert_eq!(seen, refusal);
}
