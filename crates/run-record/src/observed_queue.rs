//! The rows of a trial as observations of its accept queue.

use std::collections::BTreeMap;

use queue_model::observed_depth::{Between, Observations, Reading, Sample};
use worker::metrics::{DepthSource, MAX_TIMELINE_ROWS, TimelineRow};

use crate::attempt::AttemptRow;
use crate::outcome::Outcome;

/// The least time between two transmissions of a SYN, nanoseconds. The kernel's is a second
/// (`TCP_TIMEOUT_INIT`), by a clock of jiffies that can be late when it is set.
const LEAST_SYN_INTERVAL_NS: u64 = 900_000_000;

/// The most connections that belong to no attempt: each is an observation of its own. A record
/// with more is not of a run, which has at most a million clients in a trial.
const MAX_UNMATCHED: u64 = 1_000_000;

/// The rows of a trial that say something about its accept queue.
#[derive(Debug, Clone, Copy)]
pub struct QueueRows<'a> {
    /// Readings of the queue, by time.
    pub timeline: &'a [TimelineRow],
    /// A row for each attempt; `None` if they were not recorded.
    pub attempts: Option<&'a [AttemptRow]>,
    /// Whether the attempts say which of them the server accepted.
    pub accepts_are_known: bool,
}

/// Why the depth between two readings is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unobserved {
    /// An older build recorded the rows, without the times before readings.
    OlderRecord,
    /// A listener was closed, and its queue with it.
    ListenerClosed,
    /// Neither the readings nor the attempts say when the server accepted.
    AcceptsUnknown,
}

impl QueueRows<'_> {
    /// Everything that the rows say about the depth of the queue.
    ///
    /// # Errors
    /// If they do not say what the depth between two readings was.
    pub fn observations(&self) -> Result<Observations, Unobserved> {
        let of_probe = || self.timeline.iter().filter(|row| row.source() == DepthSource::Probe);
        if of_probe().any(|row| row.from_ns.is_none()) {
            return Err(Unobserved::OlderRecord);
        }
        if of_probe().any(|row| row.depth.is_none()) {
            return Err(Unobserved::ListenerClosed);
        }
        let readings: Vec<_> = self.timeline.iter().filter_map(reading).collect();
        let attempts = self.attempts.filter(|_| self.accepts_are_known);
        if readings.is_empty() && attempts.is_none() {
            return Err(Unobserved::AcceptsUnknown);
        }
        let observed = of_probe().filter_map(|row| row.listener);
        let of_server = readings.iter().map(|reading| reading.listener);
        let listeners = observed.chain(of_server).max().unwrap_or(0) as usize + 1;
        let taken = taken(&readings);
        let mut observations = Observations {
            listeners,
            entries: None,
            exits: None,
            readings_are_complete: readings.len() < MAX_TIMELINE_ROWS,
            readings,
            samples: samples(self.timeline),
        };
        if let Some(attempts) = attempts {
            let exits = exits(attempts, listeners);
            let accepted = exits.len() as u64;
            observations.readings_are_complete = accepted <= taken;
            // Connections that belong to no attempt.
            let unmatched = taken.saturating_sub(accepted);
            if unmatched > MAX_UNMATCHED {
                return Err(Unobserved::AcceptsUnknown);
            }
            let any = Between { earliest_ns: 0, latest_ns: Between::NEVER };
            let unmatched = || std::iter::repeat_n(any, unmatched as usize);
            let entries = attempts.iter().filter_map(entry);
            observations.entries = Some(entries.chain(unmatched()).collect());
            observations.exits = Some(exits.into_iter().chain(unmatched()).collect());
        }
        Ok(observations)
    }
}

/// A row of an accept loop.
fn reading(row: &TimelineRow) -> Option<Reading> {
    (row.source() == DepthSource::AcceptLoop).then_some(())?;
    Some(Reading {
        listener: row.listener?,
        called_ns: row.called_ns?,
        from_ns: row.from_ns?,
        to_ns: row.at_ns,
        taken: row.taken?,
        depth: row.depth?,
    })
}

/// Connections that the accept loops had taken when they read the depth the last time.
fn taken(readings: &[Reading]) -> u64 {
    let last: BTreeMap<_, _> =
        readings.iter().map(|reading| (reading.listener, reading.taken)).collect();
    last.into_values().fold(0, u64::saturating_add)
}

