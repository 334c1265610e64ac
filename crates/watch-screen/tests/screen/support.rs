//! A screen without a terminal.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use watch_record::Snapshot;
use watch_screen::{Command, ScreenSettings, State, draw, handle, settle};

use crate::moving;

/// Seconds after which every listener of the synthetic source has a history.
pub(crate) const SECONDS: f64 = 95.0;

/// A screen of this size.
pub(crate) struct Screen {
    pub(crate) state: State,
    pub(crate) area: Rect,
}

impl Screen {
    pub(crate) fn new(width: u16, height: u16, snapshot: Snapshot) -> Self {
        Self::with(width, height, snapshot, settings(true))
    }

    pub(crate) fn with(
        width: u16,
        height: u16,
        snapshot: Snapshot,
        settings: ScreenSettings,
    ) -> Self {
        let mut screen = Self {
            state: State::new(&settings, Arc::new(snapshot)),
            area: Rect::new(0, 0, width, height),
        };
        settle(&mut screen.state, screen.area);
        screen
    }

    /// One of the synthetic source.
    pub(crate) fn moving(width: u16, height: u16, listeners: usize) -> Self {
        Self::new(width, height, moving::snapshot(listeners, SECONDS))
    }

    /// Presses a key, with the settling that follows each event.
    pub(crate) fn press(&mut self, code: KeyCode) -> Command {
        self.press_with(code, KeyModifiers::NONE)
    }

    pub(crate) fn press_with(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Command {
        self.event(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    pub(crate) fn event(&mut self, event: &Event) -> Command {
        let command = handle(&mut self.state, event, self.area);
        settle(&mut self.state, self.area);
        command
    }

    pub(crate) fn keys(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    /// New data, with the details of the synthetic source for the opened listener.
    pub(crate) fn take(&mut self, snapshot: Snapshot, seconds: f64) -> bool {
        let details = self.state.opened_listener().map(|id| moving::details(id, seconds));
        let is_new = self.state.take(Arc::new(snapshot), details.map(Arc::new));
        settle(&mut self.state, self.area);
        is_new
    }

    pub(crate) fn buffer(&self) -> Buffer {
        let mut buffer = Buffer::empty(self.area);
        draw(&self.state, self.area, &mut buffer);
        buffer
    }

    /// The frame as text.
    pub(crate) fn text(&self) -> String {
        let Rect { width, height, .. } = self.area;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(&self.state, frame.area(), frame.buffer_mut())).unwrap();
        terminal.backend().to_string()
    }

    /// The lines of the frame.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.text().lines().map(|line| line.trim_matches('"').trim_end().to_owned()).collect()
    }

    /// The line of the selected row.
    pub(crate) fn selected(&self) -> Option<String> {
        self.lines().into_iter().find(|line| line.starts_with('>'))
    }
}

pub(crate) fn settings(colour: bool) -> ScreenSettings {
    ScreenSettings { colour, filter: String::new(), ..ScreenSettings::default() }
}
