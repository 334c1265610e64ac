//! Keys.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use watch_screen::Command;

use crate::moving;
use crate::support::{SECONDS, Screen, settings};

#[test]
fn the_selection_follows_its_listener() {
    let mut screen = Screen::moving(120, 40, 12);
    for _ in 0..5 {
        screen.press(KeyCode::Down);
    }
    let selected = screen.selected().unwrap();
    assert!(selected.contains("[::]:8002"), "{selected}");
    let mut snapshot = moving::snapshot(12, SECONDS);
    snapshot.listeners.reverse();
    screen.take(snapshot, SECONDS);
    assert_eq!(screen.selected().unwrap(), selected);
    screen.press(KeyCode::Char('>'));
    screen.press(KeyCode::Down);
    screen.press(KeyCode::Enter);
    assert_eq!(screen.selected().unwrap(), selected);
}

#[test]
fn the_next_listener_takes_the_place_of_one_that_is_gone() {
    let mut screen = Screen::moving(120, 40, 12);
    for _ in 0..3 {
        screen.press(KeyCode::Char('j'));
    }
    let mut snapshot = moving::snapshot(12, SECONDS);
    let next = snapshot.listeners[3].address.to_string();
    snapshot.listeners.remove(2);
    screen.take(snapshot, SECONDS);
    assert!(screen.selected().unwrap().contains(&next), "{}", screen.text());
    screen.take(moving::snapshot(0, SECONDS), SECONDS);
    assert_eq!(screen.selected(), None);
}

#[test]
fn the_worst_stay_on_top_while_nothing_is_selected() {
    let mut screen = Screen::moving(80, 12, 40);
    let mut snapshot = moving::snapshot(40, SECONDS);
    snapshot.listeners.rotate_right(1);
    let first = snapshot.listeners[0].address.to_string();
    screen.take(snapshot, SECONDS);
    assert!(screen.lines()[3].contains(&first), "{}", screen.text());
}

#[test]
fn every_word_of_a_filter_must_match() {
    let mut screen = Screen::moving(120, 40, 12);
    screen.keys("/NGINX 80");
    let shown = |screen: &Screen| {
        let is_row = |line: &&String| line.contains(":80 ") || line.contains(":88 ");
        screen.lines()[3..6].iter().filter(is_row).count()
    };
    assert!(screen.lines()[0].contains("2 of 12 listeners: NGINX 80"), "{}", screen.text());
    assert_eq!(shown(&screen), 2);
    screen.press_with(KeyCode::Char('w'), KeyModifiers::CONTROL);
    screen.keys("1080");
    assert!(screen.lines()[0].contains("1 of 12 listeners: NGINX 1080"), "{}", screen.text());
    screen.press(KeyCode::Enter);
    // Esc restores the filter that was there before, and without an input removes it.
    screen.keys("/x");
    assert!(screen.text().contains("No listener matches"), "{}", screen.text());
    screen.press(KeyCode::Esc);
    assert!(screen.lines()[0].contains("1 of 12 listeners: NGINX 1080"), "{}", screen.text());
    screen.press(KeyCode::Esc);
    assert!(screen.lines()[0].contains("· 12 listeners ·"), "{}", screen.text());
}

#[test]
fn a_filter_finds_containers_namespaces_and_commands() {
    for (filter, count) in [("web-1", 2), ("blue", 2), ("daemon", 11), ("[::]", 3), ("q", 0)] {
        let mut settings = settings(true);
        settings.filter = filter.into();
        let screen = Screen::with(120, 40, moving::snapshot(12, SECONDS), settings);
        let expected = format!("{count} of 12 listeners: {filter}");
        assert!(screen.lines()[0].contains(&expected), "{expected}: {}", screen.text());
    }
}

#[test]
fn keys_typed_into_the_filter_are_no_commands() {
    let mut screen = Screen::moving(120, 40, 12);
    screen.keys("/");
    for c in "qptnu?>j".chars() {
        assert_eq!(screen.press(KeyCode::Char(c)), Command::Draw);
    }
    assert!(screen.text().contains("Filter: qptnu?>j"), "{}", screen.text());
    assert_eq!(screen.press_with(KeyCode::Char('c'), KeyModifiers::CONTROL), Command::Quit);
}

#[test]
fn a_paused_display_does_not_move() {
    let mut screen = Screen::moving(120, 40, 12);
    screen.press(KeyCode::Char(' '));
    let paused = screen.text();
    assert!(paused.contains("PAUSED"));
    assert!(!screen.take(moving::snapshot(3, 200.0), 200.0));
    assert_eq!(screen.text(), paused);
    screen.press(KeyCode::Char('p'));
    assert!(screen.take(moving::snapshot(3, 200.0), 200.0));
    assert!(screen.lines()[0].contains("· 3 listeners ·"), "{}", screen.text());
}

#[test]
fn the_same_data_is_not_drawn_again() {
    let mut screen = Screen::moving(120, 40, 12);
    let snapshot = Arc::new(moving::snapshot(12, SECONDS));
    assert!(screen.state.take(Arc::clone(&snapshot), None));
    assert!(!screen.state.take(Arc::clone(&snapshot), None));
    screen.press(KeyCode::Enter);
    let details = Arc::new(moving::details(screen.state.opened_listener().unwrap(), SECONDS));
    assert!(screen.state.take(Arc::clone(&snapshot), Some(Arc::clone(&details))));
    assert!(!screen.state.take(Arc::clone(&snapshot), Some(details)));
    // Details of a listener that was opened before are not those of this one.
    let others = Arc::new(moving::details(11, SECONDS));
    let before = screen.text();
    assert!(!screen.state.take(snapshot, Some(others)));
    assert_eq!(screen.text(), before);
}

#[test]
fn pages_are_left_in_the_order_in_which_they_were_opened() {
    let mut screen = Screen::moving(120, 40, 12);
    screen.press(KeyCode::Enter);
    let opened = screen.state.opened_listener();
    assert!(opened.is_some());
    screen.press(KeyCode::Char('?'));
    assert!(screen.lines()[0].starts_with("Help"));
    assert_eq!(screen.state.opened_listener(), opened);
    screen.press(KeyCode::Esc);
    assert!(screen.lines()[0].starts_with("0.0.0.0:80"), "{}", screen.text());
    screen.press(KeyCode::Esc);
    assert!(screen.lines()[0].starts_with("queuelab watch"));
    assert_eq!(screen.state.opened_listener(), None);
    for (key, command) in [
        (KeyCode::Char('q'), Command::Quit),
        (KeyCode::F(10), Command::Quit),
        (KeyCode::Char('x'), Command::Ignore),
    ] {
        assert_eq!(screen.press(key), command);
    }
    for (c, command) in [('c', Command::Quit), ('z', Command::Suspend), ('l', Command::Redraw)] {
        assert_eq!(screen.press_with(KeyCode::Char(c), KeyModifiers::CONTROL), command);
    }
}

#[test]
fn a_page_scrolls_to_its_end_and_not_further() {
    let mut screen = Screen::moving(80, 24, 12);
    screen.press(KeyCode::Char('?'));
    let top = screen.text();
    screen.press(KeyCode::End);
    let end = screen.text();
    assert_ne!(end, top);
    screen.press(KeyCode::PageDown);
    assert_eq!(screen.text(), end);
    for _ in 0..10 {
        screen.press(KeyCode::PageUp);
    }
    assert_eq!(screen.text(), top);
}
