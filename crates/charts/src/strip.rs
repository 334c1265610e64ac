//! The connect latencies or response times of one cell, as a strip on a log axis: a histogram
//! if it was recorded, otherwise quantiles.

use maud::{Markup, html};
use run_record::{LatencyBin, LatencyHistogram, LatencySummary};

use crate::axis::Scale;
use crate::layout::px;
use run_view::Cell;
use run_view::Run;
use run_view::Trial;
use run_view::TrialView;
use run_view::number::{count, nanoseconds, percent, total};

/// The colour of quantile marks.
pub(crate) const ACCENT: &str = "--light:var(--accent);--dark:var(--accent)";
/// The smallest height of a bar with an attempt, pixels.
const MIN_BAR: f64 = 1.4;
/// A strip lower than this has no room for bars, pixels.
pub(crate) const ROOM: f64 = 12.0;
/// Width and height of the median's pointer, pixels.
const POINTER: (f64, f64) = (7.0, 4.5);

/// The times of a strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// From connect(2) to ESTABLISHED.
    Connects,
    /// From a request's intended start to the end of its answer.
    Responses,
}

impl Times {
    /// What has such a time, in the plural.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Connects => "connects",
            Self::Responses => "answers",
        }
    }

    fn of(self, trial: &Trial) -> &LatencySummary {
        match self {
            Self::Connects => &trial.connect_latency,
            Self::Responses => &trial.response_latency,
        }
    }
}

/// The times of a cell, its repetitions pooled.
#[derive(Debug)]
pub(crate) struct Strip<'a> {
    times: Times,
    cell: &'a Cell<'a>,
    /// The trials with such a time.
    trials: Vec<&'a Trial>,
    /// `None` if a trial has none.
    histogram: Option<&'a LatencyHistogram>,
    /// Its times.
    count: u64,
    /// Attempts that could have connected; of answers as many as there are.
    attempts: u64,
}

impl<'a> Strip<'a> {
    pub(crate) fn new(run: &Run, cell: &'a Cell<'a>, times: Times) -> Self {
        let measured = |trial: &&Trial| times.of(trial).count > 0;
        let trials: Vec<_> = cell.trials.iter().copied().filter(measured).collect();
        let count = total(trials.iter().map(|trial| times.of(trial).count));
        let attempts = cell.trials.iter().map(|trial| TrialView::new(&run.record, trial).clients());
        let (histogram, attempts) = match times {
            Times::Connects => (cell.connects(), total(attempts)),
            Times::Responses => (cell.responses(), count),
        };
        Self { times, cell, trials, histogram, count, attempts }
    }

    /// Whether only quantiles of its times were recorded.
    pub(crate) fn has_only_quantiles(&self) -> bool {
        self.histogram.is_none() && !self.trials.is_empty()
    }

    /// Its shortest and longest time, nanoseconds; `None` without any.
    pub(crate) fn ends(&self) -> Option<(f64, f64)> {
        let known = self.histogram.and_then(|histogram| {
            let (first, last) = (histogram.bins().next()?, histogram.bins().next_back()?);
            Some((first.from_ns, last.to_ns))
        });
        let quantiles = || {
            let latencies = || self.trials.iter().map(|trial| self.times.of(trial));
            let least = latencies().map(|latency| latency.p50_ns).min()?;
            Some((least, latencies().map(|latency| latency.max_ns).max()?))
        };
        let (from, to) = known.or_else(quantiles)?;
        Some((from.max(1) as f64, to.max(from).max(1) as f64))
    }

    /// The largest share of its times in one bin.
    pub(crate) fn peak(&self) -> f64 {
        let shares = self.histogram.iter().flat_map(|it| it.bins().map(|bin| share(bin.count, it)));
        shares.fold(0.0, f64::max)
    }

