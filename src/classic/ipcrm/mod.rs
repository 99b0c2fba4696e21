//! `ipcrm`: removes System V and POSIX objects, as util-linux's does.
//!
//! Options act as they are read, so what stands before a wrong one is done. Identifiers and keys that
//! do not fit into 32 bits are refused: the original cuts them off and removes somebody else's object.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Write as _};

use super::options::{Long, Table};
use super::{Console, Face, Family, around, numbers, posix_name};
use crate::ipc::{Id, Key, Kind, Name};
use crate::sys::errno;

mod objects;

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "ipcrm", family: Family::UtilLinux, run };

/// Codes of the options without a letter.
const POSIX_SHMEM: char = '\u{1}';
const POSIX_MQUEUE: char = '\u{2}';
const POSIX_SEMAPHORE: char = '\u{3}';

static OPTIONS: Table = Table {
    short: "q:m:s:Q:M:S:a::vhV",
    long: &[
        Long::value("shmem-id", 'm'),
        Long::value("shmem-key", 'M'),
        Long::value("posix-shmem", POSIX_SHMEM),
        Long::value("queue-id", 'q'),
        Long::value("queue-key", 'Q'),
        Long::value("posix-mqueue", POSIX_MQUEUE),
        Long::value("semaphore-id", 's'),
        Long::value("semaphore-key", 'S'),
        Long::value("posix-semaphore", POSIX_SEMAPHORE),
        Long::optional("all", 'a'),
        Long::flag("verbose", 'v'),
        Long::flag("version", 'V'),
        Long::flag("help", 'h'),
    ],
};

const HELP: &str = "
Usage:
 ipcrm [options]
 ipcrm shm|msg|sem <id>...

Remove certain IPC resources.

Options:
 -m, --shmem-id <id>        remove shared memory segment by id
 -M, --shmem-key <key>      remove shared memory segment by key
     --posix-shmem <name>   remove POSIX shared memory by name
 -q, --queue-id <id>        remove message queue by id
 -Q, --queue-key <key>      remove message queue by key
     --posix-mqueue <name>  remove POSIX message queue by name
 -s, --semaphore-id <id>    remove semaphore by id
 -S, --semaphore-key <key>  remove semaphore by key
     --posix-semaphore <name> remove POSIX semaphore by name
 -a, --all[=shm|msg|sem]    remove all (in the specified category)
 -a, --all=pshm|pmsg|psem   remove all POSIX objects of the category
 -v, --verbose              explain what is being done

 -h, --help                 display this help
 -V, --version              display version

For more details see ipcrm(1).
";

/// The words that name a kind of System V objects, in the old form and behind `--all`.
const SYSTEM_V: [(&str, Kind); 3] = [("shm", Kind::Segment), ("sem", Kind::Semaphore), ("msg", Kind::Queue)];
/// The words that name a kind of POSIX objects behind `--all`.
const POSIX: [(&str, Kind); 3] = [("pshm", Kind::Segment), ("psem", Kind::Semaphore), ("pmsg", Kind::Queue)];

/// What `--all` asks for.
#[derive(Debug, Clone, Copy)]
enum All {
    SystemV,
    SystemVOf(Kind),
    PosixOf(Kind),
}

/// The end of the process at once, with this status.
struct Stop(u8);

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    let old = arguments.first().and_then(|word| kind_of(&SYSTEM_V, word));
    let mut remover = Remover { console, verbose: false, failed: false };
    let done = match old {
        Some(kind) => remover.old_form(kind, &arguments[1..]),
        None => remover.options(arguments),
    };
    match done {
        Err(Stop(status)) => status,
        Ok(()) => u8::from(remover.failed),
    }
}

fn kind_of(words: &[(&str, Kind)], word: &OsStr) -> Option<Kind> {
    words.iter().find(|(name, _)| word == *name).map(|(_, kind)| *kind)
}

/// How an object was asked for, which messages repeat.
#[derive(Debug, Clone, Copy)]
enum By {
    Id,
    Key,
}

struct Remover<'a> {
    console: &'a mut Console,
    verbose: bool,
    failed: bool,
}

