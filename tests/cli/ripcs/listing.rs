//! `list`: kinds, filters, order and forms.

use serde_json::Value;

use super::stage::{Stage, rows, text};
use crate::support::{Call, Running, World, has};

fn objects(world: &World, arguments: &[&str]) -> Vec<String> {
    let outcome = world.run("ripcs", &[&["list", "--json"], arguments].concat());
    assert_eq!(outcome.status(), 0, "{arguments:?}: {}", outcome.stderr());
    rows(&outcome).iter().map(|row| text(&row["object"])).collect()
}

/// Two queues, a segment of each family, a set and a semaphore.
fn furnished() -> Option<World> {
    let world = World::new()?;
    world.script("ipcmk -M 4096; ipcmk -S 2; printf x >/dev/shm/x", &[]).success();
    world.ok("rmsgq", &["create", "0x4b"]);
    world.ok("rmsgq", &["send", "0x4b", "hello"]);
    world.ok("rmsgq", &["create", "/jobs"]);
    world.ok("rsem", &["create", "/s"]);
    Some(world)
}

#[test]
fn kinds_are_chosen_and_told() {
    let Some(world) = furnished() else { return };
    let all = ["queue:0", "queue:/jobs", "segment:0", "segment:/x", "set:0", "semaphore:/s"];
    assert_eq!(objects(&world, &[]), all);
    assert_eq!(objects(&world, &["queue"]), ["queue:0", "queue:/jobs"]);
    assert_eq!(objects(&world, &["segments"]), ["segment:0", "segment:/x"]);
    assert_eq!(objects(&world, &["semaphore"]), ["set:0", "semaphore:/s"]);
    assert_eq!(objects(&world, &["set", "queue"]), ["queue:0", "queue:/jobs", "set:0"]);
    world.run("ripcs", &["list", "nonsense"]).fails(2, "ripcs: invalid value 'nonsense'");
    // One kind has its tool's columns, all together have those that they share.
    let header = |arguments: &[&str]| {
        let table = String::from_utf8_lossy(world.run("ripcs", arguments).stdout()).into_owned();
        table.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(header(&["list", "queue"]), "NAME KEY OWNER MODE BYTES MESSAGES");
    assert_eq!(header(&["list", "semaphore"]), "NAME KEY OWNER MODE COUNT VALUE WAITING");
    assert_eq!(header(&["list"]), "KIND NAME KEY OWNER MODE BYTES STATE USED");
    assert_eq!(
        header(&["list", "-o", "+messages,attaches"]),
        "KIND NAME KEY OWNER MODE BYTES STATE USED MESSAGES ATTACHES"
    );
}

#[test]
fn filters_leave_what_is_meant() {
    let Some(world) = furnished() else { return };
    assert_eq!(objects(&world, &["--key", "0x4b"]), ["queue:0"]);
    assert_eq!(objects(&world, &["--key", "75"]), ["queue:0"]);
    assert_eq!(objects(&world, &["--user", "me"]).len(), 6);
    assert_eq!(objects(&world, &["--user", "4242"]), Vec::<String>::new());
    assert_eq!(objects(&world, &["--older", "1h"]), Vec::<String>::new());
    world.script("touch -d '2 hours ago' /dev/shm/x", &[]).success();
    assert_eq!(objects(&world, &["--older", "1h"]), ["segment:/x"]);
    let waiter = world.start("rmsgq", &["recv", "/jobs"]);
    waiter.wait_until_in(Call::MqReceive);
    assert_eq!(objects(&world, &["--unused"]).len(), 5);
    assert_eq!(objects(&world, &["--pid", &waiter.id().to_string()]), ["queue:/jobs"]);
    let users = rows(&world.run("ripcs", &["list", "queue", "--json", "-o", "object,users"]));
    assert_eq!(
        users,
        [
            serde_json::json!({"object": "queue:0", "users": 0}),
            serde_json::json!({"object": "queue:/jobs", "users": 1})
        ]
    );
}

#[test]
fn rows_are_sorted_by_any_column() {
    let Some(world) = furnished() else { return };
    let sorted = |column: &str| objects(&world, &["queue", "segment", &format!("--sort={column}")]);
    assert_eq!(sorted("bytes"), ["queue:/jobs", "segment:/x", "queue:0", "segment:0"]);
    assert_eq!(sorted("-bytes"), ["segment:0", "queue:0", "segment:/x", "queue:/jobs"]);
    assert_eq!(sorted("object"), ["queue:/jobs", "queue:0", "segment:/x", "segment:0"]);
    world
        .run("ripcs", &["list", "--sort", "nonsense"])
        .fails(2, "ripcs: no column is called 'nonsense'; there are name,");
}

#[test]
fn a_pipe_a_fifo_a_socket_and_a_mapped_file_are_listed_while_they_are_held() {
    let Some(stage) = Stage::new() else { return };
    if !has("python3") {
        return;
    }
    let path = |name: &str| stage.folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let script = "import os,sys,socket,mmap
r,w=os.pipe(); os.write(w,b'12345')
os.mkfifo(sys.argv[1]); f=os.open(sys.argv[1],os.O_RDWR)
s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[2]); s.listen(1)
t=open(sys.argv[3],'w+b'); t.truncate(4096); m=mmap.mmap(t.fileno(),4096)
print(os.fstat(r).st_ino,flush=True); sys.stdin.read()";
    let [fifo, socket, file] = ["fifo", "socket", "file"].map(path);
    let mut python = Running::start(stage.world.command("python3").args(["-c", script, &fifo, &socket, &file]));
    let pipe = python.line();
    let pid = python.id().to_string();
    let listed = rows(&stage.world.run("ripcs", &["list", "all", "--json", "--pid", &pid]));
    let find = |object: &str| -> &Value {
        listed.iter().find(|row| row["object"] == object).unwrap_or_else(|| panic!("{object} is in {listed:?}"))
    };
    assert_eq!(find(&format!("pipe:{pipe}"))["bytes"], 5);
    for object in [format!("fifo:{fifo}"), format!("socket:{socket}"), format!("file:{file}")] {
        assert_eq!(find(&object)["users"], Value::Null, "costly, and not named");
    }
    // Each is found by its name again.
    for name in [&format!("pipe:{pipe}"), &fifo, &socket, &file] {
        let who = rows(&stage.world.run("ripcs", &["who", name, "--json"]));
        assert_eq!(who.iter().map(|row| row["pid"].as_u64()).next(), Some(Some(python.id().into())), "{name}: {who:?}");
    }
}

#[test]
fn what_cannot_be_looked_at_or_not_so_often_is_told() {
    let Some(world) = World::new() else { return };
    world.run("ripcs", &["who", "--pid", "2147483647"]).fails(3, "ripcs: cannot look at process 2147483647: ");
    world.run("ripcs", &["watch", "--interval", "0"]).fails(2, "0 is too often");
    world.run("ripcs", &["top", "--interval", "0s"]).fails(2, "0 is too often");
    world.run("rshm", &["watch", "/m", "--interval", "0"]).fails(2, "0 is too often");
}
