//! Connect latencies of every trial on a log axis, with the instants at which
//! SYNs are sent again: what waited for one lies just behind it.

use std::time::Duration;

use maud::{Markup, html};
use run_record::TrialRecord;

use super::axis::{Scale, decades, power_of_time};
use super::{Chart, px, text_width};
use crate::Run;
use crate::cell::Cell;
use crate::figure::{nanoseconds, value};
use crate::run::{short_name, written_point};
use crate::why::Case;

/// Cells from which on those of one row of the heat maps share a row here.
const MOST: usize = 30;

const WIDTH: f64 = 860.0;
const RIGHT: f64 = WIDTH - 26.0;
const HEAD: f64 = 34.0;
const FOOT: f64 = 46.0;
/// All trials have one colour here.
const ACCENT: &str = "--light:var(--accent);--dark:var(--accent)";

/// The chart; none where nothing was ever connected.
pub(crate) fn latency(run: &Run, cells: &[Cell<'_>]) -> Option<Chart> {
    let measured = |trial: &&&TrialRecord| trial.connect_latency.count > 0;
    let all = || cells.iter().flat_map(|cell| &cell.trials).filter(measured);
    let least = all().map(|trial| trial.connect_latency.p50_ns.max(1)).min()?;
    let most = all().map(|trial| trial.connect_latency.max_ns).max()?;
    // Where somebody waited, the axis reaches to where waiting begins.
    let waited = run.trials.iter().any(|trial| trial.syn_retransmits.keys().any(|&n| n > 0));
    let ladder = ladder(run);
    let first = ladder.first().filter(|_| waited).map_or(0, |at| at.as_nanos() as u64 * 2);
    let most = most.max(first);
    let rows = rows(run, cells);
    let trials = rows.iter().map(|(_, trials)| trials.len()).max().unwrap_or(1);
    let between = if trials > 4 { 4.0 } else { 6.0 };
    let row = (trials as f64 * between + 8.0).max(20.0);
    let left = rows.iter().map(|(name, _)| text_width(name) * 0.95).fold(60.0, f64::max) + 14.0;
    let decades = decades(least as f64, most as f64);
    let ends = (decades[0], decades[decades.len() - 1]);
    let x = Scale::log(ends, (left, RIGHT));
    let bottom = HEAD + rows.len() as f64 * row;
    let body = html! {
        @for &at in &decades {
            line.grid x1=(px(x.at(at))) x2=(px(x.at(at))) y1=(HEAD) y2=(px(bottom)) {}
            text class="quiet middle" x=(px(x.at(at))) y=(px(bottom + 16.0)) { (power_of_time(at)) }
        }
        (retransmissions(&ladder, ends, x, (HEAD, bottom)))
        @for (position, (name, trials)) in rows.iter().enumerate() {
            @let y = HEAD + position as f64 * row;
            line.grid x1=(px(left)) x2=(RIGHT) y1=(px(y)) y2=(px(y)) {}
            text.end x=(px(left - 8.0)) y=(px(y + row / 2.0 + 4.0)) { (name) }
            @for (place, trial) in trials.iter().enumerate() {
                (quantiles(trial, x, y + 6.0 + (place as f64 + 0.5) * (row - 12.0) / trials.len() as f64))
            }
        }
        g style=(ACCENT) {
            circle.point cx="14" cy=(px(bottom + 32.0)) r="3" {}
        }
        text.quiet x="23" y=(px(bottom + 36.0)) {
            "a line for each trial: its median, ticks at the 90th and 99th percentile, its largest"
            @if let Some(order) = order(run, cells) { "; in a row by " (order) ", from the top" }
        }
    };
    let title = "From connect(2) to ESTABLISHED, of each trial".to_owned();
    Some(Chart {
        name: "connect-latency".to_owned(),
        title,
        width: WIDTH,
        height: bottom + FOOT,
        body,
    })
}

type Row<'a> = (String, Vec<&'a TrialRecord>);

