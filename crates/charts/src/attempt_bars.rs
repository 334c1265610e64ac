//! A bar for each attempt of a trial, on the time axis of its queue.

use std::fmt::Write;
use std::time::Duration;

use maud::{Markup, html};
use run_record::{AttemptRow, Outcome};

use crate::colour::outcome_colour;
use crate::layout::{px, text_width};
use crate::unanswered::retransmit_times;
use run_view::number::{count, nanoseconds};

const LEFT: f64 = 50.0;
/// The largest height of all bars together.
const MAX_HEIGHT: f64 = 320.0;
/// The largest height of one bar with its gap.
const MAX_STEP: f64 = 8.0;
/// More attempts than this have tooltips per band, not per attempt.
const MAX_TOOLTIPS: usize = 200;
/// More attempts than this share lines, which would be narrower than a pixel.
const MAX_LINES: usize = 400;
/// The least height of a band, pixels.
const BAND: f64 = 4.0;

/// The attempts below a chart.
pub(crate) struct AttemptBars<'a> {
    attempts: &'a [AttemptRow],
    retransmit_times: &'a [Duration],
    top: f64,
    step: f64,
    window: (u64, u64),
}

/// The three parts of a bar: the share of the step that is its thickness, and opacity.
const PARTS: [(f64, f64); 3] = [(0.35, 0.5), (0.4, 1.0), (0.85, 1.0)];

impl<'a> AttemptBars<'a> {
    /// Bars from `top` downwards, clipped to the window (CLOCK_MONOTONIC, nanoseconds).
    pub(crate) fn new(
        attempts: &'a [AttemptRow],
        retransmit_times: &'a [Duration],
        top: f64,
        window: (u64, u64),
    ) -> Self {
        let step = (MAX_HEIGHT / attempts.len().max(1) as f64).min(MAX_STEP);
        Self { attempts, retransmit_times, top, step, window }
    }

