//! Unix sockets, as Python's programs have them: in `who`, `list`, `show`, `graph` and `watch`, beside ss and lsof.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::stage::{rows, sorted, text, who};
use crate::support::{Call, Running, World, has, is_root, wait_until};

/// A place for socket files that everybody may enter, short enough for their names.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a directory");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
    folder
}

/// A program that prints a line of numbers when it is ready.
struct Player {
    running: Running,
    numbers: Vec<u64>,
}

const PRELUDE: &str = "import os, select, socket, sys
def say(*sockets): print(*[n for s in sockets for n in (s.fileno(), os.fstat(s.fileno()).st_ino)], flush=True)
def stay(): sys.stdin.read()
path = sys.argv[1] if len(sys.argv) > 1 else ''
";

impl Player {
    fn new(world: &World, script: &str, arguments: &[&str]) -> Self {
        Self::of(world.command("python3").args(["-c", &format!("{PRELUDE}{script}")]).args(arguments))
    }

    fn of(command: &mut std::process::Command) -> Self {
        let mut running = Running::start(command);
        let numbers = running.line().split(' ').filter_map(|word| word.parse().ok()).collect();
        Self { running, numbers }
    }

    fn pid(&self) -> u64 {
        self.running.id().into()
    }

    /// `4711:3 python3`
    fn end(&self, place: usize) -> String {
        let comm = std::fs::read_to_string(format!("/proc/{}/comm", self.pid())).expect("it runs");
        format!("{}:{} {}", self.pid(), self.numbers[2 * place], comm.trim_end())
    }

    /// The name of a socket that has no other.
    fn object(&self, place: usize) -> String {
        format!("socket:{}", self.numbers[2 * place + 1])
    }
}

/// Listens, takes two clients and waits for a third.
const SERVER: &str = "s = socket.socket(socket.AF_UNIX); s.bind(path); os.chmod(path, 0o640); s.listen(3)
print(flush=True); a = s.accept()[0]; b = s.accept()[0]; say(s, a, b); s.accept()";
const RECEIVER: &str = "c = socket.socket(socket.AF_UNIX); c.connect(path); say(c); c.recv(1)";
const SENDER: &str = "c = socket.socket(socket.AF_UNIX); c.connect(path); say(c); c.sendall(bytes(1 << 24))";

/// A server that waits in accept(2), and its clients: one that waits in recv(2) and one in send(2).
fn served(world: &World, path: &str) -> (Player, Player, Player) {
    let mut server = Player::new(world, SERVER, &[path]);
    let receiver = Player::new(world, RECEIVER, &[path]);
    receiver.running.wait_until_in(Call::Receive);
    let sender = Player::new(world, SENDER, &[path]);
    sender.running.wait_until_in(Call::Send);
    server.numbers = server.running.line().split(' ').map(|word| word.parse().expect("a number")).collect();
    server.running.wait_until_in(Call::Accept);
    (server, receiver, sender)
}

/// What `who` is to say of them.
fn truth(path: &str, (server, receiver, sender): &(Player, Player, Player)) -> Vec<(String, u64, String)> {
    let socket = format!("socket:{path}");
    let row = |object: &str, player: &Player, how: &str| (object.to_owned(), player.pid(), how.to_owned());
    sorted(vec![
        row(&socket, server, "listening"),
        row(&socket, server, "blocked in accept"),
        row(&socket, server, &format!("connected to {}", receiver.end(0))),
        row(&socket, server, &format!("connected to {}", sender.end(0))),
        row(&receiver.object(0), receiver, &format!("connected to {}", server.end(1))),
        row(&receiver.object(0), receiver, "blocked in recv"),
        row(&sender.object(0), sender, &format!("connected to {}", server.end(2))),
        row(&sender.object(0), sender, "blocked in send"),
    ])
}

fn listed(world: &World, player: &Player) -> Vec<Value> {
    let outcome = world.run("ripcs", &["list", "socket", "--json", "--pid", &player.pid().to_string()]);
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    rows(&outcome)
}

