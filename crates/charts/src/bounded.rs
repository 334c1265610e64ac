//! The depth of a queue between its bounds: a line where it is exact, and grey between the
//! bounds where it is not.

use maud::{Markup, html};
use run_view::Trial;

use crate::curve::{Curve, Place};
use crate::depth::{Depth, filled, steps};
use crate::history::{History, Piece};
use crate::layout::px;
use crate::samples::{NARROW, QueueArea, range, ticks, times};
use crate::window::Window;
use run_view::number::{count, percent};

/// A time that is narrower does not interrupt a line, pixels.
const INTERRUPTION: f64 = 1.5;
/// Lines that are shorter are marked, pixels.
const SHORT: f64 = 1.0;
/// A column of pixels is grey if the depth is not exact for more of it than this.
const INEXACT: f64 = 0.25;

/// Draws the history of a window, in which the queue's `limits` were in force.
pub(crate) fn curve(
    trial: &Trial,
    history: &History,
    limits: &[Depth],
    window: Window,
    place: Place<'_>,
) -> Curve {
    let Place { area, x, y } = place;
    let pieces = history.pieces(window);
    let at_depth = |depth: &Depth| y.at(f64::from(depth.depth));
    let lines = exact_lines(&pieces, x);
    let width = |line: &Vec<Depth>| match line.as_slice() {
        [first, .., last] => x(last.at_ns) - x(first.at_ns),
        _ => 0.0,
    };
    let (short, long): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| width(line) < SHORT);
    let instants: Vec<Depth> = short.iter().filter_map(|line| line.first().copied()).collect();
    let marks = ticks(&instants, x, at_depth);
    let floor = area.top + area.height;
    let least = certain(&pieces);
    let grey = grey(&pieces, place, window);
    let legend = [
        (!grey.is_empty()).then_some("; grey: not known more exactly"),
        (!marks.is_empty()).then_some("; upright ticks: known for an instant"),
    ];
    Curve {
        legend: format!("line{}", legend.into_iter().flatten().collect::<String>()),
        description: describe(trial, history, &pieces, window),
        was_full: pieces
            .iter()
            .any(|piece| limit_in(limits, piece.window).is_some_and(|limit| piece.least > limit)),
        behind: html! { @if !grey.is_empty() { path.unknown d=(grey) {} } },
        lines: html! {
            @if least.len() > 1 { path.depth-fill d=(filled(&least, x, at_depth, floor)) {} }
            @for line in &long { path.depth d=(steps(line, x, at_depth)) {} }
            @if !marks.is_empty() { path.sample d=(marks) {} }
        },
        tooltips: tooltips(&pieces, limits, window.from, area, x),
    }
}

/// The largest limit that was in force in a part of the window: a further listen(2) may change it.
fn limit_in(limits: &[Depth], part: Window) -> Option<u32> {
    let before = limits.partition_point(|sample| sample.at_ns <= part.from);
    let during = limits.partition_point(|sample| sample.at_ns < part.to).max(before);
    limits[before.saturating_sub(1)..during].iter().map(|sample| sample.limit).max()
}

/// The exact depths, as lines that no visible time of unknown depth interrupts.
fn exact_lines(pieces: &[Piece], x: impl Fn(u64) -> f64) -> Vec<Vec<Depth>> {
    let mut lines: Vec<Vec<Depth>> = Vec::new();
    let mut ended: Option<u64> = None;
    for piece in pieces.iter().filter(|piece| piece.is_exact()) {
        let Window { from, to } = piece.window;
        let continues = ended.is_some_and(|end| x(from) - x(end) < INTERRUPTION);
        let sample = |at_ns| Depth { at_ns, depth: piece.least, limit: 0, missed: 0 };
        match lines.last_mut() {
            Some(line) if continues => line.push(sample(from)),
            _ => lines.push(vec![sample(from)]),
        }
        lines.last_mut().into_iter().for_each(|line| line.push(sample(to)));
        ended = Some(to);
    }
    lines
}

/// The least depth at all times.
fn certain(pieces: &[Piece]) -> Vec<Depth> {
    let sample = |at_ns, piece: &Piece| Depth { at_ns, depth: piece.least, limit: 0, missed: 0 };
    let starts = pieces.iter().map(|piece| sample(piece.window.from, piece));
    starts.chain(pieces.last().map(|last| sample(last.window.to, last))).collect()
}

