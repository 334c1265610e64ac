//! The connect times of one trial as a histogram on a log axis, coloured by the number of
//! SYN retransmissions.

use maud::html;
use run_record::AttemptRow;

use crate::axis::{Scale, decades, power_of_time, whole_ticks};
use crate::chart::Chart;
use crate::colour;
use crate::latency::retransmissions;
use crate::layout::px;
use run_view::Run;
use run_view::Trial;
use run_view::TrialView;
use run_view::number::nanoseconds;
use run_view::prose::several;

/// Bins per power of ten.
const BINS: f64 = 12.0;
/// Attempts with this many retransmissions or more share a colour.
const MAX_RETRANSMITS: u32 = 5;

const WIDTH: f64 = 860.0;
const RIGHT: f64 = WIDTH - 26.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 50.0;

/// The histogram of a trial's attempts; `None` if fewer than two connected.
pub fn attempts(run: &Run, trial: &Trial, place: &str, rows: &[AttemptRow]) -> Option<Chart> {
    let connected = || {
        let taken = |row: &AttemptRow| Some((row.connect_ns?.max(1) as f64, row.syn_retransmits?));
        rows.iter().filter_map(taken)
    };
    connected().nth(1)?;
    let least = connected().map(|(ns, _)| ns).min_by(f64::total_cmp)?;
    let most = connected().map(|(ns, _)| ns).max_by(f64::total_cmp)?;
    let decades = decades(least, most);
    let ends = (decades[0], decades[decades.len() - 1]);
    let bins = (decades.len() - 1) * BINS as usize;
    let mut counts = vec![[0_u32; MAX_RETRANSMITS as usize + 1]; bins];
    for (ns, retransmits) in connected() {
        let bin = ((ns.log10() - ends.0.log10()) * BINS) as usize;
        counts[bin.min(bins - 1)][retransmits.min(MAX_RETRANSMITS) as usize] += 1;
    }
    let tallest = counts.iter().map(|bin| bin.iter().sum::<u32>()).max().unwrap_or(0);
    let ticks = whole_ticks(tallest);
    let bottom = HEIGHT - BOTTOM;
    let x = Scale::log(ends, (LEFT, RIGHT));
    let y = Scale::linear((0.0, ticks[ticks.len() - 1]), (bottom, TOP));
    let wide = (RIGHT - LEFT) / bins as f64;
    let shown: Vec<_> = (0..=MAX_RETRANSMITS)
        .filter(|&retransmits| counts.iter().any(|bin| bin[retransmits as usize] > 0))
        .collect();
    let retransmit_times = TrialView::new(&run.record, trial).syn_retransmit_times();
    let body = html! {
        @for &tick in &ticks {
            line.grid x1=(LEFT) x2=(RIGHT) y1=(px(y.at(tick))) y2=(px(y.at(tick))) {}
            text class="quiet end" x=(LEFT - 6.0) y=(px(y.at(tick) + 4.0)) { (tick) }
        }
        @for &at in &decades {
            text class="quiet middle" x=(px(x.at(at))) y=(px(bottom + 16.0)) { (power_of_time(at)) }
        }
        @for (bin, counts) in counts.iter().enumerate() {
            @let from = ends.0 * 10_f64.powf(bin as f64 / BINS);
            @let to = ends.0 * 10_f64.powf((bin + 1) as f64 / BINS);
            @for (retransmits, below, count) in stacked(counts) {
                rect x=(px(LEFT + bin as f64 * wide)) width=(px(wide - 0.6))
                    y=(px(y.at(f64::from(below + count))))
                    height=(px(y.at(f64::from(below)) - y.at(f64::from(below + count))))
                    fill=(colour::retransmits(retransmits)) {
                    title {
                        (nanoseconds(from)) " to " (nanoseconds(to)) ": " (several(count.into(), "attempt"))
                        " with " (several(retransmits.into(), "SYN retransmission"))
                    }
                }
            }
        }
        text.quiet x="6" y=(TOP - 12.0) { "attempts" }
        (retransmissions(&retransmit_times, ends, x, (TOP, bottom)))
        @for (position, &retransmits) in shown.iter().enumerate() {
            @let at = LEFT + position as f64 * 160.0;
            rect x=(px(at)) y=(px(bottom + 30.0)) width="12" height="12" rx="2"
                fill=(colour::retransmits(retransmits)) {}
            text x=(px(at + 17.0)) y=(px(bottom + 40.0)) {
                @if retransmits == MAX_RETRANSMITS { (retransmits) " and more retransmissions" }
                @else { (several(retransmits.into(), "retransmission")) }
            }
        }
    };
    let trial = trial.execution_id();
    let title = format!("From connect(2) to ESTABLISHED, attempts of trial {trial} · {place}");
    Some(Chart {
        name: format!("connects-{}", trial.file_stem()),
        title,
        width: WIDTH,
        height: HEIGHT,
        body,
    })
}

/// The parts of a bar: retransmissions, attempts below the part, attempts in it.
fn stacked(counts: &[u32]) -> Vec<(u32, u32, u32)> {
    let mut below = 0;
    let mut parts = Vec::new();
    for (retransmits, &count) in (0..).zip(counts) {
        if count > 0 {
            parts.push((retransmits, below, count));
        }
        below += count;
    }
    parts
}
