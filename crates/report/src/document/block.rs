//! The pieces of a section.

use charts::Chart;
use run_record::Verdict;

use crate::table::Table;

/// A piece of a section.
#[derive(Debug)]
pub(crate) enum Block {
    /// Sentences.
    Text(Tone, String),
    /// The verdict on the run.
    Verdict(Verdict, String),
    /// A heading within the section.
    Heading(&'static str),
    /// A table, and whether its columns may be broken where lines are short.
    Table(Table, bool),
    /// One line for each item.
    List(Vec<String>),
    /// Paragraphs that begin with their point.
    Points(Vec<Point>),
    /// Common beliefs, each with what the run shows instead.
    Beliefs(Vec<Point>),
    /// Names and their values.
    Facts(Vec<(String, String)>),
    /// Lines whose breaks and columns stay.
    Preformatted(String),
    /// Charts side by side; `small` ones get less room each.
    Charts { charts: Vec<Chart>, small: bool },
    /// Rows of charts; in formats without charts, what says the same in words.
    Drawn { charts: Vec<Vec<Chart>>, words: Vec<Block> },
    /// Content that unfolds below its title.
    Folded { id: Option<String>, title: String, is_failed: bool, is_open: bool, blocks: Vec<Block> },
    /// One of several pictures at a time.
    Picker { label: &'static str, pictures: Vec<Picture>, first: usize },
    /// A place that links lead to.
    Anchor(String),
    /// Links, each with its text, after what they are.
    Links { label: String, links: Vec<(String, String)> },
    /// Links to files, each with what is in it.
    Files(Vec<(&'static str, &'static str)>),
    /// Links to the files of all charts of the document.
    ChartFiles,
}

/// How a text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// The answer to the question.
    Answer,
    /// An explanation of what follows; words between backticks are code.
    Caption,
    /// Something to beware of.
    Warning,
    /// The run is not whole.
    Unfinished,
}

/// A paragraph that begins with its point.
#[derive(Debug)]
pub(crate) struct Point {
    /// The point, or the belief.
    pub(crate) lead: String,
    /// What comes after it.
    pub(crate) text: String,
}

/// A choice of a picker.
#[derive(Debug)]
pub(crate) struct Picture {
    /// What links lead to.
    pub(crate) id: String,
    /// What the picker calls it.
    pub(crate) name: String,
    /// Its title where it is shown.
    pub(crate) title: String,
    pub(crate) charts: Vec<Chart>,
}

impl Block {
    /// A text as it is.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Tone::Plain, text.into())
    }

    /// An explanation of what follows.
    pub(crate) fn caption(text: impl Into<String>) -> Self {
        Self::Text(Tone::Caption, text.into())
    }

    /// Charts side by side.
    pub(crate) fn charts_of(charts: impl IntoIterator<Item = Chart>) -> Self {
        Self::Charts { charts: charts.into_iter().collect(), small: false }
    }

    /// Content that is folded at first.
    pub(crate) fn folded(title: impl Into<String>, blocks: Vec<Self>) -> Self {
        Self::Folded { id: None, title: title.into(), is_failed: false, is_open: false, blocks }
    }

    /// Every chart in it, in its order.
    pub(crate) fn charts(&self) -> Vec<&Chart> {
        match self {
            Self::Charts { charts, .. } => charts.iter().collect(),
            Self::Drawn { charts, .. } => charts.iter().flatten().collect(),
            Self::Folded { blocks, .. } => blocks.iter().flat_map(Self::charts).collect(),
            Self::Picker { pictures, .. } => {
                pictures.iter().flat_map(|picture| &picture.charts).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table, false)
    }
}
