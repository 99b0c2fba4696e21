//! `struct semid_ds`, which `libc` does not have for musl: the kernel's `struct semid64_ds`.

/// Owner and mode, times, and the number of semaphores.
#[allow(non_camel_case_types, reason = "C's name")]
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct semid_ds {
    pub sem_perm: libc::ipc_perm,
    pub sem_otime: i64,
    #[cfg(target_arch = "x86_64")]
    unused1: u64,
    pub sem_ctime: i64,
    #[cfg(target_arch = "x86_64")]
    unused2: u64,
    pub sem_nsems: u64,
    unused3: [u64; 2],
}

// The kernel writes this much, and no more than that.
const _: () = assert!(size_of::<semid_ds>() == if cfg!(target_arch = "x86_64") { 104 } else { 88 });
