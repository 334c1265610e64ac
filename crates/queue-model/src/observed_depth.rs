//! The depth of an accept queue over time, from what was observed of it.
//!
//! The depth is the number of connections that have entered the queue, less those that
//! accept(2) has taken from it. Neither number ever decreases, and an observation bounds
//! both: what was counted at an instant is the least that was reached later, and the most
//! that was reached before. So the depth is known exactly at each observation, and has
//! bounds between two, without an assumption about the speed of anything. For several
//! listeners on a port, all of this is about the sum of their queues.

mod growth;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use growth::{Count, Growth};

/// Something that happened at an instant within these bounds, nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// Not before this instant.
    pub earliest_ns: u64,
    /// Not after this instant; [`Between::NEVER`] if it may not have happened.
    pub latest_ns: u64,
}

impl Between {
    /// The end of time.
    pub const NEVER: u64 = u64::MAX;
}

/// A depth, read after an accept(2) by the only thread that accepts from the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The listener, by any number.
    pub listener: u32,
    /// Before this accept(2), nanoseconds.
    pub called_ns: u64,
    /// After it, and before the reading.
    pub from_ns: u64,
    /// After the reading.
    pub to_ns: u64,
    /// Connections that were taken from the queue until then.
    pub taken: u64,
    /// Connections in the queue.
    pub depth: u32,
}

impl Reading {
    /// Connections that had entered the queue.
    fn entered(&self) -> u64 {
        self.taken.saturating_add(self.depth.into())
    }
}

/// A depth that was read by any other program: at an instant within these bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Before the reading, nanoseconds.
    pub from_ns: u64,
    /// After it.
    pub to_ns: u64,
    /// Connections in the queue.
    pub depth: u32,
}

/// What was observed of a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations {
    /// Listeners.
    pub listeners: usize,
    /// Every connection that may have entered the queue; `None` if they are not known.
    pub entries: Option<Vec<Between>>,
    /// Every connection that may have been taken from it; `None` if they are not known.
    pub exits: Option<Vec<Between>>,
    /// Readings after accept(2), in the order of each listener.
    pub readings: Vec<Reading>,
    /// Whether nothing was taken after the last reading of a listener, or without any.
    pub readings_are_complete: bool,
    /// Other readings.
    pub samples: Vec<Sample>,
}

/// Observations that cannot all be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction {
    /// The first instant at which they contradict each other, nanoseconds.
    pub at_ns: u64,
    /// Connections that had entered the queue by then: at least, and at most.
    pub entered: (u64, u64),
    /// Connections that had been taken from it by then: at least, and at most.
    pub taken: (u64, u64),
}

/// The depth from an instant until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The instant, nanoseconds.
    pub from_ns: u64,
    /// Connections in the queue, at least.
    pub least: u32,
    /// At most; `None` if that is not known.
    pub most: Option<u32>,
}

/// The bounds of a queue's depth over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DepthBounds {
    steps: Vec<Step>,
}

impl Observations {
    /// The tightest bounds of the two numbers that all observations together allow.
    ///
    /// # Errors
    /// If they cannot all be true.
    pub fn bounds(&self) -> Result<DepthBounds, Contradiction> {
        let mut by_listener: BTreeMap<u32, Vec<Reading>> = BTreeMap::new();
        for reading in &self.readings {
            by_listener.entry(reading.listener).or_default().push(*reading);
        }
        let (mut exits, mut entries) = (self.exits(&by_listener), self.entries(&by_listener));
        let (of_exits, of_entries) = (exits.clone(), entries.clone());
        // A sample is the difference of the two numbers: what bounds one of them, bounds the
        // other. Better bounds than those of the second time are rare.
        let times = if self.samples.is_empty() { 0 } else { 2 };
        for _ in 0..times {
            entries = of_entries.clone();
            let entered = |sample: &Sample, taken: u64| taken.saturating_add(sample.depth.into());
            self.add_samples(&mut entries, &exits, entered);
            exits = of_exits.clone();
            let taken = |sample: &Sample, entered: u64| entered.saturating_sub(sample.depth.into());
            self.add_samples(&mut exits, &entries, taken);
        }
        let mut times: Vec<u64> = entries.times().chain(exits.times()).collect();
        times.sort_unstable();
        times.dedup();
        let (mut entered, mut taken) = (entries.cursor(), exits.cursor());
        let mut steps: Vec<Step> = Vec::new();
        for at_ns in times {
            let (entered_least, entered_most) = entered.at(at_ns);
            let (taken_least, taken_most) = taken.at(at_ns);
            // What was taken has entered.
            let entered_least = entered_least.max(taken_least);
            let taken_most = taken_most.min(entered_most);
            if entered_least > entered_most || taken_least > taken_most {
                let (entered, taken) = ((entered_least, entered_most), (taken_least, taken_most));
                return Err(Contradiction { at_ns, entered, taken });
            }
            let most = (entered_most != Growth::UNKNOWN).then(|| entered_most - taken_least);
            let step = Step {
                from_ns: at_ns,
                least: saturated(entered_least.saturating_sub(taken_most)),
                most: most.map(saturated),
            };
            let is_new = |last: &Step| (last.least, last.most) != (step.least, step.most);
            if steps.last().is_none_or(is_new) {
                steps.push(step);
            }
        }
        Ok(DepthBounds { steps })
    }

