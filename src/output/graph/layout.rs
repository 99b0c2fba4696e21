//! Where everything stands in the picture of a graph: who writes on the left, things in the middle, who
//! only reads on the right. A line leaves an actor where its label stands, so no label lies on a line.

use unicode_width::UnicodeWidthStr;

use super::{Flow, Graph};

/// Height of a line of text.
pub(super) const LINE: f64 = 17.0;
/// From the border of a box to its text.
pub(super) const INSET: f64 = 9.0;
/// From box to box in a column.
const GAP: f64 = 14.0;
/// From column to column: lines need room to bend.
const CORRIDOR: f64 = 130.0;
/// Around everything.
const MARGIN: f64 = 20.0;
/// What a character takes, more or less.
const CHARACTER: f64 = 7.1;
/// Between two ends of lines at a thing.
const PORT: f64 = 9.0;

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }
}

/// The picture, box by box and line by line in the order of the graph.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    pub actors: Vec<Rect>,
    pub things: Vec<Rect>,
    /// The ends of each line: at the actor and at the thing.
    pub lines: Vec<[(f64, f64); 2]>,
    /// Whether an actor stands on the right.
    pub is_right: Vec<bool>,
    /// In which line of its actor's box the label of an edge stands, from 0.
    pub rows: Vec<usize>,
}

impl Layout {
    pub(super) fn of(graph: &Graph) -> Self {
        let is_right = readers(graph);
        let mut layout = Self { is_right, rows: vec![0; graph.edges.len()], ..Self::default() };
        layout.measure(graph);
        let mut columns = layout.columns(graph);
        // Each column is sorted by where the others stand, until nothing changes any more or nearly so.
        for _ in 0..8 {
            layout.sort(graph, &mut columns);
        }
        layout.spread(graph, &columns);
        layout.place(&columns);
        layout.join(graph);
        layout
    }

    /// The sizes of the boxes.
    fn measure(&mut self, graph: &Graph) {
        let lines_at = |actor: usize| graph.edges.iter().filter(move |edge| edge.actor == actor);
        for (index, node) in graph.actors.iter().enumerate() {
            let labels = lines_at(index).map(|edge| width_of(&edge.label) + 12.0);
            let title = width_of(&node.name) + width_of(&node.note) + 14.0;
            let rows = lines_at(index).count();
            self.actors.push(Rect { width: labels.fold(title, f64::max) + 2.0 * INSET, ..rect(1 + rows) });
        }
        for (index, node) in graph.things.iter().enumerate() {
            let width = width_of(&node.name).max(width_of(&node.note)) + 2.0 * INSET + 12.0;
            let at = |right: bool| {
                graph.edges.iter().filter(|edge| edge.thing == index && self.is_right[edge.actor] == right).count()
            };
            let text = rect(if node.note.is_empty() { 1 } else { 2 });
            let ports = (float(at(false).max(at(true))) + 1.0) * PORT;
            self.things.push(Rect { width, height: text.height.max(ports), ..text });
        }
    }

    /// Indices of the boxes of each column from top to bottom: left actors, things, right actors.
    fn columns(&self, graph: &Graph) -> [Vec<usize>; 3] {
        let side = |right: bool| (0..graph.actors.len()).filter(|&index| self.is_right[index] == right).collect();
        [side(false), (0..graph.things.len()).collect(), side(true)]
    }

    fn sort(&mut self, graph: &Graph, columns: &mut [Vec<usize>; 3]) {
        for column in [1, 0, 2] {
            self.stack(columns);
            let wanted = |index: usize| self.wanted(graph, column, index).unwrap_or(f64::MAX);
            let mut keyed: Vec<(f64, usize)> = columns[column].iter().map(|&index| (wanted(index), index)).collect();
            keyed.sort_by(|one, two| one.0.total_cmp(&two.0));
            columns[column] = keyed.into_iter().map(|(_, index)| index).collect();
        }
    }