/// The samples of the probe; of several listeners, the sums. A listener without a row has
/// the depth of its last one.
fn samples(timeline: &[TimelineRow]) -> Vec<Sample> {
    let mut depths: BTreeMap<u32, u32> = BTreeMap::new();
    let mut samples: Vec<Sample> = Vec::new();
    for row in timeline.iter().filter(|row| row.source() == DepthSource::Probe) {
        let (Some(listener), Some(depth), Some(from_ns)) = (row.listener, row.depth, row.from_ns)
        else {
            continue;
        };
        depths.insert(listener, depth);
        let depth = depths.values().copied().fold(0, u32::saturating_add);
        let sample = Sample { from_ns, to_ns: row.at_ns, depth };
        match samples.last_mut() {
            Some(last) if last.to_ns == row.at_ns => *last = sample,
            _ => samples.push(sample),
        }
    }
    samples
}

/// The earliest instant at which an attempt can have entered the queue.
fn earliest_ns(row: &AttemptRow) -> u64 {
    let repeats = u64::from(row.syn_retransmits.unwrap_or(0));
    row.start_ns.saturating_add(repeats.saturating_mul(LEAST_SYN_INTERVAL_NS))
}

/// When an attempt entered the queue; `None` if it certainly did not.
fn entry(row: &AttemptRow) -> Option<Between> {
    let earliest_ns = match row.outcome {
        Outcome::NoPort => return None,
        // It was not established when its client gave up.
        Outcome::TimedOut if row.connect_ns.is_none() => row.end_ns,
        _ => earliest_ns(row),
    };
    let latest_ns = row.accepted_ns.unwrap_or(Between::NEVER);
    Some(Between { earliest_ns: earliest_ns.min(latest_ns), latest_ns })
}

