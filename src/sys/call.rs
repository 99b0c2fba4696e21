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
            libc::SYS_flock => Self::Flock,
            libc::SYS_fcntl => Self::Fcntl,
            _ => Self::Other,
        }
    }
}
