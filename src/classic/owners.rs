//! Names of owners: each number is looked up once, and stays a number where nobody knows it.

use crate::ipc::users::{Database, Names};

/// The users and groups that rows name.
#[derive(Debug, Default)]
pub(super) struct Owners {
    users: Names,
    groups: Names,
}

impl Owners {
    /// The names of these users and groups.
    pub(super) fn of(users: impl IntoIterator<Item = u32>, groups: impl IntoIterator<Item = u32>) -> Self {
        Self { users: Names::of(Database::Users, users), groups: Names::of(Database::Groups, groups) }
    }

    /// The name of a user, or the number.
    pub(super) fn user(&self, number: u32) -> String {
        self.users.get(number).map_or_else(|| number.to_string(), str::to_owned)
    }

    /// The name of a group, or the number.
    pub(super) fn group(&self, number: u32) -> String {
        self.groups.get(number).map_or_else(|| number.to_string(), str::to_owned)
    }

    /// The name of a user, if somebody knows it.
    pub(super) fn known_user(&self, number: u32) -> Option<&str> {
        self.users.get(number)
    }

    /// The name of a group, if somebody knows it.
    pub(super) fn known_group(&self, number: u32) -> Option<&str> {
        self.groups.get(number)
    }

    /// The name of a user as ipcs shows it in its lists: names are cut after ten characters, numbers are not.
    pub(super) fn short_user(&self, number: u32) -> String {
        self.users.get(number).map_or_else(|| number.to_string(), |name| name.chars().take(10).collect())
    }
}