#[test]
fn a_server_and_its_clients_are_told_as_they_are() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s").to_str().expect("UTF-8").to_owned();
    let all = served(&world, &path);
    let truth = truth(&path, &all);
    // By the file, by its name with the kind, through another name of the file, and from a client's end.
    let link = folder.path().join("link").to_str().expect("UTF-8").to_owned();
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    for name in [&path, &format!("socket:{path}"), &link] {
        assert_eq!(sorted(who(&world, &[name])), truth, "{name}");
    }
    let (server, receiver, _) = &all;
    let both_ends = |row: &&(String, u64, String)| row.0 == receiver.object(0) || row.2.ends_with(&receiver.end(0));
    let told = sorted(who(&world, &[&receiver.object(0)]));
    let expected: Vec<_> = truth.iter().filter(both_ends).cloned().collect();
    assert_eq!(told, expected);
    let blocked: Vec<_> = truth.iter().filter(|row| row.2.starts_with("blocked")).cloned().collect();
    assert_eq!(sorted(who(&world, &["--blocked", &path])), blocked);
    // Of one process alone the other ends are known all the same.
    let own: Vec<_> = truth.iter().filter(|row| row.1 == server.pid()).cloned().collect();
    assert_eq!(sorted(who(&world, &["--pid", &server.pid().to_string(), "socket"])), own);
    the_peers_see_the_same(&world, &path, &all);
}

/// What ss and lsof say of the same sockets.
fn the_peers_see_the_same(world: &World, path: &str, (server, receiver, sender): &(Player, Player, Player)) {
    let of_server = listed(world, server);
    assert_eq!(of_server.len(), 3, "{of_server:?}");
    for socket in of_server.iter().chain(&listed(world, receiver)).chain(&listed(world, sender)) {
        if !has("ss") {
            break;
        }
        let told = world.script("ss -xapH", &[]).success();
        let inode = socket["inode"].to_string();
        let line = told.lines().find(|line| line.split_whitespace().nth(5) == Some(&inode)).expect("ss has it");
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |name: &str| socket[name].to_string();
        if socket["state"] == "listening" {
            assert_eq!(words[1..5], ["LISTEN", &number("waiting"), &number("backlog"), path], "{socket} {line}");
        } else {
            assert_eq!((words[1], words[2]), ("ESTAB", number("unread").as_str()), "{socket} {line}");
            assert_eq!(words[7], number("peer_inode"), "{socket} {line}");
        }
        let holder = text(&socket["holder"][0]);
        let (pid, rest) = holder.split_once(':').expect("a process and a descriptor");
        let descriptor = rest.split(' ').next().expect("a descriptor");
        assert!(line.contains(&format!("pid={pid},fd={descriptor})")), "{socket} {line}");
    }
    if has("lsof") {
        let pid = server.pid().to_string();
        let told = world.script("lsof -w -a -U -p \"$1\" -F f | sed -n s/^f//p", &[&pid]).success();
        let mut ours: Vec<String> = of_server.iter().map(|socket| text(&socket["holder"][0])).collect();
        ours.sort();
        let theirs: Vec<String> = told.lines().map(|fd| format!("{pid}:{fd} ")).collect();
        assert!(ours.iter().zip(&theirs).all(|(one, other)| one.starts_with(other)), "{ours:?} {theirs:?}");
        assert_eq!(ours.len(), theirs.len());
    }
}

