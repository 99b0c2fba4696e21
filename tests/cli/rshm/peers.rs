//! Against programs that we did not write: perl, Python, ipcmk, ipcs, ipcrm, C.

use super::{both_kinds, names, shown};
use crate::support::{Call, Outcome, Running, World, has, skip};

#[test]
fn perl_and_rshm_read_each_other() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let segment = world.ok("rshm", &["create", "0x4b", "--size", "100"]);
    world.ok("perl", &["-e", "shmwrite($ARGV[0], \"from\\0perl\", 10, 9) or die $!", &segment]);
    assert_eq!(world.ok("rshm", &["read", &segment, "--offset", "10", "--length", "9"]), "from\0perl");
    world.ok("rshm", &["write", &segment, "--offset", "50", "from rshm"]);
    assert_eq!(world.ok("perl", &["-e", "shmread($ARGV[0], $b, 50, 9) or die $!; print $b", &segment]), "from rshm");
    world.ok("rshm", &["put", &segment, "4:i32le", "-5"]);
    assert_eq!(
        world.ok("perl", &["-e", "shmread($ARGV[0], $b, 4, 4) or die $!; print unpack('l<', $b)", &segment]),
        "-5"
    );
    // One of perl's making, by its key; perl removes it.
    let made = world.ok("perl", &["-e", "print shmget(0x4c, 20, 01600) // die $!"]);
    assert_eq!(world.ok("rshm", &["create", "0x4c", "--size", "20"]), made);
    assert_eq!(shown(&world, "0x4c")["mode"], "0600");
    world.ok("perl", &["-e", "shmctl($ARGV[0], 0, 0) or die $!", &made]);
    world.run("rshm", &["read", &made]).fails(3, "no such identifier\n");
}

#[test]
fn what_ipcmk_makes_and_ipcrm_removes_is_the_same() {
    let Some(world) = World::new() else { return };
    if !has("ipcmk") || !has("ipcs") || !has("ipcrm") {
        return;
    }
    let made = world.ok("ipcmk", &["-M", "1000", "-p", "640"]);
    let theirs = made.strip_prefix("Shared memory id: ").expect("its identifier");
    world.ok("rshm", &["write", theirs, "hello"]);
    let key = world.ok("rshm", &["list", "--no-header", "-o", "key"]);
    assert_eq!(world.ok("rshm", &["read", &key, "--length", "5"]), "hello");
    let shown = shown(&world, theirs);
    assert_eq!((shown["bytes"].as_u64(), shown["mode"].as_str()), (Some(1000), Some("0640")));
    world.ok("rshm", &["remove", theirs]);
    assert!(!world.ok("ipcs", &["-m"]).contains("0x"));

    let ours = world.ok("rshm", &["create", "0xcafe4b1d", "--size", "12345", "--mode", "604"]);
    let listed = world.ok("ipcs", &["-m"]);
    let line = listed.lines().find(|line| line.starts_with("0xcafe4b1d")).expect("listed");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!((words[1], words[3], words[4], words[5]), (&*ours, "604", "12345", "0"));
    world.ok("ipcrm", &["-m", &ours]);
    assert_eq!(names(&world), "");
}

#[test]
fn pythons_shared_memory_is_an_object() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    // Its resource tracker would remove what others still use.
    let prelude = "from multiprocessing import shared_memory, resource_tracker
resource_tracker.register = resource_tracker.unregister = lambda *_: None
import sys\n";
    if world.run("python3", &["-c", prelude]).status() != 0 {
        skip("this python3 has no multiprocessing.shared_memory");
        return;
    }
    let python = |script: &str| world.ok("python3", &["-c", &format!("{prelude}{script}")]);
    python("m = shared_memory.SharedMemory('theirs', create=True, size=100); m.buf[:6] = b'python'; m.close()");
    assert_eq!(world.ok("rshm", &["read", "/theirs", "--length", "6"]), "python");
    assert_eq!(world.ok("rshm", &["list", "--no-header", "-o", "name,bytes"]), "/theirs  100");
    world.ok("rshm", &["put", "/theirs", "8:u32le", "77"]);
    let read =
        "m = shared_memory.SharedMemory('theirs'); print(int.from_bytes(m.buf[8:12], 'little')); m.close(); m.unlink()";
    assert_eq!(python(read), "77");
    assert_eq!(names(&world), "");
    world.feed("rshm", &["create", "/ours", "--from", "-"], b"made by rshm").success();
    assert_eq!(
        python("m = shared_memory.SharedMemory('ours'); print(m.size, bytes(m.buf[:12])); m.close()"),
        "12 b'made by rshm'"
    );
    world.ok("rshm", &["remove", "/ours"]);
}

