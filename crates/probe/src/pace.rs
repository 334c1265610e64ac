//! How fast the server accepts while connections wait.

use worker::metrics::AcceptPace;

/// A part is as long as this many accepts, or as this many samples.
const PART: u64 = 10;

/// Parts that are kept; later ones are added to the last one.
const MAX_PARTS: usize = 10_000;

/// The accept queues of the port at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// CLOCK_MONOTONIC just before the queues were read, nanoseconds.
    pub(crate) from_ns: u64,
    /// Just after it.
    pub(crate) to_ns: u64,
    /// Queued connections.
    pub(crate) depth: u32,
    /// Connections that had been established until before `from_ns`, and until after `to_ns`.
    pub(crate) opened: (u64, u64),
}

/// Connections that the server accepted between two readings, at least and at most.
fn accepted(from: &Reading, to: &Reading) -> (u64, u64) {
    let queued = i64::from(from.depth) - i64::from(to.depth);
    let accepted = |opened: u64, before: u64| {
        (opened.cast_signed() - before.cast_signed() + queued).max(0).cast_unsigned()
    };
    (accepted(to.opened.0, from.opened.1), accepted(to.opened.1, from.opened.0))
}

/// A part of a period in which connections waited.
#[derive(Debug, Clone, Copy)]
struct Part {
    accepted: (u64, u64),
    ns: f64,
    /// The least and most that it can have been.
    ns_bounds: (f64, f64),
    /// Further accepts, before which the queue may have been empty or not.
    unclear: u64,
    from_ns: u64,
    until_ns: u64,
}

impl Part {
    fn nominal(&self) -> f64 {
        (self.accepted.0 as f64).midpoint(self.accepted.1 as f64).max(1.0)
    }

    fn mean_ns(&self) -> f64 {
        self.ns / self.nominal()
    }

    fn add(&mut self, other: &Self) {
        self.accepted.0 += other.accepted.0;
        self.accepted.1 += other.accepted.1;
        self.ns += other.ns;
        self.ns_bounds.0 += other.ns_bounds.0;
        self.ns_bounds.1 += other.ns_bounds.1;
        self.unclear += other.unclear;
        self.from_ns = self.from_ns.min(other.from_ns);
        self.until_ns = self.until_ns.max(other.until_ns);
    }
}

/// A period in which connections wait.
#[derive(Debug, Clone, Copy)]
struct Busy {
    last: Reading,
    /// Where the part began: at a sample that follows an accept, so that a part of few
    /// accepts does not begin or end between two. `None` before the first accept: the server
    /// may be paused.
    mark: Option<Reading>,
    /// Samples since then.
    samples: u64,
    /// The longest time from one sample to the next, nanoseconds.
    gap_ns: u64,
}

impl Busy {
    fn since(reading: Reading, follows_accept: bool) -> Self {
        let mark = follows_accept.then_some(reading);
        Self { last: reading, mark, samples: 0, gap_ns: 0 }
    }

    /// The part from `mark` until `reading`; both follow an accept.
    fn part(&self, mark: &Reading, reading: &Reading) -> Part {
        let accepted = accepted(mark, reading);
        let ns = middle(reading).saturating_sub(middle(mark)) as f64;
        // The accept at each end is earlier than its sample, by at most a gap and at most
        // the time of one.
        let error_ns = 2.0 * (self.gap_ns as f64).min(ns / accepted.0.max(1) as f64);
        Part {
            accepted,
            ns,
            ns_bounds: ((ns - error_ns).max(0.0), ns + error_ns),
            unclear: 0,
            from_ns: middle(mark),
            until_ns: middle(reading),
        }
    }

    /// The last part: at least as many as waited at the last sample have been accepted
    /// until `reading`, and when the last of them was is not known. It must not be left out:
    /// the fast accepts would be missing.
    fn last_part(&self, reading: &Reading) -> Part {
        let depth = u64::from(self.last.depth);
        let mark = self.mark.unwrap_or(self.last);
        let before = accepted(&mark, &self.last);
        let (least, most) = accepted(&self.last, reading);
        let before_ns = middle(&self.last).saturating_sub(middle(&mark)) as f64;
        let gap_ns = reading.to_ns.saturating_sub(self.last.from_ns) as f64;
        let share = depth as f64 / (least as f64).midpoint(most as f64).max(depth as f64);
        let error_ns = before_ns / before.0.max(1) as f64;
        Part {
            accepted: (before.0 + depth.min(least), before.1 + depth),
            ns: before_ns + gap_ns * share,
            ns_bounds: ((before_ns - error_ns).max(0.0), before_ns + gap_ns + error_ns),
            unclear: most.saturating_sub(depth),
            from_ns: middle(&mark),
            until_ns: reading.to_ns,
        }
    }
}

