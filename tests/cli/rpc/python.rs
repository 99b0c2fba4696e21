//! Against libraries of Python's: `jsonrpcserver` and `jsonrpcclient` on lines, `python-lsp-jsonrpc` behind
//! headers, and `varlink`.
//!
//! They come from PyPI; `RIPC_TEST_PYTHON` names an interpreter that has them:
//!
//! ```sh
//! python3 -m venv peers && peers/bin/pip install jsonrpcserver jsonrpcclient python-lsp-jsonrpc varlink
//! ```

use std::ffi::OsString;
use std::fmt::Write as _;
use std::process::Command;

use super::{Site, python_server};
use crate::support::{Outcome, has, skip, tool};

/// The interpreter that has this module, or `None` with a printed reason.
fn python_with(module: &str) -> Option<OsString> {
    let interpreter = std::env::var_os("RIPC_TEST_PYTHON");
    let found = interpreter.filter(|interpreter| {
        let asked = Command::new(interpreter).args(["-c", &format!("import {module}")]).output();
        asked.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        skip(&format!("RIPC_TEST_PYTHON names no Python with {module}"));
    }
    found
}

/// `jsonrpcserver` over a unix socket, a line each.
const SERVER: &str = "import socketserver, sys
from jsonrpcserver import dispatch, method, Error, Success
@method
def add(a, b): return Success(a + b)
@method
def refuse(): return Error(42, 'no', {'why': [1]})
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            answer = dispatch(line.decode())
            if answer: self.wfile.write(answer.encode() + b'\\n')
class Server(socketserver.ThreadingUnixStreamServer): daemon_threads = True
server = Server(sys.argv[1], Handler); print('ready', flush=True); server.serve_forever()";

#[test]
fn jsonrpcserver_is_called() {
    let Some(interpreter) = python_with("jsonrpcserver") else { return };
    let site = Site::new();
    let _server = python_server(interpreter, SERVER, &site.path("socket"));
    assert_eq!(site.call(&["add", "[2, 3]"]).success(), "5");
    assert_eq!(site.call(&["add", "{\"b\": \"b\", \"a\": \"a\"}", "--raw"]).success(), "ab");
    assert_eq!(site.call(&["add", "[2, 3]", "--notify"]).success(), "");
    site.call(&["refuse"]).fails(1, "rsock: refuse failed: no (42): {\"why\":[1]}\n");
    site.call(&["none"]).fails(1, "(-32601)");
    site.call(&["add", "[1]"]).fails(1, "(-32602)");
}

#[test]
fn ten_thousand_calls_pass_through_one_connection() {
    let Some(interpreter) = python_with("jsonrpcserver") else { return };
    let site = Site::new();
    let _server = python_server(interpreter, SERVER, &site.path("socket"));
    let (mut params, mut results) = (String::new(), String::new());
    for number in 0..10_000 {
        let _ = writeln!(params, "[{number}, 1]");
        let _ = writeln!(results, "{}", number + 1);
    }
    let done = Outcome::fed(tool("rsock").args(["call", &site.address(), "add", "-"]), params.as_bytes());
    assert_eq!(done.success() + "\n", results);
}

#[test]
fn jsonrpcclient_calls_us() {
    let Some(interpreter) = python_with("jsonrpcclient") else { return };
    let script = "import itertools, json, socket, sys
from jsonrpcclient import Error, Ok, notification, parse, request
stream = socket.socket(socket.AF_UNIX); stream.connect(sys.argv[1]); stream = stream.makefile('rw')
def ask(message):
    stream.write(json.dumps(message) + '\\n'); stream.flush()
    return parse(json.loads(stream.readline()))
answer = ask(request('echo', params={'x': [1, 'ü']})); assert isinstance(answer, Ok); print(json.dumps(answer.result))
answer = ask(request('fail')); assert isinstance(answer, Error); print(answer.code, answer.message, answer.data)
answer = ask(request('none')); print(answer.code)
stream.write(json.dumps(notification('echo')) + '\\n')
print(sorted(answer.result[0] for answer in ask([request('echo', params=[n]) for n in range(5)])))
print(all(ask(request('echo', params=[n])).result == [n] for n in range(300)))";
    let site = Site::new();
    let _server = site.serve(&["--method", "echo=cat", "--method", "fail=echo sorry >&2; exit 1"]);
    let mut client = Command::new(interpreter);
    let told = Outcome::of(client.arg("-c").arg(script).arg(site.path("socket"))).success();
    assert_eq!(told, "{\"x\": [1, \"\\u00fc\"]}\n-32000 sorry exit status 1\n-32601\n[0, 1, 2, 3, 4]\nTrue");
}

#[test]
fn pylsp_jsonrpc_and_we_call_each_other_behind_headers() {
    let Some(interpreter) = python_with("pylsp_jsonrpc.endpoint") else { return };
    let server = "import socketserver, sys
from pylsp_jsonrpc.dispatchers import MethodDispatcher
from pylsp_jsonrpc.endpoint import Endpoint
from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter
class Methods(MethodDispatcher):
    def m_add(self, a, b): return a + b
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        endpoint = Endpoint(Methods(), JsonRpcStreamWriter(self.wfile).write)
        JsonRpcStreamReader(self.rfile).listen(endpoint.consume)
server = socketserver.UnixStreamServer(sys.argv[1], Handler); print('ready', flush=True); server.serve_forever()";
    let site = Site::new();
    let running = python_server(&interpreter, server, &site.path("socket"));
    assert_eq!(site.call(&["add", "{\"a\": 2, \"b\": 3}", "--content-length"]).success(), "5");
    site.call(&["none", "--content-length"]).fails(1, "(-32601)");
    drop(running);

    let client = "import socket, sys, threading
from pylsp_jsonrpc.endpoint import Endpoint
from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter
link = socket.socket(socket.AF_UNIX); link.connect(sys.argv[1])
endpoint = Endpoint({}, JsonRpcStreamWriter(link.makefile('wb')).write)
threading.Thread(target=JsonRpcStreamReader(link.makefile('rb')).listen, args=[endpoint.consume], daemon=True).start()
calls = [endpoint.request('echo', {'n': n}) for n in range(20)]
print([call.result(200)['n'] for call in calls] == list(range(20)))";
    let site = Site::new();
    let _server = site.serve(&["--method", "echo=cat"]);
    let mut command = Command::new(&interpreter);
    assert_eq!(Outcome::of(command.arg("-c").arg(client).arg(site.path("socket"))).success(), "True");
}

/// Varlink, as systemd's services speak it, in few lines.
const VARLINK: &str = "import json, socketserver, sys
class Handler(socketserver.StreamRequestHandler):
    def reply(self, **fields): self.wfile.write(json.dumps(fields).encode() + b'\\0')
    def handle(self):
        buffer = b''
        while chunk := self.request.recv(4096):
            buffer += chunk
            while b'\\0' in buffer:
                message, buffer = buffer.split(b'\\0', 1)
                self.answer(json.loads(message))
    def answer(self, call):
        parameters = call.get('parameters', {})
        match call['method']:
            case 'org.example.Echo': self.reply(parameters={'got': parameters, 'flags': [k for k in call if k not in ('method', 'parameters')]})
            case 'org.example.Count' if call.get('more'):
                for n in range(3): self.reply(parameters={'n': n}, continues=n < 2)
            case 'org.example.Quiet': assert call['oneway']
            case 'org.example.Nothing': self.reply()
            case method: self.reply(error='org.varlink.service.MethodNotFound', parameters={'method': method})
server = socketserver.ThreadingUnixStreamServer(sys.argv[1], Handler); print('ready', flush=True); server.serve_forever()";

#[test]
fn varlink_is_called() {
    if !has("python3") {
        return;
    }
    let site = Site::new();
    let _server = python_server("python3", VARLINK, &site.path("socket"));
    let call = |words: &[&str]| site.call(&[&["--varlink", "--timeout", "200"], words].concat());
    assert_eq!(call(&["org.example.Echo", "{\"a\": 1}"]).success(), "{\"got\":{\"a\":1},\"flags\":[]}");
    assert_eq!(call(&["org.example.Echo", "{}", "{\"b\":2}"]).success().lines().count(), 2);
    assert_eq!(call(&["org.example.Count", "--more"]).success(), "{\"n\":0}\n{\"n\":1}\n{\"n\":2}");
    assert_eq!(call(&["org.example.Quiet", "--notify"]).success(), "");
    assert_eq!(call(&["org.example.Nothing"]).success(), "{}");
    call(&["org.example.None"]).fails(
        1,
        "rsock: org.example.None failed: org.varlink.service.MethodNotFound: {\"method\":\"org.example.None\"}\n",
    );
    assert_eq!(call(&["org.example.Echo", "[1]"]).status(), 2);
}

#[test]
fn a_server_of_the_varlink_package_is_called() {
    let Some(interpreter) = python_with("varlink") else { return };
    let server = "import os, sys, tempfile, varlink
folder = tempfile.mkdtemp()
with open(folder + '/org.example.test.varlink', 'w') as file:
    file.write('interface org.example.test\\nmethod Add(a: int, b: int) -> (sum: int)\\nerror Wrong (why: string)\\nmethod Fail() -> ()\\n')
service = varlink.Service(vendor='ripc', product='test', version='1', url='https://example.org', interface_dir=folder)
class Wrong(varlink.VarlinkError):
    def __init__(self): super().__init__({'error': 'org.example.test.Wrong', 'parameters': {'why': 'so'}})
@service.interface('org.example.test')
class Test:
    def Add(self, a, b): return {'sum': a + b}
    def Fail(self): raise Wrong()
class Handler(varlink.RequestHandler): pass
Handler.service = service
server = varlink.ThreadingServer('unix:' + sys.argv[1], Handler); print('ready', flush=True); server.serve_forever()";
    let site = Site::new();
    let _server = python_server(interpreter, server, &site.path("socket"));
    let call = |words: &[&str]| site.call(&[&["--varlink", "--timeout", "200"], words].concat());
    assert_eq!(call(&["org.example.test.Add", "{\"a\": 2, \"b\": 3}"]).success(), "{\"sum\":5}");
    let info = call(&["org.varlink.service.GetInfo"]).success();
    assert!(info.contains("\"vendor\":\"ripc\"") && info.contains("org.example.test"), "{info}");
    call(&["org.example.test.Fail"]).fails(1, "failed: org.example.test.Wrong: {\"why\":\"so\"}\n");
    call(&["org.example.test.None"]).fails(1, "org.varlink.service.MethodNotFound");
}
