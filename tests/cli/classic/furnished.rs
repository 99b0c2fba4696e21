//! A world of all sorts of objects: as many kinds of owners, modes, sizes, states, keys, identifiers and
//! times as the kernel lets us make.

use crate::support::{Running, World, has};

/// Makes the objects, attaches what has to be attached, says so, and stays until its input ends.
///
/// Whoever is not root cannot become the other owners, nor ask for an identifier; the rest is made all
/// the same. The large segments are never touched: they have a size and no memory.
const FURNISH: &str = r"
import ctypes, os, sys
L = ctypes.CDLL(None, use_errno=True)
L.shmat.restype = ctypes.c_void_p
def check(returned):
    if returned in (-1, 2**64 - 1): raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return returned
CREATE, NORESERVE = 0o1000, 0o10000
def key(number): return ctypes.c_int(number)
def shm(number, size, mode, flags=0): return check(L.shmget(key(number), ctypes.c_size_t(size), CREATE | mode | flags))
def msg(number, mode): return check(L.msgget(key(number), CREATE | mode))
def sem(number, count, mode): return check(L.semget(key(number), count, CREATE | mode))
def attach(id): return check(L.shmat(id, None, 0))
def send(id, text, kind=1):
    message = ctypes.create_string_buffer(kind.to_bytes(8, 'little') + text)
    check(L.msgsnd(id, message, ctypes.c_size_t(len(text)), 0o4000))
def as_user(uid, make):
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([]); os.setgid(uid); os.setuid(uid); make()
        except OSError: pass
        finally: os._exit(0)
    os.waitpid(child, 0)
def next_id(kind, number):
    try:
        with open('/proc/sys/kernel/%s_next_id' % kind, 'w') as file: file.write(str(number))
    except OSError: pass

# Modes, keys of every sign, sizes.
for number, mode in enumerate((0o000, 0o001, 0o040, 0o222, 0o444, 0o600, 0o644, 0o707, 0o777)):
    shm(100 + number, (1, 1023, 1024, 1075, 1076, 4096, 5000, 1048575, 1048576)[number], mode)
    msg(-100 - number, mode); sem(1000000007 * number + 3, number + 1, mode)
shm(0, 1 << 46, 0o640, NORESERVE); shm(-1, (1 << 40) + 7, 0o600, NORESERVE); shm(0x7fffffff, 10**12, 0o666, NORESERVE)
msg(-2147483648, 0o600); msg(0, 0o620); sem(0, 250, 0o400); sem(-5, 7, 0o600)
# States: marked for removal, locked, both; attached, detached.
dest = shm(0x4b, 5000, 0o640); attach(dest); attach(dest)
locked = shm(0x4c, 4096, 0o600); both = shm(0x4d, 4096, 0o600); attach(both)
for id in (locked, both): L.shmctl(id, 11, None)
for id in (dest, both): check(L.shmctl(id, 0, None))
detached = shm(0x4e, 100, 0o600); L.shmdt(ctypes.c_void_p(attach(detached)))
# Queues: empty, with one, full, emptied.
one = msg(0x50, 0o600); send(one, b'hello')
full = msg(0x51, 0o660); send(full, b'x' * 8192); send(full, b'y' * 8192)
emptied = msg(0x52, 0o600); send(emptied, b'gone')
check(L.msgrcv(emptied, ctypes.create_string_buffer(100), ctypes.c_size_t(90), ctypes.c_long(0), 0))
# Sets: operated on, set.
operated = sem(0x53, 3, 0o600); set_ = sem(0x54, 3, 0o640)
check(L.semctl(set_, 1, 16, 32767)); check(L.semctl(set_, 2, 16, 5))
check(L.semop(operated, ctypes.create_string_buffer(b'\x02\x00\x07\x00\x00\x00', 6), ctypes.c_size_t(1)))
# Owners: with a name, with one of 32 letters, nobody's.
for uid in (65534, 40032, 4000000, 77777):
    as_user(uid, lambda: (shm(uid, 10, 0o600), msg(uid, 0o604), sem(uid, 2, 0o606)))
# Identifiers as they are after thousands have come and gone, and again low ones.
for kind, make in (('shm', lambda: shm(0x60, 10, 0o600)), ('msg', lambda: msg(0x60, 0o600)), ('sem', lambda: sem(0x60, 1, 0o600))):
    next_id(kind, 2147450880 + 1000); make()
sys.stdout.write('ready\n'); sys.stdout.flush(); sys.stdin.read()
";

/// Lets a number have a name of 32 letters, in this mount namespace alone.
const NAMES: &str =
    "{ cat /etc/passwd; echo abcdefghijklmnopqrstuvwxyz012345:x:40032:40032::/:/bin/sh; } >/dev/shm/passwd &&
{ cat /etc/group; echo grouphijklmnopqrstuvwxyz01234567:x:40032:; } >/dev/shm/group &&
mount --bind /dev/shm/passwd /etc/passwd && mount --bind /dev/shm/group /etc/group &&
rm /dev/shm/passwd /dev/shm/group";

/// The world, with the process that holds some of its objects. Its name has what a list must not obey.
pub(super) struct Furnished {
    _holder: Running,
}

impl Furnished {
    /// `None`, with the reason printed, where what makes the objects is not installed.
    pub(super) fn new(world: &World) -> Option<Self> {
        if !["ipcs", "lsipc", "python3"].into_iter().all(has) {
            return None;
        }
        world.script(NAMES, &[]).success();
        let arguments = ["-c", FURNISH, "a b", "line\nbreak", "\\x41 \\ \"q\" $d `e` \t\x1b[31m", "größe", "", "end"];
        let mut holder = Running::start(world.command("python3").args(arguments));
        assert_eq!(holder.line(), "ready");
        Some(Self { _holder: holder })
    }
}
