use std::ffi::CString;

use super::*;

fn parse(text: &str) -> Result<Name, NameError> {
    Name::parse(OsStr::new(text), Kind::Queue)
}

fn id(number: i32) -> Name {
    Name::Id(Id::new(number).expect("not negative"))
}

fn key(bits: u32) -> Name {
    Name::Key(Key::new(bits).expect("not 0"))
}

fn ftok(path: &str, project: u8) -> Name {
    Name::Ftok { path: path.into(), project }
}

fn posix(name: &str) -> Name {
    Name::Posix(PosixName(CString::new(name).expect("no NUL")))
}

#[test]
fn names_that_are() {
    let table = [
        ("0", id(0)),
        ("42", id(42)),
        ("007", id(7)),
        ("2147483647", id(i32::MAX)),
        ("id:0", id(0)),
        ("id:42", id(42)),
        ("0x4b", key(75)),
        ("0X4B", key(75)),
        ("0xffffffff", key(u32::MAX)),
        ("key:75", key(75)),
        ("key:0x4b", key(75)),
        ("key:4294967295", key(u32::MAX)),
        ("key:-5", key(0xffff_fffb)),
        ("key:-2147483648", key(0x8000_0000)),
        ("ftok:/etc/passwd", ftok("/etc/passwd", 1)),
        ("ftok:/etc/passwd:7", ftok("/etc/passwd", 7)),
        ("ftok:/etc/passwd:255", ftok("/etc/passwd", 255)),
        ("ftok:.:A", ftok(".", b'A')),
        ("ftok:a:b:c", ftok("a:b", b'c')),
        ("/jobs", posix("/jobs")),
        ("/...", posix("/...")),
        ("/a b", posix("/a b")),
        ("file:x", Name::File("x".into())),
        ("file:/proc/1/fd/3", Name::File("/proc/1/fd/3".into())),
        ("private", Name::Private),
    ];
    for (text, name) in table {
        assert_eq!(parse(text), Ok(name), "{text}");
    }
}

#[test]
fn names_that_are_not_say_what_would_be() {
    let table = [
        ("", "would be"),
        ("jobs", "a POSIX name (/jobs)"),
        ("2147483648", "from 0 to 2147483647"),
        ("4294967296", "from 0 to 2147483647"),
        ("99999999999999999999", "from 0 to 2147483647"),
        ("-1", "would be"),
        ("+1", "would be"),
        (" 1", "would be"),
        ("id:", "from 0 to 2147483647"),
        ("id:-1", "from 0 to 2147483647"),
        ("id:0x4b", "from 0 to 2147483647"),
        ("0x", "from 0x1 to 0xffffffff"),
        ("0x100000001", "from 0x1 to 0xffffffff"),
        ("0x+1", "from 0x1 to 0xffffffff"),
        ("key:", "from 1 to 4294967295"),
        ("key:4294967296", "from 1 to 4294967295"),
        ("key:-2147483649", "from 1 to 4294967295"),
        ("key:0", "IPC_PRIVATE"),
        ("0x0", "IPC_PRIVATE"),
        ("ftok:", "path of an existing file"),
        ("ftok::1", "path of an existing file"),
        ("ftok:x:0", "from 1 to 255"),
        ("ftok:x:256", "from 1 to 255"),
        ("ftok:x:ab", "from 1 to 255"),
        ("ftok:x:", "from 1 to 255"),
        ("/", "at least one character"),
        ("/.", "name no object"),
        ("/..", "name no object"),
        ("/a/b", "one slash"),
        ("//", "one slash"),
        ("file:", "wants a path"),
    ];
    for (text, words) in table {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn a_posix_name_has_its_kinds_length() {
    for (kind, longest) in [(Kind::Queue, 255), (Kind::Segment, 255), (Kind::Semaphore, 251)] {
        let fits = format!("/{}", "n".repeat(longest));
        assert!(Name::parse(fits.as_ref(), kind).is_ok(), "{kind}");
        let error = Name::parse(format!("{fits}n").as_ref(), kind).expect_err("one too many").to_string();
        assert!(error.contains(&format!("at most {longest}")), "{error}");
    }
    let nul = OsStr::from_bytes(b"/a\0b");
    assert!(Name::parse(nul, Kind::Queue).expect_err("NUL").to_string().contains("NUL"));
}

#[test]
fn foreign_text_in_messages_is_harmless() {
    let name = OsStr::from_bytes(b"\x1b[31m\n\xff\xe2\x80\xae");
    let error = Name::parse(name, Kind::Queue).expect_err("no name").to_string();
    assert!(error.starts_with("'\\x1b[31m\\n\\xff\\u{202e}' is no name"), "{error}");
}

#[test]
fn a_key_of_a_file_needs_the_file() {
    assert_eq!(ftok("/no/such", 1).key().expect_err("missing").kind(), io::ErrorKind::NotFound);
    let key = ftok("/", b'A').key().expect("the root exists").expect("a key");
    assert_eq!(key.get() >> 24, i32::from(b'A'));
}
