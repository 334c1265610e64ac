//! The table of listeners.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use watch_record::WatchedListener;

use super::cell::cell;
use super::theme::Theme;
use crate::column::Column;
use crate::state::State;
use crate::text;
use crate::widths::PlacedColumn;

/// Draws the headings of the columns.
pub(crate) fn heading(state: &State, columns: &[PlacedColumn], area: Rect, buffer: &mut Buffer) {
    let style = Style::new().add_modifier(Modifier::UNDERLINED);
    buffer.set_style(area, style);
    for placed in columns {
        let is_sorted = state.is_sorted_by(placed.column);
        let arrow = match (is_sorted, state.order.is_reversed) {
            (false, _) => "",
            (true, false) => "▾",
            (true, true) => "▴",
        };
        let style = if is_sorted { style.add_modifier(Modifier::BOLD) } else { style };
        let width = usize::from(placed.width);
        // The arrow has the space before a heading, if there is no other room.
        let name = text::cut(placed.column.heading(), width);
        let taken = text::width(&name);
        let x = match placed.column.is_number() {
            true => placed.x + placed.width - taken as u16,
            false => placed.x,
        };
        if area.height > 0 {
            buffer.set_stringn(area.x + x, area.y, &name, width, style);
            let arrow_x = match placed.column.is_number() {
                true => x.saturating_sub(1),
                false => (x + taken as u16).min(placed.x + placed.width.saturating_sub(1)),
            };
            buffer.set_stringn(area.x + arrow_x, area.y, arrow, 1, style);
        }
    }
}

/// Draws the rows.
pub(crate) fn rows(
    state: &State,
    columns: &[PlacedColumn],
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    if state.rows.is_empty() {
        let text = match state.snapshot.listeners.is_empty() {
            true => "No listener is seen.",
            false => "No listener matches the filter: / changes it, Esc clears it.",
        };
        buffer.set_stringn(area.x, area.y, text, area.width.into(), theme.dim());
        return;
    }
    let selected = state.selected_row();
    for y in 0..area.height {
        let row = state.offset + usize::from(y);
        let Some(listener) = state.listener(row) else { break };
        let line = Rect { y: area.y + y, height: 1, ..area };
        for placed in columns {
            draw_cell(state, listener, placed, theme, line, buffer);
        }
        if selected == Some(row) {
            buffer.set_stringn(line.x, line.y, ">", 1, theme.bold());
            buffer.set_style(line, theme.reversed());
        }
    }
}

fn draw_cell(
    state: &State,
    listener: &WatchedListener,
    placed: &PlacedColumn,
    theme: Theme,
    line: Rect,
    buffer: &mut Buffer,
) {
    let width = usize::from(placed.width);
    let text = cell(placed.column, listener, &state.snapshot, width);
    let style = style(placed.column, listener, theme);
    let x = line.x + placed.x;
    match placed.column {
        // After the sign of the selected row.
        Column::Trouble => {
            buffer.set_stringn(x + 1, line.y, &text, 2, style);
        }
        Column::History => {
            for (place, bar) in text.chars().enumerate().filter(|&(_, bar)| bar != ' ') {
                let style = if bar == 'x' { theme.drops() } else { theme.queue() };
                let mut symbol = [0; 4];
                buffer.set_stringn(
                    x + place as u16,
                    line.y,
                    bar.encode_utf8(&mut symbol),
                    1,
                    style,
                );
            }
        }
        column => {
            // The numbers above are ASCII, except for Σ and …, which take a column as well.
            let free = match column.is_number() {
                true => width.saturating_sub(text.chars().count()),
                false => 0,
            };
            buffer.set_stringn(x + free as u16, line.y, &text, width - free, style);
        }
    }
}

fn style(column: Column, listener: &WatchedListener, theme: Theme) -> Style {
    let is_full = listener.depth > listener.limit;
    let worst = listener.troubles.first().map(|trouble| theme.severity(trouble.severity));
    match column {
        Column::Trouble | Column::Address => worst.unwrap_or_default(),
        Column::Depth if is_full => theme.drops(),
        Column::DropsPerSecond if listener.drops_last_second > 0 => theme.drops(),
        Column::DropsPerSecond | Column::DropsWatched | Column::DropsTotal => Style::new(),
        Column::LimitFrom | Column::Place => theme.dim(),
        _ => Style::new(),
    }
}
