//! The depth of an accept queue over time, in one line of a terminal.

use std::path::Path;

use queue_model::observed_depth::DepthBounds;
use run_record::{QueueRows, RunDirectory};
use run_view::Run;
use run_view::number::{count, nanoseconds};

use crate::recorded::most_informative_trial;

/// The places of the line.
const PLACES: u64 = 48;

/// From an empty to the fullest queue.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The queue of the trial that shows most, with its cell and peak; `None` if no trial recorded
/// it, it was always empty, or its rows do not say what the depth was.
pub(crate) fn queue_over_time(run: &Run, path: &Path) -> Option<String> {
    let trial = most_informative_trial(run, path)?;
    let id = trial.execution_id();
    let timeline = RunDirectory::read_timeline(path, id).ok()??;
    let attempts = RunDirectory::read_attempts(path, id).ok()?;
    let rows = QueueRows {
        timeline: &timeline,
        attempts: attempts.as_deref(),
        accepts_are_known: trial.accepted.is_some(),
    };
    let line = Line::new(&rows.observations().ok()?.bounds().ok()?)?;
    Some(format!(
        "The accept queue over {} of trial {id} ({}), at most {}:\n  {}",
        nanoseconds(line.length_ns as f64),
        run.place(trial),
        count(line.peak),
        line.drawn
    ))
}

/// The depth that the queue is known to have had, from its first connection to its last.
struct Line {
    drawn: String,
    length_ns: u64,
    peak: u32,
}

impl Line {
    fn new(bounds: &DepthBounds) -> Option<Self> {
        let steps = bounds.steps();
        let ends = steps.iter().skip(1).map(|step| step.from_ns);
        let pieces = || steps.iter().zip(ends.clone()).filter(|(step, _)| step.least > 0);
        let (begin, end) = (pieces().next()?.0.from_ns, pieces().next_back()?.1);
        let peak = pieces().map(|(step, _)| step.least).max()?;
        let width = (end - begin).div_ceil(PLACES).max(1);
        let mut deepest = vec![0; PLACES as usize];
        for (step, until) in pieces() {
            let first = (step.from_ns - begin) / width;
            let last = (until.max(step.from_ns.saturating_add(1)) - 1 - begin) / width;
            for place in first..=last.min(PLACES - 1) {
                let place = &mut deepest[place as usize];
                *place = step.least.max(*place);
            }
        }
        let level = |depth: u32| match depth {
            0 => ' ',
            depth => LEVELS[(depth as usize * LEVELS.len()).div_ceil(peak as usize) - 1],
        };
        let drawn = deepest.into_iter().map(level).collect::<String>().trim_end().to_owned();
        Some(Self { drawn, length_ns: end - begin, peak })
    }
}

#[cfg(test)]
mod tests {
    use queue_model::observed_depth::{Between, Observations, Reading};

    use super::*;

    /// Connections that enter at these instants, and are taken at those: the depth after each
    /// accept(2) was read.
    fn observed(entries: &[u64], taken: &[u64]) -> DepthBounds {
        let between = |earliest_ns, latest_ns| Between { earliest_ns, latest_ns };
        let reading = |(index, &at_ns): (usize, &u64)| Reading {
            listener: 0,
            called_ns: at_ns - 1,
            from_ns: at_ns,
            to_ns: at_ns + 1,
            taken: index as u64 + 1,
            depth: (entries.len() - index - 1) as u32,
        };
        let observations = Observations {
            listeners: 1,
            entries: Some(entries.iter().map(|&at| between(at, Between::NEVER)).collect()),
            exits: Some(taken.iter().map(|&at| between(0, at)).collect()),
            readings: taken.iter().enumerate().map(reading).collect(),
            readings_are_complete: true,
            samples: Vec::new(),
        };
        observations.bounds().unwrap()
    }

    #[test]
    fn the_line_falls_from_the_peak_as_connections_are_taken() {
        let line = Line::new(&observed(&[10, 11, 12, 13, 14], &[100, 200, 300, 400, 500])).unwrap();
        assert_eq!(line.peak, 4, "the fifth may have entered after the first was taken");
        let mut levels: Vec<_> = line.drawn.chars().collect();
        assert!(levels.is_sorted_by(|one, other| one >= other), "{}", line.drawn);
        levels.dedup();
        assert_eq!(levels, ['█', '▆', '▄', '▂']);
        assert!(line.drawn.chars().count() as u64 <= PLACES);
        assert!((399 - 101..=500 - 101).contains(&line.length_ns), "{}", line.length_ns);
    }

    #[test]
    fn an_empty_queue_has_no_line() {
        assert!(Line::new(&observed(&[10], &[20])).is_none());
        assert!(Line::new(&DepthBounds::default()).is_none());
    }
}