    /// The lower end of the bars.
    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.step * self.attempts.len() as f64
    }

    pub(crate) fn draw(&self, x: impl Fn(u64) -> f64) -> Markup {
        let ended = |outcome| self.attempts.iter().filter(|row| row.outcome == outcome).count();
        let mut legend = Vec::new();
        let mut at = LEFT;
        for outcome in Outcome::ALL.into_iter().filter(|&outcome| ended(outcome) > 0) {
            let name = format!("{} {outcome}", count(ended(outcome) as i64));
            let wide = text_width(&name) + 32.0;
            legend.push((outcome, name, at));
            at += wide;
        }
        let retransmits = self.marks(&x);
        let per_line = self.per_line();
        html! {
            text.quiet x=(LEFT) y=(px(self.top - 30.0)) {
                @if per_line == 1 { "one line per attempt" }
                @else { "one line per " (per_line) " attempts and outcome, the longest of them" }
                ", in start order: faint until established, thin until accepted, thick until it ended"
            }
            @for (outcome, name, at) in &legend {
                rect x=(px(*at)) y=(px(self.top - 22.0)) width="12" height="12" rx="2"
                    fill=(outcome_colour(*outcome)) {}
                text x=(px(at + 17.0)) y=(px(self.top - 12.0)) { (name) }
            }
            @if !retransmits.is_empty() {
                path.again d=(format!("M{} {}v10", px(at + 4.0), px(self.top - 21.0))) {}
                text x=(px(at + 12.0)) y=(px(self.top - 12.0)) { "SYN retransmission (nominal)" }
            }
            text class="quiet small end" x=(LEFT - 6.0) y=(px(self.top + 8.0)) { "first" }
            @if self.bottom() > self.top + 24.0 {
                text class="quiet small end" x=(LEFT - 6.0) y=(px(self.bottom())) { "last" }
            }
            (self.bars(&x))
            @if !retransmits.is_empty() { path.again d=(retransmits) {} }
            @if self.attempts.len() <= MAX_TOOLTIPS { (self.tooltips(&x)) } @else { (self.bands(&x)) }
        }
    }

    /// The attempts that share a line.
    fn per_line(&self) -> usize {
        self.attempts.len().div_ceil(MAX_LINES).max(1)
    }

    /// The attempts that are drawn, each with its position: of those that share a line, the
    /// longest of each outcome.
    fn drawn(&self) -> Vec<(usize, &AttemptRow)> {
        let many = self.per_line();
        let of_line = |(line, rows): (usize, &'a [AttemptRow])| {
            let longest = move |outcome| {
                let rows = rows.iter().filter(|row| row.outcome == outcome);
                let row = rows.max_by_key(|row| row.end_ns.saturating_sub(row.start_ns))?;
                Some((line * many, row))
            };
            Outcome::ALL.into_iter().filter_map(longest)
        };
        self.attempts.chunks(many).enumerate().flat_map(of_line).collect()
    }

    /// One path per outcome, which keeps thousands of bars small.
    fn bars(&self, x: &impl Fn(u64) -> f64) -> Markup {
        let drawn = self.drawn();
        let high = self.step * self.per_line() as f64;
        let paths = Outcome::ALL.map(|outcome| {
            let mut parts = [String::new(), String::new(), String::new()];
            let rows = drawn.iter().filter(|(_, row)| row.outcome == outcome);
            for &(position, row) in rows {
                let y = px(self.top + position as f64 * self.step + high / 2.0);
                for (path, part) in parts.iter_mut().zip(parts_of(row)) {
                    let Some((from, to)) = part.filter(|&part| self.is_visible(part)) else {
                        continue;
                    };
                    let (from, to) = (x(from), x(to));
                    let _ = write!(path, "M{} {y}H{}", px(from), px(to.max(from + 0.6)));
                }
            }
            (outcome, parts)
        });
        html! {
            @for (outcome, parts) in &paths {
                @let styles = parts.iter().zip(PARTS).filter(|(path, _)| !path.is_empty());
                @for (path, (share, opacity)) in styles {
                    path d=(path) fill="none" stroke=(outcome_colour(*outcome)) stroke-opacity=(opacity)
                        stroke-width=(px((high * share).max(0.6))) { title { (outcome) } }
                }
            }
        }
    }

    fn is_visible(&self, (from, to): (u64, u64)) -> bool {
        from <= self.window.1 && to >= self.window.0
    }

    /// Marks of SYN retransmissions, as a path.
    fn marks(&self, x: &impl Fn(u64) -> f64) -> String {
        let tall = px((self.step * self.per_line() as f64).max(1.0));
        let mut path = String::new();
        for (position, row) in self.drawn() {
            let y = px(self.top + position as f64 * self.step);
            for at in
                retransmit_times(self.retransmit_times, row).filter(|&at| self.is_visible((at, at)))
            {
                let _ = write!(path, "M{} {y}v{tall}", px(x(at)));
            }
        }
        path
    }

    /// Tooltips of bands of attempts.
    fn bands(&self, x: &impl Fn(u64) -> f64) -> Markup {
        let many = ((BAND / self.step).ceil() as usize).max(1);
        let bands = self.attempts.chunks(many).enumerate().filter_map(|(position, band)| {
            let shown = band.iter().filter(|row| self.is_visible((row.start_ns, row.end_ns)));
            let from = shown.clone().map(|row| row.start_ns).min()?;
            let to = shown.map(|row| row.end_ns).max()?;
            Some((position * many, band, x(from), x(to)))
        });
        html! {
            @for (first, band, from, to) in bands {
                rect x=(px(from)) y=(px(self.top + first as f64 * self.step))
                    height=(px(self.step * band.len() as f64)) width=(px((to - from).max(1.0)))
                    fill="transparent" {
                    title { (describe_band(band)) }
                }
            }
        }
    }

    fn tooltips(&self, x: &impl Fn(u64) -> f64) -> Markup {
        let describe = |row: &AttemptRow| {
            let mut text = format!("attempt {}: {}", row.index, row.outcome);
            if let Some(ns) = row.connect_ns {
                text += &format!(", established after {}", nanoseconds(ns as f64));
            }
            if let Some(at) = row.accepted_ns {
                let after = at.saturating_sub(row.start_ns);
                text += &format!(", accepted after {}", nanoseconds(after as f64));
            }
            if let Some(retransmits) = row.syn_retransmits {
                text += &format!(", {retransmits} SYN retransmissions");
            }
            text
        };
        let shown = self.attempts.iter().enumerate();
        let shown = shown.filter(|(_, row)| self.is_visible((row.start_ns, row.end_ns)));
        html! {
            @for (position, row) in shown {
                @let (from, to) = (x(row.start_ns), x(row.end_ns));
                rect x=(px(from)) y=(px(self.top + position as f64 * self.step))
                    height=(px(self.step)) width=(px((to - from).max(1.0))) fill="transparent" {
                    title { (describe(row)) }
                }
            }
        }
    }
}