#[test]
fn whoever_waits_for_many_things_is_told_and_not_called_blocked() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let calls = [
        ("p = select.poll(); p.register(a, select.POLLIN); p.poll()", "waiting in poll to read"),
        ("p = select.poll(); p.register(a, 0); p.poll()", "waiting in poll for the other end to go"),
        ("select.select([a], [], [])", "waiting in select to read"),
        (
            "os.set_blocking(a.fileno(), False)
try:
  while True: a.send(bytes(4096))
except BlockingIOError: select.select([], [a], [])",
            "waiting in select to write",
        ),
        ("e = select.epoll(); e.register(a, select.EPOLLIN); e.poll()", "waiting in epoll_wait to read"),
        // The number that was watched means something else by then, and the socket has another one.
        (
            "e = select.epoll(); e.register(a, select.EPOLLIN); n = a.fileno(); c = os.dup(n); os.dup2(0, n); e.poll()",
            "waiting in epoll_wait to read",
        ),
        (
            "a.close(); a = socket.socket(socket.AF_UNIX); a.bind(''); a.listen(1); say(a); e = select.epoll()
e.register(a, select.EPOLLIN); e.poll()",
            "waiting in epoll_wait for connections",
        ),
    ];
    for (script, how) in calls {
        let player = Player::new(&world, &format!("a, b = socket.socketpair(); say(a, b)\n{script}"), &[]);
        let pid = player.pid();
        let polls = || {
            let told = who(&world, &["--pid", &pid.to_string(), "socket"]);
            told.into_iter().filter(|row| row.2.starts_with("waiting in")).map(|row| row.2).collect::<Vec<_>>()
        };
        wait_until(&format!("{script}: {how}"), || polls() == [how]);
        assert_eq!(who(&world, &["--blocked", "--pid", &pid.to_string(), "socket"]), []);
    }
    // A pipe is waited for the same way.
    let script = "r, w = os.pipe(); print(0, os.fstat(r).st_ino, flush=True); select.select([r], [], [])";
    let player = Player::new(&world, script, &[]);
    let pipe = format!("pipe:{}", player.numbers[1]);
    wait_until("it waits for a pipe", || {
        let told = who(&world, &[&pipe]).into_iter().map(|row| row.2).collect::<Vec<_>>();
        told == ["open r", "open w", "waiting in select to read"]
    });
}

#[test]
fn the_mode_is_that_of_the_file() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let folder = folder();
    // One by its whole path, one by a relative one, one whose file is gone, and one that never had any.
    let script = "os.chdir(path); all = []
for name, mode in ((path + '/whole', 0o604), ('relative', 0o620), ('gone', 0o600), ('\\0ripc-%d' % os.getpid(), 0)):
  s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen(0); all.append(s)
  if mode: os.chmod(name, mode)
os.unlink('gone'); say(*all); stay()";
    let player = Player::new(&world, script, &[folder.path().to_str().expect("UTF-8")]);
    let all = listed(&world, &player);
    let of = |place: usize| all.iter().find(|row| row["inode"] == player.numbers[2 * place + 1]).expect("it is listed");
    let modes: Vec<&Value> = (0..4).map(|place| &of(place)["mode"]).collect();
    assert_eq!(modes, [&json!("0604"), &json!("0620"), &Value::Null, &Value::Null]);
    // A number of the user namespace that the world may be in.
    let uid = world.script("stat -c %u \"$1\"", &[folder.path().join("whole").to_str().expect("UTF-8")]).success();
    assert_eq!(of(0)["uid"].to_string(), uid);
    let table =
        world.run("ripcs", &["list", "socket", "-o", "mode,name", "--no-header", "--pid", &player.pid().to_string()]);
    let table = String::from_utf8_lossy(table.stdout()).into_owned();
    assert!(table.lines().any(|line| line.trim_end() == "-     gone"), "{table}");
    // Whose file it is decides whose socket it is.
    if is_root() {
        std::os::unix::fs::chown(folder.path().join("whole"), Some(4242), None).expect("we may");
        let of_user = rows(&world.run("ripcs", &["list", "socket", "--user", "4242", "--json", "-o", "inode,uid"]));
        assert_eq!(of_user, [json!({"inode": player.numbers[1], "uid": 4242})]);
    }
}

#[test]
fn a_client_that_nobody_accepts_is_told() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s").to_str().expect("UTF-8").to_owned();
    let idle = "s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(7); say(s); stay()";
    let idle = Player::new(&world, idle, &[&path]);
    let client = Player::new(&world, RECEIVER, &[&path]);
    client.running.wait_until_in(Call::Receive);
    let waits = format!("connected to {}, not accepted yet", idle.end(0));
    let told = sorted(who(&world, &[&path]));
    assert!(told.contains(&(client.object(0), client.pid(), waits)), "{told:?}");
    let listener = &listed(&world, &idle)[0];
    assert_eq!((&listener["waiting"], &listener["backlog"]), (&json!(1), &json!(7)));
    let outcome = world.run("ripcs", &["show", &path, "--json"]);
    let shown: Value = serde_json::from_slice(outcome.stdout()).expect("one object");
    assert_eq!((text(&shown["state"]), &shown["waiting"]), ("listening".into(), &json!(1)), "{shown}");
    assert_eq!(shown["processes"][0]["fd"], json!([idle.numbers[0]]));
}