    /// The height at which a box would stand straight across from those it is joined to.
    fn wanted(&self, graph: &Graph, column: usize, index: usize) -> Option<f64> {
        let middles: Vec<f64> = if column == 1 {
            let edges = graph.edges.iter().filter(|edge| edge.thing == index);
            edges.map(|edge| self.actors[edge.actor].middle()).collect()
        } else {
            let edges = graph.edges.iter().filter(|edge| edge.actor == index);
            edges.map(|edge| self.things[edge.thing].middle()).collect()
        };
        (!middles.is_empty()).then(|| middles.iter().sum::<f64>() / float(middles.len()))
    }

    fn rects(&mut self, column: usize) -> &mut Vec<Rect> {
        if column == 1 { &mut self.things } else { &mut self.actors }
    }

    /// Puts the boxes of each column below each other.
    fn stack(&mut self, columns: &[Vec<usize>; 3]) {
        for (number, column) in columns.iter().enumerate() {
            let mut y = 0.0;
            for &index in column {
                let rect = &mut self.rects(number)[index];
                rect.y = y;
                y += rect.height + GAP;
            }
        }
    }

    /// Moves each box towards where its lines would be straight, as far as the order allows.
    fn spread(&mut self, graph: &Graph, columns: &[Vec<usize>; 3]) {
        self.stack(columns);
        for column in [1, 0, 2, 1, 0, 2] {
            let mut free = 0.0_f64;
            for &index in &columns[column] {
                let height = self.rects(column)[index].height;
                let wanted = self.wanted(graph, column, index).map_or(free, |middle| middle - height / 2.0);
                let y = wanted.max(free);
                self.rects(column)[index].y = y;
                free = y + height + GAP;
            }
        }
    }

    /// Gives each column its place, and the picture its size.
    fn place(&mut self, columns: &[Vec<usize>; 3]) {
        let all = || self.actors.iter().chain(&self.things);
        let top = all().map(|rect| rect.y).fold(f64::INFINITY, f64::min);
        let bottom = all().map(|rect| rect.y + rect.height).fold(0.0, f64::max);
        let shift = if top.is_finite() { MARGIN - top } else { MARGIN };
        self.height = bottom + shift + MARGIN;
        let mut x = MARGIN;
        for (number, column) in columns.iter().enumerate() {
            let widest = column.iter().map(|&index| self.rects(number)[index].width).fold(0.0, f64::max);
            for &index in column {
                let rect = &mut self.rects(number)[index];
                (rect.x, rect.y, rect.width) = (x, rect.y + shift, widest);
            }
            if !column.is_empty() {
                x += widest + CORRIDOR;
            }
        }
        self.width = (x - CORRIDOR + MARGIN).max(2.0 * MARGIN);
    }

    /// Finds the ends of the lines: at an actor one below the other, at a thing side by side, in the order
    /// in which they come in.
    fn join(&mut self, graph: &Graph) {
        self.lines = vec![[(0.0, 0.0); 2]; graph.edges.len()];
        for actor in 0..graph.actors.len() {
            let mut edges = edges_of(graph, |edge| edge.actor == actor);
            edges.sort_by(|&one, &two| self.thing_of(graph, one).total_cmp(&self.thing_of(graph, two)));
            let rect = self.actors[actor];
            for (row, &edge) in edges.iter().enumerate() {
                let x = if self.is_right[actor] { rect.x } else { rect.x + rect.width };
                self.rows[edge] = row;
                self.lines[edge][0] = (x, rect.y + INSET / 2.0 + LINE * (float(row) + 1.5));
            }
        }
        for thing in 0..graph.things.len() {
            for right in [false, true] {
                let mut edges = edges_of(graph, |edge| edge.thing == thing && self.is_right[edge.actor] == right);
                edges.sort_by(|&one, &two| self.lines[one][0].1.total_cmp(&self.lines[two][0].1));
                let rect = self.things[thing];
                let step = rect.height / (float(edges.len()) + 1.0);
                for (place, &edge) in edges.iter().enumerate() {
                    let x = if right { rect.x + rect.width } else { rect.x };
                    self.lines[edge][1] = (x, rect.y + step * (float(place) + 1.0));
                }
            }
        }
    }

