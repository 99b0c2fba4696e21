//! `rpipe buffer`: memory between two who are not equally fast all the time.

use anyhow::bail;
use clap::Args;

use super::explain;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{Status, UsageError};
use crate::ipc::pipe::{Marks, buffer};
use crate::sys::{fd, signal};

#[derive(Debug, Args)]
pub(super) struct Buffer {
    /// Hold at most this much (64K, 1G); memory is taken only for what is held
    #[arg(short, long, value_name = "SIZE", value_parser = args::size, default_value = "256M")]
    size: u64,

    /// Begin to write when it holds this much (512M, 80%), and again after it has been empty
    #[arg(long, value_name = "MARK", value_parser = mark, default_value = "0")]
    high: Mark,

    /// When it was full, begin to read again when it holds no more than this
    #[arg(long, value_name = "MARK", value_parser = mark, default_value = "100%")]
    low: Mark,
}

/// A part of the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Bytes(u64),
    Percent(u64),
}

fn mark(text: &str) -> Result<Mark, String> {
    match text.strip_suffix('%') {
        None => args::size(text).map(Mark::Bytes),
        Some(number) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            let percent = number.parse().ok().filter(|&percent| percent <= 100);
            percent.map(Mark::Percent).ok_or_else(|| "there are at most 100 %".into())
        }
        Some(_) => Err("a mark is a size (64K, 1G) or a percentage (80%)".into()),
    }
}

impl Mark {
    /// In bytes, of which there are at most `size`.
    fn of(self, size: u64) -> anyhow::Result<usize> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => u64::try_from(u128::from(size) * u128::from(percent) / 100).unwrap_or(size),
        };
        if bytes > size {
            bail!(UsageError(format!("a mark of {bytes} bytes is above the size of {size}")));
        }
        Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
    }
}

impl Verb for Buffer {
    const NAME: &'static str = "buffer";
    const ABOUT: &'static str = "Pass standard input on, through memory that holds what is not read yet";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.size == 0 {
            bail!(UsageError("a buffer holds at least 1 byte".into()));
        }
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let marks = Marks { size, high: self.high.of(self.size)?, low: self.low.of(self.size)? };
        signal::survive_closed_pipe();
        let mut progress = context.progress(None);
        let passed = buffer(fd::stdin(), fd::stdout(), marks, &mut |written| progress.tell(written));
        drop(progress);
        passed.or_else(explain)?;
        Ok(Status::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_sizes_or_percentages() {
        let of = |text: &str| mark(text).ok().map(|mark| mark.of(1000).ok());
        assert_eq!(of("1K"), Some(None), "above the size");
        assert_eq!(of("100"), Some(Some(100)));
        assert_eq!(of("25%"), Some(Some(250)));
        for text in ["", "%", "-1%", "101%", "1.5%", "x", "99999999999999999999%"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
