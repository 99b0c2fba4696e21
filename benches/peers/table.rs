//! Results as a table.

/// What a result should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// Nothing was promised.
    Open,
    /// The ratio is at most this.
    Ratio(f64),
    /// Our own number is at most this.
    Own(f64),
}

/// One of ours, one of the peers.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub ours: String,
    pub peer: String,
    /// Our number; `None` where it could not be measured.
    pub mine: Option<f64>,
    pub theirs: Option<f64>,
    pub goal: Goal,
}

impl Comparison {
    fn cells(&self, decimals: usize) -> [String; 7] {
        let number = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.decimals$}"));
        let ratio = self.mine.zip(self.theirs).map(|(mine, theirs)| mine / theirs);
        let (goal, reached) = match self.goal {
            Goal::Open => (String::new(), None),
            Goal::Ratio(most) => (format!("<= {most:.2}"), ratio.map(|ratio| ratio <= most)),
            Goal::Own(most) => (format!("ours <= {most}"), self.mine.map(|mine| mine <= most)),
        };
        let verdict = reached.map_or("", |reached| if reached { "reached" } else { "MISSED" });
        let ratio = ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"));
        [self.ours.clone(), self.peer.clone(), number(self.mine), number(self.theirs), ratio, goal, verdict.into()]
    }
}

/// Prints a table under its title; numbers get so many decimals.
pub(crate) fn print(title: &str, decimals: usize, comparisons: &[Comparison]) {
    let head = ["", "against", "ours", "peer", "ratio", "goal", ""].map(String::from);
    let rows: Vec<[String; 7]> =
        std::iter::once(head).chain(comparisons.iter().map(|row| row.cells(decimals))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    println!("\n{title}");
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (text, width))| {
            // Names keep to the left, numbers to the right.
            if (2..5).contains(&column) { format!("{text:>width$}") } else { format!("{text:<width$}") }
        });
        println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