    /// What was taken from the queue, by everything except samples.
    fn exits(&self, by_listener: &BTreeMap<u32, Vec<Reading>>) -> Count {
        let mut exits = Count::default();
        if let Some(known) = &self.exits {
            exits.add_events(known);
        }
        if by_listener.is_empty() {
            return exits;
        }
        let (mut least, mut most) = (Vec::new(), Vec::new());
        for readings in by_listener.values() {
            let mut before: Option<&Reading> = None;
            for reading in readings {
                let taken = before.map_or(0, |before| before.taken);
                least.push((reading.from_ns, reading.taken.saturating_sub(taken)));
                // This accept(2) took the last one of them. Those before it were taken without
                // a reading.
                let unread = reading.taken.saturating_sub(taken.saturating_add(1));
                most.push((before.map_or(0, |before| before.from_ns), unread));
                most.push((reading.called_ns, reading.taken.saturating_sub(taken).min(1)));
                before = Some(reading);
            }
        }
        let last = |readings: &Vec<Reading>| readings.last().map(|reading| reading.from_ns);
        let end = by_listener.values().filter_map(last).min();
        let end = end.filter(|_| !self.readings_are_complete);
        let end = end.map(|end| if by_listener.len() < self.listeners { 0 } else { end });
        exits.least.push(Growth::from_increases(least, None));
        exits.most.push(Growth::from_increases(most, end));
        exits
    }

    /// What entered the queue, by everything except samples.
    fn entries(&self, by_listener: &BTreeMap<u32, Vec<Reading>>) -> Count {
        let mut entries = Count::default();
        if let Some(known) = &self.entries {
            entries.add_events(known);
        }
        let (mut least, mut most) = (Vec::new(), Vec::new());
        for readings in by_listener.values() {
            let mut reached = 0;
            for reading in readings {
                let entered = reading.entered();
                least.push((reading.to_ns, entered.saturating_sub(reached)));
                reached = entered.max(reached);
            }
            let until = readings.iter().map(|reading| (reading.from_ns, reading.entered()));
            most.extend(increases_of_limits(until.collect()));
        }
        if !by_listener.is_empty() {
            entries.least.push(Growth::from_increases(least, None));
        }
        if by_listener.len() == self.listeners.max(1) {
            let last = |readings: &Vec<Reading>| {
                readings.last().map(|last| last.from_ns.saturating_add(1))
            };
            let end = by_listener.values().filter_map(last).min();
            entries.most.push(Growth::from_increases(most, end));
        }
        entries
    }

    /// Adds the bounds of one number that follow from the samples and the bounds of the
    /// `other`: `number` is the one for a sample and a value of the other.
    fn add_samples(&self, count: &mut Count, other: &Count, number: impl Fn(&Sample, u64) -> u64) {
        let mut by_end: Vec<_> = self.samples.iter().collect();
        by_end.sort_by_key(|sample| sample.to_ns);
        let (mut least, mut reached) = (Vec::new(), 0);
        for sample in by_end {
            let number = number(sample, other.bounds_at(sample.from_ns).0);
            least.push((sample.to_ns, number.saturating_sub(reached)));
            reached = number.max(reached);
        }
        count.least.push(Growth::from_increases(least, None));
        let until = self.samples.iter().filter_map(|sample| {
            let other = other.bounds_at(sample.to_ns).1;
            (other != Growth::UNKNOWN).then(|| (sample.from_ns, number(sample, other)))
        });
        let until: Vec<_> = until.collect();
        if let Some(last) = until.iter().map(|(at_ns, _)| at_ns.saturating_add(1)).max() {
            count.most.push(Growth::from_increases(increases_of_limits(until), Some(last)));
        }
    }
}

/// The limit of a number, each valid until an instant and at it, as increases: a limit that
/// comes later can be lower, and is then the limit before it too.
fn increases_of_limits(mut until: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    until.sort_unstable();
    let mut limit = Growth::UNKNOWN;
    for (_, allowed) in until.iter_mut().rev() {
        limit = limit.min(*allowed);
        *allowed = limit;
    }
    let (mut from_ns, mut before) = (0, 0);
    let increase = |(at_ns, allowed): (u64, u64)| {
        let increase = (from_ns, allowed - before);
        (from_ns, before) = (at_ns.saturating_add(1), allowed);
        increase
    };
    until.into_iter().map(increase).collect()
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl DepthBounds {
    /// The steps, in the order of time; nothing is known before the first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The least and the most that the depth was at an instant, if it is known to be one
    /// between these two.
    pub fn between(&self, from_ns: u64, to_ns: u64) -> (u32, Option<u32>) {
        let first = self.steps.partition_point(|step| step.from_ns <= from_ns);
        let Some(first) = first.checked_sub(1) else { return (0, None) };
        let inside = self.steps[first..].iter().take_while(|step| step.from_ns <= to_ns);
        let (mut least, mut most) = (u32::MAX, Some(0));
        for step in inside {
            least = least.min(step.least);
            most = most.zip(step.most).map(|(one, other)| one.max(other));
        }
        (least, most)
    }

    /// Whether a sample is possible.
    pub fn allow(&self, sample: &Sample) -> bool {
        let (least, most) = self.between(sample.from_ns, sample.to_ns);
        least <= sample.depth && most.is_none_or(|most| sample.depth <= most)
    }

    /// The maximum of the depth: at least, and at most.
    pub fn peak(&self) -> (u32, Option<u32>) {
        let least = self.steps.iter().map(|step| step.least).max().unwrap_or(0);
        let most = self.steps.iter().map(|step| step.most);
        (least, most.reduce(|one, other| Some(one?.max(other?))).flatten())
    }
}
