//! The unix sockets of our network namespace, by inode: `/proc/net/unix`, proc_net_unix(5).

use std::collections::HashMap;
use std::fs;
use std::io;

/// The names of all of them; empty for one that was never bound. An abstract name begins with `@`.
pub(crate) fn names() -> io::Result<HashMap<u64, Vec<u8>>> {
    Ok(parse(&fs::read("/proc/net/unix")?))
}

fn parse(text: &[u8]) -> HashMap<u64, Vec<u8>> {
    let mut names = HashMap::new();
    let mut last = None;
    for line in text.split(|&byte| byte == b'\n').skip(1) {
        if let Some((inode, name)) = entry(line) {
            names.insert(inode, name.to_vec());
            last = Some(inode);
        } else if let Some(name) = last.and_then(|inode| names.get_mut(&inode)).filter(|_| !line.is_empty()) {
            // The kernel writes names as they are, the end of a line in one too.
            name.push(b'\n');
            name.extend_from_slice(line);
        }
    }
    names
}

/// `ffff888003a4c000: 00000003 00000000 00000000 0001 03 18334 /run/x`
fn entry(line: &[u8]) -> Option<(u64, &[u8])> {
    let mut fields = line.splitn(2, |&byte| byte == b':');
    let address = fields.next()?;
    let rest = fields.next()?;
    if address.is_empty() || !address.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let begin = rest.iter().position(|byte| *byte != b' ')?;
    let mut fields = rest[begin..].splitn(6, |&byte| byte == b' ');
    fields.by_ref().nth(4)?;
    let behind = fields.next()?;
    let behind = behind.trim_ascii_start();
    let end = behind.iter().position(|byte| *byte == b' ').unwrap_or(behind.len());
    let inode = std::str::from_utf8(&behind[..end]).ok()?.parse().ok()?;
    Some((inode, behind.get(end + 1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_anything_in_them() {
        let text = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            ffff888003a4c000: 00000003 00000000 00000000 0001 03   834\n\
            ffff888003a4c400: 00000002 00000000 00010000 0001 01 18335 /run/a b\n\
            ffff888003a4c800: 00000002 00000000 00010000 0001 01 18336 @abs\nx\n";
        let names = parse(text);
        assert_eq!(names.len(), 3);
        assert_eq!((names[&834].as_slice(), names[&18335].as_slice()), (&b""[..], &b"/run/a b"[..]));
        assert_eq!(names[&18336], b"@abs\nx");
    }
}
