//! mq_open(3), mq_send(3), mq_receive(3), mq_notify(3), shm_open(3), sem_open(3), sem_wait(3), sem_post(3).

use nix::errno::Errno::{
    EACCES, EAGAIN, EBADF, EBUSY, EEXIST, EFBIG, EINTR, EINVAL, EMFILE, EMSGSIZE, ENAMETOOLONG, ENFILE, ENODEV, ENOENT,
    ENOMEM, ENOSPC, EOVERFLOW, EPERM, ETIMEDOUT,
};

use super::{Refusal, limit, no_limit, refusal};

const EXISTS: &str = "the name is taken, and O_CREAT | O_EXCL wants a new one";
const NO_NAME: &str = "nothing has this name, and O_CREAT was not given";
const MODE: &str = "its mode does not allow this to you";
const FILES: &str = "as many files are open on this machine as are allowed";
const DESCRIPTORS: &str = "the process has as many descriptors as it may";
const SIGNAL: &str = "a signal came while the call waited";
const SLASH: &str = "the name is \"/\" alone";
const TIME: &str = "the time was up (absolute time, CLOCK_REALTIME)";
const OTHERS: &str = "it belongs to somebody else, and its folder is sticky";

pub(super) const REFUSALS: &[Refusal] = &[
    refusal(
        &["mq_open"],
        ENOSPC,
        &[limit("queues_max", "as many queues exist as are allowed without CAP_SYS_RESOURCE")],
    ),
    refusal(
        &["mq_open"],
        EMFILE,
        &[
            limit(
                "RLIMIT_MSGQUEUE",
                "all queues of the user would take more bytes than are allowed: \
                   messages x (bytes + 96), more or less, for each",
            ),
            limit("RLIMIT_NOFILE", DESCRIPTORS),
        ],
    ),
    refusal(
        &["mq_open"],
        EINVAL,
        &[
            limit("msg_max", "mq_maxmsg is above the limit, or 0, and you lack CAP_SYS_RESOURCE"),
            limit("msgsize_max", "mq_msgsize is above the limit, or 0, and you lack CAP_SYS_RESOURCE"),
            no_limit("the name does not begin with a slash"),
        ],
    ),
    refusal(&["mq_open"], EACCES, &[no_limit(MODE), no_limit("there is more than one slash in the name")]),
    refusal(&["mq_open"], ENOENT, &[no_limit(NO_NAME), no_limit(SLASH)]),
    refusal(&["mq_open", "shm_open", "sem_open"], EEXIST, &[no_limit(EXISTS)]),
    refusal(&["mq_open", "shm_open", "sem_open"], ENFILE, &[limit("file-max", FILES)]),
    refusal(
        &["mq_open", "shm_open", "sem_open", "mq_unlink", "shm_unlink", "sem_unlink"],
        ENAMETOOLONG,
        &[no_limit("a name has at most 255 bytes, that of a semaphore 251")],
    ),
    refusal(&["mq_open", "sem_open"], ENOMEM, &[no_limit("the kernel has no memory for it")]),
    refusal(
        &["mq_send", "mq_timedsend"],
        EAGAIN,
        &[limit("mq_maxmsg", "the queue is full, and was opened with O_NONBLOCK")],
    ),
    refusal(
        &["mq_send", "mq_timedsend"],
        EMSGSIZE,
        &[limit("msgsize_max", "the message is longer than the mq_msgsize of its queue, which this limit bounds")],
    ),
    refusal(
        &["mq_receive", "mq_timedreceive"],
        EMSGSIZE,
        &[no_limit("the buffer is shorter than mq_msgsize, though the message need not be so long")],
    ),
    refusal(
        &["mq_receive", "mq_timedreceive"],
        EAGAIN,
        &[no_limit("the queue is empty, and was opened with O_NONBLOCK")],
    ),
    refusal(
        &["mq_send", "mq_timedsend", "mq_receive", "mq_timedreceive"],
        EBADF,
        &[no_limit("the descriptor is no queue, or not open for this")],
    ),
    refusal(
        &["mq_send", "mq_timedsend", "mq_receive", "mq_timedreceive"],
        EINVAL,
        &[no_limit("the call would wait, and its time is not valid"), no_limit("the priority is 32768 or more")],
    ),
    refusal(
        &["mq_send", "mq_timedsend", "mq_receive", "mq_timedreceive", "sem_wait", "sem_timedwait"],
        EINTR,
        &[no_limit(SIGNAL)],
    ),
    refusal(&["mq_timedsend", "mq_timedreceive", "sem_timedwait"], ETIMEDOUT, &[no_limit(TIME)]),
    refusal(
        &["mq_notify"],
        EBUSY,
        &[no_limit("another process is registered already: a queue has one place (ripcs who tells whose)")],
    ),
    refusal(&["mq_notify"], EBADF, &[no_limit("the descriptor is no queue")]),
    refusal(&["mq_notify"], EINVAL, &[no_limit("the way or the signal of the notification is not valid")]),
    refusal(&["mq_notify"], ENOMEM, &[no_limit("the kernel has no memory for it")]),
    refusal(&["mq_unlink", "shm_unlink", "sem_unlink"], ENOENT, &[no_limit("nothing has this name")]),
    refusal(&["mq_unlink", "shm_unlink", "sem_unlink"], EACCES, &[no_limit(OTHERS)]),
    refusal(&["shm_open"], EACCES, &[no_limit(MODE)]),
    refusal(&["sem_open"], EACCES, &[no_limit("its mode does not allow reading and writing to you")]),
    refusal(&["shm_open", "sem_open"], EMFILE, &[limit("RLIMIT_NOFILE", DESCRIPTORS)]),
    refusal(&["shm_open", "sem_open"], ENOENT, &[no_limit(NO_NAME), no_limit("/dev/shm does not exist")]),
    refusal(&["shm_open"], ENOSPC, &[limit("/dev/shm:inodes", "as many objects exist in /dev/shm as are allowed")]),
    refusal(&["shm_open"], EINVAL, &[no_limit("the name is empty, or has more than one slash")]),
    refusal(
        &["ftruncate", "posix_fallocate", "fallocate", "write"],
        ENOSPC,
        &[limit("/dev/shm", "/dev/shm has no room left; ftruncate takes none, so a later access dies of SIGBUS")],
    ),
    refusal(&["ftruncate", "posix_fallocate", "fallocate"], EFBIG, &[no_limit("RLIMIT_FSIZE (ulimit -f) is lower")]),
    refusal(
        &["ftruncate", "posix_fallocate", "fallocate"],
        EINVAL,
        &[no_limit("it is not open for writing"), no_limit("the length is below 0")],
    ),
    refusal(
        &["ftruncate", "posix_fallocate", "fallocate", "mmap"],
        EPERM,
        &[no_limit("it is a memfd that is sealed against this: fcntl(2), F_GET_SEALS")],
    ),
    refusal(
        &["mmap"],
        ENOMEM,
        &[
            no_limit("the address space has no room: RLIMIT_AS (ulimit -v), or vm.max_map_count mappings"),
            no_limit("there are not enough huge pages (vm.nr_hugepages)"),
        ],
    ),
    refusal(&["mmap"], EAGAIN, &[limit("RLIMIT_MEMLOCK", "MAP_LOCKED or mlockall(2) would go beyond the limit")]),
    refusal(&["mmap"], EACCES, &[no_limit("a shared mapping to write wants a descriptor to read and write")]),
    refusal(&["mmap"], EINVAL, &[no_limit("the length is 0, or the offset is not that of a page")]),
    refusal(&["mmap"], ENODEV, &[no_limit("what is open there cannot be mapped")]),
    refusal(
        &["sem_open"],
        ENOSPC,
        &[
            limit("/dev/shm", "/dev/shm has no room left"),
            limit("/dev/shm:inodes", "as many objects exist in /dev/shm as are allowed"),
        ],
    ),
    refusal(
        &["sem_open"],
        EINVAL,
        &[no_limit("the value is above SEM_VALUE_MAX, 2147483647"), no_limit("the name is \"/\" alone")],
    ),
    refusal(&["sem_trywait"], EAGAIN, &[no_limit("the value is 0: nobody has given a unit back")]),
    refusal(&["sem_timedwait"], EINVAL, &[no_limit("the time is not valid")]),
    refusal(&["sem_post"], EOVERFLOW, &[no_limit("the value would go above SEM_VALUE_MAX, 2147483647")]),
    refusal(&["sem_post", "sem_wait", "sem_trywait"], EINVAL, &[no_limit("there is no semaphore at this address")]),
];
