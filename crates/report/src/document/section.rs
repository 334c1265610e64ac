//! A document and its sections.

use charts::Chart;

use super::{Block, Picture};

/// A run as a document.
#[derive(Debug)]
pub(crate) struct Document {
    /// The scenario's name.
    pub(crate) name: String,
    /// Its question.
    pub(crate) question: String,
    /// When and in which form it was run.
    pub(crate) byline: String,
    /// Its sections, in order.
    pub(crate) sections: Vec<Section>,
}

/// A part of a document.
#[derive(Debug)]
pub(crate) struct Section {
    /// The target of links.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) heading: String,
    /// Whether it belongs to the short form of the document.
    pub(crate) is_brief: bool,
    /// Its content, in order.
    pub(crate) blocks: Vec<(Level, Block)>,
    /// What the short form of a terminal shows of it, the most important first.
    pub(crate) short: Vec<Block>,
    /// The charts that show the answer: a page has them below it, and not in the section.
    pub(crate) lead: Vec<Chart>,
    /// Whether a page shows it unfolded.
    pub(crate) is_open: bool,
}

/// The formats that show a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Every format.
    Summary,
    /// The terminal and the page.
    Report,
    /// Only the page.
    Page,
}

impl Document {
    /// Its charts, in order.
    pub(crate) fn charts(&self) -> impl Iterator<Item = &Chart> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        self.lead().into_iter().chain(blocks.flat_map(|(_, block)| block.charts()))
    }

    /// Its pictures of single trials.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = &Picture> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        blocks.flat_map(|(_, block)| match block {
            Block::Picker { pictures, .. } => pictures.as_slice(),
            _ => &[],
        })
    }

    /// The charts that show the answer; those of single trials last.
    pub(crate) fn lead(&self) -> Vec<&Chart> {
        let mut lead: Vec<_> = self.sections.iter().flat_map(|section| &section.lead).collect();
        lead.sort_by_key(|chart| chart.is_of_queue());
        lead
    }
}

impl Section {
    /// A section without content.
    pub(crate) fn new(id: &'static str, heading: impl Into<String>) -> Self {
        let heading = heading.into();
        Self {
            id,
            heading,
            is_brief: false,
            blocks: Vec::new(),
            short: Vec::new(),
            lead: Vec::new(),
            is_open: false,
        }
    }

    /// Adds content for every format.
    pub(crate) fn summary(&mut self, block: impl Into<Block>) -> &mut Self {
        self.add(Level::Summary, block)
    }

    /// Adds content for the terminal and the page.
    pub(crate) fn report(&mut self, block: impl Into<Block>) -> &mut Self {
        self.add(Level::Report, block)
    }

    /// Adds content for the page.
    pub(crate) fn page(&mut self, block: impl Into<Block>) -> &mut Self {
        self.add(Level::Page, block)
    }

    /// Adds content for the short form of a terminal, and for nothing else.
    pub(crate) fn short(&mut self, block: impl Into<Block>) -> &mut Self {
        self.short.push(block.into());
        self
    }

    /// Adds charts that show the answer.
    pub(crate) fn lead(&mut self, charts: impl IntoIterator<Item = Chart>) -> &mut Self {
        self.lead.extend(charts);
        self
    }

    /// The content for a format that shows blocks up to this level.
    pub(crate) fn up_to(&self, level: Level) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |(of, _)| *of <= level).map(|(_, block)| block)
    }

    /// The section, or `None` if it has no content.
    pub(crate) fn if_any(self) -> Option<Self> {
        (!self.blocks.is_empty() || !self.lead.is_empty()).then_some(self)
    }

    fn add(&mut self, level: Level, block: impl Into<Block>) -> &mut Self {
        self.blocks.push((level, block.into()));
        self
    }
}
