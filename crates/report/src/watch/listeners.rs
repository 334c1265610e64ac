//! A table of all listeners.

use run_view::Emphasis;
use run_view::number::count;
use run_view::prose::several;
use watch_recording::{Review, ReviewedListener};

use super::words::{clock, duration, owner, place};
use crate::document::{Block, Section};
use crate::table::Table;

/// The longest table that a page shows unfolded.
const MAX_OPEN_ROWS: usize = 25;

/// The listeners that the table has.
const MAX_ROWS: usize = 600;

pub(super) fn section(review: &Review) -> Option<Section> {
    if review.listeners.is_empty() {
        return None;
    }
    let mut section = Section::new("listeners", "All listeners");
    let all = &review.listeners;
    section.is_open = all.len() <= MAX_OPEN_ROWS;
    section.summary(Block::caption(
        "Those that were in most trouble first. The limit is min(backlog, somaxconn): a queue holds \
         one more. Peak: the deepest queue at a look, or ≥ a full one if the drops show that it was \
         full between two looks. Drops are the listener's own.",
    ));
    section.summary(table(review, &all[..all.len().min(MAX_ROWS)]));
    if all.len() > MAX_ROWS {
        let rest = several((all.len() - MAX_ROWS) as u64, "more listener");
        section.summary(Block::text(format!("… and {rest}, which `seconds.jsonl` has.")));
    }
    Some(section)
}

fn table(review: &Review, listeners: &[ReviewedListener]) -> Table {
    let head = [
        "address",
        "process",
        "where",
        "limit",
        "peak",
        "at",
        "drops",
        "SYN_RECV",
        "CLOSE_WAIT",
        "longest wait",
        "closed",
    ];
    let rows = listeners.iter().map(|listener| row(review, listener)).collect();
    let emphasis = listeners.iter().enumerate();
    let emphasis = emphasis.filter(|(_, listener)| listener.drops > 0);
    Table {
        head: head.map(str::to_owned).into(),
        rows,
        words: 3,
        emphasis: emphasis.map(|(row, _)| ((row, 6), Emphasis::Bad)).collect(),
        ..Table::default()
    }
}

fn row(review: &Review, listener: &ReviewedListener) -> Vec<String> {
    let of = &listener.listener;
    let none = || "·".to_owned();
    let place = review.namespace_of(listener).and_then(place);
    let peak = match listener.peak.was_full {
        true => format!("≥ {}", count(listener.peak.depth(of.limit))),
        false => count(listener.peak.seen),
    };
    let at = match listener.peak.seen {
        0 => none(),
        _ => clock(review, listener.peak_us),
    };
    let drops = match of.drops_total {
        Some(_) => count(listener.drops),
        None => "?".to_owned(),
    };
    let number = |most: u32| if of.connections.is_some() { count(most) } else { "?".to_owned() };
    let wait = listener.longest_wait_seconds.map(|seconds| duration((seconds * 1e6) as u64));
    let closed = match (listener.closed, listener.is_there) {
        (Some(closed), _) => clock(review, closed.0),
        (None, true) => none(),
        (None, false) => "not shown".to_owned(),
    };
    vec![
        of.address.to_string(),
        owner(of).unwrap_or_else(|| "?".to_owned()),
        place.unwrap_or_else(none),
        count(of.limit),
        peak,
        at,
        drops,
        number(listener.most_syn_recv),
        number(listener.most_close_wait),
        wait.unwrap_or_else(none),
        closed,
    ]
}
