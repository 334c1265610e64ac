//! The depth of a queue from samples only: lines through them, and grey where there are none.

use maud::html;
use run_view::Trial;

use crate::axis::span;
use crate::coverage::Coverage;
use crate::curve::{Curve, Place};
use crate::depth::{Depth, filled, steps};
use crate::gap::{gaps, samples_in};
use crate::samples::{gap_tooltip, ticks, tooltips};
use crate::window::Window;
use run_view::number::{count, percent};

/// Draws the samples of a window.
pub(crate) fn curve(trial: &Trial, depths: &[Depth], window: Window, place: Place<'_>) -> Curve {
    let Place { area, x, y } = place;
    let interval = trial.evidence.probe.as_ref().map_or(0.0, |probe| probe.interval_seconds);
    let gaps = gaps(depths, (interval * 1e9) as u64, window);
    let samples: Vec<_> = depths.iter().map(|sample| sample.at_ns).collect();
    let columns = (x(window.to) - x(window.from)) as usize;
    let coverage = Coverage::new(window, columns, &gaps, &samples);
    let lines: Vec<_> = coverage.sampled().iter().map(|&part| samples_in(depths, part)).collect();
    let gaps = coverage.unsampled();
    let lone = |gap: &Window| {
        let [start, end] = [gap.from, gap.to].map(|ns| samples.partition_point(|&at| at < ns));
        &depths[start..end]
    };
    let at_depth = |sample: &Depth| y.at(f64::from(sample.depth));
    let lone_samples: String = gaps.iter().map(|gap| ticks(lone(gap), x, at_depth)).collect();
    let reason = gap_reason(trial);
    let singles = if lone_samples.is_empty() { "" } else { "; upright ticks are single samples" };
    let mut inside =
        depths.iter().filter(|sample| (window.from..=window.to).contains(&sample.at_ns));
    Curve {
        legend: format!("line{singles}"),
        description: describe_sampling(trial) + &describe_gaps(reason, &gaps, window),
        was_full: inside.any(|sample| sample.depth > sample.limit),
        behind: html! {
            @for &gap in &gaps {
                (gap_tooltip(reason, gap, lone(&gap), window.from, area, x))
            }
        },
        lines: html! {
            @for line in &lines {
                @if line.len() > 1 {
                    path.depth-fill d=(filled(line, x, at_depth, area.top + area.height)) {}
                    path.depth d=(steps(line, x, at_depth)) {}
                }
            }
            @if !lone_samples.is_empty() { path.sample d=(lone_samples) {} }
        },
        tooltips: html! {
            @for line in &lines { (tooltips(line, window.from, area, x)) }
        },
    }
}

/// The interval and number of the samples.
fn describe_sampling(trial: &Trial) -> String {
    let Some(probe) = &trial.evidence.probe else { return String::new() };
    let missed = match probe.missed {
        0 => String::new(),
        missed => format!(", {} missed", count(missed as i64)),
    };
    let cut =
        if probe.timeline_cut_at_ns.is_some() { "; the rows end before the trial" } else { "" };
    format!(
        "sampled every {} ({} samples{missed}); changes between two samples are not recorded{cut}",
        span(probe.interval_seconds, probe.interval_seconds),
        count(probe.samples as i64)
    )
}

/// The reason why a time has no samples.
fn gap_reason(trial: &Trial) -> &'static str {
    let probe = trial.evidence.probe.as_ref();
    match probe.and_then(|probe| probe.timeline_cut_at_ns) {
        Some(_) => "not sampled, or the samples were not recorded",
        None => "not sampled",
    }
}

/// The meaning of the grey area, and its share of the time.
fn describe_gaps(reason: &str, gaps: &[Window], window: Window) -> String {
    let all: u64 = gaps.iter().map(|gap| gap.to - gap.from).sum();
    match all {
        0 => String::new(),
        all => {
            let share = percent(all as f64 / window.length() as f64);
            format!("; grey: {reason}, {share} % of this time")
        }
    }
}