/// Measures the pace from samples.
#[derive(Debug, Default)]
pub(crate) struct PaceMeter {
    busy: Option<Busy>,
    parts: Vec<Part>,
}

impl PaceMeter {
    /// No connection waits, or the queues are not those of the last sample.
    pub(crate) fn interrupt(&mut self) {
        self.busy = None;
    }

    /// Adds a sample of the same listeners as the last one. Its depth is 0 if no more
    /// connections wait.
    pub(crate) fn add(&mut self, reading: Reading) {
        let Some(mut busy) = self.busy.take() else {
            return self.begin(reading, false);
        };
        let (least, most) = accepted(&busy.last, &reading);
        // Otherwise the queue may have been empty in between.
        if most > u64::from(busy.last.depth) || reading.depth == 0 {
            self.keep(busy.last_part(&reading));
            return self.begin(reading, least > 0);
        }
        busy.gap_ns = busy.gap_ns.max(reading.to_ns.saturating_sub(busy.last.from_ns));
        busy.samples += 1;
        busy.last = reading;
        if least > 0 {
            let part = busy.mark.map(|mark| busy.part(&mark, &reading));
            let is_long = |part: &Part| part.accepted.0 >= PART || busy.samples >= PART;
            if part.as_ref().is_none_or(is_long) {
                part.into_iter().for_each(|part| self.keep(part));
                busy = Busy::since(reading, true);
            }
        }
        self.busy = Some(busy);
    }

    fn begin(&mut self, reading: Reading, follows_accept: bool) {
        self.busy = (reading.depth > 0).then(|| Busy::since(reading, follows_accept));
    }

    fn keep(&mut self, part: Part) {
        let is_full = self.parts.len() >= MAX_PARTS;
        match self.parts.last_mut() {
            Some(last) if is_full => last.add(&part),
            _ => self.parts.push(part),
        }
    }

    /// The pace; `None` if it is not known.
    pub(crate) fn finish(mut self) -> Option<AcceptPace> {
        self.parts.sort_by(|a, b| a.mean_ns().total_cmp(&b.mean_ns()));
        let accepted: f64 = self.parts.iter().map(Part::nominal).sum();
        let mut parts = self.parts.iter().copied();
        let mut all = parts.next()?;
        parts.for_each(|part| all.add(&part));
        let at = |share: f64| {
            let mut before = 0.0;
            let found = self.parts.iter().find(|part| {
                before += part.nominal();
                before >= share * accepted
            });
            found.or(self.parts.last()).map_or(0, |part| part.mean_ns().round() as u64)
        };
        Some(AcceptPace {
            accepted: accepted.round() as u64,
            seconds: all.ns / 1e9,
            from_ns: all.from_ns,
            until_ns: all.until_ns,
            parts: self.parts.len() as u64,
            mean_ns: all.ns / accepted,
            // If some waited all the time, these accepts belong to the same time.
            least_ns: all.ns_bounds.0 / (all.accepted.1 + all.unclear).max(1) as f64,
            most_ns: all.ns_bounds.1 / all.accepted.0.max(1) as f64,
            p10_ns: at(0.1),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
        })
    }
}

