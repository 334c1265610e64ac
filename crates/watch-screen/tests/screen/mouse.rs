//! The mouse.

use ratatui::crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use watch_screen::Command;

use crate::support::Screen;

fn mouse(screen: &mut Screen, kind: MouseEventKind, column: u16, row: u16) -> Command {
    screen.event(&Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

fn click(screen: &mut Screen, column: u16, row: u16) {
    assert_eq!(mouse(screen, MouseEventKind::Down(MouseButton::Left), column, row), Command::Draw);
}

#[test]
fn a_click_selects_and_a_second_opens() {
    let mut screen = Screen::moving(120, 40, 12);
    // The status and the headings are above the rows.
    click(&mut screen, 50, 3 + 4);
    assert!(screen.selected().unwrap().contains("[::]:8002"), "{}", screen.text());
    click(&mut screen, 50, 3 + 4);
    assert!(screen.lines()[0].starts_with("[::]:8002"), "{}", screen.text());
    // The title is the way back.
    click(&mut screen, 1, 0);
    assert!(screen.lines()[0].starts_with("queuelab watch"), "{}", screen.text());
}

#[test]
fn a_click_on_a_heading_sorts_and_a_second_reverses() {
    let mut screen = Screen::moving(120, 40, 12);
    let depth = screen.lines()[2].find("DEPTH").unwrap() as u16;
    let depths = |screen: &Screen| -> Vec<u32> {
        let cell = |line: &String| line.chars().skip(depth.into()).take(5).collect::<String>();
        screen.lines()[3..15].iter().map(|line| cell(line).trim().parse().unwrap()).collect()
    };
    // `▾` is one column and three bytes.
    let depth_at = depth - 2;
    click(&mut screen, depth_at, 2);
    let falling = depths(&screen);
    assert!(falling.is_sorted_by(|a, b| a >= b), "{falling:?}\n{}", screen.text());
    click(&mut screen, depth_at, 2);
    let rising = depths(&screen);
    assert!(rising.is_sorted(), "{rising:?}");
    assert_ne!(rising, falling);
}

#[test]
fn the_wheel_moves_the_selection() {
    let mut screen = Screen::moving(120, 40, 12);
    mouse(&mut screen, MouseEventKind::ScrollDown, 5, 5);
    let third = screen.selected().unwrap();
    mouse(&mut screen, MouseEventKind::ScrollDown, 5, 5);
    mouse(&mut screen, MouseEventKind::ScrollUp, 5, 5);
    assert_eq!(screen.selected().unwrap(), third);
}

#[test]
fn a_click_outside_of_everything_does_no_harm() {
    for (column, row) in [(0, 39), (119, 39), (500, 500), (119, 2), (119, 15)] {
        let mut screen = Screen::moving(120, 40, 12);
        click(&mut screen, column, row);
        assert!(!screen.text().is_empty());
    }
    let mut screen = Screen::moving(120, 40, 0);
    click(&mut screen, 5, 3);
    assert_eq!(screen.selected(), None);
}
