//! Our tools and programs that we did not write, on the same objects.

use crate::support::{Outcome, World, has, skip};

/// Whether this perl speaks System V.
fn has_perl(world: &World) -> bool {
    if !has("perl") {
        return false;
    }
    let found = world.script("perl -MIPC::SysV -e1", &[]).status() == 0;
    if !found {
        skip("perl has no IPC::SysV");
    }
    found
}

fn perl(world: &World, script: &str, arguments: &[&str]) -> Outcome {
    Outcome::of(world.command("perl").args(["-e", script]).args(arguments))
}

fn python(world: &World, script: &str, arguments: &[&str]) -> Outcome {
    let prelude = "import ctypes, os, sys
try:
    library = ctypes.CDLL(None, use_errno=True); library.mq_open
except AttributeError:
    library = ctypes.CDLL('librt.so.1', use_errno=True)
def check(returned):
    if returned < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return returned
";
    Outcome::of(world.command("python3").args(["-c", &format!("{prelude}{script}")]).args(arguments))
}

const PERL_SEND: &str = "msgsnd($ARGV[0], pack('l! a*', $ARGV[1], pack('H*', $ARGV[2])), 0) or die $!";
const PERL_RECEIVE: &str = "msgrcv($ARGV[0], my $message, 8192, 0, 0) or die $!;
my ($type, $text) = unpack('l! a*', $message); print \"$type \", unpack('H*', $text)";

#[test]
fn a_queue_of_ipcmk_is_ours_to_use_and_to_remove() {
    let Some(world) = World::new() else { return };
    if !has("ipcmk") {
        return;
    }
    let made = world.ok("ipcmk", &["-Q", "-p", "640"]);
    let queue = made.strip_prefix("Message queue id: ").expect("its identifier");
    world.ok("rmsgq", &["send", queue, "one", "two"]);
    assert_eq!(world.ok("rmsgq", &["recv", queue, "--count", "2"]), "one\ntwo");
    let key = world.ok("rmsgq", &["list", "--no-header", "-o", "key"]);
    world.ok("rmsgq", &["send", &key, "by key"]);
    assert_eq!(world.ok("rmsgq", &["recv", &format!("id:{queue}")]), "by key");
    world.ok("rmsgq", &["remove", queue]);
    assert!(!world.ok("ipcs", &["-q"]).contains("0x"));
}

