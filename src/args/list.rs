//! Options of every verb that lists records.

#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ListArgs {
    /// Show these columns: names with commas between, +NAME for one more, all, or help
    #[arg(short = 'o', long, value_name = "LIST")]
    pub columns: Option<String>,

    /// Leave the header out
    #[arg(long)]
    pub no_header: bool,

    /// Write a JSON array
    #[arg(long)]
    pub json: bool,
}

impl ListArgs {
    /// Whether the list of columns is asked for instead of the records.
    pub(crate) fn wants_help(&self) -> bool {
        self.columns.as_deref() == Some("help")
    }
}
