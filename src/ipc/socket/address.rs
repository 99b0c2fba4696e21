//! Where a socket is: one grammar for every verb.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::ipc::name::quoted;

/// Where a socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `unix:PATH`, `unix:@abstract`: unix(7).
    Unix(UnixName),
    /// `tcp:HOST:PORT`: tcp(7).
    Tcp(TcpName),
    /// `exec:CMD`: a shell command whose standard input and output are the other end.
    Exec(OsString),
    /// `fd:N`: a socket that our parent left open.
    Descriptor(i32),
}

/// The name of a socket on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnixName {
    /// A file.
    Path(PathBuf),
    /// A name that is no file and vanishes with its socket. Anybody may take one.
    Abstract(Vec<u8>),
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpName {
    /// A number, a name, or `*` for all that this machine has.
    pub host: String,
    /// The port; 0 lets the kernel choose one.
    pub port: u16,
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError(String);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AddressError {}

/// What `sun_path` of unix(7) holds, less the NUL byte that ends it.
const LONGEST: usize = 107;

impl Address {
    /// Reads an address.
    pub fn parse(text: &OsStr) -> Result<Self, AddressError> {
        let bytes = text.as_bytes();
        let colon = bytes.iter().position(|&byte| byte == b':').ok_or_else(|| wrong(bytes))?;
        let rest = &bytes[colon + 1..];
        match &bytes[..colon] {
            b"unix" => UnixName::parse(rest).map(Self::Unix),
            b"tcp" => TcpName::parse(rest).map(Self::Tcp),
            b"exec" if !rest.is_empty() => Ok(Self::Exec(OsString::from_vec(rest.to_vec()))),
            b"exec" => Err(AddressError("exec: wants a command".into())),
            b"fd" => {
                let number =
                    std::str::from_utf8(rest).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let number = number.and_then(|text| text.parse().ok());
                number.map(Self::Descriptor).ok_or_else(|| AddressError("fd: wants the number of a descriptor".into()))
            }
            _ => Err(wrong(bytes)),
        }
    }
}

fn wrong(bytes: &[u8]) -> AddressError {
    let text = quoted(OsStr::from_bytes(bytes));
    AddressError(format!("{text} is no address: unix:PATH, unix:@NAME, tcp:HOST:PORT, exec:COMMAND or fd:N"))
}

impl UnixName {
    fn parse(bytes: &[u8]) -> Result<Self, AddressError> {
        if bytes.len() > LONGEST {
            let length = bytes.len();
            return Err(AddressError(format!("the name of a socket has at most {LONGEST} bytes, not {length}")));
        }
        match bytes {
            [] | [b'@'] => Err(AddressError("unix: wants a path, or @ and a name".into())),
            _ if bytes.contains(&0) => Err(AddressError("no path has a NUL byte".into())),
            [b'@', name @ ..] => Ok(Self::Abstract(name.to_vec())),
            path => Ok(Self::Path(Path::new(OsStr::from_bytes(path)).to_path_buf())),
        }
    }

    /// As an address has it, behind `unix:`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Path(path) => path.as_os_str().as_bytes().to_vec(),
            Self::Abstract(name) => [b"@", name.as_slice()].concat(),
        }
    }
}

impl TcpName {
    fn parse(bytes: &[u8]) -> Result<Self, AddressError> {
        let wrong = || AddressError("tcp: wants HOST:PORT, such as localhost:8080, [::1]:80 or *:0".into());
        let text = std::str::from_utf8(bytes).map_err(|_| wrong())?;
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(number) => number,
            None if host.contains(':') => return Err(wrong()),
            None => host,
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        let is_host = host == "*" || (!host.is_empty() && !host.starts_with('-') && host.chars().all(is_plain));
        let port = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        match port.and_then(|port| port.parse().ok()) {
            Some(port) if is_host => Ok(Self { host: host.to_owned(), port }),
            Some(_) => Err(wrong()),
            None => Err(AddressError("a port is a number from 0 to 65535".into())),
        }
    }
}

impl TcpName {
    /// The numbers that the name stands for, the best first; NotFound where nobody knows it.
    pub fn addresses(&self) -> std::io::Result<Vec<std::net::SocketAddr>> {
        super::resolve::addresses(self)
    }
}

impl fmt::Display for TcpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Address {
    /// As [`parse`](Self::parse) takes it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Unix(name) => [b"unix:", name.to_bytes().as_slice()].concat(),
            Self::Tcp(name) => format!("tcp:{name}").into_bytes(),
            Self::Exec(command) => [b"exec:", command.as_bytes()].concat(),
            Self::Descriptor(number) => format!("fd:{number}").into_bytes(),
        }
    }
}

/// Between quotes, for messages.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(OsStr::from_bytes(&self.to_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_back() {
        let table = [
            "unix:/run/a b",
            "unix:x",
            "unix:@name",
            "unix:./@file",
            "tcp:localhost:80",
            "tcp:*:0",
            "tcp:127.0.0.1:65535",
            "tcp:[::1]:80",
            "exec:cat -n",
            "fd:3",
        ];
        for text in table {
            let address = Address::parse(OsStr::new(text)).expect(text);
            assert_eq!(address.to_bytes(), text.as_bytes());
        }
        let longest = format!("unix:{}", "x".repeat(LONGEST));
        assert!(Address::parse(OsStr::new(&longest)).is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("unix:{}", "x".repeat(LONGEST + 1));
        for text in [
            "",
            "0",
            "/none",
            "unix",
            "unix:",
            "unix:@",
            "tcp:",
            "tcp:x",
            "tcp::80",
            "tcp:x:",
            "tcp:x:65536",
            "tcp:x:-1",
            "tcp:x:+1",
            "tcp:::1:80",
            "tcp:a b:1",
            "tcp:-x:1",
            "exec:",
            "fd:",
            "fd:-1",
            "fd:x",
            "udp:x:1",
            &long,
        ] {
            assert!(Address::parse(OsStr::new(text)).is_err(), "{text}");
        }
    }
}
