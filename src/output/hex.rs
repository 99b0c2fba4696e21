//! Bytes for a person: the format of `hexdump -C`.

use std::fmt::Write as _;
use std::io::{self, Write};

/// Bytes on a line.
const LINE: usize = 16;

/// Writes bytes that come in parts, line by line. Lines equal to the one before are left out, with a `*`
/// in their place; the last line has the offset of the end alone.
#[derive(Debug)]
pub(crate) struct HexDump {
    offset: u64,
    pending: Vec<u8>,
    before: Option<Vec<u8>>,
    squeezing: bool,
}

impl HexDump {
    /// Begins at this offset.
    pub(crate) const fn at(offset: u64) -> Self {
        Self { offset, pending: Vec::new(), before: None, squeezing: false }
    }

    /// The next bytes.
    pub(crate) fn write(&mut self, out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let lines = pending.chunks_exact(LINE);
        self.pending = lines.remainder().to_vec();
        lines.into_iter().try_for_each(|line| self.line(out, line))
    }

    /// What is left, and the end.
    pub(crate) fn finish(mut self, out: &mut impl Write) -> io::Result<()> {
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.line(out, &rest)?;
        }
        writeln!(out, "{:08x}", self.offset)
    }

    fn line(&mut self, out: &mut impl Write, line: &[u8]) -> io::Result<()> {
        let offset = self.offset;
        self.offset += line.len() as u64;
        if self.before.as_deref() == Some(line) {
            return if std::mem::replace(&mut self.squeezing, true) { Ok(()) } else { out.write_all(b"*\n") };
        }
        self.squeezing = false;
        self.before = Some(line.to_vec());
        let mut text = format!("{offset:08x} ");
        for column in 0..LINE {
            if column % 8 == 0 {
                text.push(' ');
            }
            match line.get(column) {
                Some(byte) => {
                    let _ = write!(text, "{byte:02x} ");
                }
                None => text.push_str("   "),
            }
        }
        text.push_str(" |");
        text.extend(line.iter().map(|&byte| if matches!(byte, b' '..=b'~') { char::from(byte) } else { '.' }));
        writeln!(out, "{text}|")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_as_hexdump_has_it() {
        let mut out = Vec::new();
        let mut dump = HexDump::at(0x10);
        for part in [&b"hello, "[..], b"world 01\n", &[0; 48], b"\x80end"] {
            dump.write(&mut out, part).expect("memory");
        }
        dump.finish(&mut out).expect("memory");
        let text = String::from_utf8(out).expect("ASCII");
        assert_eq!(
            text,
            "00000010  68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 20 30 31 0a  |hello, world 01.|\n\
             00000020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n\
             *\n\
             00000050  80 65 6e 64                                       |.end|\n\
             00000054\n"
        );
    }
}
