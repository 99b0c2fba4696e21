//! The allocator of the process: the C library's, malloc(3), tuned by mallopt(3); with musl another one.

/// musl's own asks the kernel for every page: a dozen calls more at each start, and long lists five times slower.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// What is kept of freed memory, in bytes.
#[cfg(target_env = "gnu")]
const KEPT: libc::c_int = 8 << 20;

/// Lets the allocator keep what is freed, up to some megabytes: long work in shares frees and takes the same sizes
/// again and again, and by itself the allocator would give every share's pages back to the kernel and fault them in
/// anew. With glibc alone: dlmalloc keeps it anyhow.
pub(crate) fn keep_freed() {
    #[cfg(target_env = "gnu")]
    for parameter in [libc::M_TRIM_THRESHOLD, libc::M_MMAP_THRESHOLD] {
        // SAFETY: sets a number that the allocator reads under its own lock; one that it refuses changes nothing.
        unsafe { libc::mallopt(parameter, KEPT) };
    }
}
