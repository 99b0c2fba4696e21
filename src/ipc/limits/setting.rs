//! What sets a limit: sysctl(8), getrlimit(2), the mount of `/dev/shm`, or the kernel's source.

use std::fmt;
use std::fs;

/// What sets a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A sysctl of one number, and the highest that it takes where that is known.
    Sysctl(&'static str, Option<u64>),
    /// One of the numbers of a sysctl, and the highest that it takes where that is known.
    Field {
        /// The sysctl.
        sysctl: &'static str,
        /// Which of its numbers, from 0.
        index: usize,
        /// The highest it takes.
        highest: Option<u64>,
    },
    /// A limit of a process, getrlimit(2): as prlimit(1) calls it, and whose it is.
    Rlimit {
        /// `msgqueue`.
        option: &'static str,
        /// The process; `None` for whoever asks.
        pid: Option<i32>,
    },
    /// `size=` of the mount of `/dev/shm`.
    MountSize,
    /// `nr_inodes=` of the mount of `/dev/shm`.
    MountInodes,
    /// The object itself: what it was made with, or given later.
    Object(&'static str),
    /// The kernel's source.
    Fixed,
    /// Nothing: there is no limit but memory.
    Nothing,
}

/// `IPCMNI`: identifiers of one kind that the kernel hands out, unless it was booted with `ipcmni_extend`.
pub(super) const IPCMNI: u64 = 32_768;

/// The numbers of a sysctl; none where it cannot be read.
#[must_use]
pub fn sysctl(name: &str) -> Vec<u64> {
    // The dots of a sysctl are the slashes of its path: there is none in the names that we know.
    let text = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).unwrap_or_default();
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

impl Setting {
    /// What would double a limit that is `bound` now.
    pub(super) fn raise(self, bound: u64) -> Option<String> {
        let doubled = bound.max(1).saturating_mul(2);
        Some(match self {
            Self::Sysctl(name, highest) => match within(bound, doubled, highest) {
                Some(value) => format!("sysctl -w {name}={value}"),
                None => at_the_end(highest)?,
            },
            Self::Field { sysctl: name, index, highest } => match within(bound, doubled, highest) {
                Some(value) => {
                    let mut numbers = sysctl(name);
                    *numbers.get_mut(index)? = value;
                    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
                    format!("sysctl -w {name}='{}'", numbers.join(" "))
                }
                None => at_the_end(highest)?,
            },
            Self::Rlimit { option, pid: Some(pid) } => format!("prlimit --pid {pid} --{option}={doubled}"),
            // The shell: what it starts inherits from it.
            Self::Rlimit { option, pid: None } => format!("prlimit --pid $$ --{option}={doubled}"),
            Self::MountSize => format!("mount -o remount,size={doubled} /dev/shm"),
            Self::MountInodes => format!("mount -o remount,nr_inodes={doubled} /dev/shm"),
            Self::Object(how) => how.into(),
            Self::Fixed | Self::Nothing => return None,
        })
    }
}

/// The doubled value, or the highest; `None` where it is there already.
fn within(bound: u64, doubled: u64, highest: Option<u64>) -> Option<u64> {
    match highest {
        Some(highest) if bound >= highest => None,
        Some(highest) => Some(doubled.min(highest)),
        // Twice as much is no more than it is.
        None if doubled == bound => None,
        None => Some(doubled),
    }
}

/// What is left to do where a sysctl is at its end.
fn at_the_end(highest: Option<u64>) -> Option<String> {
    (highest == Some(IPCMNI)).then(|| "boot with ipcmni_extend".into())
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sysctl(name, _) | Self::Field { sysctl: name, .. } => f.write_str(name),
            Self::Rlimit { option, .. } => write!(f, "prlimit --{option}"),
            Self::MountSize => f.write_str("mount size"),
            Self::MountInodes => f.write_str("mount nr_inodes"),
            Self::Object(_) => f.write_str("the object"),
            Self::Fixed => f.write_str("the kernel"),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sysctl_is_doubled_as_far_as_it_goes() {
        let raise = |bound, highest| Setting::Sysctl("kernel.msgmni", highest).raise(bound);
        assert_eq!(raise(100, None).as_deref(), Some("sysctl -w kernel.msgmni=200"));
        assert_eq!(raise(0, None).as_deref(), Some("sysctl -w kernel.msgmni=2"));
        assert_eq!(raise(32_000, Some(IPCMNI)).as_deref(), Some("sysctl -w kernel.msgmni=32768"));
        assert_eq!(raise(IPCMNI, Some(IPCMNI)).as_deref(), Some("boot with ipcmni_extend"));
        assert_eq!(raise(65_536, Some(65_536)), None);
        assert_eq!(raise(u64::MAX, None), None);
    }

    #[test]
    fn the_other_numbers_of_a_sysctl_stay() {
        let numbers = sysctl("kernel.sem");
        let field = |index| Setting::Field { sysctl: "kernel.sem", index, highest: None }.raise(5);
        if let [msl, mns, opm, _] = numbers[..] {
            assert_eq!(field(3), Some(format!("sysctl -w kernel.sem='{msl} {mns} {opm} 10'")));
        }
        assert_eq!(field(4), None);
    }

    #[test]
    fn what_is_not_there_has_no_numbers() {
        assert!(sysctl("kernel.no_such_thing").is_empty());
    }
}
