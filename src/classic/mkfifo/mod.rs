//! `mkfifo`: makes FIFOs, as GNU's does.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use nix::unistd::mkfifo;

use super::options::{Long, Table};
use super::{Console, Face, Family};
use crate::sys::entry;

mod mode;
mod quote;

use quote::quoted;

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "mkfifo", family: Family::Gnu, run };

static OPTIONS: Table = Table {
    short: "m:Z",
    long: &[
        Long::optional("context", 'Z'),
        Long::value("mode", 'm'),
        Long::flag("help", 'h'),
        Long::flag("version", 'v'),
    ],
};

const HELP: &str = "\
Create named pipes (FIFOs) with the given NAMEs.

Mandatory arguments to long options are mandatory for short options too.
  -m, --mode=MODE    set file permission bits to MODE, not a=rw - umask
  -Z                   set the SELinux security context to default type
      --context[=CTX]  like -Z, or if CTX is specified then set the SELinux
                         or SMACK security context to CTX
      --help        display this help and exit
      --version     output version information and exit

For more details see mkfifo(1).
";

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    let (mut text, mut context) = (None, None);
    let mut options = OPTIONS.read(arguments);
    for option in options.by_ref() {
        match option {
            Ok(('m', value)) => text = value,
            Ok(('Z', value)) => context = label(console, value).or(context),
            Ok(('h', _)) => {
                let usage = format!("Usage: {} [OPTION]... NAME...\n{HELP}", console.name().display());
                return console.print(&usage);
            }
            Ok(_) => return console.version(),
            Err(wrong) => return console.refuse(&wrong),
        }
    }
    let names = options.operands();
    if names.is_empty() {
        console.warn("missing operand");
        return console.try_help();
    }
    match prepare(text.as_deref(), context) {
        Ok(mode) => names.iter().map(|name| make(console, name, mode)).max().unwrap_or(0),
        Err(Refusal::Words(words)) => {
            console.warn(words);
            1
        }
        Err(Refusal::Context(words, error)) => {
            console.warn_of(words, &error);
            1
        }
    }
}

/// Why nothing is made.
enum Refusal {
    Words(&'static str),
    Context(Vec<u8>, io::Error),
}

/// What new files are to be labelled with, and where the kernel takes that.
type Label = (&'static str, OsString);

/// `-Z` and `--context`: nothing, with a warning where a context was given, on a kernel without labels.
fn label(console: &mut Console, value: Option<OsString>) -> Option<Label> {
    let is_there = |path: &str| Path::new(path).exists();
    if is_there("/sys/fs/smackfs/load2") {
        return value.map(|context| ("/proc/self/attr/current", context));
    }
    if is_there("/sys/fs/selinux/enforce") {
        if value.is_none() {
            // The default type stands in a data base of libselinux's.
            console.warn("warning: ignoring --context");
        }
        return value.map(|context| ("/proc/thread-self/attr/fscreate", context));
    }
    if value.is_some() {
        console.warn("warning: ignoring --context; it requires an SELinux/SMACK-enabled kernel");
    }
    None
}

/// The mode that was asked for, if one was; the label is set.
fn prepare(text: Option<&OsStr>, label: Option<Label>) -> Result<Option<Mode>, Refusal> {
    if let Some((attribute, context)) = label {
        std::fs::write(attribute, context.as_bytes()).map_err(|error| {
            let words = [b"failed to set default file creation context to ", quoted(&context).as_bytes()].concat();
            Refusal::Context(words, error)
        })?;
    }
    let Some(text) = text else { return Ok(None) };
    let bits = mode::adjusted(text.as_bytes(), 0o666, entry::umask()).ok_or(Refusal::Words("invalid mode"))?;
    if bits > 0o777 {
        return Err(Refusal::Words("mode must specify only file permission bits"));
    }
    Ok(Some(Mode::from_bits_truncate(bits)))
}

/// Makes one: the exit status.
fn make(console: &mut Console, name: &OsStr, mode: Option<Mode>) -> u8 {
    let wanted = mode.unwrap_or(Mode::from_bits_truncate(0o666));
    let (words, made) = match (mkfifo(name, wanted), mode) {
        (Err(error), _) => ("cannot create fifo ", Err(error)),
        // The umask took from it.
        (Ok(()), Some(mode)) => {
            ("cannot set permissions of ", fchmodat(AT_FDCWD, name, mode, FchmodatFlags::NoFollowSymlink))
        }
        (Ok(()), None) => return 0,
    };
    let Err(error) = made else { return 0 };
    console.warn_of([words, &quoted(name)].concat(), &error.into());
    1
}
