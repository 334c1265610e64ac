//! The readings of a trial's accept queue, and whether they agree with each other.

use chat_server::DepthReading;
use queue_model::observed_depth::{DepthBounds, Observations, Sample};
use run_record::{AttemptRow, Check, DepthSource, QueueRows, TimelineRow, Unobserved};

/// The rows of the probe and of the accept loops, in the order of time.
pub(crate) fn merged(probe: Vec<TimelineRow>, accept_loops: &[DepthReading]) -> Vec<TimelineRow> {
    let mut rows = probe;
    rows.extend(accept_loops.iter().map(|reading| TimelineRow {
        at_ns: reading.to_ns,
        listener: Some(reading.listener),
        depth: Some(reading.depth),
        limit: Some(reading.limit),
        source: Some(DepthSource::AcceptLoop),
        from_ns: Some(reading.from_ns),
        called_ns: Some(reading.called_ns),
        taken: Some(reading.taken),
        ..TimelineRow::default()
    }));
    // Stable: the rows of a sample stay in their order.
    rows.sort_by_key(|row| row.at_ns);
    rows
}

/// The bounds of the depth from all observations, and whether these agree.
pub(crate) struct CheckedQueue {
    /// `None` if they are not known, or if observations contradict each other.
    pub(crate) bounds: Option<DepthBounds>,
    pub(crate) check: Check,
}

/// Checks the readings against each other, and against the attempts and accepts; `accepts` is why
/// the server reported no accepts, if it did not.
/// `cookies_sent` says whether SYN cookies were: then a duplicate of a last ACK can make a
/// second connection of an attempt.
pub(crate) fn check(
    timeline: &[TimelineRow],
    attempts: &[AttemptRow],
    accepts: Result<(), &'static str>,
    cookies_sent: bool,
) -> CheckedQueue {
    let rows = QueueRows { timeline, attempts: Some(attempts), accepts_are_known: accepts.is_ok() };
    let mut observations = match rows.observations() {
        Ok(observations) => observations,
        Err(reason) => return CheckedQueue { bounds: None, check: undecided(reason, accepts) },
    };
    let bounds = observations.bounds();
    let counted = format!(
        "{} readings of the accept loops and {} samples of the probe, {} attempts, {} accepts",
        observations.readings.len(),
        observations.samples.len(),
        observations.entries.as_ref().map_or(0, Vec::len),
        observations.exits.as_ref().map_or(0, Vec::len),
    );
    let samples = std::mem::take(&mut observations.samples);
    let at_ns = bounds.as_ref().err().map(|error| error.at_ns);
    let problem = disagreement(&observations, &samples, at_ns);
    let held =
        if cookies_sent { problem.is_none().then_some(true) } else { Some(problem.is_none()) };
    let detail = match problem {
        None => counted,
        Some(problem) => format!("{problem} ({counted})"),
    };
    let check = Check { name: NAME.to_owned(), held, detail };
    CheckedQueue { bounds: bounds.ok().filter(|_| held == Some(true)), check }
}

const NAME: &str = "readings of the accept queue agree";

/// The first observation that cannot be true if the others are; `at_ns` is where all of them
/// contradict each other, with the samples.
fn disagreement(
    without_samples: &Observations,
    samples: &[Sample],
    at_ns: Option<u64>,
) -> Option<String> {
    let events = match without_samples.bounds() {
        Ok(events) => events,
        Err(contradiction) => {
            let (entered, taken) = (contradiction.entered, contradiction.taken);
            return Some(format!(
                "attempts, accepts and readings contradict each other at {} ns: {} to {} connections \
                 entered the queue, {} to {} were taken from it",
                contradiction.at_ns, entered.0, entered.1, taken.0, taken.1
            ));
        }
    };
    if let Some(sample) = samples.iter().find(|sample| !events.allow(sample)) {
        let (least, most) = events.between(sample.from_ns, sample.to_ns);
        let most = most.map_or("any number".to_owned(), |most| most.to_string());
        return Some(format!(
            "a sample between {} and {} ns has {} queued, attempts and accepts allow {least} to \
             {most}",
            sample.from_ns, sample.to_ns, sample.depth
        ));
    }
    at_ns.map(|at_ns| format!("two samples contradict each other at {at_ns} ns"))
}

