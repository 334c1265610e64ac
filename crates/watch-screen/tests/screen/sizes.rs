//! Every size, on every page.

use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use watch_screen::settle;

use crate::moving;
use crate::support::{SECONDS, Screen};

/// The pages and menus, by the keys that lead there.
const PAGES: [&[KeyCode]; 9] = [
    &[],
    &[KeyCode::End],
    &[KeyCode::Enter],
    &[KeyCode::Enter, KeyCode::Tab],
    &[KeyCode::Enter, KeyCode::BackTab, KeyCode::End],
    &[KeyCode::Char('>'), KeyCode::End],
    &[KeyCode::Char('/'), KeyCode::Char('n')],
    &[KeyCode::Char('?'), KeyCode::End],
    &[KeyCode::Char('t'), KeyCode::PageDown],
];

#[test]
fn no_size_is_too_small() {
    for keys in PAGES {
        for width in [1, 2, 3, 5, 9, 10, 17, 18, 30, 59, 61, 79, 300] {
            for height in [1, 2, 3, 4, 5, 6, 11, 12, 13, 24, 100] {
                let mut screen = Screen::moving(width, height, 12);
                for &key in keys {
                    screen.press(key);
                    screen.take(moving::snapshot(12, SECONDS), SECONDS);
                }
                assert_eq!(screen.buffer().area, screen.area);
            }
        }
    }
}

#[test]
fn nothing_is_drawn_on_no_terminal() {
    for (width, height) in [(0, 0), (0, 24), (80, 0)] {
        assert!(Screen::moving(width, height, 3).buffer().content.is_empty());
    }
}

#[test]
fn a_selected_row_stays_visible_when_the_terminal_shrinks() {
    let mut screen = Screen::moving(80, 50, 40);
    for _ in 0..30 {
        screen.press(KeyCode::Down);
    }
    let selected = screen.selected().unwrap();
    screen.area = Rect::new(0, 0, 80, 10);
    settle(&mut screen.state, screen.area);
    assert_eq!(screen.selected().unwrap(), selected);
}

#[test]
fn every_address_keeps_its_port() {
    let mut snapshot = moving::snapshot(3, SECONDS);
    snapshot.listeners[0].address =
        "[2001:db8:1234:5678:9abc:def0:1234:5678]:65535".parse().unwrap();
    snapshot.listeners[1].address = "255.255.255.255:65534".parse().unwrap();
    for width in [60, 80, 120, 200] {
        let text = Screen::new(width, 24, snapshot.clone()).text();
        let table: String = text.lines().take(7).collect();
        assert!(table.contains("]:65535 ") && table.contains(":65534 "), "{text}");
    }
}

#[test]
fn two_thousand_listeners_can_be_walked_through() {
    let mut screen = Screen::moving(120, 40, 2_000);
    screen.press(KeyCode::End);
    let last = screen.selected().unwrap();
    screen.press(KeyCode::Home);
    assert!(screen.selected().unwrap().contains("0.0.0.0:80 "));
    for _ in 0..400 {
        screen.press(KeyCode::PageDown);
    }
    assert_eq!(screen.selected().unwrap(), last);
}
