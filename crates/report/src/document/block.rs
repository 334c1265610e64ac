//! The blocks of a section.

use charts::Chart;
use run_record::Verdict;

use crate::table::Table;

/// A block of a section.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    /// Sentences.
    Text(Tone, String),
    /// The verdict on the run.
    Verdict(Verdict, String),
    /// A heading within the section.
    Heading(&'static str),
    /// A table.
    Table(Table),
    /// One line for each violation.
    List(Vec<String>),
    /// One line for each item that is no violation.
    Notes(Vec<String>),
    /// Paragraphs with a lead.
    Points(Vec<Point>),
    /// Common beliefs, each with what the run shows instead.
    Beliefs(Vec<Point>),
    /// Names and their values.
    Facts(Vec<(String, String)>),
    /// Lines that keep their breaks and columns.
    Preformatted(String),
    /// Charts side by side; `small` ones get less room each.
    Charts { charts: Vec<Chart>, small: bool },
    /// Rows of charts; formats without charts show the text instead.
    ChartsOrText { charts: Vec<Vec<Chart>>, text: Vec<Block> },
    /// Content that unfolds below its title.
    Folded { id: Option<String>, title: String, is_failed: bool, is_open: bool, blocks: Vec<Block> },
    /// Folded content, an item for each cell.
    FoldedList(Vec<Block>),
    /// Several pictures, of which one is shown at a time.
    Picker { label: &'static str, pictures: Vec<Picture>, first: usize },
    /// The target of links.
    Anchor(String),
    /// Links, each with its text, after a label.
    Links { label: String, links: Vec<(String, String)> },
    /// A link to where the reader came from.
    Back(&'static str, &'static str),
    /// Links to files, each with a description.
    Files(Vec<(&'static str, &'static str)>),
    /// Links to the files of all charts of the document.
    ChartFiles,
}

/// The role of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A plain text.
    Plain,
    /// The answer to the question.
    Answer,
    /// An explanation of what follows; words between backticks are code.
    Caption,
    /// A warning.
    Warning,
    /// A note that the run is not finished.
    Unfinished,
}

/// A paragraph with a lead.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// The point, or the common belief.
    pub(crate) lead: String,
    /// The rest of the paragraph.
    pub(crate) text: String,
}

/// A picture of a picker.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// The target of links.
    pub(crate) id: String,
    /// Its name in the picker.
    pub(crate) name: String,
    /// The title above it.
    pub(crate) title: String,
    /// Its place in the order in which a page without room for all takes them.
    pub(crate) rank: usize,
    pub(crate) charts: Vec<Chart>,
}

impl Block {
    /// A plain text.
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

    /// Content that is folded initially.
    pub(crate) fn folded(title: impl Into<String>, blocks: Vec<Self>) -> Self {
        Self::Folded { id: None, title: title.into(), is_failed: false, is_open: false, blocks }
    }

    /// Its charts, in order.
    pub(crate) fn charts(&self) -> Vec<&Chart> {
        match self {
            Self::Charts { charts, .. } => charts.iter().collect(),
            Self::ChartsOrText { charts, .. } => charts.iter().flatten().collect(),
            Self::Folded { blocks, .. } | Self::FoldedList(blocks) => {
                blocks.iter().flat_map(Self::charts).collect()
            }
            Self::Picker { pictures, .. } => {
                pictures.iter().flat_map(|picture| &picture.charts).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}