#[test]
fn sysv_ipc_and_posix_ipc_share_memory_with_rshm() {
    let Some(world) = World::new() else { return };
    let Some(interpreter) = std::env::var_os("RIPC_TEST_PYTHON") else {
        skip("RIPC_TEST_PYTHON names no Python with sysv_ipc and posix_ipc");
        return;
    };
    let python = |script: &str| {
        let mut command = world.command(&interpreter);
        Outcome::of(command.args(["-c", &format!("import mmap, os, sysv_ipc, posix_ipc\n{script}")])).success()
    };
    let [_, object] = both_kinds(&world, "64");
    world.ok("rshm", &["create", "0x4b", "--size", "64"]);
    world.ok("rshm", &["write", "0x4b", "from rshm"]);
    assert_eq!(
        python("m = sysv_ipc.SharedMemory(0x4b); print(m.size, m.read(9)); m.write(b'from Python', 20)"),
        "64 b'from rshm'"
    );
    assert_eq!(world.ok("rshm", &["read", "0x4b", "--offset", "20", "--length", "11"]), "from Python");
    python("sysv_ipc.SharedMemory(0x4b).remove()");
    world.run("rshm", &["read", "0x4b"]).fails(3, "cannot open segment 0x0000004b: No such file or directory\n");

    world.ok("rshm", &["write", object, "from rshm"]);
    let script = "m = posix_ipc.SharedMemory('/data'); b = mmap.mmap(m.fd, m.size)
print(m.size, b[:9]); b[20:31] = b'from Python'
posix_ipc.SharedMemory('/theirs', posix_ipc.O_CREX, size=5)";
    assert_eq!(python(script), "64 b'from rshm'");
    assert_eq!(world.ok("rshm", &["read", object, "--offset", "20", "--length", "11"]), "from Python");
    assert_eq!(world.ok("rshm", &["read", "/theirs"]), "\0".repeat(5));
}

/// Maps an object and a segment; adds to a counter in each by atomic operations; waits on a futex.
const C: &str = r#"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/futex.h>

int main(int argc, char **argv) {
    int fd = shm_open("/data", O_RDWR, 0);
    unsigned *object = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned *segment = shmat(shmget(0x4b, 64, 0), NULL, 0);
    if (object == MAP_FAILED || segment == (void *)-1) return 1;
    for (int i = 0; i < 1000; i++) {
        __atomic_add_fetch(&object[1], 1, __ATOMIC_SEQ_CST);
        __atomic_add_fetch(&segment[1], 1, __ATOMIC_SEQ_CST);
    }
    while (__atomic_load_n(&segment[2], __ATOMIC_SEQ_CST) == 0)
        syscall(SYS_futex, &segment[2], FUTEX_WAIT, 0, NULL, NULL, 0);
    printf("%u %u\n", segment[2], object[3]);
    return 0;
}
"#;

#[test]
fn a_c_program_and_rshm_share_counters_and_a_futex() {
    let Some(world) = World::new() else { return };
    if !has("gcc") {
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let [source, program] = ["peer.c", "peer"].map(|name| folder.path().join(name));
    std::fs::write(&source, C).expect("room");
    Outcome::of(world.command("gcc").arg("-o").args([&program, &source]).arg("-lrt")).success();
    world.ok("rshm", &["create", "/data", "--size", "64"]);
    world.ok("rshm", &["create", "0x4b", "--size", "64"]);
    let peer = Running::start(&mut world.command(&program));
    let script = "n=0; while [ $((n += 1)) -le 100 ]; do rshm add /data 4:u32; rshm add 0x4b 4:u32; done >/dev/null";
    world.script(script, &[]).success();
    peer.wait_until_in(Call::Futex);
    for name in ["/data", "0x4b"] {
        assert_eq!(world.ok("rshm", &["get", name, "4:u32"]), "1100");
        let shown = shown(&world, name);
        let of_peer: Vec<_> =
            shown["processes"].as_array().expect("a list").iter().filter(|user| user["pid"] == peer.id()).collect();
        assert!(of_peer.iter().any(|user| user["how"] == "mapped rw" && user["command"] == "peer"), "{shown}");
    }
    world.ok("rshm", &["put", "/data", "12:u32", "8"]);
    world.ok("rshm", &["put", "0x4b", "8:u32", "7", "--wake"]);
    assert_eq!(peer.outcome().success(), "7 8");
}

#[test]
fn a_segment_of_ours_has_what_ipcs_says() {
    let Some(world) = World::new() else { return };
    if !has("ipcs") || !has("python3") {
        return;
    }
    let segment = world.ok("rshm", &["create", "0x4b", "--size", "5000"]);
    world.ok("rshm", &["write", &segment, "x"]);
    let shown = shown(&world, &segment);
    let theirs = world.ok("ipcs", &["-m", "-i", &segment]);
    for (word, field) in [("bytes=", "bytes"), ("lpid=", "user"), ("cpid=", "creator"), ("nattch=", "attaches")] {
        let value = theirs.split_once(word).and_then(|(_, rest)| rest.split_whitespace().next()).expect(word);
        assert_eq!(value, shown[field].to_string(), "{field} in {theirs}");
    }
    let pages = world.ok("ipcs", &["-m", "-u"]);
    assert!(pages.contains("pages allocated 2") && pages.contains("pages resident  1"), "{pages}");
    assert_eq!((shown["rss"].as_u64(), shown["swap"].as_u64()), (Some(4096), Some(0)));
}
