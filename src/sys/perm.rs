//! `struct ipc_perm`, where C libraries differ: glibc and musl have the kernel's layout, and other names and
//! types for its parts.

pub(crate) use libc::ipc_perm;

/// The key, 0 (`IPC_PRIVATE`) for none.
pub(crate) fn key(perm: &ipc_perm) -> i32 {
    #[cfg(target_env = "musl")]
    #[allow(deprecated, reason = "from the `libc` on that is for musl 1.2.3 alone, it is `__key` here, too")]
    return perm.__ipc_perm_key;
    #[cfg(not(target_env = "musl"))]
    perm.__key
}

/// The permission bits, and above them what the kernel tells of a segment.
#[allow(clippy::useless_conversion, reason = "16 bits or 32, by the C library")]
pub(crate) fn mode(perm: &ipc_perm) -> u32 {
    perm.mode.into()
}

/// Puts permission bits there for `IPC_SET`.
#[allow(clippy::useless_conversion, reason = "as above")]
pub(crate) fn set_mode(perm: &mut ipc_perm, bits: u16) {
    perm.mode = bits.into();
}
