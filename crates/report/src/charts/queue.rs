//! The accept queue of one trial over time: its depth against its limit, when
//! SYNs were dropped, and the attempts beneath.

use std::fmt::Write;

use maud::{Markup, html};
use run_record::{AttemptRow, Outcome, TimelineRow};

use super::axis::{Scale, ticks, whole_ticks};
use super::latency::ladder;
use super::{Chart, outcome_colour, px};
use crate::Run;

const WIDTH: f64 = 980.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 966.0;
const TOP: f64 = 24.0;
/// Of the queue's part, and of the attempts' at most.
const QUEUE: f64 = 200.0;
const ATTEMPTS: f64 = 320.0;
/// Between the two.
const BETWEEN: f64 = 56.0;
/// Attempts from which on no one has a tooltip of its own.
const TOLD: usize = 300;

/// What was recorded of a trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded<'a> {
    pub(crate) timeline: &'a [TimelineRow],
    pub(crate) attempts: &'a [AttemptRow],
}

/// The chart; none where nothing of a queue was recorded.
pub(crate) fn queue(run: &Run, trial: u32, place: &str, recorded: Recorded<'_>) -> Option<Chart> {
    let Recorded { timeline, attempts } = recorded;
    let depths = depths(timeline);
    let (&(first, ..), &(last, ..)) = (depths.first()?, depths.last()?);
    let began = attempts.iter().map(|row| row.start_ns).min().unwrap_or(first).min(first);
    let ended = attempts.iter().map(|row| row.end_ns).max().unwrap_or(last).max(last);
    let seconds = |ns: u64| ns.saturating_sub(began) as f64 / 1e9;
    let times = ticks(seconds(ended));
    let most = depths.iter().map(|&(_, depth, limit)| depth.max(limit + 1)).max().unwrap_or(1);
    let marks = whole_ticks(most);
    let x = Scale::linear((0.0, seconds(ended)), (LEFT, RIGHT));
    let y = Scale::linear((0.0, marks[marks.len() - 1]), (TOP + QUEUE, TOP));
    let line = steps(&depths, |ns| x.at(seconds(ns)), |(_, depth, _)| y.at(f64::from(*depth)));
    let limit = steps(&depths, |ns| x.at(seconds(ns)), |(_, _, limit)| y.at(f64::from(*limit)));
    let from = x.at(seconds(first));
    let to = x.at(seconds(last));
    let drops = drops(run, attempts);
    let step = (ATTEMPTS / attempts.len().max(1) as f64).min(8.0);
    let beneath = TOP + QUEUE + BETWEEN;
    let bottom = beneath + step * attempts.len() as f64;
    let body = html! {
        @for &mark in &marks {
            line.grid x1=(LEFT) x2=(RIGHT) y1=(px(y.at(mark))) y2=(px(y.at(mark))) {}
            text class="quiet end" x=(LEFT - 6.0) y=(px(y.at(mark) + 4.0)) { (mark) }
        }
        @for &time in times.iter().filter(|&&time| time <= seconds(ended)) {
            line.grid x1=(px(x.at(time))) x2=(px(x.at(time))) y1=(TOP) y2=(px(bottom)) {}
            text class="quiet middle" x=(px(x.at(time))) y=(TOP + QUEUE + 16.0) {
                ((time * 1e6).round() / 1e6) " s"
            }
        }
        path.depth-fill d=(format!("{line}H{}V{2}H{}z", px(to), px(from), px(TOP + QUEUE))) {}
        path.limit d=(limit) {}
        path.depth d=(line) {}
        text.quiet x=(LEFT) y="14" {
            "connections queued (line), the limit (dashed)"
            @if !drops.is_empty() { "; below, in red, SYNs that got no answer: " (drops.len()) }
        }
        @if !drops.is_empty() {
            @for (at, many) in gathered(&drops, |ns| x.at(seconds(ns))) {
                path.drop d=(format!("M{} {}v8", px(at), px(TOP + QUEUE + 24.0))) {
                    title { (many) " SYNs that had no answer" }
                }
                @if many > 1 {
                    text class="mark small" x=(px(at + 3.0)) y=(px(TOP + QUEUE + 32.0)) { (many) }
                }
            }
        }
        @if !attempts.is_empty() {
            text.quiet x=(LEFT) y=(beneath - 8.0) {
                "attempts in the order of their starts: faint until established, thin until accepted, \
                 then thick to their end"
            }
            (bars(attempts, step, |ns| x.at(seconds(ns)), beneath))
        }
    };
    let title = format!("The accept queue over time, trial {trial} · {place}");
    let height = bottom + 12.0;
    Some(Chart { name: format!("queue-{trial:05}"), title, width: WIDTH, height, body })
}