/// Per column of pixels, the range of depths where they are not exact.
fn grey(pieces: &[Piece], place: Place<'_>, window: Window) -> String {
    let Place { area, x, y } = place;
    let (left, right) = (x(window.from), x(window.to));
    let columns = (right - left).ceil() as usize;
    // The width that is not exact, and the range.
    let mut all = vec![(0.0, u32::MAX, 0); columns];
    for piece in pieces.iter().filter(|piece| !piece.is_exact()) {
        let (from, to) = (x(piece.window.from) - left, x(piece.window.to) - left);
        let most = piece.most.unwrap_or(u32::MAX);
        let last = (to.ceil() as usize).min(columns);
        for (index, column) in all.iter_mut().enumerate().take(last).skip(from as usize) {
            column.0 += to.min((index + 1) as f64) - from.max(index as f64);
            (column.1, column.2) = (column.1.min(piece.least), column.2.max(most));
        }
    }
    let mut path = String::new();
    let mut column = 0;
    let extent =
        |&(width, least, most): &(f64, u32, u32)| (width > INEXACT).then_some((least, most));
    for run in all.chunk_by(|one, other| extent(one) == extent(other)) {
        let start = left + column as f64;
        column += run.len();
        if let Some((least, most)) = extent(&run[0]) {
            let end = (left + column as f64).min(right);
            let top = y.at(f64::from(most)).max(area.top);
            let bottom = y.at(f64::from(least));
            let [start, end, top, bottom] = [start, end, top, bottom].map(px);
            path += &format!("M{start} {bottom}V{top}H{end}V{bottom}z");
        }
    }
    path
}

/// What the depths are from, and for how much of the time they are exact.
fn describe(trial: &Trial, history: &History, pieces: &[Piece], window: Window) -> String {
    let observations = &history.observations;
    let mut sources = Vec::new();
    if !observations.readings.is_empty() {
        let readings = count(observations.readings.len() as i64);
        sources.push(format!("{readings} readings after accept(2)"));
    }
    if let Some(probe) = &trial.evidence.probe {
        let missed = match probe.missed {
            0 => String::new(),
            missed => format!(" ({} missed)", count(missed as i64)),
        };
        sources.push(format!("{} samples of the probe{missed}", count(probe.samples as i64)));
    }
    if let Some(entries) = &observations.entries {
        sources.push(format!("{} attempts", count(entries.len() as i64)));
    }
    let share = |of: &dyn Fn(&&Piece) -> bool| {
        let length = pieces
            .iter()
            .filter(of)
            .map(|piece| piece.window.length())
            .fold(0, u64::saturating_add);
        (length, percent(length as f64 / window.length() as f64))
    };
    let (_, exact) = share(&|piece| piece.is_exact());
    let (within_ns, within) = share(&|piece| !piece.is_exact() && piece.most.is_some());
    let (unknown_ns, unknown) = share(&|piece| piece.most.is_none());
    let mut text = format!("from {}: exact {exact} % of this time", sources.join(", "));
    if within_ns > 0 {
        text += &format!(", within bounds {within} %");
    }
    if unknown_ns > 0 {
        text += &format!(", unknown {unknown} %");
    }
    text
}

/// Tooltips over all times. Narrow neighbours share one.
fn tooltips(
    pieces: &[Piece],
    limits: &[Depth],
    begin: u64,
    at: QueueArea,
    x: impl Fn(u64) -> f64,
) -> Markup {
    let wide = |piece: &Piece| x(piece.window.to) - x(piece.window.from);
    // With the time that is not exact.
    let mut merged: Vec<(Piece, u64)> = Vec::new();
    for piece in pieces {
        let inexact_ns = if piece.is_exact() { 0 } else { piece.window.length() };
        match merged.last_mut() {
            Some((last, all_ns)) if wide(last) < NARROW && wide(piece) < NARROW => {
                last.window.to = piece.window.to;
                last.least = last.least.min(piece.least);
                last.most = last.most.zip(piece.most).map(|(one, other)| one.max(other));
                *all_ns += inexact_ns;
            }
            _ => merged.push((*piece, inexact_ns)),
        }
    }
    html! {
        @for (piece, inexact_ns) in &merged {
            @let inexact = *inexact_ns as f64 / piece.window.length() as f64;
            rect x=(px(x(piece.window.from))) y=(at.top) width=(px(wide(piece)))
                height=(at.height) fill="transparent" {
                title {
                    (times(piece.window, begin)) ": "
                    @match piece.most {
                        None => { "at least " (count(piece.least)) " queued" }
                        Some(most) => {
                            (range((piece.least, most))) " queued"
                            @if inexact > INEXACT { ", not known more exactly" }
                        }
                    }
                    @if let Some(limit) = limit_in(limits, piece.window) {
                        ", limit " (count(limit))
                    }
                }
            }
        }
    }
}
