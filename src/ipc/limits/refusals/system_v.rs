//! msgget(2), msgop(2), msgctl(2), semget(2), semop(2), semctl(2), shmget(2), shmop(2), shmctl(2), ftok(3).

use nix::errno::Errno::{
    E2BIG, EACCES, EAGAIN, EEXIST, EFAULT, EFBIG, EIDRM, EINTR, EINVAL, EMFILE, ENFILE, ENOENT, ENOMEM, ENOMSG, ENOSPC,
    EPERM, ERANGE,
};

use super::{Refusal, limit, no_limit, refusal};

const NO_MEMORY: &str = "the kernel has no memory for it";
const NOT_YOURS: &str = "you are neither its owner nor its creator, and lack CAP_SYS_ADMIN";
const REMOVED: &str = "it was removed, perhaps while the call waited";
const EXISTS: &str = "the key has one, and IPC_CREAT | IPC_EXCL wants a new one";
const NO_KEY: &str = "the key has none, and IPC_CREAT was not given";
const NO_ID: &str = "no object has this identifier (any more)";
const MODE: &str = "its mode does not allow this to you, and you lack CAP_IPC_OWNER";
const SIGNAL: &str = "a signal came while the call waited: these calls are never restarted";

pub(super) const QUEUES: &[Refusal] = &[
    refusal(&["msgget"], ENOSPC, &[limit("MSGMNI", "as many queues exist as are allowed")]),
    refusal(&["msgget"], ENOMEM, &[no_limit(NO_MEMORY)]),
    refusal(&["msgget"], EEXIST, &[no_limit(EXISTS)]),
    refusal(&["msgget"], ENOENT, &[no_limit(NO_KEY), no_limit("IPC_PRIVATE was meant, and a key given")]),
    refusal(&["msgget", "msgsnd", "msgrcv"], EACCES, &[no_limit(MODE)]),
    refusal(
        &["msgsnd"],
        EAGAIN,
        &[limit("msg_qbytes", "the queue is full, in bytes or in messages, and IPC_NOWAIT was given")],
    ),
    refusal(
        &["msgsnd"],
        EINVAL,
        &[
            limit("MSGMAX", "the message is longer than is allowed"),
            no_limit("the message's type is not above 0"),
            no_limit(NO_ID),
        ],
    ),
    refusal(&["msgsnd"], ENOMEM, &[no_limit("the kernel has no memory for a copy of the message")]),
    refusal(&["msgrcv"], E2BIG, &[no_limit("the message is longer than the buffer, and MSG_NOERROR was not given")]),
    refusal(&["msgrcv"], ENOMSG, &[no_limit("there is no such message, and IPC_NOWAIT was given")]),
    refusal(
        &["msgrcv"],
        EINVAL,
        &[
            no_limit(NO_ID),
            no_limit("the buffer's length is below 0"),
            no_limit("MSG_COPY was given without IPC_NOWAIT, or with MSG_EXCEPT"),
        ],
    ),
    refusal(&["msgsnd", "msgrcv"], EIDRM, &[no_limit(REMOVED)]),
    refusal(&["msgsnd", "msgrcv"], EINTR, &[no_limit(SIGNAL)]),
    refusal(&["msgsnd", "msgrcv", "msgctl"], EFAULT, &[no_limit("the buffer does not lie in the address space")]),
    refusal(&["msgctl"], EACCES, &[no_limit("IPC_STAT and MSG_STAT want read permission; MSG_STAT_ANY does not")]),
    refusal(
        &["msgctl"],
        EPERM,
        &[no_limit(NOT_YOURS), limit("MSGMNB", "msg_qbytes shall go above the limit, and you lack CAP_SYS_RESOURCE")],
    ),
    refusal(&["msgctl"], EINVAL, &[no_limit(NO_ID), no_limit("the command is unknown")]),
    refusal(&["msgctl"], EIDRM, &[no_limit(REMOVED)]),
];

