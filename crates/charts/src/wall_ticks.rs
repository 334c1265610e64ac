//! The labels of a time axis with times of the wall clock.

use watch_recording::{Span, WallTimes};

use crate::axis::{span, ticks};

/// Steps between labels, seconds.
const STEPS: [u64; 15] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 10_800, 43_200];

/// The most labels.
const MAX_LABELS: u64 = 9;

const SECOND_US: u64 = 1_000_000;

/// Times of a span with their labels: times of the wall clock, UTC, or seconds since its
/// beginning if it is short.
pub(crate) fn wall_ticks(Span(from_us, to_us): Span, wall: &WallTimes) -> Vec<(u64, String)> {
    let length_us = to_us.saturating_sub(from_us);
    let seconds = length_us.div_ceil(SECOND_US);
    let start = wall.at(from_us).map(|at| at.as_microsecond());
    let (Some(start), true) = (start, seconds > 6) else {
        let length = length_us as f64 / 1e6;
        let ticks = ticks(length).into_iter().filter(|&time| time <= length);
        let at_us = |time: f64| from_us + (time * 1e6) as u64;
        return ticks.map(|time| (at_us(time), format!("+{}", span(time, length)))).collect();
    };
    let step = STEPS.into_iter().find(|step| seconds / step < MAX_LABELS);
    // Longer than a few days.
    let step = step.unwrap_or_else(|| (seconds / MAX_LABELS).div_ceil(86_400).max(1) * 86_400);
    let step_us = step * SECOND_US;
    let past_us = start.rem_euclid(step_us as i64) as u64;
    let first_us = from_us + (step_us - past_us) % step_us;
    let format = match step {
        86_400.. => "%b %d",
        60.. => "%H:%M",
        _ => "%H:%M:%S",
    };
    let times = (0..=MAX_LABELS).map(|number| first_us + number * step_us);
    let times = times.filter(|&at_us| at_us <= to_us);
    times.filter_map(|at_us| Some((at_us, wall.at(at_us)?.strftime(format).to_string()))).collect()
}