fn middle(reading: &Reading) -> u64 {
    reading.from_ns.midpoint(reading.to_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn the_pace_of_a_burst_is_that_of_the_server() {
        for service_us in [10, 50, 200] {
            let mut meter = PaceMeter::default();
            for ms in 1..=200 {
                let depth = 1_000_u64.saturating_sub(ms * 1_000 / service_us);
                meter.add(Reading {
                    from_ns: ms * MS,
                    to_ns: ms * MS + 20_000,
                    depth: u32::try_from(depth).unwrap(),
                    opened: (1_000, 1_000),
                });
            }
            let pace = meter.finish().unwrap();
            let expected = service_us as f64 * 1e3;
            assert!((pace.mean_ns / expected - 1.0).abs() < 0.02, "{service_us}: {pace:?}");
            assert!((pace.least_ns..=pace.most_ns).contains(&expected), "{service_us}: {pace:?}");
            // All but those before the second sample.
            assert!(pace.accepted >= 990 - 2_000 / service_us, "{pace:?}");
            assert!(pace.is_known());
        }
    }

    #[test]
    fn the_time_before_the_first_accept_does_not_count() {
        let mut meter = PaceMeter::default();
        for ms in 0..1_100_u64 {
            // Paused for a second, then 20 each millisecond.
            let depth = 1_000 - u32::try_from(ms.saturating_sub(1_000) * 20).unwrap().min(1_000);
            let opened = (1_000, 1_000);
            meter.add(Reading { from_ns: ms * MS, to_ns: ms * MS + 9, depth, opened });
        }
        let pace = meter.finish().unwrap();
        assert!((49e3..51e3).contains(&pace.mean_ns) && pace.accepted >= 900, "{pace:?}");
    }

    #[test]
    fn a_queue_that_may_have_been_empty_has_wide_bounds() {
        // Each millisecond 20 arrive, and all but 2 are accepted at once, 10 us each.
        let mut meter = PaceMeter::default();
        for ms in 1..100 {
            let opened = (ms * 20, ms * 20);
            meter.add(Reading { from_ns: ms * MS, to_ns: ms * MS + 9, depth: 2, opened });
        }
        let pace = meter.finish().unwrap();
        assert!(pace.least_ns < 1e3 && pace.most_ns > 500e3, "{pace:?}");
        assert!(!pace.is_known());
    }

    #[test]
    fn a_server_that_stalls_is_within_the_bounds() {
        // It accepts 200 in the first of 10 ms, then stalls; 100 wait at each sample.
        let mut meter = PaceMeter::default();
        for ms in 0..1_000_u64 {
            let opened = 100 + ms.div_ceil(10) * 200;
            let opened = (opened, opened);
            meter.add(Reading { from_ns: ms * MS, to_ns: ms * MS + 9, depth: 100, opened });
        }
        // Half of the accepts are certain.
        let pace = meter.finish().unwrap();
        assert_eq!(pace.accepted, 10_000, "{pace:?}");
        assert!(pace.least_ns <= 50e3 && pace.most_ns >= 50e3, "{pace:?}");
        assert!(!pace.is_known());
    }

    #[test]
    fn the_mean_of_an_uneven_server_is_within_the_bounds_and_its_median_is_not() {
        // Of 400, one each millisecond, and each 20th takes 100 ms.
        let mut meter = PaceMeter::default();
        let (mut ms, mut depth) = (0, 400);
        while depth > 0 {
            meter.add(Reading { from_ns: ms * MS, to_ns: ms * MS + 9, depth, opened: (400, 400) });
            ms += 1;
            let accepted = ms / 119 * 20 + (ms % 119).min(19);
            depth = 400_u64.saturating_sub(accepted).try_into().unwrap();
        }
        let pace = meter.finish().unwrap();
        let bounds = pace.least_ns..=pace.most_ns;
        assert!(pace.is_known() && bounds.contains(&pace.mean_ns), "{pace:?}");
        assert!(bounds.contains(&(119.0 / 20.0 * MS as f64)), "{pace:?}");
        assert!((pace.p50_ns as f64) < pace.least_ns, "{pace:?}");
    }

    #[test]
    fn a_slow_server_is_measured_from_accept_to_accept() {
        // One each 25 ms, of 8; samples each millisecond.
        let mut meter = PaceMeter::default();
        for ms in 0..170 {
            let depth = 8 - u32::try_from((ms + 7) / 25).unwrap();
            let reading = Reading { from_ns: ms * MS, to_ns: ms * MS + 9, depth, opened: (8, 8) };
            meter.add(reading);
        }
        meter.interrupt();
        let pace = meter.finish().unwrap();
        assert!(pace.is_known());
        assert_eq!((pace.accepted, pace.p50_ns, pace.p90_ns), (6, 25 * MS, 25 * MS), "{pace:?}");
        assert!(pace.least_ns < 25e6 && pace.least_ns > 22e6, "{pace:?}");
        assert!(pace.most_ns > 25e6 && pace.most_ns < 28e6, "{pace:?}");
    }

    #[test]
    fn what_was_established_during_a_sample_widens_the_bounds() {
        let reading = |ms: u64, depth, opened| Reading {
            from_ns: ms * MS,
            to_ns: ms * MS + 9,
            depth,
            opened,
        };
        let from = reading(1, 50, (100, 103));
        let to = reading(2, 40, (110, 111));
        assert_eq!(accepted(&from, &to), (17, 21));
        // Nothing was accepted: a difference below 0 is the error of the readings.
        assert_eq!(accepted(&reading(1, 5, (10, 12)), &reading(2, 7, (12, 12))), (0, 0));
    }
}
