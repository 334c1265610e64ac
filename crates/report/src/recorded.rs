//! The trials of which rows were kept, and which of them are drawn.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use linux_net::Counter;
use run_record::{ExecutionId, ListenerSummary, RunDirectory, RunDirectoryError, TrialRecord};

use charts::{self, Chart, Recorded};
use run_view::Cell;
use run_view::Run;
use run_view::number::total;

/// Bytes of charts of recorded trials that a page has at most, but for the first:
/// so it stays below four million.
pub(crate) const MAX_CHART_BYTES: usize = 3_000_000;

/// Cells that come first where that is too little for all: those that dropped most.
/// Of the others there are some from everywhere between the most and the least.
const WORST: usize = 8;

/// Cells whose charts are drawn as PNG too, those that come first: that takes a
/// hundred times as long as their SVG.
const PICTURED: usize = 8;

/// Of the most drops, the part from which on a trial's are as telling.
const COMPARABLE: f64 = 0.5;

/// The folders of rows.
const KINDS: [&str; 2] = ["attempts", "timelines"];

/// What a run directory has of its trials' rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// In the order of their cells.
    pub(crate) drawn: Vec<Drawn>,
    /// Cells with rows that are not drawn.
    pub(crate) left_out: usize,
    /// Trials that are not drawn, as their rows are damaged, and why.
    pub(crate) damaged: Vec<(ExecutionId, RunDirectoryError)>,
    /// Paths of the files, below the run directory, by trial.
    pub(crate) files: Vec<(ExecutionId, String)>,
    path: PathBuf,
}

/// A cell's trial that tells most.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) trial: ExecutionId,
    pub(crate) place: String,
    /// `TcpExt.ListenDrops` in it.
    pub(crate) drops: u64,
    pub(crate) charts: Vec<Chart>,
    /// Whether they are drawn as PNG too.
    pub(crate) is_pictured: bool,
    telling: Telling,
}

impl Drawn {
    /// Whether its queue was seen, and not its attempts alone.
    pub(crate) fn has_queue(&self) -> bool {
        self.charts.iter().any(|chart| chart.name.starts_with("queue-"))
    }
}

impl Rows {
    /// Reads those rows at `path` that are drawn. A trial whose rows cannot be read
    /// takes no other with it.
    pub(crate) fn read(run: &Run, cells: &[Cell<'_>], path: &Path) -> Self {
        let files: Vec<_> = run.trials.iter().flat_map(|trial| files_of(trial, path)).collect();
        let is_kept =
            |trial: &&TrialRecord| files.iter().any(|(id, _)| *id == trial.execution_id());
        let mut worst: Vec<(usize, &TrialRecord)> = cells
            .iter()
            .filter_map(|cell| {
                let kept = cell.trials.iter().copied().filter(|trial| is_kept(trial));
                Some((cell.number, most_telling(kept, |trial| Telling::of(trial))?))
            })
            .collect();
        worst.sort_by_key(|(_, trial)| Reverse(Telling::of(trial)));
        let (mut drawn, mut damaged) = (Vec::new(), Vec::new());
        let mut room = MAX_CHART_BYTES;
        for (number, trial) in in_turn(&worst) {
            let mut of_trial = match draw(run, trial, path) {
                Ok(Some(of_trial)) => of_trial,
                Ok(None) => continue,
                Err(error) => {
                    damaged.push((trial.execution_id(), error));
                    continue;
                }
            };
            let bytes = of_trial.charts.iter().map(|chart| chart.body.0.len()).sum::<usize>();
            if bytes > room && !drawn.is_empty() {
                break;
            }
            room = room.saturating_sub(bytes);
            of_trial.is_pictured = drawn.len() < PICTURED;
            drawn.push((number, of_trial));
        }
        drawn.sort_by_key(|(number, _)| *number);
        let drawn: Vec<_> = drawn.into_iter().map(|(_, drawn)| drawn).collect();
        let left_out = worst.len() - drawn.len() - damaged.len();
        Self { drawn, left_out, damaged, files, path: path.to_owned() }
    }

    /// The place in `drawn` of what tells most.
    pub(crate) fn most_telling(&self) -> usize {
        let places = self.drawn.iter().enumerate();
        most_telling(places, |(_, drawn)| drawn.telling).map_or(0, |(place, _)| place)
    }

    /// Whether a chart of the run is drawn as PNG too: all are that are not of a
    /// trial's rows.
    pub(crate) fn is_pictured(&self, name: &str) -> bool {
        let of = |drawn: &&Drawn| drawn.charts.iter().any(|chart| chart.name == name);
        self.drawn.iter().find(of).is_none_or(|drawn| drawn.is_pictured)
    }

    /// Which trials are not drawn and why, a line each, whatever the run directory
    /// is called.
    pub(crate) fn damages(&self) -> impl Iterator<Item = String> {
        let below =
            |path: &Path| path.strip_prefix(&self.path).unwrap_or(path).display().to_string();
        self.damaged.iter().map(move |(id, error)| {
            let why = match error {
                RunDirectoryError::Malformed { path, line, reason } => {
                    format!("{}, line {line}: {reason}", below(path))
                }
                RunDirectoryError::Io { path, source, .. } => format!("{}: {source}", below(path)),
                error => error.to_string(),
            };
            format!("Trial {id} is not drawn, as its rows cannot be read: {why}.")
        })
    }

    /// The files of a trial.
    pub(crate) fn of_trial(&self, id: ExecutionId) -> impl Iterator<Item = &str> {
        self.files.iter().filter(move |(of, _)| *of == id).map(|(_, path)| path.as_str())
    }
}

/// What makes a trial one to look at: the most drops, then the most SYNs that were
/// sent again, then a full queue; the earlier one where two are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Telling {
    /// `TcpExt.ListenDrops`.
    drops: u64,
    again: u64,
    /// How full a look saw a queue, in tenths of what it holds.
    fullest: Option<u32>,
    trial: Reverse<ExecutionId>,
}