/// When, how deep and with which limit: of several listeners the sums.
fn depths(timeline: &[TimelineRow]) -> Vec<(u64, u32, u32)> {
    let mut listeners: std::collections::BTreeMap<u32, (u32, u32)> = [].into();
    let mut depths: Vec<(u64, u32, u32)> = Vec::new();
    for row in timeline {
        let Some(listener) = row.listener else { continue };
        let seen = listeners.entry(listener).or_default();
        *seen = (row.depth.unwrap_or(seen.0), row.limit.unwrap_or(seen.1));
        let depth = listeners.values().map(|seen| seen.0).sum();
        let limit = listeners.values().map(|seen| seen.1).sum();
        match depths.last_mut() {
            Some(last) if last.0 == row.at_ns => *last = (row.at_ns, depth, limit),
            _ => depths.push((row.at_ns, depth, limit)),
        }
    }
    depths
}

/// A line in steps; of what falls on one pixel, the lowest and the highest.
fn steps(
    depths: &[(u64, u32, u32)],
    x: impl Fn(u64) -> f64,
    y: impl Fn(&(u64, u32, u32)) -> f64,
) -> String {
    let mut path = String::new();
    for (position, pixel) in depths.chunk_by(|a, b| x(a.0).floor() == x(b.0).floor()).enumerate() {
        let at = px(x(pixel[0].0));
        let heights = || pixel.iter().map(&y);
        let (low, high) = (heights().fold(f64::MAX, f64::min), heights().fold(f64::MIN, f64::max));
        let last = heights().next_back().unwrap_or(low);
        let begin = if position == 0 { format!("M{at} {}", px(low)) } else { format!("H{at}") };
        path += &begin;
        for height in [high, low, last] {
            let _ = write!(path, "V{}", px(height));
        }
    }
    path
}

/// When SYNs were sent that had no answer: of an attempt that sent n again, its
/// first n, at their nominal times.
fn drops(run: &Run, attempts: &[AttemptRow]) -> Vec<u64> {
    let ladder = ladder(run);
    let of_attempt = |row: &AttemptRow| -> Vec<u64> {
        // Who was never answered had no answer to the last one either.
        let unanswered = row.outcome == Outcome::TimedOut && row.connect_ns.is_none();
        let lost = row.syn_retransmits.unwrap_or(0) as usize + usize::from(unanswered);
        let sent = std::iter::once(0).chain(ladder.iter().map(|at| at.as_nanos() as u64));
        sent.take(lost).map(|after| row.start_ns + after).collect()
    };
    attempts.iter().flat_map(of_attempt).collect()
}

/// Where marks are, and for how many each stands: those that its number would
/// cover are in it.
fn gathered(times: &[u64], x: impl Fn(u64) -> f64) -> Vec<(f64, usize)> {
    let mut places: Vec<_> = times.iter().map(|&ns| x(ns)).collect();
    places.sort_by(f64::total_cmp);
    let mut marks: Vec<(f64, usize)> = Vec::new();
    for place in places {
        match marks.last_mut() {
            Some((at, many)) if place - *at < 26.0 => *many += 1,
            _ => marks.push((place, 1)),
        }
    }
    marks
}

/// A bar for each attempt; those of one outcome are one path, so that thousands
/// of them stay small.
fn bars(attempts: &[AttemptRow], step: f64, x: impl Fn(u64) -> f64, top: f64) -> Markup {
    let paths = Outcome::ALL.map(|outcome| {
        let (mut faint, mut thin, mut thick) = (String::new(), String::new(), String::new());
        for (position, row) in attempts.iter().enumerate().filter(|(_, row)| row.outcome == outcome)
        {
            let y = px(top + (position as f64 + 0.5) * step);
            let part = |path: &mut String, from: u64, to: u64| {
                let _ = write!(path, "M{} {y}H{}", px(x(from)), px(x(to).max(x(from) + 0.6)));
            };
            let established = row.connect_ns.map(|after| row.start_ns + after);
            part(&mut faint, row.start_ns, established.unwrap_or(row.end_ns));
            if let Some(established) = established {
                part(
                    &mut thin,
                    established,
                    row.accepted_ns.unwrap_or(row.end_ns).max(established),
                );
            }
            if let Some(accepted) = row.accepted_ns {
                part(&mut thick, accepted, row.end_ns.max(accepted));
            }
        }
        (outcome, [(faint, 0.35, 0.5), (thin, 0.4, 1.0), (thick, 0.85, 1.0)])
    });
    html! {
        @for (outcome, parts) in paths.iter().filter(|(_, parts)| !parts[0].0.is_empty()) {
            @for (path, share, opacity) in parts.iter().filter(|(path, ..)| !path.is_empty()) {
                path d=(path) fill="none" stroke=(outcome_colour(*outcome)) opacity=(opacity)
                    stroke-width=(px((step * share).max(0.6))) { title { (outcome) } }
            }
        }
        @if attempts.len() <= TOLD {
            @for (position, row) in attempts.iter().enumerate() {
                rect x=(px(x(row.start_ns))) y=(px(top + position as f64 * step)) height=(px(step))
                    width=(px((x(row.end_ns) - x(row.start_ns)).max(1.0))) fill="transparent" {
                    title {
                        "attempt " (row.index) ": " (row.outcome)
                        @if let Some(again) = row.syn_retransmits { ", " (again) " SYN retransmissions" }
                    }
                }
            }
        }
    }
}
