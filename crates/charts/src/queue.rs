//! The accept queue of one trial over time: its depth and limit, the times of dropped
//! SYNs, and the attempts below.

use linux_net::Counter;
use maud::{Markup, html};
use run_record::{AttemptRow, TimelineRow, TrialRecord};

use crate::attempt_bars::AttemptBars;
use crate::axis::{Scale, span, ticks, whole_ticks};
use crate::chart::Chart;
use crate::coverage::Coverage;
use crate::depth::{Depth, depths, steps};
use crate::gap::{gaps, samples_in};
use crate::half_open::{diamonds, half_open};
use crate::layout::px;
use crate::samples::{QueueArea, gap_tooltip, ticks as sample_ticks, tooltips};
use crate::unanswered::{merge_marks, unanswered};
use crate::window::Window;
use run_view::Run;
use run_view::TrialView;
use run_view::number::{count, percent};

const WIDTH: f64 = 980.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 966.0;
const TOP: f64 = 40.0;
/// The height of the queue's part.
const QUEUE: f64 = 200.0;
/// The distance between the queue's part and the attempts.
const BETWEEN: f64 = 98.0;
/// The height of a further line of text.
const LINE: f64 = 16.0;

/// The recorded rows of a trial.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// Samples of the queues, by time.
    pub timeline: &'a [TimelineRow],
    /// One row per attempt.
    pub attempts: &'a [AttemptRow],
}

/// The chart, preceded by one of the first burst if that is short; empty if no sample of
/// a queue was recorded.
pub fn queue(run: &Run, trial: &TrialRecord, place: &str, recorded: Recorded<'_>) -> Vec<Chart> {
    let depths = depths(recorded.timeline);
    let Some(full) = Window::full(&depths, recorded.attempts) else { return Vec::new() };
    let chart = |name: &str, title: &str, window| Chart {
        name: format!("{name}-{}", trial.execution_id().file_stem()),
        title: format!("{title}, trial {} · {place}", trial.execution_id()),
        ..draw(run, trial, &depths, recorded, window)
    };
    let first = Window::first_burst(&depths, recorded.attempts, full);
    let first = first.map(|burst| chart("burst", "The first burst in the accept queue", burst));
    let all = chart("queue", "The accept queue over time", full);
    first.into_iter().chain([all]).collect()
}

fn draw(
    run: &Run,
    trial: &TrialRecord,
    depths: &[Depth],
    Recorded { timeline, attempts }: Recorded<'_>,
    window: Window,
) -> Chart {
    let Window { from, to } = window;
    let half_open = half_open(timeline);
    let seconds = |ns: u64| ns.saturating_sub(from) as f64 / 1e9;
    let at_time = Scale::linear((0.0, seconds(to)), (LEFT, RIGHT));
    let x = |ns: u64| at_time.at(seconds(ns));
    let most = depths.iter().map(|sample| sample.depth.max(sample.limit + 1));
    let most = most.chain(half_open.iter().map(|it| it.sockets)).max().unwrap_or(1);
    let marks = whole_ticks(most);
    let y = Scale::linear((0.0, marks[marks.len() - 1]), (TOP + QUEUE, TOP));
    let interval = trial.evidence.probe.as_ref().map_or(0.0, |probe| probe.interval_seconds);
    let gaps = gaps(depths, (interval * 1e9) as u64, window);
    let samples: Vec<_> = depths.iter().map(|sample| sample.at_ns).collect();
    let coverage = Coverage::new(window, (RIGHT - LEFT) as usize, &gaps, &samples);
    let lines: Vec<_> = coverage.sampled().iter().map(|&part| samples_in(depths, part)).collect();
    let gaps = coverage.unsampled();
    let lone = |gap: &Window| {
        let [start, end] = [gap.from, gap.to].map(|ns| samples.partition_point(|&at| at < ns));
        &depths[start..end]
    };
    // The limit does not change between samples.
    let limits: Vec<_> = depths.iter().map(|&sample| Depth { missed: 0, ..sample }).collect();
    let limits = samples_in(&limits, window);
    let at_depth = |sample: &Depth| y.at(f64::from(sample.depth));
    let at_limit = |sample: &Depth| y.at(f64::from(sample.limit));
    let lone_samples: String =
        gaps.iter().map(|gap| sample_ticks(lone(gap), x, at_depth)).collect();
    let area = QueueArea { top: TOP, height: QUEUE };
    let overflows = overflows(trial, depths, window);
    let reason = gap_reason(trial);
    let retransmit_times = TrialView::new(&run.record, trial).syn_retransmit_times();
    let bars_top = TOP + QUEUE + BETWEEN + if overflows.is_some() { LINE } else { 0.0 };
    let bars = AttemptBars::new(attempts, &retransmit_times, bars_top, (from, to));
    let bottom = if attempts.is_empty() { bars_top - 46.0 } else { bars.bottom() };
    let body = html! {
        text.quiet x=(LEFT) y="14" {
            "connections queued (line"
            @if !lone_samples.is_empty() { "; upright ticks are single samples" }
            ") and the queue's limit (dashed)"
            @if !half_open.is_empty() {
                "; diamonds: sockets in SYN_RECV, which are counted less often"
            }
        }
        text.quiet x=(LEFT) y="30" {
            (describe_sampling(trial)) (describe_gaps(reason, &gaps, window))
        }
        @for &gap in &gaps { (gap_tooltip(reason, gap, lone(&gap), from, area, x)) }
        @for &mark in &marks {
            line.grid x1=(LEFT) x2=(RIGHT) y1=(px(y.at(mark))) y2=(px(y.at(mark))) {}
            text class="quiet end" x=(LEFT - 6.0) y=(px(y.at(mark) + 4.0)) { (mark) }
        }
        @for time in ticks(seconds(to)).into_iter().filter(|&time| time <= seconds(to)) {
            @let at = px(at_time.at(time));
            line.grid x1=(at) x2=(at) y1=(TOP) y2=(px(bottom)) {}
            text class="quiet middle" x=(at) y=(TOP + QUEUE + 16.0) { (span(time, seconds(to))) }
        }
        @for line in &lines {
            @if let [first, .., last] = line.as_slice() {
                @let path = steps(line, x, at_depth);
                @let ends = [last, first].map(|sample| px(x(sample.at_ns)));
                path.depth-fill d=(format!("{path}H{}V{}H{}z", ends[0], px(TOP + QUEUE), ends[1])) {}
                path.depth d=(path) {}
            }
        }
        @if !limits.is_empty() { path.limit d=(steps(&limits, x, at_limit)) {} }
        @if !lone_samples.is_empty() { path.sample d=(lone_samples) {} }
        @for line in &lines { (tooltips(line, from, area, x)) }
        (diamonds(&half_open, window, x, |sockets| y.at(f64::from(sockets))))
        (drop_marks(trial, &unanswered(&retransmit_times, attempts), window, x))
        @if let Some(text) = &overflows {
            text class="mark" x=(LEFT) y=(px(TOP + QUEUE + 48.0 + LINE)) { (text) }
        }
        @if !attempts.is_empty() { (bars.draw(x)) }
    };
    let height = bottom + 12.0;
    Chart { name: String::new(), title: String::new(), width: WIDTH, height, body }
}

