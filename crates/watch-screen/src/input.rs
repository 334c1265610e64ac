//! What keys and the mouse do.

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::{Position, Rect};

use crate::areas;
use crate::column::Column;
use crate::page::Page;
use crate::state::{Mode, State};

/// What the event loop has to do after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Draw, and go on.
    Draw,
    /// Nothing: the event has no meaning.
    Ignore,
    /// Draw everything again: another program has written on the terminal (Ctrl-L).
    Redraw,
    /// Leave the screen.
    Quit,
    /// Stop the process until it is continued (Ctrl-Z).
    Suspend,
}

/// Rows that a turn of the wheel moves.
const WHEEL: usize = 3;

/// Longest filter, characters.
const MAX_FILTER: usize = 200;

/// A way along a list.
#[derive(Clone, Copy)]
enum Move {
    Up(usize),
    Down(usize),
    PageUp,
    PageDown,
    Home,
    End,
}

/// Handles an event on a screen of this size.
pub fn handle(state: &mut State, event: &Event, screen: Rect) -> Command {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => on_key(state, *key),
        Event::Mouse(mouse) => on_mouse(state, *mouse, screen),
        Event::Resize(..) | Event::FocusGained => Command::Draw,
        _ => Command::Ignore,
    }
}

fn on_key(state: &mut State, key: KeyEvent) -> Command {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        match key.code {
            KeyCode::Char('c') => return Command::Quit,
            KeyCode::Char('z') => return Command::Suspend,
            KeyCode::Char('l') => return Command::Redraw,
            _ => {}
        }
    }
    match state.mode.clone() {
        Mode::Commands => on_command(state, key),
        Mode::Filter { before } => on_filter_key(state, key, before),
        Mode::Orders { cursor } => on_orders_key(state, key, cursor),
    }
}

fn on_command(state: &mut State, key: KeyEvent) -> Command {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    let page = state.page().0;
    match key.code {
        KeyCode::Char('f') if is_control => go(state, Move::PageDown),
        KeyCode::Char('b') if is_control => go(state, Move::PageUp),
        KeyCode::Char(_) if is_control => return Command::Ignore,
        KeyCode::Char('q') | KeyCode::F(10) => return Command::Quit,
        KeyCode::Up | KeyCode::Char('k') => go(state, Move::Up(1)),
        KeyCode::Down | KeyCode::Char('j') => go(state, Move::Down(1)),
        KeyCode::PageUp => go(state, Move::PageUp),
        KeyCode::PageDown => go(state, Move::PageDown),
        KeyCode::Home | KeyCode::Char('g') => go(state, Move::Home),
        KeyCode::End | KeyCode::Char('G') => go(state, Move::End),
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => state.show(Page::Help),
        KeyCode::Char('t') => state.show(Page::Troubles),
        KeyCode::Char('n') => state.show(Page::Namespaces),
        KeyCode::Char('u') => state.show(Page::Unseen),
        KeyCode::Char('p' | ' ') => state.is_paused = !state.is_paused,
        KeyCode::Char('/') | KeyCode::F(3 | 4) => start_filter(state),
        KeyCode::Char('>' | '<' | '.' | ',') | KeyCode::F(6) => start_orders(state),
        KeyCode::Char('I') => {
            let order = state.order;
            state.set_order(order.chosen(order.column));
        }
        KeyCode::Enter if page == Page::Listeners => state.open(),
        KeyCode::Tab | KeyCode::Right if page == Page::Details => turn(state, false),
        KeyCode::BackTab | KeyCode::Left if page == Page::Details => turn(state, true),
        KeyCode::Esc | KeyCode::Backspace => {
            if !state.back() {
                if state.selected.is_some() {
                    state.deselect();
                } else {
                    state.set_filter(String::new());
                }
            }
        }
        _ => return Command::Ignore,
    }
    Command::Draw
}

/// The filter and the orders are those of the table.
fn start_filter(state: &mut State) {
    state.show(Page::Listeners);
    state.opened = None;
    state.details = None;
    state.mode = Mode::Filter { before: state.filter.clone() };
}

fn start_orders(state: &mut State) {
    if state.page().0 != Page::Listeners {
        return;
    }
    state.mode = Mode::Orders { cursor: state.order.column as usize };
}