/// The outcomes, connect times and SYN retransmissions of a band.
fn describe_band(band: &[AttemptRow]) -> String {
    let ended = |outcome| band.iter().filter(|row| row.outcome == outcome).count();
    let ended = Outcome::ALL.map(|outcome| (outcome, ended(outcome)));
    let ended = ended.iter().filter(|(_, many)| *many > 0);
    let ended: Vec<_> = ended.map(|(outcome, many)| format!("{many} {outcome}")).collect();
    let ends = band.first().zip(band.last()).map_or((0, 0), |(one, last)| (one.index, last.index));
    let mut text = format!("attempts {} to {}: {}", ends.0, ends.1, ended.join(", "));
    let connects = || band.iter().filter_map(|row| row.connect_ns);
    if let Some((least, most)) = connects().min().zip(connects().max()) {
        let [least, most] = [least, most].map(|ns| nanoseconds(ns as f64));
        text += &format!("; established after {least} to {most}");
    }
    let retransmits: u32 = band.iter().filter_map(|row| row.syn_retransmits).sum();
    if retransmits > 0 {
        text += &format!("; {retransmits} SYN retransmissions");
    }
    text
}

/// From the start to ESTABLISHED, to accept, and to the end; CLOCK_MONOTONIC, nanoseconds.
fn parts_of(row: &AttemptRow) -> [Option<(u64, u64)>; 3] {
    let established = row.connect_ns.map(|after| row.start_ns.saturating_add(after));
    let waited = established.map(|from| (from, row.accepted_ns.unwrap_or(row.end_ns).max(from)));
    let served = row.accepted_ns.map(|from| (from, row.end_ns.max(from)));
    [Some((row.start_ns, established.unwrap_or(row.end_ns))), waited, served]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(index: u32) -> AttemptRow {
        let is_ok = !index.is_multiple_of(4);
        AttemptRow {
            index,
            connect_ns: is_ok.then_some(1_000 * u64::from(index % 4)),
            syn_retransmits: Some(u32::from(!is_ok)),
            ..AttemptRow::new(
                if is_ok { Outcome::Ok } else { Outcome::TimedOut },
                u64::from(index),
                10_000,
            )
        }
    }

    #[test]
    fn many_attempts_have_tooltips_per_band() {
        let drawn = |many: u32| {
            let rows: Vec<_> = (0..many).map(attempt).collect();
            let bars = AttemptBars::new(&rows, &[], 300.0, (0, 10_000));
            bars.draw(|ns| ns as f64 / 10.0).0
        };
        let (some, thousands) = (drawn(400), drawn(5_000));
        let first = "attempts 0 to 4: 3 ok, 2 timed_out; established after 1.0 µs to 3.0 µs; \
                     2 SYN retransmissions";
        assert!(some.contains(first), "{some}");
        assert!(some.contains("attempts 395 to 399: "), "{some}");
        for text in [some, thousands] {
            assert_eq!(text.matches("<title>attempts").count(), 80);
        }
        assert!(drawn(200).contains("<title>attempt 199: ok, established after 3.0 µs"));
    }
}
