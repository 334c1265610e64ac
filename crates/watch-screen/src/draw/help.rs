//! Keys and columns.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::paragraph::{heading, prefixed, wrapped};
use super::theme::Theme;
use crate::column::Column;

const KEYS: [(&str, &str); 19] = [
    ("↑ ↓ k j", "move the selection, or scroll"),
    ("PgUp PgDn", "a page up or down (Ctrl-B, Ctrl-F)"),
    ("Home End", "to the first or last (g, G)"),
    ("Enter", "details of the selected listener"),
    ("Tab ← →", "in the details: connections, processes, how the figures are known"),
    ("Esc", "back; in the table: no selection, then no filter"),
    (
        "/ F4",
        "filter: words of the address, process, command, container or namespace; each must match",
    ),
    ("> F6", "choose the order; again, or I: reverse it"),
    ("t", "all troubles, with their causes and what would help"),
    ("n", "namespaces: settings and counters"),
    ("u", "what cannot be seen, and why"),
    ("p Space", "pause the display; the watch goes on"),
    ("? F1 h", "this help"),
    ("q F10", "quit (Ctrl-C)"),
    ("Ctrl-Z", "suspend; `fg` continues"),
    ("Ctrl-L", "draw everything again"),
    (
        "click",
        "select a row, again: details; a heading: sort by it, again: reverse; below the table: troubles",
    ),
    ("wheel", "move the selection, or scroll"),
    ("Shift", "held while dragging: most terminals mark text as usual"),
];

/// The lines of the help.
pub(crate) fn lines(theme: Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![heading("Keys and mouse", width, theme.bold())];
    for (key, meaning) in KEYS {
        let key = Span::styled(format!("{key:11}"), theme.key());
        lines.extend(prefixed(key, meaning, width, 11, Style::new()));
    }
    lines.push(Line::default());
    lines.push(heading("Columns; a narrow terminal leaves some out", width, theme.bold()));
    for column in Column::ALL {
        let name = if column == Column::Trouble { "!! ! i" } else { column.heading() };
        let name = Span::styled(format!("{name:12}"), theme.key());
        lines.extend(prefixed(name, column.meaning(), width, 12, Style::new()));
    }
    for text in [
        "…: not looked at yet. -: the kernel does not say, or there is none. Σ: connections of \
         several listeners that share an address by SO_REUSEPORT. k, M, G: thousands, millions, \
         10⁹, rounded down.",
        "Connections are counted at walks of all sockets, which are rarer than looks at the \
         listeners: the details say how old the counts are.",
    ] {
        lines.push(Line::default());
        lines.extend(wrapped(text, width, 0, Style::new()));
    }
    lines
}