/// When each accepted attempt left the queue. The only accept loop of a single listener has
/// returned from one accept(2) before it calls the next.
fn exits(attempts: &[AttemptRow], listeners: usize) -> Vec<Between> {
    let accepted = |row: &AttemptRow| Some((row.accepted_ns?, earliest_ns(row)));
    let mut accepted: Vec<_> = attempts.iter().filter_map(accepted).collect();
    accepted.sort_unstable();
    let mut before_ns = 0;
    let exit = |(latest_ns, entered_ns): (u64, u64)| {
        let earliest_ns = if listeners == 1 { entered_ns.max(before_ns) } else { entered_ns };
        before_ns = latest_ns;
        Between { earliest_ns: earliest_ns.min(latest_ns), latest_ns }
    };
    accepted.into_iter().map(exit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn attempt(outcome: Outcome, accepted_ns: Option<u64>) -> AttemptRow {
        AttemptRow {
            connect_ns: accepted_ns.map(|_| 5),
            accepted_ns,
            ..AttemptRow::new(outcome, SECOND, 9 * SECOND)
        }
    }

    fn accepted(at_ns: u64) -> AttemptRow {
        attempt(Outcome::Ok, Some(at_ns))
    }

    fn sample(at_ns: u64, listener: u32, depth: u32) -> TimelineRow {
        TimelineRow {
            at_ns,
            from_ns: Some(at_ns - 1),
            listener: Some(listener),
            depth: Some(depth),
            source: Some(DepthSource::Probe),
            ..TimelineRow::default()
        }
    }

    fn read(at_ns: u64, taken: u64) -> TimelineRow {
        TimelineRow {
            source: Some(DepthSource::AcceptLoop),
            called_ns: Some(at_ns - 2),
            taken: Some(taken),
            ..sample(at_ns, 0, 3)
        }
    }

    fn observed(timeline: &[TimelineRow], attempts: &[AttemptRow]) -> Observations {
        let rows = QueueRows { timeline, attempts: Some(attempts), accepts_are_known: true };
        rows.observations().unwrap()
    }

    fn between(earliest_ns: u64, latest_ns: u64) -> Between {
        Between { earliest_ns, latest_ns }
    }

    #[test]
    fn an_attempt_enters_after_its_last_syn_and_before_its_accept() {
        let twice = AttemptRow { syn_retransmits: Some(2), ..accepted(4 * SECOND) };
        let phantom = AttemptRow { connect_ns: Some(5), ..attempt(Outcome::Phantom, None) };
        let attempts = [
            accepted(2 * SECOND),
            twice,
            phantom,
            attempt(Outcome::TimedOut, None),
            attempt(Outcome::NoPort, None),
        ];
        let observations = observed(&[sample(5, 0, 0)], &attempts);
        assert_eq!(
            observations.entries.unwrap(),
            [
                between(SECOND, 2 * SECOND),
                between(2 * SECOND + 800_000_000, 4 * SECOND),
                between(SECOND, Between::NEVER),
                between(9 * SECOND, Between::NEVER),
            ]
        );
        let exits = [between(SECOND, 2 * SECOND), between(2 * SECOND + 800_000_000, 4 * SECOND)];
        assert_eq!(observations.exits.unwrap(), exits);
    }

    #[test]
    fn the_accept_loop_of_a_single_listener_accepts_one_after_the_other() {
        let attempts = [accepted(5 * SECOND), accepted(3 * SECOND)];
        let one = observed(&[sample(5, 0, 0)], &attempts);
        let in_turn = [between(SECOND, 3 * SECOND), between(3 * SECOND, 5 * SECOND)];
        assert_eq!((one.listeners, one.exits.unwrap()), (1, in_turn.to_vec()));
        let two = observed(&[sample(5, 0, 2), sample(5, 1, 4), sample(9, 0, 3)], &attempts);
        let at_once = [between(SECOND, 3 * SECOND), between(SECOND, 5 * SECOND)];
        assert_eq!((two.listeners, two.exits.unwrap()), (2, at_once.to_vec()));
        let sums = two.samples.iter().map(|sample| (sample.from_ns, sample.depth));
        assert_eq!(sums.collect::<Vec<_>>(), [(4, 6), (8, 7)]);
    }

    #[test]
    fn a_connection_that_matches_no_attempt_may_have_come_at_any_time() {
        let observations = observed(&[read(3 * SECOND, 2)], &[accepted(2 * SECOND)]);
        assert!(observations.readings_are_complete);
        let any = between(0, Between::NEVER);
        assert_eq!(observations.entries.unwrap()[1..], [any]);
        assert_eq!(observations.exits.unwrap()[1..], [any]);
        // A log that was full ended before the second accept.
        let cut = observed(&[read(3 * SECOND, 1)], &[accepted(2 * SECOND), accepted(4 * SECOND)]);
        assert!(!cut.readings_are_complete);
    }

    #[test]
    fn rows_with_any_numbers_take_bounded_work() {
        let attempts = [accepted(2 * SECOND)];
        let of = |timeline: &[TimelineRow]| {
            let attempts = Some(&attempts[..]);
            QueueRows { timeline, attempts, accepts_are_known: true }.observations()
        };
        for taken in [1 << 31, 1 << 53, u64::MAX] {
            let row = read(3 * SECOND, taken);
            let other = TimelineRow { listener: Some(u32::MAX), ..row.clone() };
            assert_eq!(of(&[row, other]), Err(Unobserved::AcceptsUnknown), "{taken}");
        }
        let any = |at_ns, listener| TimelineRow {
            at_ns,
            listener: Some(listener),
            depth: Some(u32::MAX),
            ..read(at_ns, 1)
        };
        let sampled = |at_ns, listener| sample(at_ns, listener, u32::MAX);
        for at_ns in [1 << 53, u64::MAX] {
            let rows = [any(5, 0), any(at_ns, u32::MAX), sampled(6, 0), sampled(at_ns, u32::MAX)];
            let observations = of(&rows).unwrap();
            assert_eq!(observations.listeners, 1 << 32);
            let _ = observations.bounds();
        }
    }

    #[test]
    fn without_accepts_only_samples_are_known() {
        let timeline = [sample(5, 0, 0)];
        let of = |timeline: &[TimelineRow], accepts_are_known| {
            QueueRows { timeline, attempts: Some(&[]), accepts_are_known }.observations()
        };
        assert_eq!(of(&timeline, false), Err(Unobserved::AcceptsUnknown));
        assert!(of(&timeline, true).is_ok(), "nothing was accepted");
        let closed = [sample(5, 0, 0), TimelineRow { depth: None, ..sample(9, 0, 0) }];
        assert_eq!(of(&closed, true), Err(Unobserved::ListenerClosed));
        // The readings say it without the attempts.
        let read = of(&[sample(5, 0, 0), read(9, 1)], false).unwrap();
        assert_eq!((read.exits, read.readings.len()), (None, 1));
    }
}
