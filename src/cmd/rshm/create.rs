//! `rshm create`: make a segment, an object or a file, and print its name.

use std::fs::File;
use std::io::{self, Seek as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::{Called, cannot_open, check_name, limits};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{OutputError, Status, UsageError};
use crate::ipc::shm::object::{self, Draft, Object};
use crate::ipc::shm::sysv::{self, HugePages, Shape};
use crate::ipc::shm::{Access, Segment, transfer};
use crate::ipc::{Mode, ModeChange, Name};
use crate::output::counted;
use crate::proc::memory;
use crate::sys::{errno, fd, signal};

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Key (0x4b, key:75, ftok:PATH), POSIX name (/data), file:PATH, or private for a segment without a key
    #[arg(value_parser = args::segment(), default_value = "private")]
    name: Name,

    /// Bytes it shall have (4096, 64K, 1M)
    #[arg(short, long, value_parser = args::size, required_unless_present = "from")]
    size: Option<u64>,

    /// Fill it from a file, - for standard input; without --size it is as long as that
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Permissions, octal (640) or as a change to 600 (g+r)
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Fail with status 4 if it exists
    #[arg(long)]
    exclusive: bool,

    /// Huge pages, of the system's default size or of this one: 2M, 1G (System V)
    #[arg(long, value_name = "SIZE", require_equals = true, num_args = 0..=1, default_missing_value = "0", value_parser = huge)]
    huge: Option<HugePages>,

    /// Set no swap aside for it: a write may find neither memory nor swap (System V)
    #[arg(long)]
    no_reserve: bool,
}

fn huge(text: &str) -> Result<HugePages, String> {
    match args::size(text)? {
        0 => Ok(HugePages::Default),
        size if size.is_power_of_two() => Ok(HugePages::Bytes(size)),
        size => Err(format!("{size} is no power of two")),
    }
}

impl Verb for Create {
    const NAME: &'static str = "create";
    const ABOUT: &'static str = "Make a segment, an object or a file, and print its name";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        self.check()?;
        // What nobody learns the name of is lost: a signal ends us only when it is gone again.
        signal::survive_closed_pipe();
        let _survived = signal::survive_file_limit();
        signal::catch_endings().context("cannot catch signals")?;
        let (name, is_new) = match object::path_of(&self.name) {
            Some(path) => (self.name.clone(), self.make_object(context, &path)?),
            None => self.make_segment(context)?,
        };
        let _ = context.out.foreign_line(&name.to_bytes());
        if let Err(error) = context.out.finish() {
            if is_new {
                remove(&name).with_context(|| format!("cannot remove {} again", Called(&name)))?;
            }
            return Err(error).context(OutputError);
        }
        Ok(Status::Done)
    }
}

fn remove(name: &Name) -> io::Result<()> {
    match object::path_of(name) {
        Some(path) => object::remove(&path),
        None => sysv::Segment::named(name)?.remove(),
    }
}

impl Create {
    fn check(&self) -> anyhow::Result<()> {
        match &self.name {
            Name::Id(_) => bail!(UsageError(
                "the kernel chooses identifiers; a new segment has a key, or none, or is a POSIX object or a file"
                    .into()
            )),
            Name::Private => {}
            name => check_name(name)?,
        }
        if self.size == Some(0) {
            bail!(UsageError("shared memory has at least 1 byte".into()));
        }
        if object::path_of(&self.name).is_some() && (self.huge.is_some() || self.no_reserve) {
            bail!(UsageError("--huge and --no-reserve are for System V segments".into()));
        }
        Ok(())
    }

    fn mode(&self) -> Mode {
        self.mode.as_ref().map_or(Mode::PRIVATE, |change| change.apply(Mode::PRIVATE))
    }

