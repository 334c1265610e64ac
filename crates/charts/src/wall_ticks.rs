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
        let at_us = |time: f64| from_us.saturating_add((time * 1e6) as u64);
        return ticks.map(|time| (at_us(time), format!("+{}", span(time, length)))).collect();
    };
    let step = STEPS.into_iter().find(|step| seconds / step < MAX_LABELS);
    // Longer than a few days.
    let step = step.unwrap_or_else(|| (seconds / MAX_LABELS).div_ceil(86_400).max(1) * 86_400);
    let step_us = step.saturating_mul(SECOND_US);
    let past_us = start.rem_euclid(step_us as i64) as u64;
    let first_us = from_us.saturating_add((step_us - past_us) % step_us);
    let format = match step {
        86_400.. => "%b %d",
        60.. => "%H:%M",
        _ => "%H:%M:%S",
    };
    let times =
        (0..=MAX_LABELS).map(|number| first_us.saturating_add(number.saturating_mul(step_us)));
    let times = times.filter(|&at_us| at_us <= to_us);
    // The lines of a record are not exactly a second apart.
    let label = |at_us: u64| {
        Some(wall.at(at_us.saturating_add(SECOND_US / 2))?.strftime(format).to_string())
    };
    times.filter_map(|at_us| Some((at_us, label(at_us)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_has_times_of_the_wall_clock_and_a_short_one_seconds() {
        let mut wall = WallTimes::default();
        for (at_us, at) in
            [(0, "11:59:57.4"), (4_000_000, "12:00:01.399"), (9_000_000, "12:00:06.4")]
        {
            wall.add(at_us, &format!("2026-11-30T{at}Z"));
        }
        let labels = |span| -> Vec<(u64, String)> { wall_ticks(span, &wall) };
        let text = |at: u64, label: &str| (at, label.to_owned());
        assert_eq!(
            labels(Span(0, 14_000_000)),
            [
                text(600_000, "11:59:58"),
                text(2_600_000, "12:00:00"),
                text(4_600_000, "12:00:02"),
                text(6_600_000, "12:00:04"),
                text(8_600_000, "12:00:06"),
                text(10_600_000, "12:00:08"),
                text(12_600_000, "12:00:10"),
            ]
        );
        assert_eq!(
            labels(Span(1_000_000, 1_500_000)),
            [
                text(1_000_000, "+0 ms"),
                text(1_100_000, "+100 ms"),
                text(1_200_000, "+200 ms"),
                text(1_300_000, "+300 ms"),
                text(1_400_000, "+400 ms"),
                text(1_500_000, "+500 ms"),
            ]
        );
    }
}
