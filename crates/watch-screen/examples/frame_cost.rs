//! The CPU time of a frame: `cargo run --release --example frame_cost -- [LISTENERS]`.

#[path = "demo/moving.rs"]
#[expect(dead_code, reason = "a frame needs no clock")]
mod moving;

use std::io;
use std::sync::Arc;

use nix::time::{ClockId, clock_gettime};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use watch_screen::{ScreenSettings, State, draw, handle, settle};

const FRAMES: u32 = 200;

fn main() -> io::Result<()> {
    let listeners = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(200);
    for (width, height) in [(80, 24), (200, 50)] {
        for is_open in [false, true] {
            let page = if is_open { "details" } else { "table" };
            let seconds = frame(listeners, Rect::new(0, 0, width, height), is_open)?;
            eprintln!(
                "{listeners} listeners, {width}x{height}, {page}: {:.0} µs a frame, {:.2} % of a \
                 CPU at 4 frames a second",
                seconds * 1e6,
                seconds * 400.0
            );
        }
    }
    Ok(())
}

/// CPU time of a frame with new data, seconds.
fn frame(listeners: usize, area: Rect, is_open: bool) -> io::Result<f64> {
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(io::sink()), options)?;
    let snapshots: Vec<_> =
        (0..8).map(|quarter| moving::snapshot(listeners, 100.0 + f64::from(quarter))).collect();
    let snapshots: Vec<_> = snapshots.into_iter().map(Arc::new).collect();
    let mut state = State::new(&ScreenSettings::default(), Arc::clone(&snapshots[0]));
    if is_open {
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        handle(&mut state, &Event::Key(enter), area);
    }
    let details: Vec<_> =
        (0..8).map(|quarter| Arc::new(moving::details(0, 100.0 + f64::from(quarter)))).collect();
    let start = cpu_seconds()?;
    for at in 0..FRAMES as usize {
        let details = state.opened_listener().map(|_| Arc::clone(&details[at % 8]));
        state.take(Arc::clone(&snapshots[at % 8]), details);
        terminal.draw(|frame| {
            settle(&mut state, area);
            draw(&state, area, frame.buffer_mut());
        })?;
    }
    Ok((cpu_seconds()? - start) / f64::from(FRAMES))
}

fn cpu_seconds() -> io::Result<f64> {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    Ok(time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}