impl Remover<'_> {
    /// `ipcrm shm 4 5`: no options, not even `--`.
    fn old_form(&mut self, kind: Kind, words: &[OsString]) -> Result<(), Stop> {
        if words.is_empty() {
            self.console.warn("not enough arguments");
            return Err(Stop(self.console.try_help()));
        }
        for word in words {
            match numbers::integer(word, 10).map(i32::try_from) {
                Ok(Ok(id)) => self.remove(kind, id, By::Id)?,
                _ => self.fail(&around("invalid id: ", word, "")),
            }
        }
        if !self.failed {
            self.say("resource(s) deleted\n");
        }
        Ok(())
    }

    fn options(&mut self, arguments: Vec<OsString>) -> Result<(), Stop> {
        let mut all = None;
        let mut options = OPTIONS.read(arguments);
        for option in options.by_ref() {
            let (code, value) = option.map_err(|wrong| Stop(self.console.refuse(&wrong)))?;
            match (code, value) {
                ('a', value) => all = Some(self.all_of(value)?),
                (_, Some(value)) => self.one(code, &value)?,
                ('v', None) => self.verbose = true,
                ('V', None) => return Err(Stop(self.console.version())),
                (_, None) => return Err(Stop(self.console.print(HELP))),
            }
        }
        let operands = options.operands();
        // Before all is removed: `-a shm` means `--all=shm`.
        if let Some(word) = operands.first() {
            self.console.warn(around("unknown argument: ", word, ""));
            return Err(Stop(self.console.try_help()));
        }
        all.map_or(Ok(()), |all| self.remove_all(all))
    }

    fn all_of(&mut self, value: Option<OsString>) -> Result<All, Stop> {
        let Some(value) = value else { return Ok(All::SystemV) };
        let system_v = kind_of(&SYSTEM_V, &value).map(All::SystemVOf);
        system_v.or_else(|| kind_of(&POSIX, &value).map(All::PosixOf)).ok_or_else(|| {
            self.console.warn(around("unknown argument: ", &value, ""));
            Stop(1)
        })
    }

    /// Removes what an option with a value names.
    fn one(&mut self, code: char, value: &OsStr) -> Result<(), Stop> {
        match code {
            'm' => self.by_id(Kind::Segment, value),
            'q' => self.by_id(Kind::Queue, value),
            's' => self.by_id(Kind::Semaphore, value),
            'M' => self.by_key(Kind::Segment, value),
            'Q' => self.by_key(Kind::Queue, value),
            'S' => self.by_key(Kind::Semaphore, value),
            POSIX_SHMEM => self.by_name(Kind::Segment, value),
            POSIX_MQUEUE => self.by_name(Kind::Queue, value),
            _ => self.by_name(Kind::Semaphore, value),
        }
    }

    fn by_id(&mut self, kind: Kind, text: &OsStr) -> Result<(), Stop> {
        let id = numbers::signed32(text).map_err(|error| self.no_number(text, error))?;
        self.remove(kind, id, By::Id)
    }

    fn by_key(&mut self, kind: Kind, text: &OsStr) -> Result<(), Stop> {
        let number = numbers::integer(text, 0).map_err(|error| self.no_number(text, error))?;
        // The kernel shows keys as signed numbers, ipcs as unsigned ones.
        let bits = u32::try_from(number).or_else(|_| i32::try_from(number).map(i32::cast_unsigned));
        let bits = bits.map_err(|_| self.no_number(text, numbers::NumberError::Range))?;
        let quoted = around(" (", text, ")");
        let Some(key) = Key::new(bits) else {
            self.fail(&[b"illegal key", &*quoted].concat());
            return Ok(());
        };
        let what: &[u8] = match objects::find(kind, key) {
            Ok(id) => return self.remove(kind, id.get(), By::Key),
            Err(error) if error.kind() == ErrorKind::NotFound => b"invalid key",
            Err(error) if error.kind() == ErrorKind::PermissionDenied => b"permission denied for key",
            Err(error) if errno::is(&error, errno::EIDRM) => b"already removed key",
            Err(error) => return Err(self.give_up("key failed", &error)),
        };
        self.fail(&[what, &*quoted].concat());
        Ok(())
    }

    fn by_name(&mut self, kind: Kind, text: &OsStr) -> Result<(), Stop> {
        let what = match kind {
            Kind::Segment => "POSIX shared memory",
            Kind::Queue => "POSIX message queue",
            Kind::Semaphore => "POSIX semaphore",
        };
        if self.verbose {
            let line = around(&format!("removing {what} `"), text, "'\n");
            // `Console::finish` tells where this fails.
            let _ = self.console.out.write_all(&line);
        }
        match posix_name(text, kind).and_then(|name| objects::remove_posix(kind, &Name::Posix(name))) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) => {
                self.fail(&around("name `", text, "' not found"));
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                self.fail(&around("permission denied for name `", text, "'"));
            }
            Err(error) => return Err(self.give_up("name failed", &error)),
        }
        Ok(())
    }

    /// Removes the object of this identifier, which may be none at all.
    fn remove(&mut self, kind: Kind, id: i32, by: By) -> Result<(), Stop> {
        if self.verbose {
            let what = match kind {
                Kind::Segment => "shared memory segment",
                Kind::Queue => "message queue",
                Kind::Semaphore => "semaphore",
            };
            self.say(&format!("removing {what} id `{id}'\n"));
        }
        let removed = Id::new(id).ok_or(ErrorKind::NotFound.into()).and_then(|id| objects::remove(kind, id));
        let by_word = match by {
            By::Id => "id",
            By::Key => "key",
        };
        let what = match removed {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => "permission denied for",
            Err(error) if error.kind() == ErrorKind::NotFound => "invalid",
            Err(error) if errno::is(&error, errno::EIDRM) => "already removed",
            Err(error) => return Err(self.give_up(&format!("{by_word} failed"), &error)),
        };
        self.fail(format!("{what} {by_word} ({id})").as_bytes());
        Ok(())
    }

    fn remove_all(&mut self, all: All) -> Result<(), Stop> {
        match all {
            All::SystemV => SYSTEM_V.iter().try_for_each(|(_, kind)| self.remove_all(All::SystemVOf(*kind))),
            All::SystemVOf(kind) => {
                let ids = objects::ids(kind).map_err(|error| self.give_up("cannot list what there is", &error))?;
                ids.into_iter().try_for_each(|id| self.remove(kind, id.get(), By::Id))
            }
            All::PosixOf(kind) => {
                let names = objects::names(kind).map_err(|error| self.give_up("cannot list what there is", &error))?;
                names.iter().try_for_each(|name| self.by_name(kind, name))
            }
        }
    }

    fn say(&mut self, line: &str) {
        // `Console::finish` tells where this fails.
        let _ = self.console.out.write_all(line.as_bytes());
    }

    /// Tells what could not be done, and goes on.
    fn fail(&mut self, text: &[u8]) {
        self.console.warn(text);
        self.failed = true;
    }

    fn give_up(&mut self, what: &str, error: &io::Error) -> Stop {
        self.console.warn_of(what, error);
        Stop(1)
    }

    fn no_number(&mut self, text: &OsStr, error: numbers::NumberError) -> Stop {
        self.console.warn_number("failed to parse argument", text, error);
        Stop(1)
    }
}