/// The interval and number of the samples.
fn describe_sampling(trial: &TrialRecord) -> String {
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
fn gap_reason(trial: &TrialRecord) -> &'static str {
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

/// Overflows of the accept queue that the kernel counted but no sample shows, in the whole
/// trial or in this window.
fn overflows(trial: &TrialRecord, depths: &[Depth], window: Window) -> Option<String> {
    let counted = trial.evidence.at_server(Counter::ListenOverflows);
    let probe = trial.evidence.probe.as_ref().filter(|_| counted > 0)?;
    let counted = count(counted);
    // The queue holds one more than its limit.
    let was_full = probe.listeners.iter().any(|listener| listener.deepest > listener.limit);
    if was_full {
        // The sum of several queues does not show which one was full.
        let mut samples =
            depths.iter().filter(|sample| (window.from..=window.to).contains(&sample.at_ns));
        let is_shown =
            probe.listeners.len() > 1 || samples.any(|sample| sample.depth > sample.limit);
        return (!is_shown).then(|| {
            format!(
                "no sample found the queue full in the time shown; the kernel counted {counted} \
                 ListenOverflows in this trial"
            )
        });
    }
    let deepest = probe.listeners.iter().max_by_key(|listener| listener.deepest)?;
    Some(format!(
        "the kernel counted {counted} ListenOverflows between these samples: the queue was full \
         ({} queued) at times without a sample; the deepest sample has {}",
        count(deepest.limit + 1),
        count(deepest.deepest)
    ))
}

/// The times of SYNs without an answer, and the drops that the kernel counted.
fn drop_marks(
    trial: &TrialRecord,
    times: &[u64],
    window: Window,
    x: impl Fn(u64) -> f64,
) -> Markup {
    let counted = trial.evidence.at_server(Counter::ListenDrops);
    let shown: Vec<_> =
        times.iter().copied().filter(|at| (window.from..=window.to).contains(at)).collect();
    let y = TOP + QUEUE + 24.0;
    html! {
        @for (at, many) in merge_marks(&shown, x) {
            path.drop d=(format!("M{} {}h8l-4 8z", px(at - 4.0), px(y))) {
                title { (many) " SYNs without an answer" }
            }
            text class="mark small" x=(px(at + 6.0)) y=(px(y + 8.0)) { (many) }
        }
        text.quiet x=(LEFT) y=(px(y + 24.0)) {
            @if times.is_empty() {
                "the kernel counted " (count(counted)) " ListenDrops in this trial"
                @if counted > 0 { "; their times are not recorded" }
            } @else {
                "▼ " (count(shown.len() as i64))
                @if shown.len() < times.len() { " of " (count(times.len() as i64)) }
                " SYNs without an answer, derived from the attempts' retransmissions (nominal times); \
                 the kernel counted "
                (count(counted)) " ListenDrops in this trial"
            }
        }
    }
}
