//! DOT, the language of Graphviz.

use std::io::{self, Write};

use super::{Flow, Graph, Node, STUCK};

/// Writes the graph.
pub(crate) fn write(out: &mut impl Write, graph: &Graph) -> io::Result<()> {
    writeln!(out, "digraph ripc {{")?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(out, "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];")?;
    writeln!(out, "  edge [fontname=\"sans-serif\", fontsize=9];")?;
    for (index, node) in graph.actors.iter().enumerate() {
        writeln!(out, "  a{index} [{}];", attributes(node))?;
    }
    for (index, node) in graph.things.iter().enumerate() {
        writeln!(out, "  t{index} [shape=cylinder, style=filled, {}];", attributes(node))?;
    }
    for edge in &graph.edges {
        let (actor, thing) = (format!("a{}", edge.actor), format!("t{}", edge.thing));
        // The arrow of what comes in points the other way, so that the picture reads from left to right.
        let (from, to) = if edge.flow == Flow::In { (thing, actor) } else { (actor, thing) };
        let both = if edge.flow == Flow::Both { ", dir=both" } else { "" };
        let stuck = if edge.stuck {
            format!(", style=dashed, color=\"{STUCK}\", fontcolor=\"{STUCK}\"")
        } else {
            String::new()
        };
        writeln!(out, "  {from} -> {to} [label={}{both}{stuck}];", quoted(&edge.label))?;
    }
    writeln!(out, "}}")
}

fn attributes(node: &Node) -> String {
    let (fill, border) = node.tint.colours();
    let text = if node.note.is_empty() { node.name.clone() } else { format!("{}\n{}", node.name, node.note) };
    format!("label={}, fillcolor=\"{fill}\", color=\"{border}\"", quoted(&text))
}

/// A string of DOT; the end of a line in it is the only thing that is not as it stands.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::super::{assert_lines, sample};

    #[test]
    fn a_graph_is_written() {
        let mut out = Vec::new();
        super::write(&mut out, &sample()).expect("memory");
        assert_lines(
            &out,
            &[
                "  a0 [label=\"10 <a> \\\"b\\\" & c\\nroot\", fillcolor=\"#f3f4f6\", color=\"#6b7280\"];",
                "  a0 -> t0 [label=\"open w\"];",
                "  t0 -> a1 [label=\"blocked in msgrcv\", style=dashed, color=\"#dc2626\", fontcolor=\"#dc2626\"];",
                "  a2 -> t0 [label=\"attached rw\", dir=both];",
            ],
        );
    }
}
