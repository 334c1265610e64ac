//! The SYN queue: counts of sockets in SYN_RECV.

use std::collections::BTreeSet;

use maud::{Markup, html};
use run_record::TimelineRow;

use crate::layout::px;
use crate::window::Window;
use run_view::number::{count, nanoseconds};

/// Equal counts closer than this share a tooltip, pixels.
const APART: f64 = 8.0;

/// A count. Between two counts nothing is known: they are rarer than samples of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HalfOpen {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub(crate) at_ns: u64,
    pub(crate) sockets: u32,
}

/// The counts in a timeline, in the order of time; empty if all are 0.
pub(crate) fn half_open(timeline: &[TimelineRow]) -> Vec<HalfOpen> {
    let counted = |row: &TimelineRow| Some(HalfOpen { at_ns: row.at_ns, sockets: row.syn_recv? });
    let mut counts: Vec<_> = timeline.iter().filter_map(counted).collect();
    // Each listener has a row with the same count.
    counts.dedup();
    let any = counts.iter().any(|it| it.sockets > 0);
    if any { counts } else { Vec::new() }
}

/// A diamond for each count in a window.
pub(crate) fn diamonds(
    counts: &[HalfOpen],
    window: Window,
    x: impl Fn(u64) -> f64,
    y: impl Fn(u32) -> f64,
) -> Markup {
    let inside = |it: &&HalfOpen| (window.from..=window.to).contains(&it.at_ns);
    let inside: Vec<_> = counts.iter().filter(inside).collect();
    let place = |it: &&HalfOpen| (px(x(it.at_ns).round() - 3.0), px(y(it.sockets)));
    let marks: BTreeSet<_> = inside.iter().map(place).collect();
    let path: String = marks.iter().map(|(x, y)| format!("M{x} {y}l3 -3l3 3l-3 3z")).collect();
    let is_near = |one: &&HalfOpen, next: &&HalfOpen| {
        one.sockets == next.sockets && x(next.at_ns) - x(one.at_ns) < APART
    };
    let at = |ns: u64| nanoseconds(ns.saturating_sub(window.from) as f64);
    html! {
        @if !path.is_empty() { path.half-open d=(path) {} }
        @for near in inside.chunk_by(is_near) {
            @let (first, last) = (near[0], near[near.len() - 1]);
            rect x=(px(x(first.at_ns) - 4.0)) y=(px(y(first.sockets) - 4.0)) height="8"
                width=(px(x(last.at_ns) - x(first.at_ns) + 8.0)) fill="transparent" {
                title {
                    (at(first.at_ns)) @if near.len() > 1 { " to " (at(last.at_ns)) } ": "
                    (count(first.sockets)) " sockets in SYN_RECV"
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at_ns: u64, syn_recv: Option<u32>) -> TimelineRow {
        TimelineRow { at_ns, syn_recv, ..TimelineRow::default() }
    }

    #[test]
    fn what_was_counted_is_marked_and_nothing_between() {
        let none = [row(0, Some(0)), row(5, None), row(9, Some(0))];
        assert_eq!(half_open(&none), []);
        let rows =
            [row(0, Some(0)), row(20, Some(5)), row(20, Some(5)), row(22, None), row(25, Some(5))];
        let counts = half_open(&rows);
        assert_eq!(counts.iter().map(|it| it.sockets).collect::<Vec<_>>(), [0, 5, 5]);
        let window = Window { from: 10, to: 100 };
        let drawn = diamonds(&counts, window, |ns| ns as f64, f64::from).0;
        assert!(drawn.contains("M17 5l3 -3l3 3l-3 3zM22 5l"), "{drawn}");
        assert_eq!(drawn.matches("<title>").count(), 1, "{drawn}");
        assert!(drawn.contains("10 ns to 15 ns: 5 sockets in SYN_RECV"), "{drawn}");
    }
}
