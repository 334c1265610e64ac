//! The depth of the queues over time.

use charts::Chart;
use run_view::number::count;
use run_view::prose::several;
use watch_recording::{Review, ReviewedListener};

use super::words::{clock, duration, name};
use crate::document::{Block, Section};

pub(super) fn section(review: &Review) -> Option<Section> {
    let all = review.listeners.iter().filter(|listener| listener.had_a_queue()).count();
    let mut drawn = charts_of_all(review);
    if drawn.is_empty() {
        return None;
    }
    let mut section = Section::new("queues", "The queues over time");
    let first = drawn.remove(0);
    section.lead(first);
    if drawn.is_empty() {
        return Some(section);
    }
    let number = drawn.len() + 1;
    section.page(Block::caption(match all > number {
        true => format!(
            "The {} listeners in most trouble, of {} that had a queue; the first one is drawn \
             below the answer.",
            count(number as i64),
            count(all as i64)
        ),
        false => format!(
            "{} had a queue; the first one is drawn below the answer. Of a short burst in a long \
             record there is a second chart.",
            several(all as u64, "listener")
        ),
    }));
    for charts in drawn {
        for chart in charts {
            section.page(Block::charts_of([chart]));
        }
    }
    Some(section)
}

/// The charts of each listener that is drawn.
pub(super) fn charts_of_all(review: &Review) -> Vec<Vec<Chart>> {
    let drawn = review.listeners.iter().filter(|listener| listener.curve.is_some());
    drawn.enumerate().map(|(rank, listener)| charts(review, rank + 1, listener)).collect()
}

fn charts(review: &Review, rank: usize, listener: &ReviewedListener) -> Vec<Chart> {
    let name = name(review, listener);
    let address = listener.listener.address.to_string();
    let chart = |kind: &str, title: String, curve| {
        let file = charts::name_of_listener(rank, &format!("{address} {kind}"));
        charts::watched_queue(file, title, listener, curve, &review.wall)
    };
    let whole = listener.curve.iter().map(|curve| {
        let length = duration(curve.span.1.saturating_sub(curve.span.0));
        chart("all", format!("{name}: all {length}"), curve)
    });
    let detail = listener.detail.iter().map(|curve| {
        let length = duration(curve.span.1.saturating_sub(curve.span.0));
        let from = clock(review, curve.span.0);
        let what = if listener.drops > 0 { "with most drops" } else { "with the deepest queue" };
        chart("burst", format!("{name}: the {length} {what}, from {from}"), curve)
    });
    detail.chain(whole).collect()
}
