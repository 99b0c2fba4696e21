//! Programs that we did not write, on either side.

use crate::support::{World, has};

use super::listen::ready;

#[test]
fn python_asks_and_answers() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let (_listener, address) = ready(&world, &["unix:/dev/shm/s", "--exec", "tr", "a-z", "A-Z"]);
    let ask = "import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1][5:]); s.sendall(b'hello'); s.shutdown(socket.SHUT_WR)
print(s.makefile().read(), end='')";
    assert_eq!(world.ok("python3", &["-c", ask, &address]), "HELLO");
    let answer = "import socket
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); print(s.getsockname()[1], flush=True)
c, _ = s.accept(); got = c.makefile('rb').read(); c.sendall(got[::-1]); c.close()";
    let mut python = world.start("python3", &["-c", answer]);
    let address = format!("tcp:127.0.0.1:{}", python.line());
    assert_eq!(world.feed("rsock", &["ask", &address], b"drawer").success(), "reward");
}

#[test]
fn python_sends_packets_and_takes_them() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    for (kind, constant) in [("dgram", "SOCK_DGRAM"), ("seqpacket", "SOCK_SEQPACKET")] {
        let take = format!(
            "import socket
s = socket.socket(socket.AF_UNIX, socket.{constant}); s.bind('/dev/shm/{kind}')
if '{kind}' == 'seqpacket': s.listen()
print(flush=True)
c = s if '{kind}' == 'dgram' else s.accept()[0]
print([c.recv(99999) for _ in range(4)])"
        );
        let mut python = world.start("python3", &["-c", &take]);
        python.line();
        let packets = b"a\nb\0\0x y\0\xff\0";
        world.feed("rsock", &["send", "-0", "--type", kind, &format!("unix:/dev/shm/{kind}")], packets).success();
        assert_eq!(python.outcome().success(), "[b'a\\nb', b'', b'x y', b'\\xff']");
    }
    let receiver = world.start("rsock", &["recv", "--type", "dgram", "--json", "-c", "2", "unix:/dev/shm/r"]);
    let send = "import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
while True:
    try: s.connect('/dev/shm/r'); break
    except OSError: time.sleep(0.005)
s.send(b''); s.send(bytes([0, 255])); print(os.getpid())";
    let pid = world.ok("python3", &["-c", send]);
    let expected =
        format!("{{\"pid\":{pid},\"size\":0,\"text\":\"\"}}\n{{\"pid\":{pid},\"size\":2,\"base64\":\"AP8=\"}}");
    assert_eq!(receiver.outcome().success(), expected);
}

#[test]
fn python_passes_descriptors_and_takes_them() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let take = "import os, socket
s = socket.socket(socket.AF_UNIX); s.bind('/dev/shm/f'); s.listen(); print(flush=True)
c, _ = s.accept(); message, fds, _, _ = socket.recv_fds(c, 99, 9)
os.write(fds[0], b'by python: ' + message + b'\\n')";
    let mut python = world.start("python3", &["-c", take]);
    python.line();
    let give = "rsock send-fd unix:/dev/shm/f 5 --message hello 5>&1 | cat";
    assert_eq!(world.script(give, &[]).success(), "by python: hello");
    let receiver =
        world.start("rsock", &["recv-fd", "unix:/dev/shm/g", "--", "sh", "-c", "cat <&4; echo $RSOCK_MESSAGE"]);
    let give = "import os, socket, time
s = socket.socket(socket.AF_UNIX)
while True:
    try: s.connect('/dev/shm/g'); break
    except OSError: time.sleep(0.005)
r, w = os.pipe(); os.write(w, b'out of a pipe\\n'); os.close(w)
socket.send_fds(s, [b'hi'], [0, r])";
    world.ok("python3", &["-c", give]);
    assert_eq!(receiver.outcome().success(), "out of a pipe\nhi");
}

#[test]
fn perl_asks_and_answers() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let (_listener, address) = ready(&world, &["tcp:127.0.0.1:0", "--exec", "sort"]);
    let ask = "use IO::Socket::INET; my $s = IO::Socket::INET->new(substr $ARGV[0], 4) or die $!;
        print $s \"b\\na\\n\"; $s->shutdown(1); print <$s>;";
    assert_eq!(world.ok("perl", &["-e", ask, &address]), "a\nb");
    let answer = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Local => '/dev/shm/p', Listen => 1) or die $!;
        $| = 1; print \"\\n\"; my $c = $s->accept; while (<$c>) { print $c \"re: $_\"; $c->flush }";
    let mut perl = world.start("perl", &["-e", answer]);
    perl.line();
    assert_eq!(world.ok("rsock", &["ask", "--lines", "unix:/dev/shm/p", "one", "two"]), "re: one\nre: two");
}

#[test]
fn nc_and_socat_are_understood() {
    let Some(world) = World::new() else { return };
    if has("nc") {
        let (listener, address) = ready(&world, &["--once", "tcp:127.0.0.1:0"]);
        let port = address.rsplit(':').next().expect("a port").to_owned();
        let script = "echo hello | nc -N 127.0.0.1 \"$1\" || echo hello | nc -q 0 127.0.0.1 \"$1\"";
        world.script(script, &[&port]);
        assert_eq!(listener.outcome().success(), "hello");
    }
    if has("socat") {
        let (_listener, address) = ready(&world, &["unix:/dev/shm/s", "--exec", "tr", "a-z", "A-Z"]);
        let path = address.trim_start_matches("unix:");
        let asked = world.script("echo hello | socat -t 100 - UNIX-CONNECT:\"$1\"", &[path]);
        assert_eq!(asked.success(), "HELLO");
        let _socat = world.start("socat", &["-t", "100", "UNIX-LISTEN:/dev/shm/t", "EXEC:rev"]);
        assert_eq!(world.ok("rsock", &["ask", "--wait", "unix:/dev/shm/t", "abc"]), "cba");
    }
}
