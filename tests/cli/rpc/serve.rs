//! `rsock serve`: batches, calls at the same time, clients that misbehave.

use super::Site;
use crate::support::{Call, Outcome, Running, tool, wait_until};

/// The examples of the specification, section 7.
#[test]
fn the_examples_of_the_specification_are_answered_as_it_says() {
    let site = Site::new();
    let _server = site.serve(&[
        "--method",
        "subtract=jq 'if type == \"array\" then .[0] - .[1] else .minuend - .subtrahend end'",
        "--method",
        "sum=jq add",
        "--method",
        "get_data=echo '[\"hello\", 5]'",
        "--method",
        "update=:",
        "--method",
        "notify_hello=:",
    ]);
    if !crate::support::has("jq") {
        return;
    }
    let data = |text: &str| {
        let mut text = text.to_owned();
        while let Some(at) = text.find(",\"data\":") {
            let end = text[at..].find("\"},\"id\"").expect("the end of the error") + at + 1;
            text.replace_range(at..end, "");
        }
        text
    };
    let table = [
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
            "{\"jsonrpc\":\"2.0\",\"result\":19,\"id\":1}\n",
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            "{\"jsonrpc\":\"2.0\",\"result\":19,\"id\":3}\n",
        ),
        (r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, ""),
        (
            r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"Method not found\"},\"id\":\"1\"}\n",
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse error\"},\"id\":null}\n",
        ),
        (
            r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"},\"id\":null}\n",
        ),
        ("[]", "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"},\"id\":null}\n"),
        ("[1]", "[{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"},\"id\":null}]\n"),
        (
            r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}, {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"}, {"foo": "boo"}, {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"}, {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]"#,
            "[{\"jsonrpc\":\"2.0\",\"result\":7,\"id\":\"1\"},{\"jsonrpc\":\"2.0\",\"result\":19,\"id\":\"2\"},{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"},\"id\":null},{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"Method not found\"},\"id\":\"5\"},{\"jsonrpc\":\"2.0\",\"result\":[\"hello\",5],\"id\":\"9\"}]\n",
        ),
        (r#"[{"jsonrpc": "2.0", "method": "notify_hello"}, {"jsonrpc": "2.0", "method": "update"}]"#, ""),
    ];
    for (question, answer) in table {
        assert_eq!(data(&site.exchange(&format!("{question}\n"))), answer, "{question}");
    }
    // One that has no end of a line, and one behind a header that tells its length in bytes.
    let question = r#"{"jsonrpc":"2.0","method":"sum","params":["ü","x"],"id":1}"#;
    let answer = "{\"jsonrpc\":\"2.0\",\"result\":\"üx\",\"id\":1}";
    assert_eq!(site.exchange(question), format!("{answer}\n"));
    let framed = |text: &str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
    assert_eq!(site.exchange(&(framed(question) + &framed(question))), framed(answer) + &framed(answer));
}

#[test]
fn calls_run_at_the_same_time() {
    let site = Site::new();
    // Each waits for the other.
    let methods = ["--method", "one=cat pipe; echo '\"one\"'", "--method", "two=echo 1 >pipe"];
    assert_eq!(Outcome::of(std::process::Command::new("mkfifo").arg(site.path("pipe"))).status(), 0);
    let _server = site.serve(&methods);
    let call = |method: &str, id: u8| format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"id\":{id}}}");
    let apart = site.exchange(&format!("{}\n{}\n", call("one", 1), call("two", 2)));
    let mut lines: Vec<&str> = apart.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 2, "{apart}");
    assert!(
        lines[0].contains("null,\"id\":2") && lines[1].contains("one") || lines[1].contains("null,\"id\":2"),
        "{apart}"
    );
    let batch = site.exchange(&format!("[{},{}]\n", call("one", 1), call("two", 2)));
    assert!(batch.starts_with('[') && batch.contains("\"id\":1") && batch.contains("\"id\":2"), "{batch}");
}

#[test]
fn no_more_commands_run_than_may() {
    let site = Site::new();
    // A folder is made by one of them.
    let method = "alone=mkdir lock && sleep 0.01 && rmdir lock && echo 1";
    let _server = site.serve(&["--jobs", "1", "--method", method]);
    let calls: Vec<String> =
        (0..20).map(|id| format!("{{\"jsonrpc\":\"2.0\",\"method\":\"alone\",\"id\":{id}}}")).collect();
    let answers = site.exchange(&format!("[{}]\n{}\n", calls.join(","), calls.join("\n")));
    assert_eq!(answers.matches("\"result\":1").count(), 40, "{answers}");
}

#[test]
fn many_clients_get_their_own_answers() {
    let site = Site::new();
    let _server = site.serve(&["--method", "echo=cat"]);
    let clients: Vec<Running> = (0..16)
        .map(|number| {
            let params: Vec<String> = (0..20).map(|call| format!("[{number},{call}]")).collect();
            Running::start(tool("rsock").args(["call", &site.address(), "echo"]).args(&params))
        })
        .collect();
    for (number, client) in clients.into_iter().enumerate() {
        let expected: Vec<String> = (0..20).map(|call| format!("[{number},{call}]")).collect();
        assert_eq!(client.outcome().success(), expected.join("\n"));
    }
}