#[test]
fn a_queue_of_ours_is_ipcrms_to_remove() {
    let Some(world) = World::new() else { return };
    if !has("ipcrm") {
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("ipcrm", &["-q", &queue]);
    world.run("rmsgq", &["recv", &queue, "--nowait"]).fails(3, "no such identifier");
    world.ok("rmsgq", &["create", "0xcafe4b1d"]);
    assert!(world.ok("ipcs", &["-q"]).contains("0xcafe4b1d"));
    world.ok("ipcrm", &["-Q", "0xcafe4b1d"]);
    assert_eq!(world.ok("rmsgq", &["list", "--no-header"]), "");
}

#[test]
fn a_queue_of_perls_is_ours_and_the_other_way_round() {
    let Some(world) = World::new() else { return };
    if !has_perl(&world) {
        return;
    }
    let get = "use IPC::SysV 'IPC_CREAT'; my $id = msgget(unpack('l', pack('L', hex $ARGV[0])), $ARGV[1] eq 'new' ? IPC_CREAT | 0600 : 0);
        defined $id or die $!; print $id + 0";
    let theirs = perl(&world, get, &["4b", "new"]).success();
    world.ok("rmsgq", &["send", "0x4b", "for perl"]);
    assert_eq!(perl(&world, PERL_RECEIVE, &[&theirs]).success(), format!("1 {}", hex(b"for perl")));
    let ours = world.ok("rmsgq", &["create", "key:0xfffffffe"]);
    assert_eq!(perl(&world, get, &["fffffffe", "old"]).success(), ours, "the same queue");
    perl(&world, PERL_SEND, &[&ours, "3", &hex(b"from perl")]).success();
    assert_eq!(world.ok("rmsgq", &["recv", "key:0xfffffffe", "--type", "3"]), "from perl");
}

#[test]
fn messages_pass_between_perl_and_us_unchanged() {
    let Some(world) = World::new() else { return };
    if !has_perl(&world) {
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    perl(&world, PERL_SEND, &[&queue, "7", "ff000a41c3"]).success();
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--json"]), r#"{"type":7,"size":5,"base64":"/wAKQcM="}"#);
    let every: Vec<u8> = (0..=255).collect();
    perl(&world, PERL_SEND, &[&queue, "9223372036854775807", &hex(&every)]).success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--raw"]).stdout(), every);
    world.feed("rmsgq", &["send", &queue, "--whole", "--type", "9"], &every).success();
    assert_eq!(perl(&world, PERL_RECEIVE, &[&queue]).success(), format!("9 {}", hex(&every)));
    world.ok("rmsgq", &["send", &queue, ""]);
    assert_eq!(perl(&world, PERL_RECEIVE, &[&queue]).success(), "1 ");
    perl(&world, PERL_SEND, &[&queue, "2", ""]).success();
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--json"]), r#"{"type":2,"size":0,"text":""}"#);
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn keys_of_files_are_those_of_ftok() {
    let Some(world) = World::new() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("a file: with:colons");
    std::fs::write(&file, "").expect("room");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/etc/passwd", &link).expect("room");
    let own = [folder.path(), &file, &link].map(|path| path.to_str().expect("UTF-8").to_owned());
    let paths = own.iter().map(String::as_str).chain(["/", "/etc/passwd", "/dev/null", "/proc/self/exe", "/dev/shm"]);
    let projects = [("1", 1), ("75", 75), ("255", 255), ("a", i32::from(b'a')), ("7", 7)];
    let ours = |name: &str| {
        let queue = world.ok("rmsgq", &["create", name]);
        let key = world.ok("rmsgq", &["list", "--no-header", "-o", "key"]);
        world.ok("rmsgq", &["remove", &queue]);
        key
    };
    let with_perl = has_perl(&world);
    let with_python = has("python3");
    for path in paths {
        for (project, number) in projects {
            let key = ours(&format!("ftok:{path}:{project}"));
            let number = number.to_string();
            // /proc/self is another file for each process.
            if path == "/proc/self/exe" && project != "1" {
                continue;
            }
            let path = if path == "/proc/self/exe" { env!("CARGO_BIN_EXE_rmsgq") } else { path };
            if with_perl {
                let script = "use IPC::SysV 'ftok'; printf '0x%08x', ftok($ARGV[0], 0 + $ARGV[1]) & 0xffffffff";
                assert_eq!(perl(&world, script, &[path, &number]).success(), key, "{path} {project}");
            }
            if with_python {
                let script =
                    "print('0x%08x' % (library.ftok(os.fsencode(sys.argv[1]), int(sys.argv[2])) & 0xffffffff))";
                assert_eq!(python(&world, script, &[path, &number]).success(), key, "{path} {project}");
            }
        }
    }
    assert_eq!(ours("ftok:/etc/passwd"), ours("ftok:/etc/passwd:1"), "1 is the default");
}

#[test]
fn posix_messages_pass_between_python_and_us_with_their_priority() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    world.ok("rmsgq", &["create", "/jobs"]);
    world.ok("rmsgq", &["send", "/jobs", "low", "--priority", "1"]);
    world.ok("rmsgq", &["send", "/jobs", "high", "--priority", "32767"]);
    let receive = "queue = check(library.mq_open(b'/jobs', os.O_RDWR))
buffer = ctypes.create_string_buffer(8192); priority = ctypes.c_uint()
for _ in range(2):
    length = check(library.mq_receive(queue, buffer, ctypes.c_size_t(8192), ctypes.byref(priority)))
    print(priority.value, buffer.raw[:length].decode())";
    assert_eq!(python(&world, receive, &[]).success(), "32767 high\n1 low");
    let send = "queue = check(library.mq_open(b'/theirs', os.O_WRONLY | os.O_CREAT, 0o600, None))
check(library.mq_send(queue, b'\\xff\\x00\\n', ctypes.c_size_t(3), 5))
check(library.mq_send(queue, b'', ctypes.c_size_t(0), 9))";
    python(&world, send, &[]).success();
    assert_eq!(
        world.ok("rmsgq", &["recv", "/theirs", "--json", "--count", "2"]),
        "{\"priority\":9,\"size\":0,\"text\":\"\"}\n{\"priority\":5,\"size\":3,\"base64\":\"/wAK\"}"
    );
    world.ok("rmsgq", &["remove", "/theirs"]);
    let gone = "try: check(library.mq_open(b'/theirs', os.O_RDONLY))
except FileNotFoundError: print('gone')";
    assert_eq!(python(&world, gone, &[]).success(), "gone");
}
