//! How much memory the machine can still give: proc_meminfo(5).

use std::fs;
use std::io;

/// Bytes that can be had without anything being killed: memory that is free or can be freed, and swap.
pub(crate) fn available() -> io::Result<u64> {
    let table = fs::read_to_string("/proc/meminfo")?;
    let field = |name| {
        let line = table.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok())
    };
    let available = field("MemAvailable:").ok_or(io::ErrorKind::InvalidData)?;
    Ok((available + field("SwapFree:").unwrap_or(0)) * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_some() {
        assert!(super::available().expect("/proc/meminfo") > 0);
    }
}
