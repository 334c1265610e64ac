//! Scales of axes, and their labels.

use serde_json::Value;

/// Maps a value to a coordinate, pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    log: bool,
}

impl Scale {
    /// Maps `from` to `start` and `to` to `end`.
    pub(crate) fn linear((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self { from, to, start, end, log: false }
    }

    /// The same on a log axis; `from` and `to` must be above 0.
    pub(crate) fn log((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self { from: from.log10(), to: to.log10(), start, end, log: true }
    }

    /// The coordinates of both ends, pixels.
    pub(crate) fn ends(&self) -> (f64, f64) {
        (self.start, self.end)
    }

    pub(crate) fn at(&self, value: f64) -> f64 {
        let value = if self.log { value.max(1e-300).log10() } else { value };
        let span = self.to - self.from;
        let share = if span == 0.0 { 0.5 } else { (value - self.from) / span };
        self.start + share.clamp(0.0, 1.0) * (self.end - self.start)
    }
}

/// The largest number that an axis has: with more, the ticks beyond it would be infinite.
const LARGEST: f64 = f64::MAX / 100.0;

/// About five round numbers from 0 to at least `top`.
pub(crate) fn ticks(top: f64) -> Vec<f64> {
    if top <= 0.0 || !top.is_finite() {
        return vec![0.0, 1.0];
    }
    // A smaller step would be rounded to 0.
    let top = top.clamp(f64::MIN_POSITIVE * 1e6, LARGEST);
    let raw = top / 5.0;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|times| times * power);
    let step = step.into_iter().find(|step| *step >= raw * 0.999).unwrap_or(raw);
    let last = (top / step - 1e-9).ceil() as usize;
    (0..=last).map(|times| times as f64 * step).collect()
}

/// Round numbers from at most `least`, which is below 0 or is left out, to at least `top`.
pub(crate) fn signed_ticks(least: f64, top: f64) -> Vec<f64> {
    let ticks_up = ticks(top);
    if least >= 0.0 || !least.is_finite() {
        return ticks_up;
    }
    let least = least.max(-LARGEST);
    // Not too small for what is below 0, which can be much more.
    let step = ticks_up[1].max(ticks(-least)[1] / 5.0);
    let steps = |length: f64| (length / step - 1e-9).ceil().max(0.0) as i64;
    let all = -steps(-least)..=steps(ticks_up[ticks_up.len() - 1]).max(1);
    all.map(|times| times as f64 * step).collect()
}

/// The same as integers.
pub(crate) fn whole_ticks(top: u32) -> Vec<f64> {
    let mut ticks = ticks(f64::from(top.max(1)));
    if ticks.iter().any(|tick| tick.fract() != 0.0) {
        ticks = (0..=top.max(1).div_ceil(5)).map(|step| f64::from(step) * 5.0).collect();
        if top <= 5 {
            ticks = (0..=top.max(1)).map(f64::from).collect();
        }
    }
    ticks
}

/// The powers of ten around a range above 0; at most those that a number can have.
pub(crate) fn decades(least: f64, most: f64) -> Vec<f64> {
    let all = f64::MIN_10_EXP..=f64::MAX_10_EXP;
    let power = |exponent: f64| (exponent as i32).clamp(*all.start(), *all.end());
    let (from, to) = (power(least.log10().floor()), power(most.log10().ceil()));
    (from..=to.max(from + 1)).map(|power| 10_f64.powi(power)).collect()
}

/// The least distance between two values of an axis, as a share of its length.
const APART: f64 = 0.03;

/// The positions of an axis's values, as shares of its length, and whether they are to
/// scale. They are evenly spaced if a value is not a number or two would overlap.
pub(crate) fn positions(values: &[Value]) -> (Vec<f64>, bool) {
    let evenly = || (0..values.len()).map(|index| index as f64).collect();
    let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
    let Some(numbers) = numbers.filter(|numbers| numbers.is_sorted()) else {
        return (evenly(), false);
    };
    let all = numbers.last().zip(numbers.first()).map_or(0.0, |(last, first)| last - first);
    let crowded = numbers.windows(2).any(|pair| pair[1] - pair[0] < APART * all);
    if crowded { (evenly(), false) } else { (numbers, true) }
}

/// The label of a power of ten of nanoseconds: `1 µs`, `10 ms`, `100 s`.
pub(crate) fn power_of_time(ns: f64) -> String {
    match ns {
        n if n >= 1e9 => format!("{:.0} s", n / 1e9),
        n if n >= 1e6 => format!("{:.0} ms", n / 1e6),
        n if n >= 1e3 => format!("{:.0} µs", n / 1e3),
        n => format!("{n:.0} ns"),
    }
}

/// A configured time in nanoseconds as seconds: `2 s`, `1.5 s`.
pub(crate) fn seconds(ns: f64) -> String {
    format!("{} s", ns / 1e9)
}

/// The label of a time on an axis that ends at `longest`, both in seconds: `20 ms`, `0.5 s`.
pub(crate) fn span(seconds: f64, longest: f64) -> String {
    let (number, unit) = match longest {
        longest if longest >= 1.0 => (seconds, "s"),
        longest if longest >= 1e-3 => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "µs"),
    };
    format!("{} {unit}", (number * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_top() {
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(0.0), [0.0, 1.0]);
        assert_eq!([span(0.02, 0.1), span(0.5, 2.0)], ["20 ms", "0.5 s"]);
        let [near, far] =
            [[0, 1, 128], [10, 60, 128]].map(|values| positions(&values.map(Value::from)));
        assert_eq!((near, far), ((vec![0.0, 1.0, 2.0], false), (vec![10.0, 60.0, 128.0], true)));
        assert_eq!(whole_ticks(11), [0.0, 5.0, 10.0, 15.0]);
        assert_eq!(whole_ticks(2), [0.0, 1.0, 2.0]);
        let last = *ticks(36_321.0).last().unwrap();
        assert!((36_321.0..60_000.0).contains(&last), "{last}");
    }

    #[test]
    fn values_are_mapped_to_coordinates() {
        let scale = Scale::linear((0.0, 10.0), (100.0, 0.0));
        assert_eq!([scale.at(0.0), scale.at(5.0), scale.at(99.0)], [100.0, 50.0, 0.0]);
        let log = Scale::log((1e3, 1e9), (0.0, 60.0));
        assert_eq!([log.at(1e3), log.at(1e6), log.at(0.0)], [0.0, 30.0, 0.0]);
        assert_eq!(Scale::linear((3.0, 3.0), (0.0, 10.0)).at(3.0), 5.0);
        assert_eq!(decades(2e3, 3e4), [1e3, 1e4, 1e5]);
    }

    #[test]
    fn any_number_has_few_ticks() {
        let forged = [
            0.0,
            -0.0,
            5e-324,
            1e-320,
            1e-308,
            1e-300,
            3.0,
            18_446_744_073_709_551_615.0,
            1e308,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
            -1.0,
            -1e308,
            -f64::MAX,
            f64::NEG_INFINITY,
        ];
        let rise = |ticks: &[f64]| ticks.windows(2).all(|pair| pair[0] < pair[1]);
        for top in forged {
            let found = ticks(top);
            assert!((2..=8).contains(&found.len()) && rise(&found), "{top}: {found:?}");
            for least in forged {
                let found = signed_ticks(least, top);
                assert!((2..=40).contains(&found.len()) && rise(&found), "{least} {top}");
                let powers = decades(least, top).len();
                assert!((1..=617).contains(&powers), "{least} {top}: {powers}");
            }
        }
        assert_eq!(signed_ticks(-0.5, 1.0)[..3], [-0.6000000000000001, -0.4, -0.2]);
    }
}
