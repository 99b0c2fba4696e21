//! Numbers of things.

/// `1 message`, `3 messages`, `0 messages`, `2 processes`, `2 attaches`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = match number {
        1 => "",
        _ if noun.ends_with('s') || noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{number} {noun}{plural}")
}
