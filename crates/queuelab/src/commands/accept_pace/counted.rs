//! The time per accept that the kernel showed of a server.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use run_record::AcceptPace;

/// The times per accept that can be simulated, nanoseconds: those of the rates that `--accept`
/// takes.
pub(super) const TIMES_NS: RangeInclusive<f64> = 1.0..=1e12;

/// The time between two accepts while connections wait, nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CountedPace {
    /// The mean of the trials, each with the weight of its accepts, and within the bounds; none
    /// if no trial had frequent enough samples.
    pub(crate) mean_ns: Option<f64>,
    /// The least that it can have been in a trial; 0 if only an upper bound is known.
    pub(crate) least_ns: f64,
    /// The most.
    pub(crate) most_ns: f64,
    /// Accepts that were counted.
    pub(crate) accepts: u64,
}

impl CountedPace {
    /// The pace of some trials: of those with frequent enough samples, or else only what it is at
    /// most. Those that cannot be simulated ([`is_possible`]) are left out; none if no other is
    /// left.
    pub(crate) fn of<'a>(paces: impl Iterator<Item = &'a AcceptPace>) -> Option<Self> {
        let paces: Vec<_> = paces.filter(|pace| is_possible(pace)).collect();
        let known: Vec<_> = paces.iter().copied().filter(|pace| pace.is_known()).collect();
        let least_ns = known.iter().map(|pace| pace.least_ns).reduce(f64::min);
        let most_ns = known.iter().map(|pace| pace.most_ns).reduce(f64::max);
        match least_ns.zip(most_ns) {
            Some((least_ns, most_ns)) => {
                let mean = |pace: &AcceptPace| pace.mean_ns.clamp(pace.least_ns, pace.most_ns);
                Some(Self {
                    mean_ns: Some(weighted_mean(&known, mean)?.clamp(least_ns, most_ns)),
                    least_ns,
                    most_ns,
                    accepts: accepts(&known),
                })
            }
            None => Some(Self {
                mean_ns: None,
                least_ns: 0.0,
                most_ns: weighted_mean(&paces, |pace| pace.most_ns)?,
                accepts: accepts(&paces),
            }),
        }
    }

    /// The time that a backlog is sized for: the mean, or the most that it can be.
    pub(crate) fn sized_for_ns(&self) -> f64 {
        self.mean_ns.unwrap_or(self.most_ns)
    }

    /// The least and the most that it can have been.
    pub(crate) fn bounds(&self) -> [Duration; 2] {
        [self.least_ns, self.most_ns].map(|ns| Duration::from_nanos(ns.round() as u64))
    }
}

/// Whether the pace of a trial has accepts, and bounds that can be simulated: a run directory may
/// contain anything.
pub(super) fn is_possible(pace: &AcceptPace) -> bool {
    pace.accepted > 0
        && pace.mean_ns.is_finite()
        && (0.0..=pace.most_ns).contains(&pace.least_ns)
        && TIMES_NS.contains(&pace.most_ns)
}

fn accepts(paces: &[&AcceptPace]) -> u64 {
    paces.iter().fold(0, |sum, pace| sum.saturating_add(pace.accepted))
}

/// The mean of a time of some trials, each with the weight of its accepts; none without accepts.
fn weighted_mean(paces: &[&AcceptPace], time_ns: impl Fn(&AcceptPace) -> f64) -> Option<f64> {
    let weights: f64 = paces.iter().map(|pace| pace.accepted as f64).sum();
    let weighted: f64 = paces.iter().map(|pace| time_ns(pace) * pace.accepted as f64).sum();
    (weights > 0.0).then(|| weighted / weights)
}

impl fmt::Display for CountedPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = |ns: f64| ns / 1e3;
        match self.least_ns > 0.0 {
            true => write!(f, "{:.1} to ", microseconds(self.least_ns))?,
            false => write!(f, "at most ")?,
        }
        let (most, accepts) = (microseconds(self.most_ns), self.accepts);
        write!(f, "{most:.1} µs by the kernel's counts (of {accepts} accepts)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(accepted: u64, mean_us: u64, least_us: u64, most_us: u64) -> AcceptPace {
        AcceptPace {
            accepted,
            mean_ns: mean_us as f64 * 1e3,
            least_ns: least_us as f64 * 1e3,
            most_ns: most_us as f64 * 1e3,
            ..AcceptPace::default()
        }
    }

    #[test]
    fn the_pace_is_that_of_the_trials_with_enough_samples() {
        let paces = [(100, 20, 15, 25), (300, 30, 28, 33), (100, 25, 20, 30), (100, 90, 0, 900)];
        let paces = paces.map(|(accepted, mean, least, most)| pace(accepted, mean, least, most));
        let pace = CountedPace::of(paces.iter()).unwrap();
        assert_eq!((pace.mean_ns, pace.accepts), (Some(27e3), 500));
        assert_eq!((pace.least_ns, pace.most_ns), (15e3, 33e3));
        assert_eq!(pace.sized_for_ns(), 27e3);
        assert_eq!(pace.to_string(), "15.0 to 33.0 µs by the kernel's counts (of 500 accepts)");
    }

    #[test]
    fn an_uneven_server_has_its_mean_within_the_bounds() {
        // 0.5 ms per accept, and 50 ms at each 20th: most parts are faster than the mean.
        let uneven = AcceptPace { p50_ns: 832_080, ..pace(255, 3156, 2381, 3836) };
        let pace = CountedPace::of(std::iter::once(&uneven)).unwrap();
        assert_eq!(pace.mean_ns, Some(3156e3));
        let outside = AcceptPace { mean_ns: 9e9, ..uneven };
        let pace = CountedPace::of(std::iter::once(&outside)).unwrap();
        assert_eq!(pace.mean_ns, Some(3836e3), "a mean beyond its own bounds");
    }

    #[test]
    fn otherwise_only_what_it_is_at_most_is_known() {
        let paces = [pace(100, 20, 0, 30), pace(100, 20, 0, 50)];
        let pace = CountedPace::of(paces.iter()).unwrap();
        assert_eq!((pace.mean_ns, pace.least_ns, pace.most_ns), (None, 0.0, 40e3));
        assert_eq!(pace.sized_for_ns(), 40e3, "the slowest that it can be");
        assert_eq!(pace.bounds(), [Duration::ZERO, Duration::from_micros(40)]);
        assert_eq!(pace.to_string(), "at most 40.0 µs by the kernel's counts (of 200 accepts)");
        assert_eq!(CountedPace::of(std::iter::empty()), None);
    }

    #[test]
    fn impossible_bounds_are_no_pace() {
        let usual = pace(10, 20, 15, 25);
        assert!(is_possible(&usual));
        let none = AcceptPace { accepted: 0, ..usual.clone() };
        let [negative, inverted, endless] = [(-5.0, -3.0), (3e4, 2e4), (2e4, 1e300)]
            .map(|(least_ns, most_ns)| AcceptPace { least_ns, most_ns, ..usual.clone() });
        let zero = pace(10, 0, 0, 0);
        let unknown = AcceptPace { least_ns: f64::NAN, ..usual.clone() };
        let infinite = AcceptPace { mean_ns: f64::INFINITY, ..usual.clone() };
        for wrong in [none, negative, inverted, endless, zero, unknown, infinite] {
            assert!(!is_possible(&wrong), "{wrong:?}");
            assert_eq!(CountedPace::of(std::iter::once(&wrong)), None);
        }
        let huge = AcceptPace { accepted: u64::MAX, ..usual };
        assert_eq!(CountedPace::of([&huge, &huge].into_iter()).unwrap().accepts, u64::MAX);
    }
}