impl Telling {
    fn of(trial: &TrialRecord) -> Self {
        let again = total(trial.syn_retransmits.range(1..).map(|(_, &attempts)| attempts));
        let listeners = trial.evidence.probe.iter().flat_map(|probe| &probe.listeners);
        // A queue holds one more than its limit.
        let full = |seen: &ListenerSummary| {
            let holds = u64::from(seen.limit) + 1;
            (u64::from(seen.deepest) * 10 / holds).min(10) as u32
        };
        Self {
            drops: drops(trial),
            again,
            fullest: listeners.map(full).max(),
            trial: Reverse(trial.execution_id()),
        }
    }
}

fn drops(trial: &TrialRecord) -> u64 {
    trial.evidence.at_server(Counter::ListenDrops)
}

/// Of those whose drops compare with the most, the one whose queue was seen
/// fullest: where no look saw what was dropped, a chart shows nothing of it.
fn most_telling<T>(
    all: impl Iterator<Item = T> + Clone,
    telling: impl Fn(&T) -> Telling,
) -> Option<T> {
    let most = all.clone().map(|it| telling(&it).drops).max()?;
    let comparable = all.filter(|it| telling(it).drops as f64 >= most as f64 * COMPARABLE);
    comparable.max_by_key(|it| {
        let telling = telling(it);
        (telling.fullest, telling)
    })
}

/// The worst, then the others, each far from those before it: however many there
/// is room for, they are from everywhere.
fn in_turn<T: Copy>(worst: &[T]) -> Vec<T> {
    let (first, others) = worst.split_at(WORST.min(worst.len()));
    let bits = others.len().next_power_of_two().trailing_zeros();
    // Each half before its quarters: the digits of the place, reversed.
    let reversed = |turn: usize| match bits {
        0 => turn,
        bits => turn.reverse_bits() >> (usize::BITS - bits),
    };
    let places = (0..1_usize << bits).map(reversed);
    let others = places.filter_map(|place| others.get(place));
    first.iter().chain(others).copied().collect()
}

fn files_of(trial: &TrialRecord, path: &Path) -> Vec<(ExecutionId, String)> {
    let files = KINDS.map(|kind| format!("{kind}/{}.csv", trial.execution_id().file_stem()));
    let there = files.into_iter().filter(|file| path.join(file).is_file());
    there.map(|file| (trial.execution_id(), file)).collect()
}

/// None of a trial whose rows show nothing.
fn draw(run: &Run, trial: &TrialRecord, path: &Path) -> Result<Option<Drawn>, RunDirectoryError> {
    let timeline = RunDirectory::read_timeline(path, trial.execution_id())?.unwrap_or_default();
    let attempts = RunDirectory::read_attempts(path, trial.execution_id())?.unwrap_or_default();
    let place = run.place(trial);
    let recorded = Recorded { timeline: &timeline, attempts: &attempts };
    let mut charts = charts::queue(run, trial, &place, recorded);
    charts.extend(charts::attempts(run, trial, &place, &attempts));
    let telling = Telling::of(trial);
    let (trial, drops) = (trial.execution_id(), telling.drops);
    let drawn = Drawn { trial, place, drops, charts, is_pictured: false, telling };
    Ok(Some(drawn).filter(|drawn| !drawn.charts.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telling(drops: u64, fullest: u32) -> Telling {
        let trial = Reverse(ExecutionId { trial: 0, retry: 0 });
        Telling { drops, again: 0, fullest: Some(fullest), trial }
    }

    #[test]
    fn a_full_queue_that_was_seen_tells_more_than_some_more_drops() {
        let most = |all: &[Telling]| most_telling(all.iter(), |it| **it).copied();
        let flat = telling(681, 0);
        assert_eq!(most(&[flat, telling(400, 10), telling(500, 9)]), Some(telling(400, 10)));
        assert_eq!(most(&[flat, telling(100, 10)]), Some(flat), "too few to compare");
        assert_eq!(most(&[telling(400, 10), telling(401, 10)]), Some(telling(401, 10)));
        assert_eq!(most(&[telling(0, 3), telling(0, 7)]), Some(telling(0, 7)));
        assert_eq!(most(&[]), None);
    }

    #[test]
    fn the_worst_are_first_and_the_rest_from_everywhere() {
        let all: Vec<usize> = (0..200).collect();
        let turns = in_turn(&all);
        assert_eq!(turns[..WORST], all[..WORST]);
        assert_eq!(turns[WORST..][..5], [8, 136, 72, 40, 168]);
        let mut sorted = turns;
        sorted.sort_unstable();
        assert_eq!(sorted, all, "each once");
        for few in 0..20 {
            assert_eq!(in_turn(&all[..few]).len(), few);
        }
    }
}
