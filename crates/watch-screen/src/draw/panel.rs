//! What is below the table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::theme::Theme;
use super::{paragraph, troubles};
use crate::state::State;

/// Most lines of counters.
const MOST_COUNTERS: usize = 3;

/// Draws a sentence for each trouble, and the counters that move.
pub(crate) fn panel(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let height = usize::from(area.height);
    if height < 2 {
        return;
    }
    let width = usize::from(area.width);
    let counters = troubles::counters(state, width);
    let counted = counters.len().min(MOST_COUNTERS).min((height - 1) / 3);
    let room = height - 1 - counted;
    let title = match troubles::count(state) {
        0 => "Troubles".to_owned(),
        count => format!("Troubles: {count} (t shows all)"),
    };
    let mut lines = vec![paragraph::heading(&title, width, theme.dim())];
    let mut sentences = troubles::lines(state, theme, width);
    if sentences.len() > room {
        let more = sentences.len() - room.saturating_sub(1);
        sentences.truncate(room.saturating_sub(1));
        sentences.push(Line::styled(format!("… {more} more lines: t"), theme.dim()));
    }
    sentences.resize(room, Line::default());
    lines.extend(sentences);
    lines.extend(counters.into_iter().take(counted).map(|text| Line::styled(text, theme.dim())));
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        buffer.set_line(area.x, y, line, area.width);
    }
}