    fn thing_of(&self, graph: &Graph, edge: usize) -> f64 {
        self.things[graph.edges[edge].thing].y
    }
}

fn edges_of(graph: &Graph, is_it: impl Fn(&super::Edge) -> bool) -> Vec<usize> {
    (0..graph.edges.len()).filter(|&index| is_it(&graph.edges[index])).collect()
}

/// A count as a length; pictures are small.
pub(super) fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// A box for so many lines of text.
fn rect(lines: usize) -> Rect {
    Rect { height: LINE * float(lines) + INSET, ..Rect::default() }
}

/// Who only reads stands on the right. Where nobody writes, everybody does: then they stand on the left.
fn readers(graph: &Graph) -> Vec<bool> {
    let reads = |actor: usize| {
        let mut edges = graph.edges.iter().filter(|edge| edge.actor == actor).peekable();
        edges.peek().is_some() && edges.all(|edge| edge.flow == Flow::In)
    };
    let mut readers: Vec<bool> = (0..graph.actors.len()).map(reads).collect();
    if readers.iter().all(|reads| *reads) {
        readers.fill(false);
    }
    readers
}

fn width_of(text: &str) -> f64 {
    float(text.width()) * CHARACTER
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, Node, Tint, sample};
    use super::*;

    /// A graph of this many actors at this many things, joined as if by chance.
    fn busy(actors: usize, things: usize) -> Graph {
        let node = |index: usize| Node { name: format!("{index} name"), note: "x".into(), tint: Tint::Grey };
        let edge = |number: usize| Edge {
            actor: number % actors,
            thing: (number * number + number / actors) % things,
            flow: [Flow::Out, Flow::In, Flow::Both][number % actors % 3],
            label: format!("does {number}"),
            stuck: false,
        };
        Graph {
            actors: (0..actors).map(node).collect(),
            things: (0..things).map(node).collect(),
            edges: (0..2 * actors).map(edge).collect(),
        }
    }

    #[test]
    fn no_box_lies_on_another_and_all_lie_inside() {
        for graph in [sample(), busy(30, 12), busy(7, 3), Graph::default()] {
            let layout = Layout::of(&graph);
            let all: Vec<Rect> = layout.actors.iter().chain(&layout.things).copied().collect();
            for (index, one) in all.iter().enumerate() {
                assert!(one.x >= 0.0 && one.y >= 0.0, "{one:?}");
                assert!(one.x + one.width <= layout.width && one.y + one.height <= layout.height, "{one:?}");
                for two in &all[index + 1..] {
                    let beside = one.x + one.width <= two.x || two.x + two.width <= one.x;
                    let below = one.y + one.height <= two.y || two.y + two.height <= one.y;
                    assert!(beside || below, "{one:?} and {two:?}");
                }
            }
        }
    }

    #[test]
    fn lines_begin_at_their_label_and_end_at_their_thing() {
        let graph = busy(30, 12);
        let layout = Layout::of(&graph);
        for (edge, [from, to]) in graph.edges.iter().zip(&layout.lines) {
            let (actor, thing) = (layout.actors[edge.actor], layout.things[edge.thing]);
            assert!((actor.y..actor.y + actor.height).contains(&from.1), "{edge:?}");
            assert!((thing.y..thing.y + thing.height).contains(&to.1), "{edge:?}");
        }
        let starts: Vec<_> = layout.lines.iter().map(|line| line[0]).collect();
        for (index, start) in starts.iter().enumerate() {
            assert!(!starts[..index].contains(start), "two labels in one place");
        }
    }

    #[test]
    fn who_only_reads_stands_on_the_right() {
        let layout = Layout::of(&sample());
        assert_eq!(layout.is_right, [false, true, false]);
        let mut reading = sample();
        reading.edges.iter_mut().for_each(|edge| edge.flow = Flow::In);
        assert_eq!(Layout::of(&reading).is_right, [false; 3]);
    }

    #[test]
    fn thirty_actors_fit_a_page() {
        let layout = Layout::of(&busy(30, 12));
        assert!(layout.width < 1200.0 && layout.height < 2200.0, "{} x {}", layout.width, layout.height);
    }
}
