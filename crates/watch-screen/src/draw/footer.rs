//! The line of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::theme::Theme;
use crate::page::Page;
use crate::state::{Mode, State};
use crate::text;

/// Draws the keys that do something now, the most useful first.
pub(crate) fn footer(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let width = usize::from(area.width);
    if let Mode::Filter { .. } = state.mode {
        let help = "  Enter keeps it, Esc restores";
        let room = width.saturating_sub(help.len() + "Filter: ".len() + 2).max(10);
        let filter = text::safe(&state.filter);
        // Its end, where it is typed.
        let mut start = filter.as_str();
        while text::width(start) > room {
            start = start.char_indices().nth(1).map_or("", |(at, _)| &start[at..]);
        }
        let line = Line::from(vec![
            Span::styled("Filter: ", theme.bold()),
            Span::raw(start),
            Span::styled(" ", theme.reversed()),
            Span::styled(help, theme.dim()),
        ]);
        buffer.set_line(area.x, area.y, &line, area.width);
        return;
    }
    let keys: &[(&str, &str)] = match (&state.mode, state.page().0) {
        (Mode::Orders { .. }, _) => &[("↑↓", "choose"), ("Enter", "sort"), ("Esc", "back")],
        (_, Page::Listeners) => &[
            ("?", "help"),
            ("q", "quit"),
            ("Enter", "details"),
            ("/", "filter"),
            (">", "sort"),
            ("t", "troubles"),
            ("n", "namespaces"),
            ("p", "pause"),
            ("u", "not seen"),
        ],
        (_, Page::Details) => &[
            ("Esc", "back"),
            ("Tab", "connections, processes, how"),
            ("↑↓", "scroll"),
            ("p", "pause"),
            ("?", "help"),
            ("q", "quit"),
        ],
        _ => &[("Esc", "back"), ("↑↓", "scroll"), ("p", "pause"), ("?", "help"), ("q", "quit")],
    };
    let mut spans = Vec::new();
    let mut free = width;
    for (key, meaning) in keys {
        let taken = text::width(key) + 1 + text::width(meaning) + 2;
        if taken > free + 2 {
            continue;
        }
        free = free.saturating_sub(taken);
        spans.push(Span::styled(*key, theme.key()));
        spans.push(Span::raw(format!(" {meaning}  ")));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}