fn undecided(reason: Unobserved, accepts: Result<(), &'static str>) -> Check {
    let detail = match reason {
        Unobserved::OlderRecord => "the probe of an earlier build did not record enough",
        Unobserved::ListenerClosed => "a listener was closed while it was observed",
        Unobserved::AcceptsUnknown => accepts.err().unwrap_or("the accepts are not known"),
    };
    Check { name: NAME.to_owned(), held: None, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use run_record::Outcome;

    use super::*;

    /// Two attempts from 10 ns on, of which the first is accepted at 30 ns.
    fn attempts() -> Vec<AttemptRow> {
        let row = |index: u32, accepted_ns| AttemptRow {
            index,
            connect_ns: Some(5),
            accepted_ns,
            ..AttemptRow::new(Outcome::Ok, 10, 90)
        };
        vec![row(0, Some(30)), row(1, None)]
    }

    fn sample(at_ns: u64, depth: u32) -> TimelineRow {
        TimelineRow {
            at_ns,
            from_ns: Some(at_ns - 1),
            listener: Some(0),
            depth: Some(depth),
            limit: Some(10),
            source: Some(DepthSource::Probe),
            ..TimelineRow::default()
        }
    }

    fn reading() -> DepthReading {
        DepthReading {
            listener: 0,
            called_ns: 29,
            from_ns: 30,
            to_ns: 31,
            taken: 1,
            depth: 1,
            limit: 10,
        }
    }

    fn checked(samples: &[TimelineRow], cookies_sent: bool) -> CheckedQueue {
        let timeline = merged(samples.to_vec(), &[reading()]);
        check(&timeline, &attempts(), Ok(()), cookies_sent)
    }

    #[test]
    fn samples_that_are_possible_agree() {
        let agreed = checked(&[sample(9, 0), sample(25, 2), sample(40, 1)], false);
        assert_eq!(agreed.check.held, Some(true), "{:?}", agreed.check);
        assert_eq!(
            agreed.check.detail,
            "1 readings of the accept loops and 3 samples of the probe, 2 attempts, 1 accepts"
        );
        assert_eq!(agreed.bounds.unwrap().peak(), (2, Some(2)));
    }

    #[test]
    fn an_impossible_sample_is_named_with_what_was_possible() {
        for (samples, expected) in [
            (
                vec![sample(9, 1)],
                "a sample between 8 and 9 ns has 1 queued, attempts and accepts allow 0 to 0",
            ),
            (
                vec![sample(40, 0)],
                "a sample between 39 and 40 ns has 0 queued, attempts and accepts allow 1 to 1",
            ),
            (vec![sample(15, 2), sample(20, 1)], "two samples contradict each other at 15 ns"),
        ] {
            let failed = checked(&samples, false);
            assert_eq!(failed.check.held, Some(false));
            assert!(failed.check.detail.starts_with(expected), "{}", failed.check.detail);
            assert_eq!(failed.bounds, None);
            assert_eq!(checked(&samples, true).check.held, None, "a cookie can be a connection");
        }
    }

    #[test]
    fn what_is_not_known_is_not_decided() {
        let undecided =
            |timeline: &[TimelineRow], accepts| check(timeline, &attempts(), accepts, false).check;
        let closed = [sample(9, 0), TimelineRow { depth: None, ..sample(20, 0) }];
        assert_eq!(
            undecided(&closed, Ok(())).detail,
            "a listener was closed while it was observed"
        );
        let died = undecided(&[sample(9, 0)], Err("the server died"));
        assert_eq!((died.held, &*died.detail), (None, "the server died"));
    }
}
