//! Command lines as tables: what is read in them, and why they are refused.

use super::*;

/// The signal, the targets, and what else was asked for; or the first letter of what is wrong.
fn read(line: &str) -> String {
    let arguments = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
    let plain = |all: &[OsString]| {
        let words: Vec<String> = all.iter().map(|word| format!(" {}", word.display())).collect();
        words.concat()
    };
    match super::read(arguments) {
        Ok(Wish::Send(order)) => {
            let mut text = format!("{}{}", order.signal.number(), plain(&order.targets));
            for (is_set, letter) in
                [(order.all, " a"), (order.print, " p"), (order.require_handler, " r"), (order.verbose, " v")]
            {
                text += if is_set { letter } else { "" };
            }
            text += &order.value.map_or_else(String::new, |value| format!(" q={value}"));
            for (after, signal) in order.later {
                text = format!("{text} {}ms:{}", after.as_millis(), signal.number());
            }
            text
        }
        Ok(Wish::List(operands)) => format!("l{}", plain(&operands)),
        Ok(Wish::Table { described, operands }) => {
            format!("{}{}", if described { "t" } else { "L" }, plain(&operands))
        }
        Ok(Wish::State(pid)) => format!("d {}", pid.display()),
        Ok(Wish::Help) => "h".into(),
        Ok(Wish::Version) => "V".into(),
        Err(Wrong::Words(text) | Wrong::Option(text)) => format!("- {}", String::from_utf8_lossy(&text)),
        Err(Wrong::Signal(name)) => format!("? {}", name.display()),
    }
}

#[test]
fn what_kill_accepts() {
    let table = [
        ("5", "15 5"),
        ("5 -9", "15 5 -9"),
        ("5 -KILL", "15 5 -KILL"),
        ("-9 5", "9 5"),
        ("-9 -5", "9 -5"),
        ("-9 -- -5", "9 -5"),
        ("-- -5 -6", "15 -5 -6"),
        ("-s 9 -99999 -99998", "9 -99999 -99998"),
        ("-s9 5", "9 5"),
        ("-sKILL 5", "9 5"),
        ("-n 9 5", "9 5"),
        ("-n9 5", "9 5"),
        ("--signal=kill 5", "9 5"),
        ("--sig KILL 5", "9 5"),
        ("-kill 5", "9 5"),
        ("-SIGKILL 5", "9 5"),
        ("-stop 5", "19 5"),
        ("-quit 5", "3 5"),
        ("-term 5", "15 5"),
        ("-pipe 5", "13 5"),
        ("-0 5", "0 5"),
        ("-EXIT 5", "0 5"),
        ("-RTMIN 5", "34 5"),
        ("-1 -1", "1 -1"),
        ("-ar 5", "15 5 a r"),
        ("-a -9 5", "9 5 a"),
        ("-p x", "15 x p"),
        ("-q 7 5", "15 5 q=7"),
        ("-q-7 5", "15 5 q=-7"),
        ("--queue=7 --verbose 5", "15 5 v q=7"),
        ("--timeout 10 INT --timeout=20 9 5", "15 5 10ms:2 20ms:9"),
        ("- 5", "15 - 5"),
        ("-l", "l"),
        ("-l 9 15", "l 9 15"),
        ("-l9 15", "l 9 15"),
        ("-l=9", "l 9"),
        ("--list=0x3", "l 0x3"),
        ("-l -- 9", "l 9"),
        ("-L", "L"),
        ("-t 9", "t 9"),
        ("--tab", "L"),
        ("-d 5", "d 5"),
        ("--show-process-state=5", "d 5"),
        ("-h", "h"),
        ("-v", "V"),
        ("--vers", "V"),
    ];
    for (line, is) in table {
        assert_eq!(read(line), is, "{line}");
    }
}

#[test]
fn what_kill_refuses() {
    let table = [
        ("", "- not enough arguments"),
        ("-9", "- not enough arguments"),
        ("--", "- not enough arguments"),
        ("-s", "- not enough arguments"),
        ("-s FOO 5", "? FOO"),
        ("-FOO 5", "- invalid signal name or number: FOO"),
        ("-99999 5", "- invalid signal name or number: 99999"),
        ("-s 143 5", "? 143"),
        ("-s -9 5", "? -9"),
        ("-9 -KILL 5", "- 'KILL': multiple signals specified"),
        ("-s 9 -s 15 5", "- '15': multiple signals specified"),
        ("-9 -l", "- cannot combine signal with -l, -L or -t"),
        ("-p -9 5", "- --pid and --signal are mutually exclusive"),
        ("-9 -p 5", "- --pid and --signal are mutually exclusive"),
        ("-q 5 -p 5", "- --pid and --queue are mutually exclusive"),
        ("-q", "- option '-q' requires an argument"),
        ("-q x 5", "- argument error: 'x'"),
        ("-q 4294967296 5", "- argument error: '4294967296': Numerical result out of range"),
        ("--timeout", "- option '--timeout' requires an argument"),
        ("--timeout 1000", "- option '--timeout' requires a follow-up signal"),
        ("--timeout -1 9 5", "- argument error: '-1'"),
        ("--timeout 1 FOO 5", "? FOO"),
        ("--ver 5", "- option '--ver' is ambiguous; possibilities: '--verbose' '--version'"),
        ("--all=x 5", "- option '--all' doesn't allow an argument"),
        ("--nothing 5", "- unrecognized option '--nothing'"),
        ("-d", "- too few arguments"),
        ("-d 1 2", "- too many arguments"),
    ];
    for (line, is) in table {
        assert_eq!(read(line), is, "{line}");
    }
}
