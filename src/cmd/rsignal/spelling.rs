//! What fingers are used to from kill(1).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::args;

/// Puts `-9`, `-KILL` and `-s KILL -1234` as the grammar has them: the first such word is a signal, as
/// kill(1) has it, if nothing but options stands before it, and one behind a signal is a process group, of
/// two digits at least: `-KILL -9` is a slip. A word that is neither stays, and is refused.
pub(super) fn respell(words: &mut [OsString]) {
    let (mut has_signal, mut has_operand) = (false, false);
    for word in words.iter_mut().skip(2) {
        let text = word.to_str().unwrap_or_default();
        let Some(rest) = text.strip_prefix('-') else {
            has_operand = true;
            continue;
        };
        if rest == "-" {
            return;
        }
        if !has_signal && !has_operand && args::sendable(rest).is_ok() {
            has_signal = true;
            *word = OsString::from_vec([b"--signal=", rest.as_bytes()].concat());
        } else if rest.starts_with('s') || rest.starts_with("-signal") {
            has_signal = true;
        } else if has_signal && rest.len() > 1 && rest.bytes().all(|byte| byte.is_ascii_digit()) {
            *word = format!("group:{rest}").into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respelled(line: &str) -> String {
        let mut words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        respell(&mut words);
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_fingers_type_is_respelled() {
        let table = [
            ("rsignal send -9 7", "rsignal send --signal=9 7"),
            ("rsignal send -KILL -7", "rsignal send --signal=KILL -7"),
            ("rsignal send -kill -70 -80", "rsignal send --signal=kill group:70 group:80"),
            ("rsignal send -s KILL -70", "rsignal send -s KILL group:70"),
            ("rsignal send -sKILL -70", "rsignal send -sKILL group:70"),
            ("rsignal send --signal=9 -70", "rsignal send --signal=9 group:70"),
            ("rsignal send -RTMIN+3 7", "rsignal send --signal=RTMIN+3 7"),
            ("rsignal send --wait=5s -n -9 7", "rsignal send --wait=5s -n --signal=9 7"),
            ("rsignal send -0 7", "rsignal send --signal=0 7"),
            ("rsignal send -stop 7", "rsignal send --signal=stop 7"),
            // Neither a signal nor a group, and so nothing.
            ("rsignal send -1234", "rsignal send -1234"),
            ("rsignal send 7 -9", "rsignal send 7 -9"),
            ("rsignal send -9 -15", "rsignal send --signal=9 group:15"),
            ("rsignal send 7 -1234", "rsignal send 7 -1234"),
            ("rsignal send -9 -1", "rsignal send --signal=9 -1"),
            ("rsignal send -- -9 -70", "rsignal send -- -9 -70"),
            ("rsignal send -n 7", "rsignal send -n 7"),
        ];
        for (typed, read) in table {
            assert_eq!(respelled(typed), read);
        }
    }
}