pub(super) const SEMAPHORES: &[Refusal] = &[
    refusal(
        &["semget"],
        ENOSPC,
        &[
            limit("SEMMNI", "as many sets exist as are allowed"),
            limit("SEMMNS", "all sets together would have more semaphores than are allowed"),
        ],
    ),
    refusal(
        &["semget"],
        EINVAL,
        &[
            limit("SEMMSL", "a set may not have so many semaphores"),
            no_limit("the set exists and has fewer semaphores than were asked for"),
            no_limit("a new set needs at least one semaphore"),
        ],
    ),
    refusal(&["semget"], ENOMEM, &[no_limit(NO_MEMORY)]),
    refusal(&["semget"], EEXIST, &[no_limit(EXISTS)]),
    refusal(&["semget"], ENOENT, &[no_limit(NO_KEY)]),
    refusal(&["semget", "semop", "semtimedop", "semctl"], EACCES, &[no_limit(MODE)]),
    refusal(&["semop", "semtimedop"], E2BIG, &[limit("SEMOPM", "there are more operations than one call may have")]),
    refusal(
        &["semop", "semtimedop"],
        EAGAIN,
        &[no_limit("the operations cannot be done now, and IPC_NOWAIT was given, or the time is up (semtimedop)")],
    ),
    refusal(
        &["semop", "semtimedop"],
        ERANGE,
        &[limit("SEMVMX", "a value would go above the highest, or what is to be undone would")],
    ),
    refusal(&["semop", "semtimedop"], EFBIG, &[no_limit("an operation names an index that the set does not have")]),
    refusal(&["semop", "semtimedop"], EIDRM, &[no_limit(REMOVED)]),
    refusal(&["semop", "semtimedop"], EINTR, &[no_limit(SIGNAL)]),
    refusal(&["semop", "semtimedop"], ENOSPC, &[no_limit("there is no room for what SEM_UNDO is to undo")]),
    refusal(&["semop", "semtimedop"], ENOMEM, &[no_limit(NO_MEMORY)]),
    refusal(
        &["semop", "semtimedop"],
        EINVAL,
        &[no_limit(NO_ID), no_limit("there is no operation, or the time is not valid (semtimedop)")],
    ),
    refusal(&["semctl"], ERANGE, &[limit("SEMVMX", "SETVAL or SETALL has a value below 0 or above the highest")]),
    refusal(&["semctl"], EPERM, &[no_limit(NOT_YOURS)]),
    refusal(
        &["semctl"],
        EINVAL,
        &[no_limit(NO_ID), no_limit("the command is unknown, or the set does not have this index")],
    ),
    refusal(&["semctl"], EIDRM, &[no_limit(REMOVED)]),
    refusal(&["semctl", "semop", "semtimedop"], EFAULT, &[no_limit("an argument does not lie in the address space")]),
];

pub(super) const MEMORY: &[Refusal] = &[
    refusal(
        &["shmget"],
        ENOSPC,
        &[
            limit("SHMMNI", "as many segments exist as are allowed"),
            limit("SHMALL", "all segments together would have more pages than are allowed"),
        ],
    ),
    refusal(
        &["shmget"],
        EINVAL,
        &[
            limit("SHMMAX", "the segment would be larger than is allowed"),
            limit("SHMMIN", "the segment would be smaller than is allowed"),
            no_limit("the segment exists and is smaller than what was asked for"),
        ],
    ),
    refusal(
        &["shmget"],
        ENOMEM,
        &[no_limit("there is not memory enough, or not enough huge pages with SHM_HUGETLB (vm.nr_hugepages)")],
    ),
    refusal(&["shmget"], EPERM, &[no_limit("SHM_HUGETLB wants CAP_IPC_LOCK, or the group in vm.hugetlb_shm_group")]),
    refusal(&["shmget"], ENFILE, &[limit("file-max", "as many files are open on this machine as are allowed")]),
    refusal(&["shmget"], EEXIST, &[no_limit(EXISTS)]),
    refusal(&["shmget"], ENOENT, &[no_limit(NO_KEY)]),
    refusal(&["shmget", "shmat"], EACCES, &[no_limit(MODE)]),
    refusal(
        &["shmat"],
        EINVAL,
        &[no_limit(NO_ID), no_limit("the address is not that of a page, or is taken"), no_limit("SHM_REMAP wants one")],
    ),
    refusal(
        &["shmat"],
        ENOMEM,
        &[no_limit("the address space has no room: RLIMIT_AS (ulimit -v), or vm.max_map_count mappings")],
    ),
    refusal(&["shmat"], EIDRM, &[no_limit("it is marked for removal")]),
    refusal(&["shmat"], EMFILE, &[no_limit("the process has as many segments attached as it may")]),
    refusal(&["shmdt"], EINVAL, &[no_limit("no segment is attached at this address")]),
    refusal(&["shmctl"], EACCES, &[no_limit("IPC_STAT and SHM_STAT want read permission; SHM_STAT_ANY does not")]),
    refusal(
        &["shmctl"],
        EPERM,
        &[no_limit(NOT_YOURS), limit("RLIMIT_MEMLOCK", "SHM_LOCK wants CAP_IPC_LOCK, or a limit above 0")],
    ),
    refusal(&["shmctl"], ENOMEM, &[limit("RLIMIT_MEMLOCK", "SHM_LOCK would go beyond the limit of the user")]),
    refusal(&["shmctl"], EINVAL, &[no_limit(NO_ID), no_limit("the command is unknown")]),
    refusal(&["shmctl"], EIDRM, &[no_limit(REMOVED)]),
    refusal(&["ftok"], ENOENT, &[no_limit("the file does not exist: a key needs one that stays")]),
    refusal(&["ftok"], EACCES, &[no_limit("a folder on the way to the file may not be searched")]),
];
