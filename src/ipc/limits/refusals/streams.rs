//! pipe(2), fifo(7), splice(2), unix(7), socket(2), connect(2), send(2).

use nix::errno::Errno::{
    EACCES, EADDRINUSE, EAGAIN, EALREADY, EBADF, EBUSY, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EEXIST, EINPROGRESS,
    EINTR, EINVAL, EISCONN, EMFILE, EMSGSIZE, ENAMETOOLONG, ENFILE, ENOBUFS, ENOENT, ENOMEM, ENOSPC, ENOTCONN, ENXIO,
    EPERM, EPIPE, EPROTOTYPE, ETOOMANYREFS,
};

use super::{Refusal, limit, no_limit, refusal};

const DESCRIPTORS: &str = "the process has as many descriptors as it may";
const FILES: &str = "as many files are open on this machine as are allowed";

pub(super) const REFUSALS: &[Refusal] = &[
    refusal(
        &["pipe", "pipe2", "socket", "socketpair", "accept", "open", "pidfd_open", "signalfd"],
        EMFILE,
        &[limit("RLIMIT_NOFILE", DESCRIPTORS)],
    ),
    refusal(
        &["pipe", "pipe2"],
        ENFILE,
        &[
            limit("file-max", FILES),
            limit("pipe-user-pages-hard", "the user's pipes have as many pages as are allowed"),
        ],
    ),
    refusal(&["socket", "socketpair", "accept", "open", "pidfd_open", "signalfd"], ENFILE, &[limit("file-max", FILES)]),
    refusal(&["pipe2"], EINVAL, &[no_limit("the flags are not valid")]),
    refusal(
        &["fcntl"],
        EPERM,
        &[
            limit("pipe-max-size", "F_SETPIPE_SZ is above the limit, and you lack CAP_SYS_RESOURCE"),
            limit("pipe-user-pages-soft", "the user's pipes have more pages than this, so none of them may grow"),
            limit("pipe-user-pages-hard", "the user's pipes would have more pages than are allowed"),
        ],
    ),
    refusal(&["fcntl"], EBUSY, &[no_limit("F_SETPIPE_SZ is less than what is in the pipe")]),
    refusal(&["mkfifo", "bind"], ENOSPC, &[no_limit("the file system has no room for another file")]),
    refusal(&["mkfifo"], EEXIST, &[no_limit("there is something of this name, of whatever kind")]),
    refusal(
        &["mkfifo", "open", "bind", "connect"],
        ENOENT,
        &[no_limit("the path, or a folder on its way, does not exist")],
    ),
    refusal(
        &["mkfifo", "open", "bind", "connect"],
        EACCES,
        &[no_limit("the mode of the file, or of a folder on its way, does not allow this to you")],
    ),
    refusal(&["mkfifo"], EPERM, &[no_limit("the file system has no FIFOs")]),
    refusal(
        &["open"],
        ENXIO,
        &[
            no_limit("a FIFO is to be written with O_NONBLOCK, and nobody has it open to read"),
            no_limit("it is a unix socket: connect(2) is what opens that"),
        ],
    ),
    refusal(&["open"], EINTR, &[no_limit("a signal came while the FIFO waited for its other end")]),
    refusal(
        &["write", "splice", "tee", "vmsplice"],
        EPIPE,
        &[no_limit("nobody has the other end open to read (any more)")],
    ),
    refusal(
        &["write", "splice", "tee", "vmsplice"],
        EAGAIN,
        &[no_limit("the pipe is full, and was opened with O_NONBLOCK: F_SETPIPE_SZ gives it more room")],
    ),
    refusal(&["read"], EAGAIN, &[no_limit("there is nothing to read, and it was opened with O_NONBLOCK")]),
    refusal(&["read", "write"], EBADF, &[no_limit("the descriptor is not open, or not open for this")]),
    refusal(&["read", "write"], EINTR, &[no_limit("a signal came before anything was transferred")]),
    refusal(
        &["splice", "tee", "vmsplice"],
        EINVAL,
        &[no_limit("neither end is a pipe, or the file system cannot do it, or O_APPEND was given")],
    ),
    refusal(&["splice", "tee", "vmsplice"], ENOMEM, &[no_limit("the kernel has no memory for it")]),
    refusal(&["socket", "socketpair"], ENOMEM, &[no_limit("the kernel has no memory for it")]),
    refusal(
        &["bind"],
        EADDRINUSE,
        &[no_limit("the path exists: a socket that nobody listens at stays until it is unlinked")],
    ),
    refusal(
        &["bind", "connect", "sendto", "sendmsg"],
        EINVAL,
        &[
            no_limit("the address is not valid, or longer than 107 bytes of path"),
            no_limit("it is bound already (bind)"),
        ],
    ),
    refusal(&["bind"], ENAMETOOLONG, &[no_limit("the path is too long")]),
    refusal(&["listen"], EADDRINUSE, &[no_limit("another socket listens at this port")]),
    refusal(&["listen"], EINVAL, &[no_limit("a unix socket must be bound first")]),
    refusal(
        &["connect"],
        ECONNREFUSED,
        &[no_limit("nobody listens there: the file may be left of one that has ended")],
    ),
    refusal(
        &["connect"],
        EAGAIN,
        &[limit(
            "somaxconn",
            "the queue of the listener is full, and the socket is non-blocking; \
                 this limit bounds what listen(2) asked for",
        )],
    ),
    refusal(&["connect"], EPROTOTYPE, &[no_limit("there is a socket of another type: stream, datagram or seqpacket")]),
    refusal(&["connect"], EISCONN, &[no_limit("it is connected already")]),
    refusal(&["connect"], EINPROGRESS, &[no_limit("the socket is non-blocking, and the connection is on its way")]),
    refusal(&["connect"], EALREADY, &[no_limit("an earlier connection is still on its way")]),
    refusal(&["accept"], EAGAIN, &[no_limit("nobody waits to be accepted, and the socket is non-blocking")]),
    refusal(
        &["send", "sendto", "sendmsg"],
        EAGAIN,
        &[
            limit("wmem_max", "what was sent and not received fills the sender's room (SO_SNDBUF, up to this limit)"),
            limit("max_dgram_qlen", "as many datagrams wait at the receiver as are allowed"),
        ],
    ),
    refusal(
        &["send", "sendto", "sendmsg"],
        EMSGSIZE,
        &[limit("wmem_max", "a datagram is longer than the sender's room (SO_SNDBUF, up to this limit)")],
    ),
    refusal(
        &["sendmsg"],
        ETOOMANYREFS,
        &[limit(
            "RLIMIT_NOFILE",
            "more descriptors of the user are on their way in messages than one process may have",
        )],
    ),
    refusal(&["send", "sendto", "sendmsg"], ENOBUFS, &[no_limit("the kernel has no memory for it")]),
    refusal(&["send", "sendto", "sendmsg"], EPIPE, &[no_limit("the other end has closed, or we have shut ours down")]),
    refusal(&["send", "sendto", "sendmsg", "recv", "recvmsg"], ENOTCONN, &[no_limit("it is not connected")]),
    refusal(&["send", "sendmsg"], EDESTADDRREQ, &[no_limit("it is not connected, and no address was given")]),
    refusal(&["sendto", "sendmsg", "send"], ECONNREFUSED, &[no_limit("nobody has the receiving socket open any more")]),
    refusal(
        &["recv", "recvmsg", "send", "sendto", "sendmsg"],
        ECONNRESET,
        &[no_limit("the other end closed with something unread")],
    ),
    refusal(&["recv", "recvmsg"], EAGAIN, &[no_limit("nothing has come, and it would wait, or SO_RCVTIMEO is over")]),
];
