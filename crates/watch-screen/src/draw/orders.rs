//! The menu of orders.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use super::theme::Theme;
use crate::column::Column;
use crate::state::State;
use crate::text;

/// Draws the menu above the table; the order under the cursor is always visible.
pub(crate) fn menu(state: &State, cursor: usize, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let wanted = Column::ALL.iter().map(|column| label(*column).chars().count()).max();
    let width = area.width.min(wanted.unwrap_or(0) as u16 + 6);
    let height = area.height.min(Column::ALL.len() as u16 + 2);
    let menu = Rect { width, height, ..area };
    Clear.render(menu, buffer);
    let block = Block::bordered().title(" Sort by ");
    let inside = block.inner(menu);
    block.render(menu, buffer);
    let visible = usize::from(inside.height);
    let top = (cursor + 1).saturating_sub(visible);
    for (y, column) in (inside.y..inside.bottom()).zip(Column::ALL.iter().skip(top)) {
        let is_present = state.is_sorted_by(*column);
        let mark = if is_present { "● " } else { "  " };
        let line = text::cut(&format!("{mark}{}", label(*column)), inside.width.into());
        let at_cursor = *column as usize == cursor;
        let style = if at_cursor { theme.reversed() } else { Default::default() };
        let sign = if at_cursor { ">" } else { " " };
        buffer.set_stringn(inside.x, y, sign, inside.width.into(), style);
        let room = usize::from(inside.width).saturating_sub(1);
        buffer.set_stringn(inside.x + 1, y, format!("{line:room$}"), room, style);
    }
}

/// The heading of a column, with the start of its meaning.
fn label(column: Column) -> String {
    let meaning = column.meaning();
    let short = meaning.split([':', ';']).next().unwrap_or(meaning);
    match column {
        Column::Trouble => "trouble".to_owned(),
        _ => format!("{:12}{short}", column.heading()),
    }
}