fn turn(state: &mut State, is_backward: bool) {
    if let Some(opened) = &mut state.opened {
        opened.tab = opened.tab.next(is_backward);
    }
    state.scroll(0);
}

fn on_filter_key(state: &mut State, key: KeyEvent, before: String) -> Command {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    let mut filter = state.filter.clone();
    match key.code {
        KeyCode::Enter => state.mode = Mode::Commands,
        KeyCode::Esc => {
            state.mode = Mode::Commands;
            state.set_filter(before);
        }
        KeyCode::Char('u') if is_control => state.set_filter(String::new()),
        KeyCode::Char('w') if is_control => {
            let kept = filter.trim_end().rfind(' ').map_or(0, |space| space + 1);
            filter.truncate(kept);
            state.set_filter(filter);
        }
        KeyCode::Char('h') if is_control => remove_last(state, filter),
        KeyCode::Backspace => remove_last(state, filter),
        KeyCode::Char(c) if !is_control && filter.chars().count() < MAX_FILTER => {
            filter.push(c);
            state.set_filter(filter);
        }
        _ => return Command::Ignore,
    }
    Command::Draw
}

fn remove_last(state: &mut State, mut filter: String) {
    filter.pop();
    state.set_filter(filter);
}

fn on_orders_key(state: &mut State, key: KeyEvent, cursor: usize) -> Command {
    let last = Column::ALL.len() - 1;
    let cursor = match key.code {
        KeyCode::Up | KeyCode::Char('k') => cursor.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => (cursor + 1).min(last),
        KeyCode::Home | KeyCode::PageUp => 0,
        KeyCode::End | KeyCode::PageDown => last,
        KeyCode::Enter => {
            state.mode = Mode::Commands;
            state.set_order(state.order.chosen(Column::ALL[cursor]));
            return Command::Draw;
        }
        KeyCode::Esc | KeyCode::F(6) | KeyCode::Char('q') => {
            state.mode = Mode::Commands;
            return Command::Draw;
        }
        _ => return Command::Ignore,
    };
    state.mode = Mode::Orders { cursor };
    Command::Draw
}

fn go(state: &mut State, way: Move) {
    let (page, top) = state.page();
    let is_table = page == Page::Listeners;
    let at = if is_table { state.selected_row() } else { Some(top) };
    // The first move selects the row on top.
    let from = at.unwrap_or(state.offset);
    let step = |by: usize| if at.is_none() { by.saturating_sub(1) } else { by };
    let lines = state.visible.saturating_sub(1).max(1);
    let to = match way {
        Move::Up(by) => from.saturating_sub(by),
        Move::Down(by) => from + step(by),
        Move::PageUp => from.saturating_sub(lines),
        Move::PageDown => from + lines,
        Move::Home => 0,
        // `State::settle` and `State::select_row` correct it.
        Move::End => usize::MAX / 2,
    };
    if is_table { state.select_row(to) } else { state.scroll(to) }
}

fn on_mouse(state: &mut State, mouse: MouseEvent, screen: Rect) -> Command {
    let at = Position::new(mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp => go(state, Move::Up(WHEEL)),
        MouseEventKind::ScrollDown => go(state, Move::Down(WHEEL)),
        MouseEventKind::Down(MouseButton::Left) => {
            state.mode = Mode::Commands;
            if state.page().0 == Page::Listeners {
                on_click(state, at, screen);
            } else if areas::text(screen)[0].contains(at) {
                state.back();
            }
        }
        _ => return Command::Ignore,
    }
    Command::Draw
}

fn on_click(state: &mut State, at: Position, screen: Rect) {
    let areas = areas::listeners(screen, state.rows.len());
    if areas.heading.contains(at) {
        let columns = state.widths.place(screen.width);
        // The space before a heading belongs to it.
        let column = columns.iter().find(|placed| at.x < placed.x + placed.width);
        if let Some(placed) = column {
            state.set_order(state.order.chosen(placed.column));
        }
    } else if areas.rows.contains(at) {
        let row = state.offset + usize::from(at.y - areas.rows.y);
        if row >= state.rows.len() {
            state.deselect();
        } else if state.selected_row() == Some(row) {
            state.open();
        } else {
            state.select_row(row);
        }
    } else if areas.panel.contains(at) {
        state.show(Page::Troubles);
    }
}
