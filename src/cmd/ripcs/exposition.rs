//! OpenMetrics text: <https://openmetrics.io>, version 1.0. Gauges alone, so that readers of the older
//! Prometheus format (node_exporter's textfile collector) take it, too.

use std::fmt::Write as _;

use crate::output::escape;

/// A page of metrics.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// Begins a family: all its samples follow.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        let _ = write!(self.text, "# TYPE {name} gauge\n# HELP {name} {help}\n");
        Family { text: &mut self.text, name }
    }

    /// The whole page.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("# EOF\n");
        self.text
    }
}

/// A family that is being written.
#[derive(Debug)]
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Family<'_> {
    /// Adds a sample; labels with an empty value are left out, which means the same.
    pub(super) fn sample(&mut self, labels: &[(&str, &[u8])], value: u64) {
        self.text.push_str(self.name);
        let mut opener = '{';
        for (label, text) in labels.iter().filter(|(_, text)| !text.is_empty()) {
            let _ = write!(self.text, "{opener}{label}=\"{}\"", quoted(text));
            opener = ',';
        }
        let _ = writeln!(self.text, "{} {value}", if opener == ',' { "}" } else { "" });
    }
}

/// A label's value: what a terminal would obey is escaped first, then what the format wants escaped.
fn quoted(text: &[u8]) -> String {
    escape(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_the_standard_has_it() {
        let mut page = Exposition::default();
        let mut family = page.gauge("ripc_objects", "Objects");
        family.sample(&[], 3);
        family.sample(&[("kind", b"queue"), ("owner", b"")], u64::MAX);
        family.sample(&[("name", b"/a\"b\\c\nd\xff\x1b")], 0);
        let expected = "# TYPE ripc_objects gauge\n# HELP ripc_objects Objects\nripc_objects 3\n\
                        ripc_objects{kind=\"queue\"} 18446744073709551615\n\
                        ripc_objects{name=\"/a\\\"b\\\\c\\\\nd\\\\xff\\\\x1b\"} 0\n# EOF\n";
        assert_eq!(page.finish(), expected);
    }
}
