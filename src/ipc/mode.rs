//! Permission modes of objects: octal, or symbolic as chmod(1).

use std::fmt;

/// The nine permission bits of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mode(u16);

impl Mode {
    /// Read and write for the owner alone: what a new object gets unless told otherwise.
    pub const PRIVATE: Self = Self(0o600);

    /// `0666`: as much as the umask lets through.
    pub(crate) const ALL: Self = Self(0o666);

    /// The permission bits of `bits`; whatever stands above them (`SHM_DEST`, file types) is dropped.
    #[must_use]
    pub const fn of(bits: u32) -> Self {
        Self((bits & 0o777) as u16)
    }

    /// The nine bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

/// A mode as it is asked for: `640`, or a change to what is there, `u=rw,g+r`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeChange(Vec<Step>);

/// `who`'s bits: set to, taken from, or given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    who: u16,
    action: Action,
    permission: Permission,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Set,
    Give,
    Take,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permission {
    /// One class's worth of bits, 0 to 7.
    Bits(u16),
    /// What the class at this shift has (`g=u`).
    Of(u16),
}

/// Why a text is no mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeError(&'static str);

impl fmt::Display for ModeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ModeError {}

impl ModeChange {
    /// Reads an octal mode up to 777, or clauses like `u=rw,g+r,o-w` (no class means all of them).
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            let bits = u16::from_str_radix(text, 8)
                .ok()
                .filter(|&bits| bits <= 0o777)
                .ok_or(ModeError("an octal mode goes from 0 to 777"))?;
            let class = |shift: u16| Step {
                who: 7 << shift,
                action: Action::Set,
                permission: Permission::Bits(bits >> shift & 7),
            };
            return Ok(Self(vec![class(6), class(3), class(0)]));
        }
        let mut steps = Vec::new();
        for clause in text.split(',') {
            parse_clause(clause, &mut steps)?;
        }
        Ok(Self(steps))
    }

    /// The mode that this makes of `base`.
    #[must_use]
    pub fn apply(&self, base: Mode) -> Mode {
        Mode(self.0.iter().fold(base.0, |mode, step| {
            let bits = match step.permission {
                Permission::Bits(bits) => bits,
                Permission::Of(shift) => mode >> shift & 7,
            };
            let bits = (bits << 6 | bits << 3 | bits) & step.who;
            match step.action {
                Action::Set => mode & !step.who | bits,
                Action::Give => mode | bits,
                Action::Take => mode & !bits,
            }
        }))
    }
}

const WRONG: ModeError = ModeError("a mode is octal (640) or symbolic (u=rw,g+r,o-w)");

fn parse_clause(clause: &str, steps: &mut Vec<Step>) -> Result<(), ModeError> {
    let start = clause.find(['+', '-', '=']).ok_or(WRONG)?;
    let who = match &clause[..start] {
        "" => 0o777,
        classes => classes.chars().try_fold(0, |who, class| class_bits(class).map(|bits| who | bits)).ok_or(WRONG)?,
    };
    let mut rest = &clause[start..];
    while let Some(sign) = rest.chars().next() {
        let action = match sign {
            '+' => Action::Give,
            '-' => Action::Take,
            '=' => Action::Set,
            _ => return Err(WRONG),
        };
        let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |next| next + 1);
        steps.push(Step { who, action, permission: parse_permission(&rest[1..end])? });
        rest = &rest[end..];
    }
    Ok(())
}

fn class_bits(class: char) -> Option<u16> {
    Some(match class {
        'u' => 0o700,
        'g' => 0o070,
        'o' => 0o007,
        'a' => 0o777,
        _ => return None,
    })
}

fn parse_permission(text: &str) -> Result<Permission, ModeError> {
    match text {
        "u" => return Ok(Permission::Of(6)),
        "g" => return Ok(Permission::Of(3)),
        "o" => return Ok(Permission::Of(0)),
        _ => {}
    }
    let bits = text.chars().try_fold(0, |bits, letter| match letter {
        'r' => Some(bits | 4),
        'w' => Some(bits | 2),
        'x' => Some(bits | 1),
        _ => None,
    });
    bits.map(Permission::Bits).ok_or(ModeError("permissions of an object are r, w and x"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_apply_as_chmod_does() {
        let table = [
            ("640", 0o600, 0o640),
            ("0777", 0o600, 0o777),
            ("0", 0o666, 0),
            ("g+r", 0o600, 0o640),
            ("u=rw,g=r,o=", 0o777, 0o640),
            ("a=rw", 0, 0o666),
            ("=r", 0o777, 0o444),
            ("+w", 0o444, 0o666),
            ("go-rwx", 0o777, 0o700),
            ("g=u", 0o640, 0o660),
            ("u-w+x", 0o600, 0o500),
            ("ug=rw,o=g-w", 0, 0o664),
        ];
        for (text, base, mode) in table {
            let change = ModeChange::parse(text).expect(text);
            assert_eq!(change.apply(Mode::of(base)), Mode::of(mode), "{text}");
        }
    }

    #[test]
    fn what_is_no_mode_is_refused() {
        for text in ["", "1000", "7777", "8", "0x1ff", "rw", "u", "z+r", "u+q", "u+s", "+t", "u=rw,", "-1", "6 0"] {
            assert!(ModeChange::parse(text).is_err(), "{text}");
        }
    }
}
