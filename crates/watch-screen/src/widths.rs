//! How wide columns are.

use std::hash::{DefaultHasher, Hash, Hasher};

use watch_record::Snapshot;

use crate::column::Column;
use crate::{describe, text};

/// Of these, the ones that come before more room for texts.
const FIRST: usize = 10;

/// Columns that can use more room, the first ones first.
const FLEXIBLE: [Column; 4] = [Column::Address, Column::Process, Column::Place, Column::History];

/// The widths that texts of listeners need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Widths {
    address: usize,
    process: usize,
    place: usize,
    history: usize,
}

/// A column of the table with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlacedColumn {
    pub(crate) column: Column,
    pub(crate) x: u16,
    pub(crate) width: u16,
}

/// Columns that a narrow terminal shows, those that it can least do without first.
const BY_NEED: [Column; 19] = [
    Column::Trouble,
    Column::Address,
    Column::Depth,
    Column::Limit,
    Column::Process,
    Column::DropsPerSecond,
    Column::Peak,
    Column::DropsTotal,
    Column::Place,
    Column::History,
    Column::NotAccepted,
    Column::PeakLastMinute,
    Column::SynRecv,
    Column::CloseWait,
    Column::Oldest,
    Column::Established,
    Column::TimeWait,
    Column::LimitFrom,
    Column::DropsWatched,
];

/// Differs between listeners whose texts may need other widths. Looking at all texts for each
/// frame would be most of its cost with 2,000 listeners.
pub(crate) fn identity(snapshot: &Snapshot, rows: &[usize]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for &index in rows {
        let listener = &snapshot.listeners[index];
        listener.id.hash(&mut hasher);
        listener.container.hash(&mut hasher);
        listener.processes_are_known.hash(&mut hasher);
        for process in &listener.processes {
            (process.pid, &process.name).hash(&mut hasher);
        }
    }
    for namespace in &snapshot.namespaces {
        (namespace.inode, &namespace.name, &namespace.container).hash(&mut hasher);
    }
    hasher.finish()
}

impl Widths {
    /// What these listeners of a snapshot need.
    pub(crate) fn new(snapshot: &Snapshot, rows: &[usize]) -> Self {
        let mut widths = Self { history: 60, ..Self::default() };
        for &index in rows {
            let listener = &snapshot.listeners[index];
            widths.address = widths.address.max(listener.address.to_string().len());
            widths.process = widths.process.max(text::width(&describe::processes(listener)));
            widths.place = widths.place.max(text::width(&describe::place(listener, snapshot)));
        }
        widths
    }

    /// The least, a good and the greatest width of a column; none if it would be empty.
    fn of(self, column: Column) -> Option<[usize; 3]> {
        let flexible = |needed: usize, widths: [usize; 3]| widths.map(|most| needed.clamp(8, most));
        Some(match column {
            Column::Trouble => [3; 3],
            Column::Address => flexible(self.address, [15, 21, 47]),
            Column::Process => flexible(self.process, [13, 17, 40]),
            Column::Place if self.place == 0 => return None,
            Column::Place => flexible(self.place, [8, 12, 30]),
            Column::History => [8, 8, self.history.max(8)],
            Column::Depth | Column::NotAccepted => [5; 3],
            Column::LimitFrom => [9; 3],
            Column::PeakLastMinute => [7; 3],
            _ => [6; 3],
        })
    }

    /// The columns for a table that is `width` wide.
    pub(crate) fn place(self, width: u16) -> Vec<PlacedColumn> {
        let mut free = usize::from(width);
        let mut widths = [0; Column::ALL.len()];
        let (first, others) = BY_NEED.split_at(FIRST);
        for (columns, size) in [(first, 1), (others, 2)] {
            for &column in columns {
                let Some([least, ..]) = self.of(column) else { continue };
                let needed = least + usize::from(column != Column::Trouble);
                if needed <= free {
                    widths[column as usize] = least;
                    free -= needed;
                }
            }
            for column in FLEXIBLE {
                let (Some(sizes), width) = (self.of(column), &mut widths[column as usize]) else {
                    continue;
                };
                if *width > 0 {
                    let more = free.min(sizes[size].saturating_sub(*width));
                    *width += more;
                    free -= more;
                }
            }
        }
        let mut x = 0;
        let mut placed = Vec::new();
        for (column, width) in Column::ALL.into_iter().zip(widths) {
            if width > 0 {
                x += u16::from(x > 0);
                placed.push(PlacedColumn { column, x, width: width as u16 });
                x += width as u16;
            }
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_overlap_and_never_exceed_the_width() {
        for needed in [0, 8, 20, 100] {
            let widths = Widths { address: needed, process: needed, place: needed, history: 60 };
            for width in 0..400 {
                let mut end = 0;
                for placed in widths.place(width) {
                    assert!(placed.x > end || end == 0, "{width}: {placed:?}");
                    end = placed.x + placed.width;
                    assert!(end <= width, "{width}: {placed:?}");
                }
            }
        }
    }

    #[test]
    fn a_narrow_terminal_has_the_queue_and_a_wide_one_everything() {
        let widths = Widths { address: 21, process: 30, place: 0, history: 60 };
        let columns = |width| widths.place(width).iter().map(|placed| placed.column).collect();
        let narrow: Vec<Column> = columns(60);
        for column in [
            Column::Address,
            Column::Process,
            Column::Depth,
            Column::Limit,
            Column::Peak,
            Column::DropsPerSecond,
        ] {
            assert!(narrow.contains(&column), "{column:?}");
        }
        let wide: Vec<Column> = columns(200);
        assert_eq!(wide.len(), Column::ALL.len() - 1);
    }
}
