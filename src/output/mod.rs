//! What the user sees: standard output, standard error, tables, JSON, escaping. Knows no mechanism.

mod count;
mod escape;
mod json;
mod record;
mod stream;
mod table;
mod text;
mod time;

pub(crate) use count::counted;
pub(crate) use escape::{escape, escape_into};
pub(crate) use json::{push_row, write_object};
pub(crate) use record::{Align, Cell, Column, choose, column};
pub(crate) use stream::{Out, note};
pub(crate) use table::{write_details, write_table};
pub(crate) use time::local;
