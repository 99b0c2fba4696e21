//! The columns of `lsipc`: what they are called, what they hold, and which a list has.

use std::fmt::Write as _;

use super::Kind;

/// A column, by what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Col {
    Key,
    Id,
    Owner,
    Perms,
    CreatorUid,
    CreatorUser,
    CreatorGid,
    CreatorGroup,
    Uid,
    User,
    Gid,
    Group,
    Changed,
    Name,
    Modified,
    UsedBytes,
    Messages,
    Sent,
    Received,
    LastSender,
    LastReceiver,
    Size,
    Attaches,
    Status,
    Attached,
    Detached,
    Command,
    CreatorPid,
    LastPid,
    Semaphores,
    Operated,
    Value,
    Resource,
    Description,
    Limit,
    Used,
    Percent,
}

use Col::{
    Attached, Attaches, Changed, Command, CreatorGid, CreatorGroup, CreatorPid, CreatorUid, CreatorUser, Description,
    Detached, Gid, Group, Id, Key, LastPid, LastReceiver, LastSender, Limit, Messages, Modified, Name, Operated, Owner,
    Percent, Perms, Received, Resource, Semaphores, Sent, Size, Status, Uid, Used, UsedBytes, User, Value,
};

/// What a column is called.
#[derive(Debug)]
pub(super) struct Words {
    col: Col,
    /// In headings, and behind `-o`.
    pub name: &'static str,
    /// In the list of columns that `--help` prints.
    help: &'static str,
    /// Before its value where one object is shown.
    pub label: &'static str,
    /// Whether it keeps to the right.
    pub right: bool,
}

const fn left(col: Col, name: &'static str, help: &'static str, label: &'static str) -> Words {
    Words { col, name, help, label, right: false }
}

const fn right(col: Col, name: &'static str, help: &'static str, label: &'static str) -> Words {
    Words { col, name, help, label, right: true }
}

/// All columns, in the order of details.
static ALL: [Words; 37] = [
    left(Key, "KEY", "Resource key", "Key"),
    left(Id, "ID", "Resource ID", "ID"),
    left(Name, "NAME", "POSIX resource name", "Name"),
    right(Owner, "OWNER", "Owner's username or UID", "Owner"),
    right(Perms, "PERMS", "Permissions", "Permissions"),
    right(CreatorUid, "CUID", "Creator UID", "Creator UID"),
    left(CreatorUser, "CUSER", "Creator user", "Creator user"),
    right(CreatorGid, "CGID", "Creator GID", "Creator GID"),
    left(CreatorGroup, "CGROUP", "Creator group", "Creator group"),
    right(Uid, "UID", "User ID", "UID"),
    left(User, "USER", "User name", "User name"),
    right(Gid, "GID", "Group ID", "GID"),
    left(Group, "GROUP", "Group name", "Group name"),
    right(Changed, "CTIME", "Time of the last change", "Last change"),
    right(Modified, "MTIME", "Time of last action", "Last action"),
    right(Size, "SIZE", "Segment size", "Segment size"),
    right(Attaches, "NATTCH", "Number of attached processes", "Attached processes"),
    left(Status, "STATUS", "Status", "Status"),
    right(Attached, "ATTACH", "Attach time", "Attach time"),
    right(Detached, "DETACH", "Detach time", "Detach time"),
    left(Command, "COMMAND", "Creator command line", "Creator command"),
    right(CreatorPid, "CPID", "PID of the creator", "Creator PID"),
    right(LastPid, "LPID", "PID of last user", "Last user PID"),
    right(UsedBytes, "USEDBYTES", "Bytes used", "Bytes used"),
    left(Messages, "MSGS", "Number of messages", "Messages"),
    right(Sent, "SEND", "Time of last msg sent", "Msg sent"),
    right(Received, "RECV", "Time of last msg received", "Msg received"),
    right(LastSender, "LSPID", "PID of the last msg sender", "Msg sender"),
    right(LastReceiver, "LRPID", "PID of the last msg receiver", "Msg receiver"),
    right(Semaphores, "NSEMS", "Number of semaphores", "Semaphores"),
    right(Operated, "OTIME", "Time of the last operation", "Last operation"),
    right(Value, "SVAL", "Semaphore value", "Value"),
    left(Resource, "RESOURCE", "Resource name", "Resource"),
    left(Description, "DESCRIPTION", "Resource description", "Description"),
    right(Limit, "LIMIT", "System-wide limit", "Limit"),
    right(Used, "USED", "Currently used", "Used"),
    right(Percent, "USE%", "Currently use percentage", "Use"),
];

impl Col {
    pub(super) fn words(self) -> &'static Words {
        ALL.iter().find(|words| words.col == self).expect("every column has its words")
    }

    /// The column of this name, in either case.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|words| words.name.eq_ignore_ascii_case(name)).map(|words| words.col)
    }
}

const GENERIC: &[Col] =
    &[Key, Id, Owner, Perms, CreatorUid, CreatorUser, CreatorGid, CreatorGroup, Uid, User, Gid, Group, Changed];
