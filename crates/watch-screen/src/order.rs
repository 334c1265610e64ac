//! In which order listeners are shown, and which.

use watch_record::{Snapshot, WatchedListener};

use crate::column::Column;
use crate::describe;

/// An order of listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) column: Column,
    pub(crate) is_reversed: bool,
}

impl Order {
    /// Those in most trouble first, as they are in a snapshot.
    pub(crate) const TROUBLE: Self = Self { column: Column::Trouble, is_reversed: false };

    /// That of a column that was chosen: reversed if it was this one before.
    pub(crate) fn chosen(self, column: Column) -> Self {
        Self { column, is_reversed: self.column == column && !self.is_reversed }
    }
}

/// The listeners that match the filter, as places in the snapshot, in this order.
pub(crate) fn rows(snapshot: &Snapshot, filter: &str, order: Order) -> Vec<usize> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let mut rows: Vec<usize> = (0..snapshot.listeners.len())
        .filter(|&index| words.is_empty() || matches(&snapshot.listeners[index], snapshot, &words))
        .collect();
    if order.column != Column::Trouble {
        rows.sort_by_cached_key(|&index| order.column.key(index, snapshot));
    }
    if order.is_reversed {
        rows.reverse();
    }
    rows
}

/// Whether the listener has each of the words somewhere.
fn matches(listener: &WatchedListener, snapshot: &Snapshot, words: &[String]) -> bool {
    let mut text = format!("{}\n{}", listener.address, describe::place(listener, snapshot));
    for process in &listener.processes {
        text += &format!("\n{} {}\n{}", process.name, process.pid, process.command.join(" "));
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}
