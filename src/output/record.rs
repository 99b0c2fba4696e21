//! Records and their columns: one static table drives the header, the rows, JSON and `-o`.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A value in a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// A number without sign.
    Number(u64),
    /// A number that need not be whole.
    Real(f64),
    /// A number that may be negative.
    Signed(i64),
    /// Numbers of the same kind: with commas between in a table, an array in JSON.
    Numbers(Vec<u64>),
    /// A number that is a name: a string in JSON.
    Label(u64),
    /// Permission bits: a string of four octal digits in JSON.
    Octal(u32),
    /// A key: a string in JSON, `0x` and eight digits.
    Hex(u32),
    /// Values in a row of their own: an array in JSON.
    Cells(Vec<Cell<'a>>),
    /// Whether it is so.
    Bool(bool),
    /// Text of our own.
    Text(Cow<'a, str>),
    /// Bytes that somebody else chose: escaped in tables, exact in JSON where they are UTF-8.
    Foreign(Cow<'a, [u8]>),
    /// Seconds since the epoch.
    Time(i64),
    /// Words of our own: an array in JSON, a shorter text in a table.
    Words(Vec<String>, String),
    /// Records that belong to this one: JSON alone has room for them.
    List(Vec<Vec<(&'static str, Cell<'a>)>>),
    /// There is no such value: `-` in a table, null in JSON.
    None,
    /// It was a process, which has ended: `(gone)` in a table, null in JSON.
    Gone,
    /// There is one, but we may not see it: `?` in a table, null in JSON.
    Unknown,
}

impl<'a> Cell<'a> {
    /// Text that is written out first.
    pub(crate) fn shown(value: impl std::fmt::Display) -> Self {
        Self::Text(Cow::Owned(value.to_string()))
    }

    /// The value, or none.
    pub(crate) fn or_none<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        // (No default that would have to be dropped again.)
        value.map_or_else(|| Self::None, cell)
    }

    /// The value, or that we may not see it.
    pub(crate) fn or_unknown<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or_else(|| Self::Unknown, cell)
    }

    /// Text that lives as long as the record.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl Cell<'_> {
    /// Gives back what it owns. Nearly no cell of a long list owns anything, and to see that here costs less
    /// than the call that would see it otherwise.
    #[inline]
    pub(super) fn discard(self) {
        let is_number = matches!(self, Self::Number(_) | Self::Signed(_) | Self::Time(_) | Self::Label(_));
        let is_bits = matches!(self, Self::Octal(_) | Self::Hex(_));
        if is_number
            || is_bits
            || matches!(self, Self::None | Self::Text(Cow::Borrowed(_)) | Self::Foreign(Cow::Borrowed(_)))
        {
            std::mem::forget(self);
        }
    }

    /// The order of values in a column: numbers by size, texts by their bytes, what has no value first.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self.number(), other.number()) {
            (Some(one), Some(two)) => one.cmp(&two),
            (one, two) => one.cmp(&two).then_with(|| self.words().cmp(&other.words())),
        }
    }

    fn number(&self) -> Option<i128> {
        match self {
            Self::Number(number) | Self::Label(number) => Some((*number).into()),
            Self::Signed(number) | Self::Time(number) => Some((*number).into()),
            Self::Octal(bits) | Self::Hex(bits) => Some((*bits).into()),
            Self::List(list) => i128::try_from(list.len()).ok(),
            _ => None,
        }
    }

    fn words(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Text(text) => Some(text.as_bytes().into()),
            Self::Foreign(bytes) => Some(bytes.as_ref().into()),
            Self::Words(words, _) => Some(words.join(" ").into_bytes().into()),
            Self::Numbers(numbers) => Some(numbers.iter().flat_map(|number| number.to_be_bytes()).collect()),
            _ => None,
        }
    }
}

/// Which side of its column a cell keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A column of records `R`.
#[derive(Debug)]
pub(crate) struct Column<R> {
    /// Its name: the header in capitals, the JSON key and the word of `-o` as it stands here.
    pub name: &'static str,
    /// What it holds, for the list that `-o help` prints.
    pub help: &'static str,
    /// The side it keeps to.
    pub align: Align,
    /// Shown unless `-o` says otherwise.
    pub default: bool,
    /// Its value.
    pub get: for<'a> fn(&'a R) -> Cell<'a>,
}

/// A column that is shown unless `-o` says otherwise.
pub(crate) const fn column<R>(
    name: &'static str,
    help: &'static str,
    align: Align,
    get: for<'a> fn(&'a R) -> Cell<'a>,
) -> Column<R> {
    Column { name, help, align, default: true, get }
}

impl<R> Column<R> {
    /// The same column, shown only where `-o` names it, and in JSON.
    pub(crate) const fn hidden(mut self) -> Self {
        self.default = false;
        self
    }
}

/// A word of `-o` that names no column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ColumnError(pub String);

impl std::fmt::Display for ColumnError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ColumnError {}

/// The columns that `-o LIST` asks for: names, `all`, or `+NAME` behind the default ones.
pub(crate) fn choose<R>(
    columns: &'static [Column<R>],
    list: Option<&str>,
) -> Result<Vec<&'static Column<R>>, ColumnError> {
    let defaults = || columns.iter().filter(|column| column.default);
    let Some(list) = list else { return Ok(defaults().collect()) };
    let mut chosen: Vec<&'static Column<R>> = Vec::new();
    for word in list.split(',') {
        if word == "all" {
            chosen.extend(columns);
            continue;
        }
        let name = word.strip_prefix('+').unwrap_or(word);
        if word.starts_with('+') && chosen.is_empty() {
            chosen.extend(defaults());
        }
        let found = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        chosen.push(found.ok_or_else(|| {
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            ColumnError(format!(
                "no column is called '{}'; there are {}",
                super::escape(name.as_bytes()),
                names.join(", ")
            ))
        })?);
    }
    Ok(chosen)
}
