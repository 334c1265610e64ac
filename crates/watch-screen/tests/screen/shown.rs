//! Frames, as a person sees them.

use insta::assert_snapshot;
use ratatui::crossterm::event::KeyCode;
use ratatui::style::Color;

use crate::moving;
use crate::support::{SECONDS, Screen, settings};

fn details(width: u16, height: u16) -> Screen {
    let mut screen = Screen::moving(width, height, 12);
    screen.press(KeyCode::Enter);
    screen.take(moving::snapshot(12, SECONDS + 1.0), SECONDS + 1.0);
    screen
}

#[test]
fn the_table_at_60_columns() {
    assert_snapshot!(Screen::moving(60, 20, 12).text());
}

#[test]
fn the_table_at_80_columns() {
    assert_snapshot!(Screen::moving(80, 24, 12).text());
}

#[test]
fn the_table_at_120_columns() {
    assert_snapshot!(Screen::moving(120, 40, 12).text());
}

#[test]
fn the_table_at_200_columns() {
    assert_snapshot!(Screen::moving(200, 50, 12).text());
}

#[test]
fn no_listener() {
    assert_snapshot!(Screen::moving(80, 16, 0).text());
}

#[test]
fn the_connections_of_a_listener() {
    assert_snapshot!(details(80, 24).text());
}

#[test]
fn the_processes_of_a_listener() {
    let mut screen = details(80, 30);
    screen.press(KeyCode::Tab);
    assert_snapshot!(screen.text());
}

#[test]
fn how_the_figures_of_a_listener_are_known() {
    let mut screen = details(120, 40);
    screen.press(KeyCode::BackTab);
    assert_snapshot!(screen.text());
}

#[test]
fn a_listener_that_is_gone_keeps_its_last_figures() {
    let mut screen = details(80, 24);
    screen.take(moving::snapshot(0, SECONDS + 2.0), SECONDS + 2.0);
    let text = screen.text();
    assert!(text.contains("This listener is closed"), "{text}");
    assert!(text.contains("Depth 129"), "{text}");
    assert!(text.contains('⣿'), "{text}");
}

#[test]
fn the_menu_of_orders() {
    let mut screen = Screen::moving(80, 24, 12);
    screen.press(KeyCode::Char('>'));
    assert_snapshot!(screen.text());
}

#[test]
fn the_pages_of_text() {
    for (name, key) in [("help", '?'), ("troubles", 't'), ("namespaces", 'n'), ("not_seen", 'u')] {
        let mut screen = Screen::moving(80, 24, 12);
        screen.press(KeyCode::Char(key));
        assert_snapshot!(name, screen.text());
    }
}

#[test]
fn colour_is_never_the_only_sign() {
    for open in [false, true] {
        let [coloured, plain] = [true, false].map(|colour| {
            let snapshot = moving::snapshot(12, SECONDS);
            let mut screen = Screen::with(120, 40, snapshot, settings(colour));
            if open {
                screen.press(KeyCode::Enter);
                screen.take(moving::snapshot(12, SECONDS), SECONDS);
            }
            screen
        });
        assert_eq!(coloured.text(), plain.text());
        let colours = |screen: &Screen| {
            let cells = screen.buffer().content;
            cells.iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count()
        };
        assert!(colours(&coloured) > 0);
        assert_eq!(colours(&plain), 0);
    }
}

#[test]
fn only_the_16_colours_of_every_terminal_are_used() {
    for cell in Screen::moving(200, 50, 12).buffer().content {
        for colour in [cell.fg, cell.bg] {
            assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{colour:?}");
        }
    }
}

#[test]
fn the_status_says_what_the_watch_costs_and_misses() {
    let mut snapshot = moving::snapshot(3, SECONDS);
    snapshot.effort.recent_cpu_share = 0.0173;
    snapshot.effort.missed_looks = 4_711;
    snapshot.effort.achieved_interval_seconds = 0.025;
    for width in [80, 200] {
        let status = Screen::new(width, 24, snapshot.clone()).lines()[1].clone();
        for part in ["CPU 1.7 % of 2.0 %", "missed looks 4711", "every 25 ms (10 ms wanted)"] {
            assert!(status.contains(part), "{status}");
        }
    }
}
