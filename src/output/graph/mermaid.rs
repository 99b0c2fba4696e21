//! Mermaid's flow charts, which many web pages draw.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Flow, Graph, Node, STUCK, Tint};

/// Writes the graph.
pub(crate) fn write(out: &mut impl Write, graph: &Graph) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (index, node) in graph.actors.iter().enumerate() {
        writeln!(out, "  a{index}[\"{}\"]:::{}", text(node), class(node.tint))?;
    }
    for (index, node) in graph.things.iter().enumerate() {
        writeln!(out, "  t{index}[(\"{}\")]:::{}", text(node), class(node.tint))?;
    }
    let mut stuck = Vec::new();
    for (number, edge) in graph.edges.iter().enumerate() {
        let (actor, thing) = (format!("a{}", edge.actor), format!("t{}", edge.thing));
        let (from, to) = if edge.flow == Flow::In { (thing, actor) } else { (actor, thing) };
        let arrow = match (edge.flow == Flow::Both, edge.stuck) {
            (true, true) => "<-.->",
            (true, false) => "<-->",
            (false, true) => "-.->",
            (false, false) => "-->",
        };
        writeln!(out, "  {from} {arrow}|\"{}\"| {to}", escaped(&edge.label))?;
        if edge.stuck {
            stuck.push(number.to_string());
        }
    }
    for tint in [Tint::Grey, Tint::Blue, Tint::Green, Tint::Amber, Tint::Violet] {
        let (fill, border) = tint.colours();
        writeln!(out, "  classDef {} fill:{fill},stroke:{border},color:#111827", class(tint))?;
    }
    if !stuck.is_empty() {
        writeln!(out, "  linkStyle {} stroke:{STUCK}", stuck.join(","))?;
    }
    Ok(())
}

fn text(node: &Node) -> String {
    let name = escaped(&node.name);
    if node.note.is_empty() { name } else { format!("{name}<br/>{}", escaped(&node.note)) }
}

const fn class(tint: Tint) -> &'static str {
    match tint {
        Tint::Grey => "grey",
        Tint::Blue => "blue",
        Tint::Green => "green",
        Tint::Amber => "amber",
        Tint::Violet => "violet",
    }
}

/// What Mermaid or HTML would read as something else is written by its number.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '<' | '>' | '&' | '#' | '`' | '|' | '\\' | ';' | '*' | '_' => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
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
                "flowchart LR",
                "  a0[\"10 #60;a#62; #34;b#34; #38; c<br/>root\"]:::grey",
                "  t1[(\"set:0\")]:::amber",
                "  a0 -->|\"open w\"| t0",
                "  t0 -.->|\"blocked in msgrcv\"| a1",
                "  a2 <-->|\"attached rw\"| t0",
                "  t1 -.->|\"blocked #124; x\"| a2",
                "  linkStyle 1,3 stroke:#dc2626",
            ],
        );
    }
}