    /// Makes the object, or finds it there: whether it is new. It appears with its size, its content and
    /// its mode, or not at all.
    fn make_object(&self, context: &mut Context, path: &Path) -> anyhow::Result<bool> {
        let called = Called(&self.name);
        let cannot = || format!("cannot create {called}");
        loop {
            let made = match Draft::begin(path, self.mode()) {
                Ok(draft) => {
                    self.fill_object(context, &draft, path).with_context(cannot)?;
                    draft.publish()
                }
                Err(error) => Err(error),
            };
            match made {
                Err(error) if errno::is(&error, errno::EEXIST) && !self.must_be_new() => {}
                made => return made.map(|()| true).with_context(cannot),
            }
            match Object::open(path, Access::Read).and_then(|object| object.size()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                    bail!("{}: it is a symbolic link to nothing", cannot())
                }
                // Removed between our two looks: it can be made after all.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                size => {
                    self.check_existing(size.map_err(|error| cannot_open(error, &self.name))?)?;
                    return Ok(false);
                }
            }
        }
    }

    fn fill_object(&self, context: &mut Context, draft: &Draft, path: &Path) -> anyhow::Result<()> {
        let object = draft.object();
        if let Some(size) = self.size {
            object.resize(size).map_err(|error| limits::explain_object(error, path, self.size))?;
        }
        let Some(input) = self.input()? else { return Ok(()) };
        let mut progress = context.progress(self.length_of(&input)?);
        let limit = self.size.unwrap_or(u64::MAX);
        let filled = transfer::into_object(input.as_fd(), object, 0, limit, &mut |done| progress.tell(done));
        let filled = filled.map_err(|error| limits::explain_object(error, path, None))?;
        drop(progress);
        self.check_filled(&input, filled)
    }

    /// Makes the segment, or finds it there: its name, and whether it is new.
    fn make_segment(&self, context: &mut Context) -> anyhow::Result<(Name, bool)> {
        let called = Called(&self.name);
        let cannot = || format!("cannot create {called}");
        let input =
            self.input().with_context(cannot)?.map(|input| self.spooled(input)).transpose().with_context(cannot)?;
        let content = input.as_ref().map(|input| self.length_of(input)).transpose().with_context(cannot)?.flatten();
        let size = self.size.or(content).unwrap_or(0);
        let shape = Shape { size, mode: self.mode(), huge: self.huge, reserve: !self.no_reserve };
        loop {
            let error = match sysv::Segment::create(self.name.key()?, &shape) {
                Ok(segment) => {
                    let filled =
                        input.as_ref().map_or(Ok(()), |input| self.fill_segment(context, segment, input, size));
                    if filled.is_err() {
                        segment.remove().with_context(|| format!("cannot remove segment {} again", segment.id()))?;
                    }
                    return filled.with_context(cannot).map(|()| (Name::Id(segment.id()), true));
                }
                Err(error) => error,
            };
            if self.must_be_new() || !errno::is(&error, errno::EEXIST) {
                return Err(limits::explain_segment(error, &shape).context(cannot()));
            }
            match sysv::Segment::named(&self.name).and_then(|segment| Ok((segment.id(), segment.status()?.size))) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                found => {
                    let (id, size) = found.with_context(|| format!("cannot open {called}"))?;
                    self.check_existing(size)?;
                    return Ok((Name::Id(id), false));
                }
            }
        }
    }

    fn fill_segment(
        &self,
        context: &mut Context,
        segment: sysv::Segment,
        input: &File,
        size: u64,
    ) -> anyhow::Result<()> {
        let memory = Segment::SystemV(segment).memory(0, size, Access::Write)?;
        let mut progress = context.progress(Some(size));
        let filled = transfer::into_memory(input.as_fd(), &memory, &mut |done| progress.tell(done))?;
        drop(progress);
        self.check_filled(input, filled)
    }

    /// Content that is there already must not be overwritten.
    fn must_be_new(&self) -> bool {
        self.exclusive || self.from.is_some()
    }

    fn check_existing(&self, size: u64) -> anyhow::Result<()> {
        match self.size {
            Some(wanted) if wanted > size => {
                let (size, called) = (counted(size, "byte"), Called(&self.name));
                bail!("{called} exists and has {size}, fewer than {wanted}")
            }
            _ => Ok(()),
        }
    }

    /// Where the content comes from.
    fn input(&self) -> anyhow::Result<Option<File>> {
        Ok(match &self.from {
            None => None,
            Some(path) if path.as_os_str() == "-" => {
                let input = fd::stdin().try_clone_to_owned().context("cannot read standard input")?;
                Some(File::from(input))
            }
            Some(path) => Some(File::open(path).with_context(|| format!("cannot open '{}'", path.display()))?),
        })
    }

    /// A segment needs its size at once, which a pipe tells at its end only: its bytes wait in a memfd.
    fn spooled(&self, input: File) -> anyhow::Result<File> {
        if self.size.is_some() || transfer::unread(input.as_fd())?.is_some() {
            return Ok(input);
        }
        let spool = File::from(memfd_create(c"rshm", MFdFlags::MFD_CLOEXEC)?);
        // The segment will take as much again.
        let most = memory::available().context("cannot ask how much memory is free")? / 2;
        let filled = transfer::into_object(input.as_fd(), &Object::from(spool.try_clone()?), 0, most, &mut |_| {})?;
        if filled == most {
            bail!("the content has more than {most} bytes, half of the memory that is free");
        }
        (&spool).rewind()?;
        Ok(spool)
    }

    /// How long the content is; `None` when that shows at its end. It has at least one byte, and no more
    /// than there shall be.
    fn length_of(&self, input: &File) -> anyhow::Result<Option<u64>> {
        let length = transfer::unread(input.as_fd())?.map(|(_, left)| left);
        match (length, self.size) {
            (Some(0), None) => bail!("the content is empty, and shared memory has at least 1 byte"),
            (Some(length), Some(size)) if length > size => {
                bail!("the content has {}, more than {size}", counted(length, "byte"))
            }
            _ => Ok(length),
        }
    }

    fn check_filled(&self, input: &File, filled: u64) -> anyhow::Result<()> {
        match self.size {
            None if filled == 0 => bail!("the content is empty, and shared memory has at least 1 byte"),
            Some(size) if filled == size && transfer::has_more(input.as_fd())? => {
                bail!("the content has more than {}", counted(size, "byte"))
            }
            _ => Ok(()),
        }
    }
}
