//! Options of the verbs that report to people, scripts and shells alike.

use super::ListArgs;
use crate::output::Form;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub list: ListArgs,

    /// Sort by this column; with - before it the other way round
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub sort: Option<String>,

    /// Write a line of shell variables for each, to be read by eval
    #[arg(long, conflicts_with_all = ["json", "raw"])]
    pub shell: bool,

    /// Write one blank between columns, and escape those in values
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
}

impl ReportArgs {
    /// The form that is asked for.
    pub(crate) fn form(&self) -> Form {
        let header = !self.list.no_header;
        match self {
            Self { shell: true, .. } => Form::Shell,
            Self { list: ListArgs { json: true, .. }, .. } => Form::Json,
            Self { raw: true, .. } => Form::Raw { header },
            _ => Form::Table { header },
        }
    }

    /// Whether every column is written where none is named: programs pick for themselves.
    pub(crate) fn form_has_all(&self) -> bool {
        matches!(self.form(), Form::Json | Form::Shell)
    }

    /// The column to sort by, and whether the highest comes first.
    pub(crate) fn sorted_by(&self) -> Option<(&str, bool)> {
        let column = self.sort.as_deref()?;
        Some(column.strip_prefix('-').map_or((column, false), |column| (column, true)))
    }
}
