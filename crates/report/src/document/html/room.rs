//! What a page of limited length has room for.

use std::collections::HashSet;

use charts::Chart;

use crate::document::{Block, Document};

/// The largest size of a page, bytes: a phone loads it in a second or two.
const MAX_PAGE: usize = 1_000_000;

/// The size that texts and tables may have before lists are cut, bytes.
const MAX_TEXT: usize = 550_000;

/// The lengths to which lists are cut, until the texts fit.
const ROWS: [usize; 6] = [usize::MAX, 1_000, 300, 100, 30, 10];

/// What the element around a chart takes, bytes, without its title.
const FRAME: usize = 500;

/// What a page has room for.
#[derive(Debug)]
pub(super) struct Room {
    /// The rows of a table, and the items of a list.
    rows: usize,
    /// The names of the charts.
    charts: HashSet<String>,
}

impl Room {
    /// What is in a page of at most [`MAX_PAGE`] bytes, from the `length` of a page with some
    /// of it. The charts that show the answer are first, then those of all cells, then those
    /// of single trials by how informative they are.
    pub(super) fn new(document: &Document, length: impl Fn(&Self) -> usize) -> Self {
        let mut room = Self { rows: usize::MAX, charts: HashSet::new() };
        let mut texts = usize::MAX;
        for rows in ROWS {
            room.rows = rows;
            texts = length(&room);
            if texts <= MAX_TEXT {
                break;
            }
        }
        let mut left = MAX_PAGE.saturating_sub(texts);
        let (of_cells, pictures) = by_kind(document);
        let groups = of_cells.into_iter().map(|chart| (vec![chart], String::new()));
        for (charts, text) in groups.chain(pictures) {
            let frames = charts.iter().map(|chart| FRAME + 2 * chart.title.len());
            let bodies = charts.iter().map(|chart| visible::document(&chart.body.0).len());
            // A picture is named three times.
            let size = frames.sum::<usize>() + bodies.sum::<usize>() + FRAME + 3 * text.len();
            if size <= left {
                left -= size;
                room.charts.extend(charts.into_iter().map(|chart| chart.name.clone()));
            }
        }
        room
    }

    /// The longest list.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there is room for a chart.
    pub(super) fn has(&self, chart: &str) -> bool {
        self.charts.contains(chart)
    }
}

/// The charts outside of pickers in order, and the charts of each picture with its title, by
/// rank.
fn by_kind(document: &Document) -> (Vec<&Chart>, Vec<(Vec<&Chart>, String)>) {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let mut of_cells = document.lead();
    let mut pictures = Vec::new();
    for (_, block) in blocks {
        match block {
            Block::Picker { pictures: all, .. } => pictures.extend(all),
            block => of_cells.extend(block.charts()),
        }
    }
    pictures.sort_by_key(|picture| picture.rank);
    let pictures = pictures
        .into_iter()
        .map(|picture| (picture.charts.iter().collect::<Vec<_>>(), picture.title.clone()));
    (of_cells, pictures.collect())
}
