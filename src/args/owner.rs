//! Users and groups, by name or number.

use crate::ipc::users::{Database, number_of};
use crate::ipc::{Changes, ModeChange};

/// `USER`, `USER:GROUP` or `:GROUP`, as chown(1) takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub user: Option<u32>,
    pub group: Option<u32>,
}

/// The changes that the options of a `set` ask for.
pub(crate) fn changes(owner: Option<Owner>, mode: Option<ModeChange>) -> Changes {
    Changes { uid: owner.and_then(|owner| owner.user), gid: owner.and_then(|owner| owner.group), mode }
}

/// Reads an owner; names are looked up at once.
pub(crate) fn parse(text: &str) -> Result<Owner, String> {
    let (user, group) = text.split_once(':').unwrap_or((text, ""));
    let find = |database, name: &str, what| match name {
        "" => Ok(None),
        _ => match number_of(database, name) {
            // -1 means "leave it" to chown(2) and is nobody to msgctl(2).
            Some(u32::MAX) => Err(format!("{} is no {what}", u32::MAX)),
            Some(number) => Ok(Some(number)),
            None => Err(format!("no {what} is called so")),
        },
    };
    let owner = Owner { user: find(Database::Users, user, "user")?, group: find(Database::Groups, group, "group")? };
    match owner {
        Owner { user: None, group: None } => Err("an owner is USER, USER:GROUP or :GROUP".into()),
        owner => Ok(owner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_read_as_chown_reads_them() {
        let owner = |user, group| Ok(Owner { user, group });
        assert_eq!(parse("root"), owner(Some(0), None));
        assert_eq!(parse("4000000000"), owner(Some(4_000_000_000), None));
        assert_eq!(parse("0:7"), owner(Some(0), Some(7)));
        assert_eq!(parse(":root"), owner(None, Some(0)));
        for text in ["", ":", "no such user", "-1", "0:no such group", "4294967295", "4294967296"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
