//! Colours and signs.

use ratatui::style::{Color, Modifier, Style};
use watch_record::Severity;

/// The styles of a screen, with or without colours. Each has a sign, a word or an attribute of
/// the text beside its colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub(crate) colour: bool,
}

impl Theme {
    fn coloured(self, style: Style, colour: Color) -> Style {
        if self.colour { style.fg(colour) } else { style }
    }

    pub(crate) fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Critical => self.coloured(self.bold(), Color::Red),
            Severity::Warning => self.coloured(self.bold(), Color::Yellow),
            Severity::Notice => self.coloured(Style::new(), Color::Cyan),
        }
    }

    pub(crate) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(crate) fn reversed(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(crate) fn key(self) -> Style {
        self.coloured(self.bold(), Color::Cyan)
    }

    pub(crate) fn queue(self) -> Style {
        self.coloured(Style::new(), Color::Green)
    }

    pub(crate) fn drops(self) -> Style {
        self.coloured(self.bold(), Color::Red)
    }
}

/// The sign of a severity, two columns.
pub(crate) fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "!!",
        Severity::Warning => "! ",
        Severity::Notice => "i ",
    }
}
