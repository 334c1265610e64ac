//! Numbers that never decrease, and their bounds over time.

use super::Between;

/// A number that never decreases: its values, each from an instant on.
#[derive(Debug, Clone, Default)]
pub(super) struct Growth {
    /// In the order of time; 0 before the first.
    steps: Vec<(u64, u64)>,
}

impl Growth {
    /// A number without a bound.
    pub(super) const UNKNOWN: u64 = u64::MAX;

    /// From increases at instants, which may be in any order; unknown from `end_ns` on.
    pub(super) fn from_increases(mut increases: Vec<(u64, u64)>, end_ns: Option<u64>) -> Self {
        increases.sort_unstable();
        let is_before_end = |at_ns: u64| end_ns.is_none_or(|end_ns| at_ns < end_ns);
        let mut steps: Vec<(u64, u64)> = Vec::with_capacity(increases.len());
        let mut value = 0_u64;
        for (at_ns, increase) in increases.into_iter().filter(|step| is_before_end(step.0)) {
            value = value.saturating_add(increase);
            match steps.last_mut() {
                Some(last) if last.0 == at_ns => last.1 = value,
                _ => steps.push((at_ns, value)),
            }
        }
        steps.extend(end_ns.map(|end_ns| (end_ns, Self::UNKNOWN)));
        Self { steps }
    }

    fn at(&self, at_ns: u64) -> u64 {
        let after = self.steps.partition_point(|step| step.0 <= at_ns);
        after.checked_sub(1).map_or(0, |last| self.steps[last].1)
    }
}

/// A number with bounds: each of several lower and upper ones holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    pub(super) least: Vec<Growth>,
    pub(super) most: Vec<Growth>,
}

impl Count {
    /// Adds the bounds from all events that are counted.
    pub(super) fn add_events(&mut self, events: &[Between]) {
        let latest = events.iter().map(|event| event.latest_ns);
        let happened = latest.filter(|&at_ns| at_ns != Between::NEVER).map(|at_ns| (at_ns, 1));
        self.least.push(Growth::from_increases(happened.collect(), None));
        let possible = events.iter().map(|event| (event.earliest_ns, 1));
        self.most.push(Growth::from_increases(possible.collect(), None));
    }

    /// The bounds at an instant.
    pub(super) fn bounds_at(&self, at_ns: u64) -> (u64, u64) {
        let least = self.least.iter().map(|growth| growth.at(at_ns)).max();
        let most = self.most.iter().map(|growth| growth.at(at_ns)).min();
        (least.unwrap_or(0), most.unwrap_or(Growth::UNKNOWN))
    }

    /// Every instant at which a bound changes.
    pub(super) fn times(&self) -> impl Iterator<Item = u64> {
        let all = self.least.iter().chain(&self.most);
        all.flat_map(|growth| growth.steps.iter().map(|step| step.0))
    }

    /// Reads the bounds in the order of time.
    pub(super) fn cursor(&self) -> CountCursor<'_> {
        CountCursor { least: unread(&self.least), most: unread(&self.most) }
    }
}

fn unread(all: &[Growth]) -> Vec<(&Growth, usize)> {
    all.iter().map(|growth| (growth, 0)).collect()
}

/// Reads the bounds of a number at ascending instants.
pub(super) struct CountCursor<'a> {
    /// Each growth, and its steps that have passed.
    least: Vec<(&'a Growth, usize)>,
    most: Vec<(&'a Growth, usize)>,
}

impl CountCursor<'_> {
    /// The bounds at an instant, not before the last one that was read.
    pub(super) fn at(&mut self, at_ns: u64) -> (u64, u64) {
        let mut read = |(growth, passed): &mut (&Growth, usize)| {
            while growth.steps.get(*passed).is_some_and(|step| step.0 <= at_ns) {
                *passed += 1;
            }
            passed.checked_sub(1).map_or(0, |last| growth.steps[last].1)
        };
        let least = self.least.iter_mut().map(&mut read).max();
        let most = self.most.iter_mut().map(&mut read).min();
        (least.unwrap_or(0), most.unwrap_or(Growth::UNKNOWN))
    }
}
