//! The event loop.

use std::io::{self, IsTerminal};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::Event;

use crate::draw::{draw, settle};
use crate::end::ScreenEnd;
use crate::error::ScreenError;
use crate::input::{Command, handle};
use crate::keyboard::Keyboard;
use crate::settings::ScreenSettings;
use crate::signals::Signals;
use crate::source::Source;
use crate::state::State;
use crate::terminal::{Screen, leave};

/// Shows what the source knows until the user quits, a signal asks to end (SIGINT, SIGTERM,
/// SIGHUP, SIGQUIT), or the terminal is closed. The terminal is then as it was before.
///
/// It draws when data is new, at most once in [`ScreenSettings::refresh`], and after a key.
///
/// # Errors
///
/// If standard output is not a terminal that can show a screen, or the terminal fails.
pub fn run(source: &dyn Source, settings: &ScreenSettings) -> Result<ScreenEnd, ScreenError> {
    check_terminal()?;
    let signals = Signals::catch().map_err(ScreenError::Signals)?;
    let screen = Screen::open(settings.colour).map_err(ScreenError::SetUp)?;
    let keyboard = Keyboard::start().map_err(ScreenError::SetUp)?;
    let refresh = settings.refresh.max(ScreenSettings::MIN_REFRESH);
    let state = State::new(settings, source.snapshot());
    Session { source, signals, screen, keyboard, state, opened: None, refresh }.run()
}

/// Checks that there is a terminal that can show a screen.
///
/// # Errors
///
/// [`ScreenError::NotATerminal`], [`ScreenError::DumbTerminal`].
pub fn check_terminal() -> Result<(), ScreenError> {
    if !io::stdout().is_terminal() {
        return Err(ScreenError::NotATerminal);
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return Err(ScreenError::DumbTerminal);
    }
    Ok(())
}

struct Session<'a> {
    // Fields are dropped in this order: signals are caught until the terminal is restored.
    screen: Screen,
    signals: Signals,
    keyboard: Keyboard,
    source: &'a dyn Source,
    state: State,
    /// The listener that the source was asked for.
    opened: Option<u64>,
    refresh: Duration,
}

impl Session<'_> {
    fn run(&mut self) -> Result<ScreenEnd, ScreenError> {
        let mut next_data = Instant::now();
        let mut must_draw = true;
        loop {
            if let Some(signal) = self.signals.end() {
                return Ok(ScreenEnd::Signal(signal));
            }
            if self.screen.is_closed() {
                return Ok(ScreenEnd::TerminalClosed);
            }
            if self.signals.is_asked_to_stop() {
                self.suspend(false)?;
                must_draw = true;
            }
            if self.signals.was_continued() {
                self.screen.enter_again().map_err(ScreenError::SetUp)?;
                must_draw = true;
            }
            let now = Instant::now();
            if now >= next_data {
                // Paused, the state would take nothing.
                if !self.state.is_paused {
                    must_draw |= self.state.take(self.source.snapshot(), self.source.details());
                }
                must_draw |= self.screen.is_resized();
                next_data = now + self.refresh;
            }
            if must_draw {
                must_draw = false;
                if let Err(error) = self.draw() {
                    return self.failed(error);
                }
            }
            let wait = next_data.saturating_duration_since(Instant::now());
            match self.keyboard.events.recv_timeout(wait) {
                Ok(event) => {
                    let was_paused = self.state.is_paused;
                    match self.events(event)? {
                        Command::Quit => return Ok(ScreenEnd::Quit),
                        Command::Suspend => {
                            self.suspend(true)?;
                            must_draw = true;
                        }
                        Command::Redraw => {
                            self.screen.forget().map_err(ScreenError::Draw)?;
                            must_draw = true;
                        }
                        Command::Draw => must_draw = true,
                        Command::Ignore => {}
                    }
                    if was_paused && !self.state.is_paused {
                        next_data = Instant::now();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The thread ends after an error only, which was received.
                Err(RecvTimeoutError::Disconnected) => {
                    return self.failed(io::ErrorKind::BrokenPipe.into());
                }
            }
        }
    }

    /// Handles an event and all that wait: one frame shows them.
    fn events(&mut self, first: io::Result<Event>) -> Result<Command, ScreenError> {
        let mut next = Some(first);
        let mut command = Command::Ignore;
        while let Some(event) = next {
            let event = event.map_err(ScreenError::SetUp)?;
            match handle(&mut self.state, &event, self.screen.area()) {
                Command::Ignore => {}
                Command::Draw if command == Command::Redraw => {}
                Command::Draw => {
                    command = Command::Draw;
                    // The next event may depend on what is visible.
                    settle(&mut self.state, self.screen.area());
                }
                Command::Redraw => command = Command::Redraw,
                end => return Ok(end),
            }
            next = self.keyboard.events.try_recv().ok();
        }
        let opened = self.state.opened_listener();
        if opened != self.opened {
            self.opened = opened;
            self.source.select(opened);
        }
        Ok(command)
    }

    fn draw(&mut self) -> io::Result<()> {
        let state = &mut self.state;
        self.screen.draw(|frame| {
            let area = frame.area();
            settle(state, area);
            draw(state, area, frame.buffer_mut());
        })
    }

    fn suspend(&mut self, group: bool) -> Result<(), ScreenError> {
        leave();
        self.signals.suspend(group).map_err(ScreenError::Signals)?;
        self.screen.enter_again().map_err(ScreenError::SetUp)
    }

    /// What it means that the terminal failed.
    fn failed(&self, error: io::Error) -> Result<ScreenEnd, ScreenError> {
        if self.screen.is_closed() {
            return Ok(ScreenEnd::TerminalClosed);
        }
        Err(ScreenError::Draw(error))
    }
}
