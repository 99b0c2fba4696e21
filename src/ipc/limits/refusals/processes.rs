//! kill(2), sigqueue(3), pidfd_open(2), waitpid(2), flock(2), fcntl_locking(2).

use nix::errno::Errno::{EACCES, EAGAIN, EBADF, ECHILD, EDEADLK, EINTR, EINVAL, ENOLCK, ENOMEM, ENOSYS, EPERM, ESRCH};

use super::{Refusal, limit, no_limit, refusal};

pub(super) const REFUSALS: &[Refusal] = &[
    refusal(
        &["sigqueue", "pidfd_send_signal", "timer_create"],
        EAGAIN,
        &[limit("RLIMIT_SIGPENDING", "as many signals are queued for the user as are allowed")],
    ),
    refusal(
        &["kill", "tgkill", "sigqueue", "pidfd_send_signal"],
        EPERM,
        &[no_limit("the process belongs to another user, or another session for SIGCONT, and you lack CAP_KILL")],
    ),
    refusal(
        &["kill", "tgkill", "sigqueue", "pidfd_send_signal", "pidfd_open"],
        ESRCH,
        &[no_limit("no process has this pid (any more), or none is in this group")],
    ),
    refusal(
        &["kill", "tgkill", "sigqueue", "pidfd_send_signal", "pidfd_open"],
        EINVAL,
        &[no_limit("the signal, the pid or the flags are not valid")],
    ),
    refusal(
        &["tgkill"],
        EAGAIN,
        &[limit("RLIMIT_SIGPENDING", "a real-time signal, and as many are queued for the user as are allowed")],
    ),
    refusal(&["pidfd_open", "pidfd_send_signal"], ENOSYS, &[no_limit("the kernel is older than Linux 5.3")]),
    refusal(&["signalfd", "pidfd_open"], ENOMEM, &[no_limit("the kernel has no memory for it")]),
    refusal(&["signalfd"], EINVAL, &[no_limit("the descriptor to change is no signalfd, or the flags are not valid")]),
    refusal(&["sigtimedwait", "sigwaitinfo"], EAGAIN, &[no_limit("none of the signals came in time")]),
    refusal(&["sigtimedwait", "sigwaitinfo"], EINTR, &[no_limit("a signal came that was not waited for")]),
    refusal(
        &["waitpid", "waitid", "wait"],
        ECHILD,
        &[
            no_limit("it is no child of the process, or was waited for already"),
            no_limit("SIGCHLD is ignored, so children leave nothing behind"),
        ],
    ),
    refusal(&["waitpid", "waitid", "wait"], EINTR, &[no_limit("a signal came while the call waited")]),
    refusal(
        &["flock"],
        EAGAIN,
        &[no_limit("another open file has a lock that excludes this one, and LOCK_NB was given")],
    ),
    refusal(&["fcntl", "lockf"], EAGAIN, &[no_limit("another process has a lock that excludes this one (F_SETLK)")]),
    refusal(&["fcntl", "lockf"], EACCES, &[no_limit("another process has a lock that excludes this one (F_SETLK)")]),
    refusal(
        &["fcntl", "lockf"],
        EDEADLK,
        &[no_limit("whoever has the lock waits, in the end, for one that this process has")],
    ),
    refusal(
        &["flock", "fcntl", "lockf"],
        ENOLCK,
        &[
            limit("locks", "the kernel has no memory for another lock; no number limits them"),
            no_limit("the file lies on a network whose lock server does not answer"),
        ],
    ),
    refusal(&["flock", "fcntl", "lockf"], EINTR, &[no_limit("a signal came while the call waited for the lock")]),
    refusal(
        &["flock", "fcntl", "lockf"],
        EBADF,
        &[no_limit("the descriptor is not open, or not open to read (read lock) or write (write lock)")],
    ),
    refusal(
        &["flock", "fcntl", "lockf"],
        EINVAL,
        &[no_limit("the operation or the range is not valid, or the file cannot be locked")],
    ),
];
