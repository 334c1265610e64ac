//! The accept queue of one trial over time: its depth and limit, the times of dropped
//! SYNs, and the attempts below.

use std::net::SocketAddr;

use linux_net::Counter;
use maud::{Markup, html};
use run_record::ListenerSummary;

use crate::attempt_bars::AttemptBars;
use crate::axis::{Scale, span, ticks, whole_ticks};
use crate::bounded;
use crate::chart::Chart;
use crate::curve::Place;
use crate::depth::{Depth, depths, steps};
use crate::gap::samples_in;
use crate::half_open::{diamonds, half_open};
use crate::history::History;
use crate::layout::px;
use crate::recorded::Recorded;
use crate::sampled;
use crate::samples::QueueArea;
use crate::seen_at::SeenAt;
use crate::unanswered::{merge_marks, unanswered};
use crate::window::Window;
use run_view::Run;
use run_view::Trial;
use run_view::TrialView;
use run_view::number::count;

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

/// The chart, preceded by one of the first burst if that is short; empty if no sample of
/// a queue was recorded. With several destinations there are charts of each of them.
pub fn queue(run: &Run, trial: &Trial, place: &str, recorded: Recorded<'_>) -> Vec<Chart> {
    if trial.destinations.is_empty() {
        return of_queue(run, trial, place, recorded);
    }
    let of_destination = |address: SocketAddr| {
        let seen = SeenAt::new(trial, address, recorded);
        let mut charts = of_queue(run, trial, place, seen.recorded());
        for chart in &mut charts {
            chart.name += &format!("-port-{}", address.port());
            chart.title = format!("Port {}: {}", address.port(), chart.title);
        }
        charts
    };
    trial.destinations.iter().flat_map(|at| of_destination(at.address)).collect()
}

fn of_queue(run: &Run, trial: &Trial, place: &str, recorded: Recorded<'_>) -> Vec<Chart> {
    let depths = depths(recorded.timeline);
    let Some(full) = Window::full(&depths, recorded.attempts) else { return Vec::new() };
    let history = History::new(trial, recorded, &depths);
    let chart = |name: &str, title: &str, window| Chart {
        name: format!("{name}-{}", trial.execution_id().file_stem()),
        title: format!("{title}, trial {} · {place}", trial.execution_id()),
        ..draw(run, trial, (&depths, history.as_ref()), recorded, window)
    };
    let busy = history.as_ref().map(|history| history.busy(full));
    let busy = busy.as_deref().unwrap_or(&depths);
    let first = Window::first_burst(busy, recorded.attempts, full);
    let first = first.map(|burst| chart("burst", "The first burst in the accept queue", burst));
    let all = chart("queue", "The accept queue over time", full);
    first.into_iter().chain([all]).collect()
}

fn draw(
    run: &Run,
    trial: &Trial,
    (depths, history): (&[Depth], Option<&History>),
    Recorded { timeline, attempts }: Recorded<'_>,
    window: Window,
) -> Chart {
    let Window { from, to } = window;
    let half_open = half_open(timeline);
    let seconds = |ns: u64| ns.saturating_sub(from) as f64 / 1e9;
    let at_time = Scale::linear((0.0, seconds(to)), (LEFT, RIGHT));
    let x = |ns: u64| at_time.at(seconds(ns));
    let most = depths.iter().map(|sample| sample.depth.max(sample.limit.saturating_add(1)));
    let most = most.chain(half_open.iter().map(|it| it.sockets));
    let most = most.chain(history.map(History::deepest)).max().unwrap_or(1);
    let marks = whole_ticks(most);
    let y = Scale::linear((0.0, marks[marks.len() - 1]), (TOP + QUEUE, TOP));
    // The limit does not change between samples.
    let limits: Vec<_> = depths.iter().map(|&sample| Depth { missed: 0, ..sample }).collect();
    let limits = samples_in(&limits, window);
    let at_limit = |sample: &Depth| y.at(f64::from(sample.limit));
    let place = Place { area: QueueArea { top: TOP, height: QUEUE }, x: &x, y };
    let curve = match history {
        Some(history) => bounded::curve(trial, history, &limits, window, place),
        None => sampled::curve(trial, depths, window, place),
    };
    let overflows = overflows(trial, history, curve.was_full);
    let retransmit_times = TrialView::new(&run.record, trial).syn_retransmit_times();
    let bars_top = TOP + QUEUE + BETWEEN + if overflows.is_some() { LINE } else { 0.0 };
    let bars = AttemptBars::new(attempts, &retransmit_times, bars_top, (from, to));
    let bottom = if attempts.is_empty() { bars_top - 46.0 } else { bars.bottom() };
    let body = html! {
        text.quiet x=(LEFT) y="14" {
            "connections queued (" (curve.legend) ") and the queue's limit (dashed)"
            @if !half_open.is_empty() {
                "; diamonds: sockets in SYN_RECV, which are counted less often"
            }
        }
        text.quiet x=(LEFT) y="30" { (curve.description) }
        (curve.behind)
        @for &mark in &marks {
            line.grid x1=(LEFT) x2=(RIGHT) y1=(px(y.at(mark))) y2=(px(y.at(mark))) {}
            text class="quiet end" x=(LEFT - 6.0) y=(px(y.at(mark) + 4.0)) { (mark) }
        }
        @for time in ticks(seconds(to)).into_iter().filter(|&time| time <= seconds(to)) {
            @let at = px(at_time.at(time));
            line.grid x1=(at) x2=(at) y1=(TOP) y2=(px(bottom)) {}
            text class="quiet middle" x=(at) y=(TOP + QUEUE + 16.0) { (span(time, seconds(to))) }
        }
        (curve.lines)
        @if !limits.is_empty() { path.limit d=(steps(&limits, x, at_limit)) {} }
        (curve.tooltips)
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

/// Overflows of the accept queue that the kernel counted but no reading shows, in the whole
/// trial or in the time that is drawn, where the queue `is_shown` full or not.
fn overflows(trial: &Trial, history: Option<&History>, is_shown: bool) -> Option<String> {
    let counted = trial.evidence.at_server(Counter::ListenOverflows);
    let probe = trial.evidence.probe.as_ref().filter(|_| counted > 0)?;
    let counted = count(counted);
    let noun = if history.is_some() { "reading" } else { "sample" };
    // The sum of several queues does not show which one was full.
    let only = match probe.listeners.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    let known = history.filter(|_| only.is_some()).map_or(0, History::deepest);
    // The queue holds one more than its limit.
    let is_full = |listener: &ListenerSummary| listener.deepest.max(known) > listener.limit;
    if probe.listeners.iter().any(is_full) {
        return (only.is_some() && !is_shown).then(|| {
            format!(
                "no {noun} found the queue full in the time shown; the kernel counted {counted} \
                 ListenOverflows in this trial"
            )
        });
    }
    let deepest = probe.listeners.iter().max_by_key(|listener| listener.deepest)?;
    Some(format!(
        "the kernel counted {counted} ListenOverflows between {noun}s, when the queue was full \
         ({} queued); the deepest {noun} has {}",
        count(deepest.limit + 1),
        count(deepest.deepest.max(known))
    ))
}

/// The times of SYNs without an answer, and the drops that the kernel counted.
fn drop_marks(trial: &Trial, times: &[u64], window: Window, x: impl Fn(u64) -> f64) -> Markup {
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
