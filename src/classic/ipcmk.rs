//! `ipcmk`: makes System V and POSIX objects, as util-linux's does.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};

use super::options::{Long, Table};
use super::{Console, Face, Family, around, numbers, posix_name};
use crate::ipc::sem::sysv::Set;
use crate::ipc::shm::object::{Draft, path_of};
use crate::ipc::shm::sysv::Shape;
use crate::ipc::{Key, Kind, Mode, Name, msgq, sem, shm};
use crate::sys::{entry, errno};

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "ipcmk", family: Family::UtilLinux, run };

static OPTIONS: Table = Table {
    short: "hM:m:QqS:sn:p:V",
    long: &[
        Long::value("shmem", 'M'),
        Long::value("posix-shmem", 'm'),
        Long::value("semaphore", 'S'),
        Long::flag("posix-semaphore", 's'),
        Long::flag("queue", 'Q'),
        Long::flag("posix-mqueue", 'q'),
        Long::value("mode", 'p'),
        Long::value("name", 'n'),
        Long::flag("version", 'V'),
        Long::flag("help", 'h'),
    ],
};

const HELP: &str = "
Usage:
 ipcmk [options]

Create various IPC resources.

Options:
 -M, --shmem <size>       create shared memory segment of size <size>
 -m, --posix-shmem <size> create POSIX shared memory of size <size>
 -S, --semaphore <number> create semaphore array with <number> elements
 -s, --posix-semaphore    create POSIX semaphore
 -Q, --queue              create message queue
 -q, --posix-mqueue       create POSIX message queue
 -p, --mode <mode>        permission for the resource (default is 0644)
 -n, --name <name>        name of the POSIX resource

 -h, --help               display this help
 -V, --version            display version

Arguments:
 <size> arguments may be followed by the suffixes for
   GiB, TiB, PiB, EiB, ZiB, and YiB (the \"iB\" is optional)

For more details see ipcmk(1).
";

/// What is asked for.
#[derive(Debug)]
struct Wishes {
    segment: Option<u64>,
    queue: bool,
    semaphores: Option<i32>,
    object: Option<u64>,
    posix_queue: bool,
    posix_semaphore: bool,
    name: Option<OsString>,
    mode: Mode,
}

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    let wishes = match parse(console, arguments) {
        Ok(wishes) => wishes,
        Err(status) => return status,
    };
    let mut maker = Maker { console, made: Vec::new() };
    let status = match maker.make(&wishes) {
        Ok(()) => 0,
        Err((words, error)) => {
            maker.console.warn_of(words, &error);
            1
        }
    };
    // Nobody would ever learn what was made.
    if maker.console.out.flush().is_err() {
        maker.made.iter().for_each(Made::remove);
    }
    status
}

fn parse(console: &mut Console, arguments: Vec<OsString>) -> Result<Wishes, u8> {
    let mut wishes = Wishes {
        segment: None,
        queue: false,
        semaphores: None,
        object: None,
        posix_queue: false,
        posix_semaphore: false,
        name: None,
        mode: Mode::of(0o644),
    };
    for option in OPTIONS.read(arguments) {
        let (code, value) = option.map_err(|wrong| console.refuse(&wrong))?;
        let value = value.unwrap_or_default();
        match code {
            'M' => wishes.segment = Some(size(console, &value)?),
            'm' => wishes.object = Some(size(console, &value)?),
            'S' => wishes.semaphores = Some(elements(console, &value)?),
            's' => wishes.posix_semaphore = true,
            'Q' => wishes.queue = true,
            'q' => wishes.posix_queue = true,
            'n' => wishes.name = Some(value),
            'p' => wishes.mode = mode(console, &value)?,
            'V' => return Err(console.version()),
            _ => return Err(console.print(HELP)),
        }
    }
    let posix = wishes.object.is_some() || wishes.posix_queue || wishes.posix_semaphore;
    if !posix && wishes.segment.is_none() && !wishes.queue && wishes.semaphores.is_none() {
        console.warn("bad usage");
        return Err(console.try_help());
    }
    if posix && wishes.name.is_none() {
        console.warn("name is required for POSIX IPC");
        return Err(console.try_help());
    }
    Ok(wishes)
}

fn size(console: &mut Console, text: &OsStr) -> Result<u64, u8> {
    numbers::size(text).map_err(|error| {
        console.warn_of(around("failed to parse size: '", text, "'"), &error.into());
        1
    })
}

fn elements(console: &mut Console, text: &OsStr) -> Result<i32, u8> {
    numbers::signed32(text).map_err(|error| {
        console.warn_number("failed to parse elements", text, error);
        1
    })
}

/// Octal, and nothing above the permissions: those bits would be flags of the calls that make objects.
fn mode(console: &mut Console, text: &OsStr) -> Result<Mode, u8> {
    let bits = numbers::integer(text, 8).ok().and_then(|bits| u32::try_from(bits).ok());
    bits.filter(|&bits| bits <= 0o777).map(Mode::of).ok_or_else(|| {
        console.warn(around("failed to parse mode: '", text, "'"));
        1
    })
}

