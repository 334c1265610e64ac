//! The time per accept that the kernel showed of a server.

use std::fmt;
use std::time::Duration;

use run_record::AcceptPace;

/// The time between two accepts while connections wait, nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CountedPace {
    /// The median of the trials; none if no trial had enough samples.
    pub(crate) median_ns: Option<f64>,
    /// The least that it can have been in a trial; 0 if only an upper bound is known.
    pub(crate) least_ns: f64,
    /// The most.
    pub(crate) most_ns: f64,
    /// Accepts that were counted.
    pub(crate) accepts: u64,
}

impl CountedPace {
    /// The pace of some trials: of those with enough samples, or else only what it is at most.
    pub(crate) fn of<'a>(paces: impl Iterator<Item = &'a AcceptPace>) -> Option<Self> {
        let paces: Vec<_> = paces.filter(|pace| pace.accepted > 0).collect();
        let known: Vec<_> = paces.iter().copied().filter(|pace| pace.is_known()).collect();
        let accepts = |of: &[&AcceptPace]| of.iter().map(|pace| pace.accepted).sum::<u64>();
        let mut medians: Vec<u64> = known.iter().map(|pace| pace.p50_ns).collect();
        medians.sort_unstable();
        match medians.get(medians.len() / 2) {
            Some(&median) => Some(Self {
                median_ns: Some(median as f64),
                least_ns: known.iter().map(|pace| pace.least_ns).reduce(f64::min)?,
                most_ns: known.iter().map(|pace| pace.most_ns).reduce(f64::max)?,
                accepts: accepts(&known),
            }),
            None => {
                let most = paces.iter().map(|pace| pace.most_ns * pace.accepted as f64);
                let accepts = accepts(&paces);
                (accepts > 0).then(|| Self {
                    median_ns: None,
                    least_ns: 0.0,
                    most_ns: most.sum::<f64>() / accepts as f64,
                    accepts,
                })
            }
        }
    }

    /// The least and the most that it can have been.
    pub(crate) fn bounds(&self) -> [Duration; 2] {
        [self.least_ns, self.most_ns].map(|ns| Duration::from_nanos(ns.round() as u64))
    }
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

    fn pace(median_us: u64, least_us: u64, most_us: u64) -> AcceptPace {
        AcceptPace {
            accepted: 100,
            p50_ns: median_us * 1000,
            least_ns: least_us as f64 * 1e3,
            most_ns: most_us as f64 * 1e3,
            ..AcceptPace::default()
        }
    }

    #[test]
    fn the_pace_is_that_of_the_trials_with_enough_samples() {
        let paces = [pace(20, 15, 25), pace(30, 28, 33), pace(22, 20, 24), pace(90, 0, 900)];
        let pace = CountedPace::of(paces.iter()).unwrap();
        assert_eq!((pace.median_ns, pace.accepts), (Some(22e3), 300));
        assert_eq!((pace.least_ns, pace.most_ns), (15e3, 33e3));
        assert_eq!(pace.to_string(), "15.0 to 33.0 µs by the kernel's counts (of 300 accepts)");
    }

    #[test]
    fn otherwise_only_what_it_is_at_most_is_known() {
        let paces = [pace(20, 0, 30), pace(20, 0, 50)];
        let pace = CountedPace::of(paces.iter()).unwrap();
        assert_eq!((pace.median_ns, pace.least_ns, pace.most_ns), (None, 0.0, 40e3));
        assert_eq!(pace.bounds(), [Duration::ZERO, Duration::from_micros(40)]);
        assert_eq!(pace.to_string(), "at most 40.0 µs by the kernel's counts (of 200 accepts)");
        assert_eq!(CountedPace::of(std::iter::empty()), None);
    }
}
