//! A table as text that fits a screen.
//!
//! In this order, until it fits: with a frame, then without one, each with the headings and the
//! columns of words wrapped as far as necessary; as several tables below each other; as a list
//! of each row's values. Words and numbers are never broken.

use tabled::builder::Builder;
use tabled::settings::object::{Cell, Columns, Object, Rows};
use tabled::settings::{Alignment, Color, Padding, Style};

use crate::prose::wrap_to;
use crate::screen::{Emphasis, Printable, Screen};

/// Rows below their headings.
#[derive(Debug, Clone, Copy)]
pub struct TextTable<'a> {
    /// The headings of the columns.
    pub head: &'a [String],
    /// The rows, one text per column.
    pub rows: &'a [Vec<String>],
    /// The number of columns with words; the columns after them have numbers.
    pub words: usize,
    /// The number of columns, at least one, that tell rows apart.
    pub keys: usize,
    /// The meaning of cells, by row and column.
    pub emphasis: &'a [((usize, usize), Emphasis)],
    /// Whether it has a frame if there is room for one.
    pub has_frame: bool,
}

/// A layout of some columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Lines,
    Spaces,
}

impl Frame {
    /// The columns that it takes besides the cells.
    const fn width(self, columns: usize) -> usize {
        match self {
            Self::Lines => 3 * columns + 1,
            Self::Spaces => 2 * columns.saturating_sub(1),
        }
    }
}

impl TextTable<'_> {
    /// The table as text whose lines have at most the screen's columns, unless a single word
    /// or number is longer.
    pub fn text(&self, screen: Screen) -> Printable {
        let all: Vec<usize> = (0..self.head.len()).collect();
        if let Some(text) = self.fitted(&all, screen) {
            return text;
        }
        match self.parts(screen.widest_table) {
            Some(parts) => {
                let parts = parts.iter().filter_map(|columns| self.fitted(columns, screen));
                Printable::joined(parts, "\n\n")
            }
            None => self.list(screen),
        }
    }

    /// Some columns, in the first layout that fits.
    fn fitted(&self, columns: &[usize], screen: Screen) -> Option<Printable> {
        let natural: Vec<_> = columns.iter().map(|&column| self.natural(column)).collect();
        let least: Vec<_> = columns.iter().map(|&column| self.least(column)).collect();
        let frames = [Frame::Lines, Frame::Spaces];
        let frames = || frames.into_iter().skip(usize::from(!self.has_frame));
        let fits = |widths: &[usize], frame: Frame| {
            widths.iter().sum::<usize>() + frame.width(columns.len()) <= screen.widest_table
        };
        let frame = frames().find(|frame| fits(&least, *frame))?;
        let mut widths = natural;
        while !fits(&widths, frame) {
            // The widest column that can be narrower.
            let widest = (0..widths.len()).filter(|&at| widths[at] > least[at]);
            let widest = widest.max_by_key(|&at| widths[at])?;
            widths[widest] -= 1;
        }
        Some(self.draw(columns, &widths, frame, screen))
    }

    /// The columns of several tables, each with the columns that tell rows apart; `None` if
    /// some do not fit.
    fn parts(&self, width: usize) -> Option<Vec<Vec<usize>>> {
        let keys = self.keys.clamp(1, self.head.len().max(1));
        let fits = |columns: &[usize]| {
            let cells: usize = columns.iter().map(|&column| self.least(column)).sum();
            cells + Frame::Spaces.width(columns.len()) <= width
        };
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for column in keys..self.head.len() {
            if let Some(last) = parts.last_mut() {
                last.push(column);
                if fits(last) {
                    continue;
                }
                last.pop();
            }
            parts.push((0..keys).chain([column]).collect());
            if !fits(parts.last()?) {
                return None;
            }
        }
        (!parts.is_empty()).then_some(parts)
    }

    fn draw(&self, columns: &[usize], widths: &[usize], frame: Frame, screen: Screen) -> Printable {
        let cells = |row: &[String]| -> Vec<String> {
            let wrapped = |(&column, &width): (&usize, &usize)| {
                wrap_to(width, &visible::line(&row[column]), "", "")
            };
            columns.iter().zip(widths).map(wrapped).collect()
        };
        let mut builder = Builder::default();
        builder.push_record(cells(self.head));
        self.rows.iter().for_each(|row| builder.push_record(cells(row)));
        let mut table = builder.build();
        match frame {
            Frame::Lines => table.with(Style::rounded()),
            Frame::Spaces => table.with(Style::empty()).with(Padding::new(0, 2, 0, 0)),
        };
        let words = columns.iter().filter(|&&column| column < self.words).count();
        table.modify(Columns::new(words..), Alignment::right());
        if screen.has_colour {
            table.modify(Rows::first(), colour(Emphasis::Strong));
            for &((row, column), emphasis) in self.emphasis {
                if let Some(at) = columns.iter().position(|&shown| shown == column) {
                    table
                        .modify(Cell::new(row + 1, at).intersect(Rows::new(1..)), colour(emphasis));
                }
            }
        }
        let text = table.to_string();
        Printable::from_safe(match frame {
            Frame::Lines => text,
            Frame::Spaces => text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"),
        })
    }

    /// A paragraph for each row: its keys, then each other heading with its value.
    fn list(&self, screen: Screen) -> Printable {
        let keys = self.keys.clamp(1, self.head.len().max(1));
        let pair = |(name, value): (&String, &String)| format!("{name} {value}");
        let row = |row: &Vec<String>| {
            let pairs: Vec<_> = self.head.iter().zip(row).map(pair).collect();
            let (keys, others) = pairs.split_at(keys.min(pairs.len()));
            let title = wrap_to(screen.columns, &keys.join(", "), "", "  ");
            let others = wrap_to(screen.columns, &others.join(", "), "  ", "  ");
            Printable::new(&format!("{title}\n{others}"))
        };
        Printable::joined(self.rows.iter().map(row), "\n")
    }

    /// The width of a column without a line break.
    fn natural(&self, column: usize) -> usize {
        self.column(column).map(|cell| length(cell)).max().unwrap_or(0)
    }

    /// The smallest width of a column: that of its longest word, or number.
    fn least(&self, column: usize) -> usize {
        let word = |text: &String| {
            visible::line(text).split_ascii_whitespace().map(length).max().unwrap_or(0)
        };
        let is_wrapped = column < self.words.max(self.keys);
        let body = self.rows.iter().filter_map(|row| row.get(column));
        let body = body.map(|cell| if is_wrapped { word(cell) } else { length(cell) }).max();
        body.unwrap_or(0).max(self.head.get(column).map_or(0, word))
    }

    fn column(&self, column: usize) -> impl Iterator<Item = &String> {
        let body = self.rows.iter().filter_map(move |row| row.get(column));
        self.head.get(column).into_iter().chain(body)
    }
}

fn length(text: &str) -> usize {
    visible::line(text).chars().count()
}

fn colour(emphasis: Emphasis) -> Color {
    let style = emphasis.style();
    Color::new(style.render().to_string(), style.render_reset().to_string())
}