    /// The attempts of some cells that never connected, as `47 of 88`; `None` if all did.
    pub(crate) fn never<'s>(strips: impl Iterator<Item = &'s Self> + Clone) -> Option<String>
    where
        'a: 's,
    {
        let attempts = total(strips.clone().map(|strip| strip.attempts));
        let never = total(strips.map(|strip| strip.attempts.saturating_sub(strip.count)));
        (never > 0).then(|| format!("{} of {}", count(never), count(attempts)))
    }

    /// Draws the strip between two heights. The height of a bar is its share of `peak`; in
    /// a low strip, its opacity is.
    pub(crate) fn draw(&self, x: Scale, peak: f64, (top, bottom): (f64, f64)) -> Markup {
        let (left, right) = x.ends();
        html! {
            a href=(format!("#cell-{}", self.cell.number)) {
                rect x=(px(left)) width=(px(right - left)) y=(px(top)) height=(px(bottom - top))
                    fill="transparent" { title { (self.describe()) } }
                @match self.histogram {
                    Some(histogram) => (self.bars(histogram, x, peak, (top, bottom))),
                    None => (self.quantiles(x, (top, bottom))),
                }
            }
        }
    }

    fn bars(
        &self,
        histogram: &LatencyHistogram,
        x: Scale,
        peak: f64,
        (top, bottom): (f64, f64),
    ) -> Markup {
        let is_low = bottom - top < ROOM;
        let room = bottom - top - POINTER.1 - 2.0;
        let height = |bin: &LatencyBin| (share(bin.count, histogram) / peak * room).max(MIN_BAR);
        let median = self.median(histogram).zip(histogram.median());
        html! {
            @for bin in histogram.bins() {
                @let (from, to) = (x.at(bin.from_ns as f64), x.at(bin.to_ns as f64));
                @let part = share(bin.count, histogram);
                g {
                    title {
                        (format_ns(bin.from_ns)) " to " (format_ns(bin.to_ns)) ": " (count(bin.count))
                        " of " (count(histogram.count())) " " (self.times.noun()) ", " (percent(part)) " %\n"
                        (self.cell.place())
                    }
                    @if is_low {
                        path.share fill-opacity=(shade(part / peak))
                            d=(area((from, to), (top, bottom - 1.0))) {}
                    } @else {
                        // A low bar is hard to hit with a pointer.
                        path fill="transparent" d=(area((from, to), (top, bottom))) {}
                        path.share d=(area((from, to - 0.6), (bottom - height(&bin), bottom))) {}
                    }
                }
            }
            @if let Some(((at, text), bin)) = median {
                @let at = x.at(at);
                path.median d=(if is_low { area((at - 0.8, at + 0.8), (top, bottom - 1.0)) }
                    else { pointer(at, bottom - height(&bin) - 1.0) }) {
                    title { "median: " (text) "\n" (self.cell.place()) }
                }
            }
        }
    }

    fn quantiles(&self, x: Scale, (top, bottom): (f64, f64)) -> Markup {
        let step = (bottom - top - 2.0) / self.trials.len() as f64;
        let at = |ns: u64| px(x.at(ns.max(1) as f64));
        html! {
            g style=(ACCENT) {
                @for (place, trial) in self.trials.iter().enumerate() {
                    @let y = top + 1.0 + (place as f64 + 0.5) * step;
                    @let latency = self.times.of(trial);
                    @for (ns, half) in
                        [(latency.p90_ns, 0.25), (latency.p99_ns, 0.25), (latency.max_ns, 0.48)] {
                        line.bar x1=(at(ns)) x2=(at(ns)) y1=(px(y - step * half)) y2=(px(y + step * half)) {}
                    }
                    circle.point cx=(at(latency.p50_ns)) cy=(px(y)) r=(px((step / 2.0).clamp(1.0, 2.6))) {}
                }
            }
        }
    }

    /// The median and its text: of one trial the exact value, of several the bin.
    fn median(&self, histogram: &LatencyHistogram) -> Option<(f64, String)> {
        if let [trial] = self.trials.as_slice() {
            let ns = self.times.of(trial).p50_ns.max(1);
            return Some((ns as f64, format_ns(ns)));
        }
        let bin = histogram.median()?;
        let middle = (bin.from_ns as f64 * bin.to_ns as f64).sqrt();
        Some((middle, format!("{} to {}", format_ns(bin.from_ns), format_ns(bin.to_ns))))
    }

    fn describe(&self) -> String {
        let mut text = self.cell.place();
        let noun = if self.trials.len() == 1 { "trial" } else { "trials" };
        if !self.trials.is_empty() {
            let (times, trials) = (self.times.noun(), self.trials.len());
            text += &format!("\n{} {times} of {trials} {noun}", count(self.count));
        }
        match self.histogram {
            Some(histogram) => {
                let largest = self.trials.iter().map(|trial| self.times.of(trial).max_ns).max();
                let median = self.median(histogram).map_or(String::new(), |(_, text)| text);
                text += &format!(": median {median}, largest {}", format_ns(largest.unwrap_or(0)));
            }
            None => {
                for trial in &self.trials {
                    let latency = self.times.of(trial);
                    let [median, ninety, most, largest] =
                        [latency.p50_ns, latency.p90_ns, latency.p99_ns, latency.max_ns]
                            .map(format_ns);
                    text += &format!(
                        "\ntrial {}: median {median}, 90 % {ninety}, 99 % {most}, largest {largest}",
                        trial.execution_id()
                    );
                }
            }
        }
        text.extend(
            Self::never(std::iter::once(self)).map(|never| format!("\n{never} never connected")),
        );
        text
    }
}

fn share(part: u64, histogram: &LatencyHistogram) -> f64 {
    part as f64 / histogram.count().max(1) as f64
}

fn format_ns(ns: u64) -> String {
    nanoseconds(ns as f64)
}

/// The opacity of a bin in a low strip, from its share of the largest bin. A bin with an
/// attempt is visible.
pub(crate) fn shade(part: f64) -> String {
    format!("{:.2}", 0.3 + 0.7 * part)
}

/// A triangle that points down at a place.
pub(crate) fn pointer(x: f64, y: f64) -> String {
    let (left, right, top) = (px(x - POINTER.0 / 2.0), px(x + POINTER.0 / 2.0), px(y - POINTER.1));
    format!("M{left},{top}H{right}L{},{}Z", px(x), px(y))
}

/// A rectangle as a path: the outline of a focused link applies to `rect` elements.
fn area((left, right): (f64, f64), (top, bottom): (f64, f64)) -> String {
    let [left, right, top, bottom] = [left, right, top, bottom].map(px);
    format!("M{left},{top}H{right}V{bottom}H{left}Z")
}
