//! A whole frame.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::theme::Theme;
use super::{details, footer, help, listeners, namespaces, orders, panel, status, troubles};
use crate::areas;
use crate::page::Page;
use crate::state::{Mode, State};

/// Corrects what of a list or page is visible on a screen of this size. To be called before
/// [`draw`].
pub fn settle(state: &mut State, screen: Rect) {
    let theme = Theme { colour: state.colour };
    let (visible, lines) = match state.page().0 {
        Page::Listeners => {
            (areas::listeners(screen, state.rows.len()).rows.height.into(), state.rows.len())
        }
        Page::Details => details::visible(state, theme, areas::text(screen)[1]),
        page => {
            let body = areas::text(screen)[1];
            (body.height.into(), lines(state, page, theme, body.width.into()).len())
        }
    };
    state.settle(visible, lines);
}

/// Draws the state; it depends on nothing else.
pub fn draw(state: &State, screen: Rect, buffer: &mut Buffer) {
    if screen.is_empty() {
        return;
    }
    let theme = Theme { colour: state.colour };
    match state.page().0 {
        Page::Listeners => table(state, theme, screen, buffer),
        page => text_page(state, page, theme, screen, buffer),
    }
}

fn table(state: &State, theme: Theme, screen: Rect, buffer: &mut Buffer) {
    let areas = areas::listeners(screen, state.rows.len());
    let columns = state.widths.place(screen.width);
    status::status(state, theme, areas.status, buffer);
    listeners::heading(state, &columns, areas.heading, buffer);
    listeners::rows(state, &columns, theme, areas.rows, buffer);
    panel::panel(state, theme, areas.panel, buffer);
    footer::footer(state, theme, areas.footer, buffer);
    if let Mode::Orders { cursor } = state.mode {
        let over = areas.heading.union(areas.rows).union(areas.panel);
        orders::menu(state, cursor, theme, over, buffer);
    }
}

fn text_page(state: &State, page: Page, theme: Theme, screen: Rect, buffer: &mut Buffer) {
    let [title, body, footer] = areas::text(screen);
    if title.height > 0 {
        let paused = if state.is_paused { "PAUSED  " } else { "" };
        let width = usize::from(title.width);
        let text = match page {
            Page::Details => details::title(state, width),
            Page::Troubles => format!("Troubles: {}", troubles::count(state)),
            Page::Namespaces => {
                format!("Network namespaces: {}", state.snapshot.namespaces.len())
            }
            Page::Unseen => format!("Not seen: {}", state.snapshot.unseen.len()),
            Page::Help | Page::Listeners => "Help".to_owned(),
        };
        let text = format!("{paused}{text}");
        buffer.set_stringn(title.x, title.y, format!("{text:width$}"), width, theme.reversed());
    }
    if page == Page::Details {
        details::details(state, theme, body, buffer);
    } else {
        let lines = lines(state, page, theme, body.width.into());
        let visible = lines.iter().skip(state.page().1);
        for (y, line) in (body.y..body.bottom()).zip(visible) {
            buffer.set_line(body.x, y, line, body.width);
        }
    }
    footer::footer(state, theme, footer, buffer);
}

/// The lines of a page of text.
fn lines(state: &State, page: Page, theme: Theme, width: usize) -> Vec<Line<'static>> {
    match page {
        Page::Listeners | Page::Details => Vec::new(),
        Page::Troubles => troubles::lines(state, theme, width),
        Page::Namespaces => namespaces::namespaces(state, theme, width),
        Page::Unseen => namespaces::unseen(state, theme, width),
        Page::Help => help::lines(theme, width),
    }
}