/// What was made, to be removed if it cannot be told.
#[derive(Debug)]
enum Made {
    Segment(shm::sysv::Segment),
    Queue(msgq::sysv::Queue),
    Set(Set),
    Posix(Kind, Name),
}

impl Made {
    fn remove(&self) {
        // There is nobody to tell.
        let _ = match self {
            Self::Segment(segment) => segment.remove(),
            Self::Queue(queue) => queue.remove(),
            Self::Set(set) => set.remove(),
            Self::Posix(Kind::Queue, name) => msgq::Queue::remove(name),
            Self::Posix(Kind::Segment, name) => path_of(name).map_or(Ok(()), |path| shm::object::remove(&path)),
            Self::Posix(Kind::Semaphore, Name::Posix(name)) => sem::posix::Semaphore::remove(name),
            Self::Posix(..) => Ok(()),
        };
    }
}

/// What could not be done, and why.
type Failure = (&'static str, io::Error);

/// Makes objects and tells their names.
struct Maker<'a> {
    console: &'a mut Console,
    made: Vec<Made>,
}

impl Maker<'_> {
    /// Makes what is asked for, one after the other, until one fails.
    fn make(&mut self, wishes: &Wishes) -> Result<(), Failure> {
        let mode = wishes.mode;
        if let Some(size) = wishes.segment {
            let shape = Shape { size, mode, huge: None, reserve: true };
            let segment = with_new_key(|key| shm::sysv::Segment::create(Some(key), &shape))
                .map_err(|error| ("create share memory failed", error))?;
            self.tell("Shared memory id", segment.id().to_string().as_bytes(), Made::Segment(segment));
        }
        if wishes.queue {
            let queue = with_new_key(|key| msgq::sysv::Queue::create(key, mode))
                .map_err(|error| ("create message queue failed", error))?;
            self.tell("Message queue id", queue.id().to_string().as_bytes(), Made::Queue(queue));
        }
        if let Some(count) = wishes.semaphores {
            let set = with_new_key(|key| Set::create_untouched(key, count, mode))
                .map_err(|error| ("create semaphore failed", error))?;
            self.tell("Semaphore id", set.id().to_string().as_bytes(), Made::Set(set));
        }
        // As shm_open(3) and its like have it, and unlike the calls of System V.
        let mode = Mode::of(u32::from(mode.bits()) & !entry::umask());
        self.make_posix(wishes, mode)
    }

    fn make_posix(&mut self, wishes: &Wishes, mode: Mode) -> Result<(), Failure> {
        let name = wishes.name.as_deref().unwrap_or_default();
        if let Some(size) = wishes.object {
            let name = make_object(name, size, mode).map_err(|error| ("create POSIX shared memory failed", error))?;
            self.tell("POSIX shared memory name", &name.to_bytes(), Made::Posix(Kind::Segment, name));
        }
        if wishes.posix_queue {
            let name = make_queue(name, mode).map_err(|error| ("create POSIX message queue failed", error))?;
            self.tell("POSIX message queue name", &name.to_bytes(), Made::Posix(Kind::Queue, name));
        }
        if wishes.posix_semaphore {
            let name = make_semaphore(name, mode).map_err(|error| ("create POSIX semaphore failed", error))?;
            self.tell("POSIX semaphore name", &name.to_bytes(), Made::Posix(Kind::Semaphore, name));
        }
        Ok(())
    }

    fn tell(&mut self, what: &str, name: &[u8], made: Made) {
        // `Console::finish` tells where this fails.
        let _ = self.console.out.write_all(&[what.as_bytes(), b": ", name, b"\n"].concat());
        self.made.push(made);
    }
}

fn make_object(name: &OsStr, size: u64, mode: Mode) -> io::Result<Name> {
    let name = Name::Posix(posix_name(name, Kind::Segment)?);
    let path = path_of(&name).ok_or_else(|| errno::error(errno::EINVAL))?;
    let draft = Draft::begin(&path, mode)?;
    draft.object().resize(size)?;
    draft.publish()?;
    Ok(name)
}

fn make_queue(name: &OsStr, mode: Mode) -> io::Result<Name> {
    let name = posix_name(name, Kind::Queue)?;
    msgq::posix::Queue::create(&name, mode, None)?;
    Ok(Name::Posix(name))
}

fn make_semaphore(name: &OsStr, mode: Mode) -> io::Result<Name> {
    let name = posix_name(name, Kind::Semaphore)?;
    sem::posix::Semaphore::create(&name, 0, mode)?;
    Ok(Name::Posix(name))
}

/// Makes an object of a random key that nothing else has.
fn with_new_key<T>(create: impl Fn(Key) -> io::Result<T>) -> io::Result<T> {
    loop {
        let Some(key) = Key::new(entry::random()) else { continue };
        match create(key) {
            Err(error) if errno::is(&error, errno::EEXIST) => {}
            made => return made,
        }
    }
}
