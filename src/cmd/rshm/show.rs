//! `rshm show`: everything about shared memory, and who has it.

use anyhow::Context as _;
use clap::Args;

use super::Called;
use crate::app::{Context, Verb};
use crate::args;
use crate::cmd::rows::mapping::{self, MappingRow};
use crate::cmd::rows::segment::{COLUMNS, SegmentRow};
use crate::cmd::rows::{self, Object as Kind, Row, user};
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::shm::object::{self, ObjectStatus};
use crate::ipc::shm::users::{self, How, User, Users};
use crate::ipc::shm::{add_residence, sysv};
use crate::ipc::users::{Database, Names};
use crate::output::Cell;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The memory: identifiers (42), keys (0x4b, key:75, ftok:PATH), POSIX names (/data), file:PATH
    #[arg(value_parser = args::segment(), required = true)]
    names: Vec<Name>,

    /// Write a JSON object for each
    #[arg(long)]
    json: bool,
}

/// The columns that hold a pid, and where its command stands.
const PROCESSES: &[(&str, &str)] = &[("creator", "creator_command"), ("user", "user_command")];

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show everything about it, and the processes that have it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mut hidden = 0;
        let status = context.for_each(&self.names, |context, name| {
            hidden = hidden.max(self.show(context, name)?);
            Ok(())
        });
        user::tell_hidden(context, hidden);
        Ok(status)
    }
}

impl Show {
    /// Shows one; how many processes could not be looked at.
    fn show(&self, context: &mut Context, name: &Name) -> anyhow::Result<usize> {
        super::check_name(name)?;
        let cannot = || format!("cannot look at {}", Called(name));
        if let Some(path) = object::path_of(name) {
            let status = ObjectStatus::of(&path).with_context(cannot)?;
            let users = users::of_inode(status.inode).with_context(cannot)?;
            let names = Names::of(Database::Users, [status.uid]);
            let groups = Names::of(Database::Groups, [status.gid]);
            return self.write(context, of_object(name, &status, &names, &groups), users);
        }
        let segment = sysv::Segment::named(name).with_context(cannot)?;
        let mut status = [segment.status().with_context(cannot)?];
        add_residence(&mut status).with_context(cannot)?;
        let users = users::of_system_v(segment).with_context(cannot)?;
        let [status] = status;
        let row: SegmentRow = Row::one(Kind::SystemV(status));
        self.write(context, rows::details(COLUMNS, &row, PROCESSES), users)
    }

    fn write(
        &self,
        context: &mut Context,
        mut fields: Vec<(&'static str, Cell<'_>)>,
        users: Users,
    ) -> anyhow::Result<usize> {
        fields.push(page_size(&users.seen));
        let rows = MappingRow::all(users.seen);
        rows::write_object_and_users(context, self.json, fields, mapping::COLUMNS, &rows)?;
        Ok(users.hidden)
    }
}

/// The largest page that a mapping of it has; nobody tells of memory that nobody has mapped.
fn page_size(users: &[User]) -> (&'static str, Cell<'static>) {
    let of_mapping = |user: &User| if let How::Mapped { page_size, .. } = user.how { page_size } else { None };
    ("page", Cell::or_none(users.iter().filter_map(of_mapping).max(), Cell::Number))
}

/// What a POSIX object or a file shows, under the names that a segment's columns have.
fn of_object<'a>(
    name: &Name,
    status: &ObjectStatus,
    users: &'a Names,
    groups: &'a Names,
) -> Vec<(&'static str, Cell<'a>)> {
    let in_memory = |bytes: Option<u64>| Cell::or_unknown(bytes, Cell::Number);
    vec![
        ("name", Cell::Foreign(name.to_bytes().into())),
        ("owner", rows::named(users, status.uid)),
        ("mode", Cell::Octal(status.mode.bits().into())),
        ("bytes", Cell::Number(status.size)),
        ("status", if status.links == 0 { Cell::text("deleted") } else { Cell::None }),
        ("allocated", Cell::Number(status.allocated)),
        ("rss", in_memory(status.resident)),
        ("swap", in_memory(status.swapped)),
        ("seals", status.seals.as_ref().map_or(Cell::None, |seals| Cell::shown(seals.join(",")))),
        ("group", rows::named(groups, status.gid)),
        ("uid", Cell::Number(status.uid.into())),
        ("gid", Cell::Number(status.gid.into())),
        ("changed", Cell::Time(status.modified)),
    ]
}
