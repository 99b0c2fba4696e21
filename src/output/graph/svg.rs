//! A picture: Scalable Vector Graphics, drawn without any other program.

use std::io::{self, Write};

use super::layout::{INSET, LINE, Layout, Rect, float};
use super::{Edge, Graph, Node, STUCK};

/// Writes the picture.
pub(crate) fn write(out: &mut impl Write, graph: &Graph) -> io::Result<()> {
    let layout = Layout::of(graph);
    let (width, height) = (layout.width.ceil(), layout.height.ceil());
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">"
    )?;
    writeln!(out, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>")?;
    for (edge, line) in graph.edges.iter().zip(&layout.lines) {
        draw_line(out, edge, line)?;
    }
    for (node, rect) in graph.things.iter().zip(&layout.things) {
        draw_thing(out, node, rect)?;
    }
    for (index, (node, rect)) in graph.actors.iter().zip(&layout.actors).enumerate() {
        draw_actor(out, node, rect)?;
        for (number, edge) in graph.edges.iter().enumerate().filter(|(_, edge)| edge.actor == index) {
            draw_label(out, edge, rect, layout.rows[number], layout.is_right[index])?;
        }
    }
    writeln!(out, "</svg>")
}

const LINE_COLOUR: &str = "#4b5563";
const TEXT: &str = "#111827";
const FAINT: &str = "#4b5563";

/// From the line of text's top to the foot of its letters.
const BASE: f64 = 12.5;

/// Half the height of an arrow's head.
const HEAD: f64 = 3.5;

fn draw_line(out: &mut impl Write, edge: &Edge, [from, to]: &[(f64, f64); 2]) -> io::Result<()> {
    let bend = (to.0 - from.0) * 0.45;
    let (colour, dashes) = if edge.stuck { (STUCK, " stroke-dasharray=\"5 3\"") } else { (LINE_COLOUR, "") };
    writeln!(
        out,
        "<path d=\"M{:.1},{:.1} C{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\" fill=\"none\" stroke=\"{colour}\" \
         stroke-width=\"1.3\"{dashes}/>",
        from.0,
        from.1,
        from.0 + bend,
        from.1,
        to.0 - bend,
        to.1,
        to.0,
        to.1
    )?;
    if edge.flow.goes_out() {
        draw_head(out, *to, bend, colour)?;
    }
    if edge.flow.comes_in() {
        draw_head(out, *from, -bend, colour)?;
    }
    Ok(())
}

/// The head of an arrow that comes from where `bend` says: lines are level at their ends. A marker would do,
/// but not every program turns one as the standard says.
fn draw_head(out: &mut impl Write, (x, y): (f64, f64), bend: f64, colour: &str) -> io::Result<()> {
    let foot = x - 2.4 * HEAD * bend.signum();
    let (above, below) = (y - HEAD, y + HEAD);
    writeln!(out, "<polygon points=\"{x:.1},{y:.1} {foot:.1},{above:.1} {foot:.1},{below:.1}\" fill=\"{colour}\"/>")
}

fn draw_box(out: &mut impl Write, node: &Node, rect: &Rect, round: f64) -> io::Result<()> {
    let (fill, border) = node.tint.colours();
    writeln!(
        out,
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{round}\" fill=\"{fill}\" \
         stroke=\"{border}\" stroke-width=\"1.2\"/>",
        rect.x, rect.y, rect.width, rect.height
    )
}

fn draw_thing(out: &mut impl Write, node: &Node, rect: &Rect) -> io::Result<()> {
    draw_box(out, node, rect, 12.0)?;
    let centre = rect.x + rect.width / 2.0;
    let lines = if node.note.is_empty() { 1.0 } else { 2.0 };
    let top = rect.y + (rect.height - lines * LINE) / 2.0 + BASE;
    text(out, (centre, top), "middle", &format!("fill=\"{TEXT}\" font-weight=\"bold\""), &node.name)?;
    if !node.note.is_empty() {
        text(out, (centre, top + LINE), "middle", &format!("fill=\"{FAINT}\""), &node.note)?;
    }
    Ok(())
}

fn draw_actor(out: &mut impl Write, node: &Node, rect: &Rect) -> io::Result<()> {
    draw_box(out, node, rect, 3.0)?;
    let top = rect.y + INSET / 2.0 + BASE;
    text(out, (rect.x + INSET, top), "start", &format!("fill=\"{TEXT}\" font-weight=\"bold\""), &node.name)?;
    text(out, (rect.x + rect.width - INSET, top), "end", &format!("fill=\"{FAINT}\""), &node.note)
}

/// What an actor does, on the side where its line begins.
fn draw_label(out: &mut impl Write, edge: &Edge, rect: &Rect, row: usize, is_right: bool) -> io::Result<()> {
    let y = rect.y + INSET / 2.0 + LINE * (float(row) + 1.0) + BASE;
    let colour = format!("fill=\"{}\"", if edge.stuck { STUCK } else { FAINT });
    if is_right {
        return text(out, (rect.x + INSET, y), "start", &colour, &edge.label);
    }
    text(out, (rect.x + rect.width - INSET, y), "end", &colour, &edge.label)
}

fn text(out: &mut impl Write, (x, y): (f64, f64), anchor: &str, style: &str, text: &str) -> io::Result<()> {
    writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {style}>{}</text>", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn a_picture_is_well_formed_and_has_everything() {
        let mut out = Vec::new();
        super::write(&mut out, &sample()).expect("memory");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        for words in [
            ">10 &lt;a&gt; &quot;b&quot; &amp; c</text>",
            ">queue:0</text>",
            ">3 messages</text>",
            ">blocked | x</text>",
            "stroke-dasharray",
        ] {
            assert!(text.contains(words), "{words} is not in {text}");
        }
        assert_eq!((text.matches("<path ").count(), text.matches("<polygon ").count()), (4, 5), "lines and heads");
        assert_eq!(text.matches('<').count(), text.matches('>').count());
    }
}
