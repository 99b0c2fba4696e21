//! The numbers of the system calls that a process can be seen to sleep in.

use libc::c_long;

/// A call that waits at an object, as the kernel numbers it on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// msgrcv(2)
    Msgrcv,
    /// msgsnd(2)
    Msgsnd,
    /// mq_timedreceive(2)
    MqReceive,
    /// mq_timedsend(2)
    MqSend,
    /// semop(2)
    Semop,
    /// semtimedop(2)
    Semtimedop,
    /// futex(2)
    Futex,
    /// open(2), on machines that still have it
    Open,
    /// openat(2)
    Openat,
    /// read(2)
    Read,
    /// readv(2)
    Readv,
    /// write(2)
    Write,
    /// writev(2)
    Writev,
    /// splice(2)
    Splice,
    /// tee(2)
    Tee,
    /// vmsplice(2)
    Vmsplice,
    /// sendfile(2)
    Sendfile,
    /// poll(2), on machines that still have it, and ppoll(2)
    Poll,
    /// select(2), on machines that still have it, and pselect(2)
    Select,
    /// epoll_wait(2), on machines that still have it, and its later forms
    Epoll,
    /// accept(2), accept4(2)
    Accept,
    /// connect(2)
    Connect,
    /// recvfrom(2), recvmsg(2), recvmmsg(2)
    Recv,
    /// sendto(2), sendmsg(2), sendmmsg(2)
    Send,
    /// flock(2)
    Flock,
    /// fcntl(2)
    Fcntl,
    /// Any other.
    Other,
}

impl Call {
    /// The call of this number.
    pub(crate) const fn of(number: c_long) -> Self {
        match number {
            libc::SYS_msgrcv => Self::Msgrcv,
            libc::SYS_msgsnd => Self::Msgsnd,
            libc::SYS_mq_timedreceive => Self::MqReceive,
            libc::SYS_mq_timedsend => Self::MqSend,
            libc::SYS_semop => Self::Semop,
            libc::SYS_semtimedop => Self::Semtimedop,
            libc::SYS_futex => Self::Futex,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => Self::Open,
            libc::SYS_openat => Self::Openat,
            libc::SYS_read => Self::Read,
            libc::SYS_readv => Self::Readv,
            libc::SYS_write => Self::Write,
            libc::SYS_writev => Self::Writev,
            libc::SYS_splice => Self::Splice,
            libc::SYS_tee => Self::Tee,
            libc::SYS_vmsplice => Self::Vmsplice,
            libc::SYS_sendfile => Self::Sendfile,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_poll => Self::Poll,
            libc::SYS_ppoll => Self::Poll,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_select => Self::Select,
            libc::SYS_pselect6 => Self::Select,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_epoll_wait => Self::Epoll,
            libc::SYS_epoll_pwait | libc::SYS_epoll_pwait2 => Self::Epoll,
            libc::SYS_accept | libc::SYS_accept4 => Self::Accept,
            libc::SYS_connect => Self::Connect,
            libc::SYS_recvfrom | libc::SYS_recvmsg | libc::SYS_recvmmsg => Self::Recv,
            libc::SYS_sendto | libc::SYS_sendmsg | libc::SYS_sendmmsg => Self::Send,
            libc::SYS_flock => Self::Flock,
            libc::SYS_fcntl => Self::Fcntl,
            _ => Self::Other,
        }
    }
}
