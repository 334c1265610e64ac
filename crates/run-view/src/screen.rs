//! What texts are laid out for: a terminal, or a file of that width.

use anstyle::{Ansi256Color, AnsiColor, Style};

/// The width and colours of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// The longest line, in columns; a word or a path can be longer.
    pub columns: usize,
    /// The widest table, in columns.
    pub widest_table: usize,
    /// Whether the output is coloured.
    pub has_colour: bool,
}

impl Screen {
    /// A file: the usual width, without colours. Its tables can be wider, because programs and
    /// people search them by line.
    pub const FILE: Self =
        Self { columns: crate::prose::WIDTH, widest_table: 160, has_colour: false };

    /// A terminal with this number of columns.
    pub const fn terminal(columns: usize, has_colour: bool) -> Self {
        Self { columns, widest_table: columns, has_colour }
    }

    /// The narrowest screen that texts are laid out for, in columns.
    pub const MIN_COLUMNS: usize = 40;
}

/// The meaning of a part of a text, shown by a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emphasis {
    /// A heading, or the answer.
    Strong,
    /// A check that held, or the best value.
    Good,
    /// A check that failed, or the worst value.
    Bad,
    /// Something to know before the figures are used.
    Warning,
    /// A value between the smallest, 0, and the largest, 1000, of a table.
    Heat(u16),
}

/// Backgrounds from a small to a large value, as numbers of the palette of 256 colours: from
/// dark to light in every kind of colour blindness.
const HEAT: [u8; 7] = [17, 24, 31, 37, 72, 114, 186];

/// The first of the backgrounds that needs black text.
const FIRST_LIGHT: usize = 3;

impl Emphasis {
    pub(crate) fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Strong => Style::new().bold(),
            Self::Good => colour(AnsiColor::Green),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Warning => colour(AnsiColor::Yellow),
            Self::Heat(level) => {
                let step = usize::from(level.min(1000)) * (HEAT.len() - 1) / 1000;
                let text = if step < FIRST_LIGHT { 231 } else { 16 };
                let background = Ansi256Color(HEAT[step]).into();
                Style::new().bg_color(Some(background)).fg_color(Some(Ansi256Color(text).into()))
            }
        }
    }
}

/// A text that is safe to print: only this program's own colours control the terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printable(String);

impl Printable {
    /// A text from anywhere, made safe.
    pub fn new(text: &str) -> Self {
        Self(visible::lines(text).into_owned())
    }

    /// JSON from anywhere, made safe.
    pub fn json(json: &str) -> Self {
        Self(visible::json(json).into_owned())
    }

    /// A text from anywhere, made safe, and with the colour of its meaning if the screen has
    /// colours.
    pub fn with(screen: Screen, emphasis: Emphasis, text: &str) -> Self {
        let safe = Self::new(text);
        if !screen.has_colour || safe.0.is_empty() {
            return safe;
        }
        let style = emphasis.style();
        // Each line for itself: a pager may show any of them first.
        let line = |line: &str| format!("{style}{line}{style:#}");
        Self(safe.0.split('\n').map(line).collect::<Vec<_>>().join("\n"))
    }

    /// A text in which each part has been made safe.
    pub(crate) const fn from_safe(text: String) -> Self {
        Self(text)
    }

    /// Parts with a text between them.
    pub fn joined(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect::<Vec<_>>().join(between))
    }

    /// The text, with the codes of its colours.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lines that it takes.
    pub fn height(&self) -> usize {
        self.0.lines().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURED: Screen = Screen::terminal(80, true);

    #[test]
    fn only_its_own_colours_control_the_terminal() {
        let text = Printable::with(COLOURED, Emphasis::Bad, "a\u{1b}[2Jb\nc");
        assert_eq!(text.as_str().matches('\u{1b}').count(), 6, "{text:?}");
        assert!(text.as_str().contains("\\u{1b}[2Jb"), "{text:?}");
        assert_eq!(Printable::with(Screen::FILE, Emphasis::Bad, "ab"), Printable::new("ab"));
    }

    #[test]
    fn each_level_of_heat_has_a_colour() {
        let colours: Vec<_> = (0..=1000).map(|level| Emphasis::Heat(level).style()).collect();
        let different = colours.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(different, HEAT.len() - 1);
        assert_eq!(Emphasis::Heat(u16::MAX).style(), Emphasis::Heat(1000).style());
    }
}