const POSIX: &[Col] = &[Name, Owner, Perms, CreatorUid, CreatorUser, CreatorGid, CreatorGroup, Modified];
const GLOBAL: &[Col] = &[Resource, Description, Limit, Used, Percent];

impl Kind {
    /// The columns that only this kind has.
    const fn own(self) -> &'static [Col] {
        match self {
            Self::Segments => &[Size, Attaches, Status, Attached, Detached, Command, CreatorPid, LastPid],
            Self::Queues => &[UsedBytes, Messages, Sent, Received, LastSender, LastReceiver],
            Self::Sets => &[Semaphores, Operated],
            Self::Objects => &[Size],
            Self::PosixQueues => &[UsedBytes, Messages],
            Self::PosixSemaphores => &[Value],
        }
    }

    const fn shared(self) -> &'static [Col] {
        if self.is_posix() { POSIX } else { GENERIC }
    }

    /// Whether a list of this kind can have the column.
    pub(super) fn has(self, col: Col) -> bool {
        self.own().contains(&col) || self.shared().contains(&col)
    }

    /// The columns of one object, all there are.
    pub(super) fn all(self) -> Vec<Col> {
        [self.shared(), self.own()].concat()
    }

    /// The columns of a list, with those that `-c` and `-t` add.
    pub(super) fn listed(self, creator: bool, time: bool) -> Vec<Col> {
        let mut columns: Vec<Col> = match self {
            Self::Segments => vec![Key, Id, Perms, Owner, Size, Attaches, Status, Changed, CreatorPid, LastPid],
            Self::Queues => vec![Key, Id, Perms, Owner, UsedBytes, Messages, LastSender, LastReceiver],
            Self::Sets => vec![Key, Id, Perms, Owner, Semaphores],
            Self::Objects => vec![Name, Perms, Owner, Size, Modified],
            Self::PosixQueues => vec![Name, Perms, Owner, Modified, UsedBytes, Messages],
            Self::PosixSemaphores => vec![Name, Perms, Owner, Modified, Value],
        };
        let times: &[Col] = match self {
            Self::Segments => &[Attached, Detached],
            Self::Queues => &[Sent, Received, Changed],
            Self::Sets => &[Operated, Changed],
            _ => &[],
        };
        // Commands are long: they stand last, unless creators are asked for, too.
        let mut ends: Vec<&[Col]> = Vec::new();
        ends.extend((self == Self::Segments).then_some(&[Command][..]));
        ends.extend((creator && !self.is_posix()).then_some(&[CreatorUid, CreatorGid, Uid, Gid][..]));
        ends.extend((creator && self.is_posix()).then_some(&[CreatorUid, CreatorGid][..]));
        if time {
            ends.insert(if creator { ends.len() } else { 0 }, times);
        }
        columns.extend(ends.concat());
        columns
    }
}

/// The columns of the limits; all kinds' shared ones may stand beside them, empty.
pub(super) const fn of_limits() -> &'static [Col] {
    GLOBAL
}

/// Whether the list of limits can have the column.
pub(super) fn limits_have(col: Col) -> bool {
    GLOBAL.contains(&col) || GENERIC.contains(&col)
}

/// The list of columns for `--help`.
pub(super) fn help() -> String {
    let sections: [(&str, &[Col]); 8] = [
        ("Generic columns:", GENERIC),
        ("POSIX columns:", &[Name, Modified]),
        ("Shared-memory columns (--shmems):", Kind::Segments.own()),
        ("Message-queue columns (--queues):", Kind::Queues.own()),
        ("Semaphore columns (--semaphores):", Kind::Sets.own()),
        ("POSIX message-queue columns (--posix-mqueues):", Kind::PosixQueues.own()),
        ("POSIX semaphore columns (--posix-semaphores):", Kind::PosixSemaphores.own()),
        ("Summary columns (--global):", GLOBAL),
    ];
    let mut text = String::new();
    for (title, columns) in sections {
        let _ = writeln!(text, "\n{title}");
        for column in columns {
            let words = column.words();
            let _ = writeln!(text, "{:>15}  {}", words.name, words.help);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_before_the_command_unless_creators_are_shown() {
        let names = |columns: Vec<Col>| columns.iter().map(|col| col.words().name).collect::<Vec<_>>().join(" ");
        let start = "KEY ID PERMS OWNER SIZE NATTCH STATUS CTIME CPID LPID";
        assert_eq!(names(Kind::Segments.listed(false, false)), format!("{start} COMMAND"));
        assert_eq!(names(Kind::Segments.listed(false, true)), format!("{start} ATTACH DETACH COMMAND"));
        assert_eq!(
            names(Kind::Segments.listed(true, true)),
            format!("{start} COMMAND CUID CGID UID GID ATTACH DETACH")
        );
        assert_eq!(names(Kind::Sets.listed(false, true)), "KEY ID PERMS OWNER NSEMS OTIME CTIME");
    }
}