/// Listens at a file and at an abstract name, and accepts nobody: one waits at each, and there is no room for more.
const FULL: &str = "all = []
for name in (path, '\\0' + sys.argv[2]):
  s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen(0)
  c = socket.socket(socket.AF_UNIX); c.connect(name); all += [s, c]
say(*all); stay()";
const LATE: &str =
    "os.chdir(sys.argv[2]); c = socket.socket(socket.AF_UNIX); say(c); c.connect(path.replace('@', '\\0'))";

#[test]
fn a_client_that_the_queue_has_no_room_for_is_told_where_it_wants_to_be() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let folder = folder();
    let place = folder.path().to_str().expect("UTF-8");
    let (path, number) = (format!("{place}/s"), std::process::id());
    let full = Player::new(&world, FULL, &[&path, &format!("ripc-{number}")]);
    let late = |name: &str| {
        let client = Player::new(&world, LATE, &[name, place]);
        client.running.wait_until_in(Call::Connect);
        client
    };
    let clients = [late(&path), late("s"), late(&format!("@ripc-{number}"))];
    let named = [format!("socket:{path}"), format!("socket:@ripc-{number}")];
    let row = |object: &str, player: &Player| (object.to_owned(), player.pid(), "blocked in connect".to_owned());
    let at_file = sorted(vec![row(&named[0], &clients[0]), row(&named[0], &clients[1])]);
    for name in [&path, &named[0]] {
        assert_eq!(sorted(who(&world, &["--blocked", name])), at_file, "{name}");
    }
    assert_eq!(who(&world, &["--blocked", &named[1]]), [row(&named[1], &clients[2])]);
    let told = sorted(who(&world, &[&path]));
    assert!(told.contains(&(named[0].clone(), full.pid(), "listening".into())), "{told:?}");
    for (client, name) in clients.iter().zip([&named[0], &named[0], &named[1]]) {
        let outcome = world.run("ripcs", &["who", "--pid", &client.pid().to_string(), "socket", "--json"]);
        let told: Vec<_> =
            rows(&outcome).iter().map(|row| (text(&row["object"]), text(&row["how"]), row["fd"].clone())).collect();
        let (own, fd) = (client.object(0), json!([client.numbers[0]]));
        let expected = [(own, "open rw".into(), fd.clone()), (name.clone(), "blocked in connect".into(), fd)];
        assert!(told.len() == 2 && expected.iter().all(|row| told.contains(row)), "{told:?} {expected:?}");
    }
    let table = String::from_utf8_lossy(world.run("ripcs", &["who", &named[0]]).stdout()).into_owned();
    let is_told = |line: &str| line.starts_with(&named[0]) && line.contains(" blocked in connect ");
    assert_eq!(table.lines().filter(|line| is_told(line)).count(), 2, "{table}");
    let dot = String::from_utf8_lossy(world.run("ripcs", &["graph", &path]).stdout()).into_owned();
    assert_eq!(dot.matches("[label=\"blocked in connect\", style=dashed").count(), 2, "{dot}");
}

#[test]
fn the_graph_joins_who_talks() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s").to_str().expect("UTF-8").to_owned();
    let (server, receiver, sender) = served(&world, &path);
    let pair = "a, b = socket.socketpair(); pid = os.fork(); (a if pid else b).close()
