//! The times of SYNs without an answer, derived from the attempts' retransmissions.

use std::time::Duration;

use run_record::{AttemptRow, Outcome};

/// The least distance between marks, pixels; nearer ones are merged.
const APART: f64 = 30.0;

/// The times of SYNs without an answer, CLOCK_MONOTONIC nanoseconds: the first n of an
/// attempt with n retransmissions, at their nominal times.
pub(crate) fn unanswered(schedule: &[Duration], attempts: &[AttemptRow]) -> Vec<u64> {
    let of_attempt = |row: &AttemptRow| -> Vec<u64> {
        // An attempt that was never answered has no answer to its last SYN either.
        let never = row.outcome == Outcome::TimedOut && row.connect_ns.is_none();
        let lost = row.syn_retransmits.unwrap_or(0) as usize + usize::from(never);
        std::iter::once(row.start_ns).chain(retransmit_times(schedule, row)).take(lost).collect()
    };
    attempts.iter().flat_map(of_attempt).collect()
}

/// The nominal times of an attempt's retransmissions, as far as they are known.
pub(crate) fn retransmit_times(
    schedule: &[Duration],
    row: &AttemptRow,
) -> impl Iterator<Item = u64> {
    let times = row.syn_retransmits.unwrap_or(0) as usize;
    schedule.iter().take(times).map(|after| row.start_ns.saturating_add(after.as_nanos() as u64))
}

/// Merged marks, with the number of SYNs of each.
pub(crate) fn merge_marks(times: &[u64], x: impl Fn(u64) -> f64) -> Vec<(f64, usize)> {
    let mut places: Vec<_> = times.iter().map(|&ns| x(ns)).collect();
    places.sort_by(f64::total_cmp);
    let mut marks: Vec<(f64, usize)> = Vec::new();
    for place in places {
        match marks.last_mut() {
            Some((at, many)) if place - *at < APART => *many += 1,
            _ => marks.push((place, 1)),
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(outcome: Outcome, connect_ns: Option<u64>, syn_retransmits: u32) -> AttemptRow {
        AttemptRow {
            connect_ns,
            syn_retransmits: Some(syn_retransmits),
            ..AttemptRow::new(outcome, 5, 9)
        }
    }

    #[test]
    fn connected_attempt_had_an_answer_to_its_last_syn_and_timed_out_attempt_had_none() {
        let schedule = [1, 3].map(Duration::from_secs);
        let second = 1_000_000_000;
        let connected = attempt(Outcome::Ok, Some(1), 1);
        let gave_up = attempt(Outcome::TimedOut, None, 1);
        assert_eq!(unanswered(&schedule, std::slice::from_ref(&connected)), [5]);
        assert_eq!(unanswered(&schedule, &[gave_up]), [5, second + 5]);
        assert_eq!(retransmit_times(&schedule, &connected).collect::<Vec<_>>(), [second + 5]);
    }

    #[test]
    fn marks_that_would_cover_each_other_are_one() {
        let marks = merge_marks(&[40, 0, 10], |ns| ns as f64);
        assert_eq!(marks, [(0.0, 2), (40.0, 1)]);
    }
}
