//! Where a socket is, and what travels through it.

use std::ffi::OsStr;
use std::time::Duration;

use clap::builder::TypedValueParser;

use crate::ipc::Wait;
use crate::ipc::socket::{Address, Type};

/// Reads an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddressParser;

/// `unix:PATH`, `unix:@NAME`, `tcp:HOST:PORT`, `exec:COMMAND`, `fd:N`.
pub(crate) fn address() -> AddressParser {
    AddressParser
}

impl TypedValueParser for AddressParser {
    type Value = Address;

    fn parse_ref(
        &self,
        _command: &clap::Command,
        _arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Address, clap::Error> {
        Address::parse(value)
            .map_err(|error| clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{error}\n")))
    }
}

fn socket_type(text: &str) -> Result<Type, String> {
    match text {
        "stream" => Ok(Type::Stream),
        "dgram" => Ok(Type::Datagram),
        "seqpacket" => Ok(Type::SeqPacket),
        _ => Err("a type is stream, dgram or seqpacket".into()),
    }
}

/// What travels.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct TypeArgs {
    /// What travels: bytes (stream), packets (dgram), or packets through a connection (seqpacket)
    #[arg(long = "type", value_name = "TYPE", value_parser = socket_type, default_value = "stream")]
    pub kind: Type,
}

/// A limit without a `--nowait`, which makes no sense between two processes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct TimeoutArgs {
    /// Give up after DURATION (0.5, 10s, 2m), with status 124
    #[arg(short, long, value_name = "DURATION", value_parser = super::duration::parse, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,
}

impl TimeoutArgs {
    pub(crate) fn wait(self) -> Wait {
        match self.timeout {
            Some(Duration::ZERO) => Wait::Never,
            Some(limit) => Wait::For(limit),
            None => Wait::Forever,
        }
    }
}

/// How to reach somebody.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ReachArgs {
    #[command(flatten)]
    pub kind: TypeArgs,

    #[command(flatten)]
    pub patience: TimeoutArgs,

    /// Where nobody listens yet, try again until somebody does
    #[arg(short, long)]
    pub wait: bool,
}
