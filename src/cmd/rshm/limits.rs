//! Which limit a refusal means, and where it stands.

use std::io;
use std::path::Path;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use crate::ipc::shm::object;
use crate::ipc::shm::sysv::{HugePages, Shape, limits};
use crate::output::counted;
use crate::sys::errno;

/// What the refusal of a new segment means: a sentence that names the limit and its value.
fn behind_segment(error: &io::Error, shape: &Shape) -> Option<String> {
    let limits = limits().ok()?;
    let (size, huge) = (shape.size, shape.huge.is_some());
    if errno::is(error, errno::EINVAL) && size > limits.max_size {
        return Some(format!("{size} bytes are more than kernel.shmmax, {}", limits.max_size));
    }
    if let Some(HugePages::Bytes(bytes)) = shape.huge.filter(|_| errno::is(error, errno::EINVAL)) {
        return Some(format!(
            "this kernel has no huge pages of {bytes} bytes; /sys/kernel/mm/hugepages shows those it has"
        ));
    }
    if errno::is(error, errno::ENOSPC) {
        let pages = size.div_ceil(limits.page_size);
        if pages > limits.max_pages.saturating_sub(limits.pages) {
            let (all, used) = (limits.max_pages, limits.pages);
            return Some(format!("{pages} pages are too many: kernel.shmall allows {all}, and {used} are in use"));
        }
        return Some(format!("kernel.shmmni allows {} segments, and that many exist", limits.max_segments));
    }
    if errno::is(error, errno::EPERM) && huge {
        return Some("huge pages need CAP_IPC_LOCK or the group in vm.hugetlb_shm_group".into());
    }
    if errno::is(error, errno::ENOMEM) {
        let wanted = counted(size, "byte");
        return Some(if huge {
            format!("there are not enough huge pages for {wanted}; vm.nr_hugepages says how many there are")
        } else {
            format!("there is not memory enough for {wanted}")
        });
    }
    None
}

/// What the refusal of room for an object or a file means.
fn behind_object(error: &io::Error, path: &Path, wanted: Option<u64>) -> Option<String> {
    let bytes = wanted.map_or_else(|| "it all".to_owned(), |wanted| counted(wanted, "byte"));
    if errno::is(error, errno::EFBIG) {
        return Some(match limit_of(Resource::RLIMIT_FSIZE) {
            Some(limit) => format!("RLIMIT_FSIZE (ulimit -f) allows {}", counted(limit, "byte")),
            None => format!("{bytes} are more than a file may have here"),
        });
    }
    if errno::is(error, errno::ENOMEM) {
        return Some(format!("this machine has not memory enough for {bytes}"));
    }
    if !errno::is(error, errno::ENOSPC) {
        return None;
    }
    let (free, all) = object::room(path).ok()?;
    let place = path.parent()?.display();
    Some(match wanted {
        Some(_) => format!("no room for {bytes} in '{place}': {free} of {all} bytes are free"),
        // What is being filled takes the room itself until we give up.
        None => format!("no room for {bytes} in '{place}', which has {all} bytes"),
    })
}

/// The error of making a segment, with the limit behind it.
pub(super) fn explain_segment(error: io::Error, shape: &Shape) -> anyhow::Error {
    with_limit(behind_segment(&error, shape), error)
}

/// The error of making room in an object or a file of this path, with the limit behind it.
pub(super) fn explain_object(error: io::Error, path: &Path, wanted: Option<u64>) -> anyhow::Error {
    with_limit(behind_object(&error, path, wanted), error)
}

fn with_limit(limit: Option<String>, error: io::Error) -> anyhow::Error {
    let error = anyhow::Error::from(error);
    if let Some(limit) = limit { error.context(limit) } else { error }
}

/// Bytes that may be locked into memory: `RLIMIT_MEMLOCK`, unless it is no limit.
pub(super) fn locked_memory() -> Option<u64> {
    limit_of(Resource::RLIMIT_MEMLOCK)
}

fn limit_of(resource: Resource) -> Option<u64> {
    let (soft, _) = getrlimit(resource).ok()?;
    (soft != RLIM_INFINITY).then_some(soft)
}