if pid: say(b); print(pid, flush=True)
(b if pid else a).recv(1)";
    let mut parent = Player::new(&world, pair, &[]);
    let child = parent.running.line();
    for process in [parent.running.id(), child.parse().expect("a pid")] {
        crate::support::wait_until_in(process, Call::Receive);
    }
    let drawn = |arguments: &[&str]| {
        let outcome = world.run("ripcs", arguments);
        assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
        String::from_utf8_lossy(outcome.stdout()).into_owned()
    };
    let dot = drawn(&["graph", "socket"]);
    let node = |name: &str| {
        let line = dot.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} is not in {dot}"));
        line.split_whitespace().next().expect("a name").to_owned()
    };
    let thing = node(&format!("\"socket:{path}\\nstream, listening, 2 connections\""));
    let is_joined = |actor: &str, thing: &str| dot.contains(&format!("  {actor} -> {thing} [label=\"connected"));
    for client in [&receiver, &sender] {
        assert!(is_joined(&node(&format!("\"{} ", client.pid())), &thing), "{dot}");
    }
    let actor = node(&format!("\"{} ", server.pid()));
    assert!(
        dot.contains(&format!("  {actor} -> {thing} [label=\"listening, connected (2 times)\", dir=both]")),
        "{dot}"
    );
    assert!(dot.contains(&format!("  {thing} -> {actor} [label=\"blocked in accept\", style=dashed")), "{dot}");
    // The two ends of a pair without a name are one thing, too.
    let ends = [node(&format!("\"{} ", parent.pid())), node(&format!("\"{child} "))];
    let things: Vec<&str> = ends
        .iter()
        .map(|end| {
            let begin = format!("  {end} -> ");
            let line = dot.lines().find_map(|line| line.strip_prefix(&begin)).expect("it has an edge");
            line.split(' ').next().expect("a thing")
        })
        .collect();
    assert_eq!(things[0], things[1], "{dot}");
    assert!(dot.contains("\\nstream, 1 connection\""), "{dot}");
    // By its name, and in a picture.
    let svg = drawn(&["graph", &path, "--format", "svg"]);
    assert!(svg.contains(">stream, listening, 2 connections</text>") && !svg.contains(&child), "{svg}");
}

#[test]
fn sockets_of_a_container_are_told_from_outside() {
    let Some(world) = World::new() else { return };
    if !has("python3") || !has("unshare") || !is_root() {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s").to_str().expect("UTF-8").to_owned();
    let script = "s = socket.socket(socket.AF_UNIX); s.bind('\\0ripc-inside'); s.listen(3)
f = socket.socket(socket.AF_UNIX); f.bind(path); f.listen(3); t = socket.socket(); say(s, f); stay()";
    let mut inside = world.command("unshare");
    inside.args(["--net", "python3", "-c", &format!("{PRELUDE}{script}"), &path]);
    let inside = Player::of(&mut inside);
    let listed = listed(&world, &inside);
    let mut names: Vec<_> = listed.iter().map(|row| (text(&row["name"]), text(&row["state"]))).collect();
    names.sort();
    // And no TCP socket of theirs.
    assert_eq!(names, [(path.clone(), "listening".to_owned()), ("@ripc-inside".into(), "listening".into())]);
    assert_eq!(who(&world, &[&path]), [(format!("socket:{path}"), inside.pid(), "listening".to_owned())]);
}

#[test]
fn hostile_names_are_harmless() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let folder = folder();
    let script = "all = []
for name in ('\\0a\\0b\\n\\x1b[31m\\u202e%d' % os.getpid(), path + '/x\\x1b[2J\\ny'):
  s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen(0); all.append(s)
c = socket.socket(socket.AF_UNIX); c.connect(path + '/x\\x1b[2J\\ny'); open('/proc/self/comm', 'w').write('e\\x1b[2Jvil')
say(*all, c); stay()";
    let place = folder.path().to_str().expect("UTF-8");
    let player = Player::new(&world, script, &[place]);
    let pid = player.pid().to_string();
    for arguments in [
        &["list", "socket", "--pid", &pid][..],
        &["list", "socket", "--raw", "--pid", &pid],
        &["list", "socket", "--shell", "--pid", &pid],
        &["who", "socket", "--pid", &pid],
        &["graph", "socket", "--tree", &pid],
        &["show", &player.object(0)],
        &["show", &player.object(1)],
        &["show", &player.object(2)],
    ] {
        let outcome = world.run("ripcs", arguments);
        let harmful = |&byte: &u8| byte != b'\n' && byte.is_ascii_control();
        assert_eq!(outcome.status(), 0, "{arguments:?}: {}", outcome.stderr());
        assert!(!outcome.stdout().iter().any(harmful), "{arguments:?}: {:?}", outcome.stdout());
        // The shell wants the name itself back.
        let is_exact = arguments.contains(&"--shell");
        assert!(is_exact || !String::from_utf8_lossy(outcome.stdout()).contains('\u{202e}'), "{arguments:?}");
    }
    let names: Vec<String> = listed(&world, &player).iter().map(|row| text(&row["name"])).collect();
    assert!(names.contains(&format!("@a\0b\n\u{1b}[31m\u{202e}{pid}")), "{names:?}");
    assert!(names.contains(&format!("{place}/x\u{1b}[2J\ny")), "{names:?}");
    let told = rows(&world.run("ripcs", &["who", &player.object(2), "--json", "-o", "peer"]));
    let evil = format!("{pid}:{} e\u{1b}[2Jvil", player.numbers[2]);
    assert!(told.iter().any(|row| row["peer"][0] == evil.as_str()), "{told:?}");
}

