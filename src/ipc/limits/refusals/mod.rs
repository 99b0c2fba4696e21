//! What an errno means, by the call that gave it: the manual pages of all calls of the mechanisms, as data.

use nix::errno::Errno;

mod posix;
mod processes;
mod streams;
mod system_v;

/// What one errno of one call can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The names of the call: `semop`, and `semtimedop`, which fails the same way.
    pub calls: &'static [&'static str],
    errno: Errno,
    /// What may be behind it, the likeliest first.
    pub causes: &'static [Cause],
}

/// One thing that an errno can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// In words.
    pub meaning: &'static str,
    /// The limit that is reached or exceeded then, by [`Limit::name`](super::Limit::name).
    pub limit: Option<&'static str>,
}

/// A [`Cause`] that is no limit.
const fn no_limit(meaning: &'static str) -> Cause {
    Cause { meaning, limit: None }
}

/// A [`Cause`] that is a limit.
const fn limit(name: &'static str, meaning: &'static str) -> Cause {
    Cause { meaning, limit: Some(name) }
}

const fn refusal(calls: &'static [&'static str], errno: Errno, causes: &'static [Cause]) -> Refusal {
    Refusal { calls, errno, causes }
}

/// All that is known, mechanism by mechanism.
pub const REFUSALS: &[&[Refusal]] = &[
    system_v::QUEUES,
    system_v::SEMAPHORES,
    system_v::MEMORY,
    posix::REFUSALS,
    streams::REFUSALS,
    processes::REFUSALS,
];

impl Refusal {
    /// The number of its errno.
    #[must_use]
    pub const fn errno(&self) -> i32 {
        self.errno as i32
    }

    /// Those of an errno, and of a call where one is named.
    pub fn find(errno: i32, call: Option<&str>) -> impl Iterator<Item = &'static Self> {
        let all = REFUSALS.iter().copied().flatten();
        all.filter(move |one| one.errno() == errno && call.is_none_or(|call| one.calls.contains(&call)))
    }

    /// The name of every call, in the order of the mechanisms.
    #[must_use]
    pub fn calls() -> Vec<&'static str> {
        let mut calls: Vec<&'static str> = Vec::new();
        for call in REFUSALS.iter().copied().flatten().flat_map(|one| one.calls) {
            if !calls.contains(call) {
                calls.push(call);
            }
        }
        calls
    }
}

/// The number of an errno, given by its name in either case, or by its number; `None` where Linux has none.
#[must_use]
pub fn errno_number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return errno_name(number).map(|_| number);
    }
    // Two names of the same number as another.
    let name = match text.to_ascii_uppercase().as_str() {
        "EWOULDBLOCK" => "EAGAIN".into(),
        "EDEADLOCK" => "EDEADLK".into(),
        "ENOTSUP" => "EOPNOTSUPP".into(),
        name => name.to_owned(),
    };
    (1..200).find(|&number| errno_name(number).as_deref() == Some(&name))
}

/// The name of an errno: `ENOSPC`.
#[must_use]
pub fn errno_name(number: i32) -> Option<String> {
    match Errno::from_raw(number) {
        Errno::UnknownErrno => None,
        errno => Some(format!("{errno:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::limits;

    #[test]
    fn every_limit_that_is_named_exists() {
        let known: Vec<&str> = limits::ours().iter().map(|limit| limit.name).collect();
        for refusal in REFUSALS.iter().copied().flatten() {
            assert!(!refusal.causes.is_empty(), "{refusal:?}");
            for limit in refusal.causes.iter().filter_map(|cause| cause.limit) {
                assert!(known.contains(&limit), "{limit} of {refusal:?}");
            }
        }
    }

    #[test]
    fn an_errno_of_a_call_is_told_once() {
        let all: Vec<&Refusal> = REFUSALS.iter().copied().flatten().collect();
        for (index, one) in all.iter().enumerate() {
            let same =
                |other: &&&Refusal| other.errno == one.errno && other.calls.iter().any(|call| one.calls.contains(call));
            assert_eq!(all[..index].iter().find(same), None, "{one:?}");
        }
    }

    #[test]
    fn errnos_have_names_and_numbers() {
        assert_eq!(errno_number("ENOSPC"), Some(28));
        assert_eq!(errno_number("enospc"), Some(28));
        assert_eq!(errno_number("28"), Some(28));
        assert_eq!(errno_number("EWOULDBLOCK"), errno_number("EAGAIN"));
        for text in ["", "0", "-1", "ENONE", "NOSPC", "999999999999"] {
            assert_eq!(errno_number(text), None, "{text}");
        }
        assert_eq!(errno_name(28).as_deref(), Some("ENOSPC"));
    }
}
