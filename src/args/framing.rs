//! Options that say where a record ends.

use crate::framing::Framing;

/// For verbs that read records.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(crate) struct FramingIn {
    /// Records on standard input end with a NUL byte instead of the end of the line
    #[arg(short = '0', long)]
    null: bool,

    /// All of standard input is one record
    #[arg(long)]
    whole: bool,

    /// Each record on standard input is behind its length: 4 bytes, most significant first
    #[arg(long)]
    length_prefixed: bool,

    /// Each line on standard input is a JSON object with text or base64, perhaps type or priority
    #[arg(long)]
    json: bool,
}

impl FramingIn {
    pub(crate) fn framing(self) -> Framing {
        match self {
            Self { null: true, .. } => Framing::Null,
            Self { whole: true, .. } => Framing::Whole,
            Self { length_prefixed: true, .. } => Framing::LengthPrefixed,
            Self { json: true, .. } => Framing::Json,
            _ => Framing::Lines,
        }
    }
}

/// For verbs that write records.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(crate) struct FramingOut {
    /// End each record with the end of the line (the default)
    #[arg(long)]
    lines: bool,

    /// End each record with a NUL byte
    #[arg(short = '0', long)]
    null: bool,

    /// Write the bare records, with nothing between them
    #[arg(long)]
    raw: bool,

    /// Put its length before each record: 4 bytes, most significant first
    #[arg(long)]
    length_prefixed: bool,

    /// Write each record as a JSON object on a line of its own
    #[arg(long)]
    json: bool,
}

impl FramingOut {
    /// Whether one of them is given.
    pub(crate) fn is_chosen(self) -> bool {
        self.lines || self.framing() != Framing::Lines
    }

    pub(crate) fn framing(self) -> Framing {
        match self {
            Self { null: true, .. } => Framing::Null,
            Self { raw: true, .. } => Framing::Whole,
            Self { length_prefixed: true, .. } => Framing::LengthPrefixed,
            Self { json: true, .. } => Framing::Json,
            _ => Framing::Lines,
        }
    }
}
