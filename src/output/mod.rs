//! What the user sees: standard output, standard error, tables, JSON, escaping. Knows no mechanism.

mod count;
mod escape;
mod graph;
mod hex;
mod json;
mod progress;
mod record;
mod report;
mod size;
mod stream;
mod table;
mod text;
mod time;

pub(crate) use count::counted;
pub(crate) use escape::{escape, escape_into, escape_lines};
pub(crate) use graph::{Edge, Flow, Graph, Node, Tint, write_dot, write_mermaid, write_svg};
pub(crate) use hex::HexDump;
pub(crate) use json::{Keys, payload, write_object};
pub(crate) use progress::Progress;
pub(crate) use record::{Align, Cell, Column, ColumnError, choose, column};
pub(crate) use report::{Form, Report};
pub(crate) use size::human;
pub(crate) use stream::{Out, note, tell};
pub(crate) use table::{Texts, write_details, write_table, write_texts};
pub(crate) use time::{local, zone};
