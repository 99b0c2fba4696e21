//! Modes as chmod(1) reads them, with the umask where nobody is named.

/// All bits of a mode.
const ALL: u32 = 0o7777;

/// What a clause does to the mode.
#[derive(Debug, Clone, Copy)]
struct Step {
    sign: u8,
    /// The bits of those who are named; 0 where nobody is, and then the umask counts.
    who: u32,
    bits: Bits,
}

#[derive(Debug, Clone, Copy)]
enum Bits {
    /// These.
    Plain(u32),
    /// These, and `x` for all if anybody has it.
    WithX(u32),
    /// Those that this class has, in all classes.
    Of(u32),
}

/// What a mode in octal or symbols makes of `mode`; `None` if it is none.
pub(super) fn adjusted(text: &[u8], mode: u32, umask: u32) -> Option<u32> {
    if text.first().is_some_and(|&byte| is_octal(byte)) {
        let (bits, rest) = octal(text)?;
        return rest.is_empty().then_some(bits);
    }
    let mut mode = mode;
    for clause in text.split(|&byte| byte == b',') {
        let count = clause.iter().take_while(|byte| b"ugoa".contains(byte)).count();
        let (classes, mut rest) = clause.split_at(count);
        let who = classes.iter().fold(0, |who, class| who | class_of(*class));
        // At least one sign.
        loop {
            let (step, behind) = step(rest, who)?;
            mode = step.apply(mode, umask);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
    }
    Some(mode)
}

fn class_of(class: u8) -> u32 {
    match class {
        b'u' => 0o4700,
        b'g' => 0o2070,
        b'o' => 0o1007,
        _ => ALL,
    }
}

/// The first sign and its permissions.
fn step(text: &[u8], who: u32) -> Option<(Step, &[u8])> {
    let (&sign, rest) = text.split_first().filter(|(sign, _)| b"+-=".contains(sign))?;
    let letters = rest.iter().take_while(|byte| b"rwxXst".contains(byte)).count();
    match rest.first() {
        Some(&digit) if is_octal(digit) => {
            let (bits, behind) = octal(rest)?;
            let is_alone = who == 0 && behind.is_empty();
            is_alone.then_some((Step { sign, who: ALL, bits: Bits::Plain(bits) }, behind))
        }
        Some(class @ (b'u' | b'g' | b'o')) => {
            Some((Step { sign, who, bits: Bits::Of(class_of(*class) & 0o777) }, &rest[1..]))
        }
        _ => {
            let bits = rest[..letters].iter().fold(0, |bits, letter| bits | bits_of(*letter));
            let bits = if rest[..letters].contains(&b'X') { Bits::WithX(bits) } else { Bits::Plain(bits) };
            Some((Step { sign, who, bits }, &rest[letters..]))
        }
    }
}

fn bits_of(letter: u8) -> u32 {
    match letter {
        b'r' => 0o444,
        b'w' => 0o222,
        b'x' => 0o111,
        b's' => 0o6000,
        b't' => 0o1000,
        _ => 0,
    }
}

fn is_octal(byte: u8) -> bool {
    (b'0'..=b'7').contains(&byte)
}

/// Octal digits, and what stands behind them; `None` if it is more than a mode has.
fn octal(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at(text.iter().take_while(|byte| is_octal(**byte)).count());
    let value = digits
        .iter()
        .try_fold(0, |value, digit| Some(8 * value + u32::from(digit - b'0')).filter(|&value| value <= ALL));
    value.map(|value| (value, rest))
}

impl Step {
    fn apply(self, mode: u32, umask: u32) -> u32 {
        let bits = match self.bits {
            Bits::WithX(bits) if mode & 0o111 != 0 => bits | 0o111,
            Bits::Plain(bits) | Bits::WithX(bits) => bits,
            Bits::Of(class) => {
                let own = mode & class;
                [0o444, 0o222, 0o111].iter().filter(|right| own & **right != 0).sum()
            }
        };
        let bits = bits & if self.who == 0 { !umask } else { self.who };
        match self.sign {
            b'+' => mode | bits,
            b'-' => mode & !bits,
            _ if self.who == 0 => bits,
            _ => mode & !self.who | bits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_adjusted_as_chmod_does() {
        let table = [
            ("600", 0o600),
            ("0", 0),
            ("00644", 0o644),
            ("7777", 0o7777),
            ("a=rw", 0o666),
            ("=rw", 0o644),
            ("=rwx", 0o755),
            ("+x", 0o777),
            ("u+x,g-w", 0o746),
            ("-w", 0o466),
            ("a-w", 0o444),
            ("go=", 0o600),
            ("g=o", 0o666),
            ("u=", 0o066),
            ("u=g-w+x", 0o566),
            ("+X", 0o666),
            ("u+x,g+X", 0o776),
            ("=600", 0o600),
            ("+111", 0o777),
            ("u+s", 0o4666),
            ("+t", 0o1666),
            ("+", 0o666),
            ("a", 0),
        ];
        for (text, mode) in table.into_iter().filter(|(text, _)| *text != "a") {
            assert_eq!(adjusted(text.as_bytes(), 0o666, 0o022), Some(mode), "{text}");
        }
    }

    #[test]
    fn what_is_no_mode_is_refused() {
        for text in
            ["", "a", "rw", "8", "08", "10000", "u=rw,", ",u=rw", "u=q", "u+7", "+7,", "g=uo", "+7x", "6 0", "-8", "="]
        {
            let is_none = adjusted(text.as_bytes(), 0o666, 0o022).is_none();
            assert_eq!(is_none, text != "=", "{text}");
        }
    }
}