#[test]
fn a_stranger_sees_their_own_end() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(4251) else { return };
    if !has("python3") || !has("perl") {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s").to_str().expect("UTF-8").to_owned();
    let server =
        "s = socket.socket(socket.AF_UNIX); s.bind(path); os.chmod(path, 0o666); s.listen(3); print(flush=True)
a = s.accept()[0]; say(s, a); stay()";
    let mut server = Player::new(&world, server, &[&path]);
    let receiver = "use Socket; $|=1; socket C, AF_UNIX, SOCK_STREAM, 0; connect C, sockaddr_un($ARGV[0]); \
                    print fileno C, ' ', (stat C)[1], qq(\\n); recv C, $_, 1, 0";
    let client = Player::of(nobody.command("perl").args(["-e", receiver, &path]));
    client.running.wait_until_in(Call::Receive);
    server.running.line();
    let outcome = nobody.run("ripcs", &["who", &client.object(0), "--json"]);
    let told: Vec<_> = rows(&outcome).iter().map(|row| (row["pid"].as_u64(), text(&row["how"]))).collect();
    let pid = Some(client.pid());
    assert_eq!(told, [(pid, "connected".to_owned()), (pid, "blocked in recv".to_owned())]);
    let notes = outcome.stderr();
    assert_eq!(notes.matches("could not be looked at: they may be there, too").count(), 1, "{notes}");
    assert!(notes.lines().count() <= 2, "{notes}");
    // Of the others' sockets the kernel tells that they are there, and not who has them.
    let listed = rows(&nobody.run("ripcs", &["list", "socket", "--json"]));
    let own = listed.iter().find(|row| row["name"] == path && row["state"] == "connected").expect("it is there");
    assert_eq!((&own["holder"], &own["mode"]), (&Value::Null, &json!("0666")));
    assert_eq!(own["peer"], json!([client.end(0)]));
    let table = nobody.run("ripcs", &["list", "socket", "-o", "name,holder,state", "--no-header"]);
    let table = String::from_utf8_lossy(table.stdout()).into_owned();
    let is_it = |line: &&str| line.split_whitespace().collect::<Vec<_>>() == [&path, "?", "listening"];
    assert_eq!(table.lines().filter(is_it).count(), 1, "{table}");
}

#[test]
fn the_life_of_a_socket_is_told() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let folder = folder();
    let path = folder.path().join("s").to_str().expect("UTF-8").to_owned();
    let mut watching =
        world.start("ripcs", &["watch", "--interval", "0.05", "--timeout", "120", &format!("socket:{path}")]);
    watching.wait_until_in(Call::Poll);
    let script = "s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(3); say(s); s.accept()";
    let player = Player::new(&world, script, &[&path]);
    let pid = player.pid();
    let mut next = || watching.line().get(21..).unwrap_or_default().to_owned();
    let comm = player.end(0).split(' ').nth(1).expect("a name").to_owned();
    assert_eq!(next(), format!("created   socket:{path}"));
    // It may be seen before it listens.
    let attached = next();
    assert!(attached.starts_with(&format!("attached  socket:{path}  {pid} {comm}: ")), "{attached}");
    assert_eq!(next(), format!("blocked   socket:{path}  {pid} {comm}: blocked in accept"));
    drop(player);
    assert_eq!(next(), format!("woken     socket:{path}  {pid} {comm}: blocked in accept"));
    assert!(next().starts_with(&format!("detached  socket:{path}  {pid} {comm}: ")));
    assert_eq!(next(), format!("removed   socket:{path}"));
}