/// A row for each cell; of many, one for all that differ in the last axis alone.
fn rows<'a>(run: &Run, cells: &[Cell<'a>]) -> Vec<Row<'a>> {
    let measured = |trial: &&TrialRecord| trial.connect_latency.count > 0;
    let last = run.varying_axes().last().map_or(1, |last| last.values.len());
    let together = if order(run, cells).is_some() { last } else { 1 };
    let shared = cells.chunks(together).map(|cells| {
        let point = &cells[0].point;
        let kept = if together > 1 { &point[..point.len() - 1] } else { &point[..] };
        let name = match kept {
            [] => "all trials".to_owned(),
            [(path, at)] => format!("{} {}", short_name(path), value(at)),
            several => written_point(several.iter().copied()),
        };
        let trials = cells.iter().flat_map(|cell| cell.trials.iter().copied()).filter(measured);
        (name, trials.collect())
    });
    shared.collect()
}

/// The axis in whose order the cells of a row are; none where each cell has a
/// row of its own.
fn order<'a>(run: &'a Run, cells: &[Cell<'_>]) -> Option<&'a str> {
    let axes = run.varying_axes();
    axes.last().filter(|_| cells.len() > MOST).map(|last| short_name(&last.path))
}

/// When SYNs are sent again, in the trial that does it most often; nominal.
pub(super) fn ladder(run: &Run) -> Vec<Duration> {
    let ladders = run.trials.iter().filter_map(|trial| Case::new(&run.record, trial).ladder());
    ladders.map(|ladder| ladder.retransmits).max_by_key(Vec::len).unwrap_or_default()
}

/// Marks where SYNs are sent again, those that the axis has room for.
pub(super) fn retransmissions(
    ladder: &[Duration],
    (from, to): (f64, f64),
    x: Scale,
    (top, bottom): (f64, f64),
) -> Markup {
    let mut free_from = f64::MIN;
    let shown = ladder.iter().map(|at| at.as_nanos() as f64).filter(|at| (from..to).contains(at));
    let shown: Vec<_> = shown
        .map(|at| {
            let label = format!("{} s", at / 1e9);
            let fits = x.at(at) > free_from;
            free_from = if fits { x.at(at) + text_width(&label) + 4.0 } else { free_from };
            (at, fits.then_some(label))
        })
        .collect();
    html! {
        @if let Some((first, _)) = shown.first() {
            text class="mark end" x=(px(x.at(*first) - 6.0)) y=(px(top - 8.0)) { "SYN sent again:" }
        }
        @for (at, label) in &shown {
            line.mark x1=(px(x.at(*at))) x2=(px(x.at(*at))) y1=(px(top - 4.0)) y2=(px(bottom)) {
                title { "a SYN is sent again " (at / 1e9) " s after connect(2)" }
            }
            @if let Some(label) = label {
                text.mark x=(px(x.at(*at) - 2.0)) y=(px(top - 8.0)) { (label) }
            }
        }
    }
}

fn quantiles(trial: &TrialRecord, x: Scale, y: f64) -> Markup {
    let latency = &trial.connect_latency;
    let at = |ns: u64| px(x.at(ns.max(1) as f64));
    let ns = |ns: u64| nanoseconds(ns as f64);
    let place = crate::run::place(trial);
    html! {
        a href=(format!("#trial-{}", trial.id)) {
            g style=(ACCENT) {
                title {
                    (place) "\ntrial " (trial.id) ", " (latency.count) " connects\nmedian "
                    (ns(latency.p50_ns)) ", 90 % " (ns(latency.p90_ns)) ", 99 % " (ns(latency.p99_ns))
                    ", largest " (ns(latency.max_ns))
                }
                line.bar x1=(at(latency.p50_ns)) x2=(at(latency.max_ns)) y1=(px(y)) y2=(px(y)) {}
                @for quantile in [latency.p90_ns, latency.p99_ns, latency.max_ns] {
                    line.bar x1=(at(quantile)) x2=(at(quantile)) y1=(px(y - 2.0)) y2=(px(y + 2.0)) {}
                }
                circle.point cx=(at(latency.p50_ns)) cy=(px(y)) r="2.6" {}
            }
        }
    }
}
