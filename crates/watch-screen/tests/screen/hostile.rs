//! Text of processes, containers and the kernel that tries to control the terminal.

use std::sync::Arc;

use ratatui::crossterm::event::KeyCode;
use watch_record::{
    Severity, Snapshot, Trouble, TroubleKind, Unseen, WatchedListener, WatchedProcess,
};

use crate::moving;
use crate::support::{SECONDS, Screen};

/// Clears the screen, sets the title, reverses the order of what follows, ends the line, and is
/// long.
fn hostile() -> String {
    format!(
        "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\r\n\t\u{0}::error ::x\u{200b}日本語{}",
        "w".repeat(100_000)
    )
}

fn poisoned() -> Snapshot {
    let mut snapshot = moving::snapshot(12, SECONDS);
    for listener in &mut snapshot.listeners {
        poison(listener);
    }
    for namespace in &mut snapshot.namespaces {
        namespace.name = Some(hostile());
        namespace.container = Some(hostile());
        namespace.process = Some((1, hostile()));
        namespace.counters.insert(hostile(), 7);
        namespace.counters_last_second.insert(hostile(), 7);
        namespace.troubles.push(trouble());
    }
    snapshot.unseen = vec![Unseen { what: hostile(), why: hostile() }];
    snapshot
}

fn poison(listener: &mut WatchedListener) {
    listener.container = Some(hostile());
    listener.processes = vec![WatchedProcess {
        pid: 1,
        name: hostile(),
        command: vec![hostile(); 3],
        activity: Some(watch_record::ProcessActivity {
            threads: 1,
            waits_in: vec![hostile()],
            ..Default::default()
        }),
        open_files: None,
        max_open_files: None,
        cpu_share: None,
        run_delay_share: None,
    }];
    listener.troubles = vec![trouble()];
}

fn trouble() -> Trouble {
    Trouble {
        kind: TroubleKind::Dropped,
        severity: Severity::Critical,
        text: hostile(),
        advice: hostile(),
    }
}

#[test]
fn no_text_controls_the_terminal() {
    let pages = ["", "t", "n", "u", "?", ">", "/"].map(|keys| (keys, None));
    let tabs = [0, 1, 2].map(|tabs| ("", Some(tabs)));
    for (keys, tabs) in pages.into_iter().chain(tabs) {
        for width in [60, 80, 200] {
            let mut screen = Screen::new(width, 40, poisoned());
            screen.keys(keys);
            if let Some(tabs) = tabs {
                screen.press(KeyCode::Enter);
                let mut details = moving::details(screen.state.opened_listener().unwrap(), SECONDS);
                details.connections[0].state = hostile();
                screen.state.take(Arc::new(poisoned()), Some(Arc::new(details)));
                for _ in 0..tabs {
                    screen.press(KeyCode::Tab);
                }
            }
            for cell in screen.buffer().content {
                let symbol = cell.symbol();
                assert!(!symbol.contains(visible::is_unsafe), "{keys:?} {tabs:?}: {symbol:?}");
            }
        }
    }
}

#[test]
fn a_typed_filter_is_shown_safely() {
    let mut screen = Screen::moving(80, 24, 12);
    screen.keys("/\u{1b}\u{202e}x");
    assert!(screen.text().contains(r"\u{202e}x"), "{}", screen.text());
    assert!(!screen.text().contains('\u{202e}'));
}

#[test]
fn a_row_keeps_its_columns_beside_hostile_text() {
    let lines = Screen::new(120, 24, poisoned()).lines();
    let before = lines[2].split("LIMIT").next().unwrap().chars().count();
    for line in &lines[3..15] {
        // A character of these lines takes one column, and the numbers end where LIMIT does,
        // but for the sign of somaxconn.
        let limit: String = line.chars().skip(before - 1).take(5).collect();
        assert!(limit.trim().parse::<u32>().is_ok(), "{limit:?} in {line:?}");
    }
}
