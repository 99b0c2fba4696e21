//! Names of users and groups, without NSS.
//!
//! A static binary must not call getpwuid(3): glibc would load NSS modules into it and crash. So the
//! names come from one pass over `/etc/passwd` or `/etc/group`, and what is missing there (LDAP,
//! sssd, systemd) from one run of getent(1).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The two name services that objects need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// Users: passwd(5).
    Users,
    /// Groups: group(5).
    Groups,
}

impl Database {
    const fn file(self) -> &'static str {
        match self {
            Self::Users => "/etc/passwd",
            Self::Groups => "/etc/group",
        }
    }

    /// What was asked already.
    fn known(self) -> &'static Mutex<Answers> {
        static USERS: LazyLock<Mutex<Answers>> = LazyLock::new(Mutex::default);
        static GROUPS: LazyLock<Mutex<Answers>> = LazyLock::new(Mutex::default);
        match self {
            Self::Users => &USERS,
            Self::Groups => &GROUPS,
        }
    }

    const fn service(self) -> &'static str {
        match self {
            Self::Users => "passwd",
            Self::Groups => "group",
        }
    }
}

/// What was answered about numbers; nothing for one that nobody knows.
type Answers = BTreeMap<u32, Option<String>>;

/// Names by number; a number that nobody knows has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<u32, String>);

impl Names {
    /// The names of these numbers, each asked for once in the life of this process: a live view comes here
    /// again and again.
    pub fn of(database: Database, numbers: impl IntoIterator<Item = u32>) -> Self {
        let numbers: BTreeSet<u32> = numbers.into_iter().collect();
        let mut known = database.known().lock().unwrap_or_else(PoisonError::into_inner);
        let missing = numbers.iter().filter(|number| !known.contains_key(number)).copied().collect();
        known.extend(ask(database, missing));
        let name = |number| Some((number, known.get(&number)?.clone()?));
        Self(numbers.into_iter().filter_map(name).collect())
    }

    /// The name of this number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&str> {
        self.0.get(&number).map(String::as_str)
    }
}

/// The effective user of this process: geteuid(2).
#[must_use]
pub fn effective() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The number of a user or group given by name or number; `None` where nobody has that name.
#[must_use]
pub fn number_of(database: Database, name: &str) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let file = fs::read(database.file()).unwrap_or_default();
    let find = |text: &str| entries(text).find(|(entry, _)| *entry == name).map(|(_, number)| number);
    find(&String::from_utf8_lossy(&file)).or_else(|| find(&getent(database, [name.to_owned()])))
}

/// What the name service calls these numbers.
fn ask(database: Database, numbers: BTreeSet<u32>) -> Answers {
    let mut names: Answers = numbers.iter().map(|&number| (number, None)).collect();
    if numbers.is_empty() {
        return names;
    }
    let mut missing = numbers;
    let file = fs::read(database.file()).unwrap_or_default();
    take_entries(&String::from_utf8_lossy(&file), &mut missing, &mut names);
    if !missing.is_empty() {
        take_entries(&getent(database, missing.iter().map(u32::to_string)), &mut missing.clone(), &mut names);
    }
    names
}

/// Moves what `text` knows of `missing` into `names`; the first entry of a number counts.
fn take_entries(text: &str, missing: &mut BTreeSet<u32>, names: &mut Answers) {
    for (name, number) in entries(text) {
        if missing.remove(&number) {
            names.insert(number, Some(name.to_owned()));
        }
    }
}

/// Name and number of every line `name:password:number:…`.
fn entries(text: &str) -> impl Iterator<Item = (&str, u32)> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        Some((name, fields.nth(1)?.parse().ok()?))
    })
}

/// What getent(1) prints for these keys; nothing where it does not exist or knows none.
fn getent(database: Database, keys: impl IntoIterator<Item = String>) -> String {
    let output = Command::new("getent")
        .args(["--", database.service()])
        .args(keys)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_skip_what_is_no_entry() {
        let text = "root:x:0:0:root:/root:/bin/sh\n+::::::\n# note\nbad:x:many:0\n:x:7:\nbig:x:4294967294:1::/:\n";
        assert_eq!(entries(text).collect::<Vec<_>>(), [("root", 0), ("big", 4_294_967_294)]);
    }

    #[test]
    fn root_has_a_name_and_a_number() {
        assert_eq!(Names::of(Database::Users, [0]).get(0), Some("root"));
        assert_eq!(number_of(Database::Groups, "root"), Some(0));
        assert_eq!(number_of(Database::Users, "4242"), Some(4242));
        assert_eq!(number_of(Database::Users, "no such user"), None);
    }

    #[test]
    fn an_unknown_number_has_no_name() {
        assert_eq!(Names::of(Database::Users, [4_000_000_000]).get(4_000_000_000), None);
    }
}
