//! What `ripcs top` looks like: made for 80 columns and 24 lines, and for more.

use std::time::SystemTime;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState};

use super::super::amount::Amount;
use super::model::{Line, Model, User};
use crate::ipc::census::Class;
use crate::output::{counted, local};

/// The keys, as help tells them.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("up down j k", "move by a line; PgUp PgDn by ten, Home and End to the ends"),
    ("Enter", "open an object: all that is known of it, and who is at it"),
    ("Esc Backspace", "close it again"),
    ("s", "sort by the next: use, waiters, rate, name"),
    ("u w r n", "sort by use, waiters, rate or name"),
    ("t", "show objects of the next type only: queue, segment, set, semaphore, all"),
    ("p Space", "pause, and go on"),
    ("Ctrl-L", "look and draw anew"),
    ("h ?", "this help"),
    ("q Ctrl-C", "quit"),
];

const HEADER: Style = Style::new().add_modifier(Modifier::REVERSED);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const STUCK: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, interval: &str) {
    let areas = Layout::vertical([Constraint::Length(2), Constraint::Min(1), Constraint::Length(1)]);
    let [top, middle, bottom] = areas.areas(frame.area());
    frame.render_widget(Paragraph::new(summary(model, interval)), top);
    match model.opened() {
        _ if model.help => draw_help(frame, middle),
        Some(line) => draw_object(frame, middle, model, line),
        None => draw_list(frame, middle, model),
    }
    frame.render_widget(Paragraph::new(footer(model)), bottom);
}

fn summary(model: &Model, interval: &str) -> Vec<Text<'static>> {
    let count = |class: Class| model.lines().iter().filter(|line| line.class == class).count() as u64;
    let kinds = [Class::Queue, Class::Segment, Class::Set, Class::Semaphore];
    let counts: Vec<String> = kinds.iter().map(|&class| counted(count(class), class.word())).collect();
    let waiting: usize = model.lines().iter().map(|line| line.waiters).sum();
    let pace = if model.paused { "paused".into() } else { format!("every {interval}") };
    let waiters = if waiting > 0 { STUCK } else { BOLD };
    let first = Text::from(vec![
        Span::styled("ripcs top  ", BOLD),
        Span::raw(counts.join(", ")),
        Span::raw("  "),
        Span::styled(format!("{waiting} blocked"), waiters),
        Span::styled(format!("  {pace}"), DIM),
    ]);
    let mut second = vec![Span::styled("nearest limit  ", DIM)];
    second.push(Span::raw(model.tightest.clone().unwrap_or_else(|| "none".into())));
    if model.hidden > 0 {
        second.push(Span::styled(format!("  {} not seen", counted(model.hidden as u64, "process")), DIM));
    }
    if model.unlisted > 0 {
        second.push(Span::styled("  some POSIX objects not seen", DIM));
    }
    vec![first, Text::from(second)]
}

fn footer(model: &Model) -> Text<'static> {
    let mut spans = Vec::new();
    let mut key = |key: &'static str, what: String| {
        spans.push(Span::styled(key, HEADER));
        spans.push(Span::raw(format!(" {what}  ")));
    };
    if model.help {
        key("h", "close help".into());
    } else if model.opened().is_some() {
        key("Esc", "back".into());
        key("\u{2191}\u{2193}", "scroll".into());
        key("p", (if model.paused { "go on" } else { "pause" }).into());
        key("h", "help".into());
    } else {
        key("\u{2191}\u{2193}", "move".into());
        key("Enter", "open".into());
        key("s", format!("sort: {}", model.order.word()));
        key("t", format!("type: {}", model.kinds.word()));
        key("p", (if model.paused { "go on" } else { "pause" }).into());
        key("h", "help".into());
    }
    key("q", "quit".into());
    Text::from(spans)
}

fn draw_help(frame: &mut Frame<'_>, area: Rect) {
    let rows = KEYS.iter().map(|(keys, what)| Row::new([Cell::from(*keys).style(BOLD), Cell::from(*what)]));
    frame.render_widget(Table::new(rows, [Constraint::Length(13), Constraint::Min(20)]), area);
}

fn right(text: String) -> Cell<'static> {
    Cell::from(Text::from(text).alignment(Alignment::Right))
}