#[test]
fn a_client_that_is_gone_or_does_not_read_holds_up_nobody() {
    let site = Site::new();
    let big = "head -c 1000000 /dev/zero | tr '\\0' x";
    let server = site.serve(&[
        "--jobs",
        "2",
        "--method",
        &format!("big={big}"),
        "--method",
        "slow=sleep 1000",
        "--method",
        "echo=cat",
    ]);
    // One that asks for more than fits into the socket, and reads nothing.
    let calls = "{\"jsonrpc\":\"2.0\",\"method\":\"big\",\"id\":1}\n".repeat(8);
    std::fs::write(site.path("calls"), calls).expect("room");
    let script = format!("rsock connect {} <calls | sleep 1000", site.address());
    let mut deaf = tool("sh");
    let deaf = Running::start(deaf.args(["-c", &script]).current_dir(site.folder.path()));
    for number in 0..20 {
        assert_eq!(site.call(&["echo", &format!("[{number}]")]).success(), format!("[{number}]"));
    }
    drop(deaf);
    // One that is killed while its command runs.
    let killed = Running::start(tool("rsock").args(["call", &site.address(), "slow"]));
    killed.wait_until_in(Call::Read);
    killed.signal("KILL");
    assert_eq!(killed.outcome().status(), 137);
    assert_eq!(site.call(&["echo", "[1]"]).success(), "[1]");
    server.signal("TERM");
    assert_eq!(server.outcome().status(), 143);
    assert!(!site.path("socket").exists(), "nothing is left");
}

#[test]
fn what_is_no_message_ends_the_connection_and_nothing_else() {
    let site = Site::new();
    let _server = site.serve(&["--method", "echo=cat"]);
    let good = "Content-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"id\":1}";
    let answers = site.exchange(&format!("{good}X: y\r\n\r\n{good}"));
    assert!(
        answers.contains("\"result\":null")
            && answers.contains("-32700")
            && answers.matches("Content-Length: ").count() == 2,
        "{answers}"
    );
    assert_eq!(site.exchange(""), "");
    assert_eq!(site.exchange("\n \n"), "");
    assert_eq!(site.call(&["echo", "[1]"]).success(), "[1]");
}

#[test]
fn a_command_knows_who_asks() {
    let site = Site::new();
    let _server = site.serve(&["--method", "who=echo \"$RSOCK_METHOD $RSOCK_ID $RSOCK_UID\" $(($RSOCK_PID > 0))"]);
    let uid = nix::unistd::getuid();
    assert_eq!(site.call(&["who", "-r"]).success(), format!("who 1 {uid} 1"));
}

#[test]
fn once_is_one_connection() {
    let site = Site::new();
    let server = site.serve(&["--once", "--method", "echo=cat"]);
    assert_eq!(site.call(&["echo", "[1]", "[2]"]).success(), "[1]\n[2]");
    server.outcome().success();
    assert!(!site.path("socket").exists());
}

#[test]
fn a_command_that_runs_does_not_keep_it_from_ending() {
    let site = Site::new();
    for words in [
        &["--method", "slow=echo 1 >started; sleep 1000"][..],
        &["--once", "--method", "slow=echo 1 >started; sleep 1000"],
    ] {
        let server = site.serve(words);
        let _client = Running::start(tool("rsock").args(["call", &site.address(), "slow"]));
        wait_until("the command runs", || site.path("started").exists());
        server.signal("INT");
        assert_eq!(server.outcome().status(), 130, "{words:?}");
        std::fs::remove_file(site.path("started")).expect("it was there");
    }
}

#[test]
fn methods_that_make_no_sense_are_refused() {
    let site = Site::new();
    for words in
        [&["--method", "x"][..], &["--method", "=x"], &["--method", "x="], &["--method", "x=1", "--method", "x=2"], &[]]
    {
        let outcome = Outcome::of(tool("rsock").args(["serve", &site.address()]).args(words));
        assert_eq!(outcome.status(), 2, "{words:?}: {}", outcome.stderr());
        assert!(!site.path("socket").exists());
    }
}

#[test]
fn a_second_server_does_not_take_the_place_of_the_first() {
    let site = Site::new();
    let first = site.serve(&["--method", "echo=cat"]);
    let second = Outcome::of(tool("rsock").args(["serve", &site.address(), "--method", "echo=:"]));
    second.fails(4, "cannot listen");
    first.signal("KILL");
    first.outcome();
    assert!(site.path("socket").exists(), "nobody removed it");
    let _third = site.serve(&["--method", "echo=cat"]);
    wait_until("the third answers", || site.call(&["echo", "[3]"]).stdout() == b"[3]\n");
}