fn draw_list(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let shown = model.shown();
    let header = ["OBJECT", "OWNER", "AMOUNT", "BYTES", "FULL", "PROC", "WAIT", "RATE"];
    let cells = header.iter().enumerate().map(|(column, name)| match column {
        0 | 1 => Cell::from(*name),
        _ => right((*name).to_owned()),
    });
    let rows: Vec<Row<'_>> = shown.iter().map(|line| row(line)).collect();
    let widths = [
        Constraint::Min(20),
        Constraint::Length(8),
        Constraint::Length(12),
        Constraint::Length(7),
        Constraint::Length(5),
        Constraint::Length(4),
        Constraint::Length(4),
        Constraint::Length(9),
    ];
    let table = Table::new(rows, widths).header(Row::new(cells).style(HEADER)).row_highlight_style(HEADER);
    let mut state = TableState::default().with_selected((!shown.is_empty()).then(|| model.cursor()));
    frame.render_stateful_widget(table, area, &mut state);
    if shown.is_empty() {
        let below = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        frame.render_widget(Paragraph::new("Nothing of this type exists here.").style(DIM), below);
    }
}

fn row(line: &Line) -> Row<'static> {
    let number = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    // The bytes of memory stand in their own column.
    let amount = line.amount.filter(|amount| amount.unit != "byte").map(Amount::told);
    let percent = line.percent.map(|percent| format!("{percent}%")).unwrap_or_default();
    Row::new([
        Cell::from(line.name.clone()),
        Cell::from(line.owner.clone()),
        right(amount.unwrap_or_default()),
        right(line.bytes.map(human).unwrap_or_default()),
        right(percent).style(if line.percent >= Some(90) { STUCK } else { Style::new() }),
        right(number(line.processes)),
        right(number(line.waiters)).style(if line.waiters > 0 { STUCK } else { Style::new() }),
        right(line.rate.map(rate).unwrap_or_default()),
    ])
}

/// `+12.5/s`; nothing where nothing changes.
fn rate(rate: f64) -> String {
    if rate == 0.0 { String::new() } else { format!("{rate:+.1}/s") }
}

/// A number of bytes in at most six characters: `1023`, `4.0K`, `12M`.
fn human(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let (mut whole, mut tenths, mut unit) = (bytes, 0, 0);
    while whole >= 1024 {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    let letter = ["", "K", "M", "G", "T", "P", "E"][unit];
    if whole < 10 { format!("{whole}.{tenths}{letter}") } else { format!("{whole}{letter}") }
}

fn draw_object(frame: &mut Frame<'_>, area: Rect, model: &Model, line: &Line) {
    let field =
        |name: &'static str, value: String| Text::from(vec![Span::styled(format!("{name:<8}"), DIM), Span::raw(value)]);
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    let details = vec![
        Text::from(Span::styled(line.name.clone(), BOLD)),
        field("owner", format!("{}  {}", line.owner, line.mode)),
        field("amount", or_dash(line.amount.map(Amount::told))),
        field("bytes", or_dash(line.bytes.map(|bytes| bytes.to_string()))),
        field("full", or_dash(line.percent.map(|percent| format!("{percent}%")))),
        field("rate", or_dash(line.rate.map(rate).filter(|rate| !rate.is_empty()))),
        field("at it", format!("{}, {} blocked", counted(line.processes as u64, "process"), line.waiters)),
    ];
    let height = u16::try_from(details.len() + 1).unwrap_or(u16::MAX);
    let [above, below] = Layout::vertical([Constraint::Length(height), Constraint::Min(1)]).areas(area);
    frame.render_widget(Paragraph::new(details), above);
    let header = Row::new([
        right("PID".into()),
        Cell::from("USER"),
        Cell::from("COMMAND"),
        Cell::from("SINCE"),
        Cell::from("HOW"),
    ]);
    let rows = line.users.iter().skip(model.scrolled).map(user_row);
    let widths = [
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(12),
        Constraint::Length(10),
        Constraint::Min(10),
    ];
    frame.render_widget(Table::new(rows, widths).header(header.style(HEADER)), below);
}

fn user_row(user: &User) -> Row<'static> {
    let style = if user.blocked { STUCK } else { Style::new() };
    Row::new([
        right(user.pid.to_string()),
        Cell::from(user.owner.clone()),
        Cell::from(user.command.clone()),
        Cell::from(since(user.since)),
        Cell::from(user.how.clone()).style(style),
    ])
}

/// The time where it was today or nearly so, else the day.
fn since(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let is_recent = u64::try_from(seconds).is_ok_and(|seconds| now.saturating_sub(seconds) < 12 * 3600);
    let all = local(seconds);
    let part = all.split_once(' ').map(|(day, time)| if is_recent { time } else { day });
    part.map_or_else(|| all.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_short() {
        let table = [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1536, "1.5K"),
            (10 * 1024, "10K"),
            (1 << 20, "1.0M"),
            (1023 << 20, "1023M"),
            (u64::MAX, "15E"),
        ];
        for (bytes, shown) in table {
            assert_eq!(human(bytes), shown);
        }
    }

    #[test]
    fn rates_have_a_sign() {
        assert_eq!([rate(0.0), rate(12.25), rate(-3.0)], ["", "+12.2/s", "-3.0/s"]);
    }
}
