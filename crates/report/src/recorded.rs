//! The trials with recorded rows, and which of them are drawn.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use linux_net::Counter;
use run_record::{
    ExecutionId, Folder, ListenerSummary, PeakSource, RunDirectory, RunDirectoryError,
};

use crate::bounds;
use charts::{self, Chart, Recorded};
use run_view::Cell;
use run_view::Run;
use run_view::Trial;

/// The largest size of the charts of recorded trials, except the first: drawing takes time. A
/// page has room for fewer; the others are only files.
const MAX_CHART_BYTES: usize = 3_000_000;
const MAX_CHART_BYTES_IF_LARGE: usize = 300_000;

/// If not all cells fit, these many with the most drops are drawn first, then a selection of
/// the others.
const WORST: usize = 8;

/// The cells whose charts are also drawn as PNG, which takes a hundred times as long as
/// SVG.
const MAX_PNG_CELLS: usize = 8;

/// Trials with at least this share of the most drops are compared by their queues.
const COMPARABLE: f64 = 0.5;

/// The folders of rows.
const FOLDERS: [&str; 2] = ["attempts", "timelines"];

/// The rows of trials in a run directory.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The trials that are drawn, in the order of their cells.
    pub(crate) drawn: Vec<DrawnTrial>,
    /// The number of cells with rows that are not drawn.
    pub(crate) omitted: usize,
    /// The trials with damaged rows, which are not drawn, and the errors.
    pub(crate) damaged: Vec<(ExecutionId, RunDirectoryError)>,
    /// Paths of the files below the run directory, by trial.
    pub(crate) files: Vec<(ExecutionId, String)>,
    /// The largest size of the charts, bytes.
    pub(crate) max_chart_bytes: usize,
    path: PathBuf,
}

/// The most informative trial of a cell.
#[derive(Debug, Clone)]
pub(crate) struct DrawnTrial {
    pub(crate) trial: ExecutionId,
    pub(crate) place: String,
    /// `TcpExt.ListenDrops`.
    pub(crate) drops: u64,
    pub(crate) charts: Vec<Chart>,
    /// Its place in the order in which they were drawn: the most informative are first.
    pub(crate) rank_drawn: usize,
    /// Whether its charts are also drawn as PNG.
    pub(crate) has_png: bool,
    rank: Rank,
}

impl DrawnTrial {
    /// Whether it has a chart of its queue, and not only of its attempts.
    pub(crate) fn has_queue(&self) -> bool {
        self.charts.iter().any(Chart::is_of_queue)
    }
}

impl Rows {
    /// Reads the rows in the run directory that are drawn. Rows that cannot be read do not
    /// affect other trials.
    pub(crate) fn read(run: &Run, cells: &[Cell<'_>], path: &Path) -> Self {
        let existing = FOLDERS.map(|folder| names_in(path, folder));
        let files: Vec<_> =
            run.trials.iter().flat_map(|trial| files_of(trial, &existing)).collect();
        let with_files: HashSet<_> = files.iter().map(|(id, _)| *id).collect();
        let has_files = |trial: &&Trial| with_files.contains(&trial.execution_id());
        let mut worst: Vec<(usize, &Trial)> = cells
            .iter()
            .filter_map(|cell| {
                let recorded = cell.trials.iter().copied().filter(|trial| has_files(trial));
                Some((cell.number, most_informative(recorded, |trial| Rank::new(trial))?))
            })
            .collect();
        worst.sort_by_key(|(_, trial)| Reverse(Rank::new(trial)));
        let (mut drawn, mut damaged) = (Vec::new(), Vec::new());
        let max_chart_bytes = match bounds::is_large(run) {
            true => MAX_CHART_BYTES_IF_LARGE,
            false => MAX_CHART_BYTES,
        };
        let mut room = max_chart_bytes;
        for (number, trial) in spread_out(&worst) {
            let mut drawn_trial = match draw(run, trial, path) {
                Ok(Some(drawn_trial)) => drawn_trial,
                Ok(None) => continue,
                Err(error) => {
                    damaged.push((trial.execution_id(), error));
                    continue;
                }
            };
            let bytes = drawn_trial.charts.iter().map(|chart| chart.body.0.len()).sum::<usize>();
            if bytes > room && !drawn.is_empty() {
                break;
            }
            room = room.saturating_sub(bytes);
            drawn_trial.rank_drawn = drawn.len();
            drawn_trial.has_png = drawn.len() < MAX_PNG_CELLS;
            drawn.push((number, drawn_trial));
        }
        drawn.sort_by_key(|(number, _)| *number);
        let drawn: Vec<_> = drawn.into_iter().map(|(_, drawn)| drawn).collect();
        let omitted = worst.len() - drawn.len() - damaged.len();
        Self { drawn, omitted, damaged, files, max_chart_bytes, path: path.to_owned() }
    }

    /// The index in `drawn` of the most informative trial.
    pub(crate) fn most_informative(&self) -> usize {
        let drawn = self.drawn.iter().enumerate();
        most_informative(drawn, |(_, drawn)| drawn.rank).map_or(0, |(index, _)| index)
    }

    /// Whether a chart of the run is also drawn as PNG: every chart that is not of a trial's
    /// rows is.
    pub(crate) fn has_png(&self, name: &str) -> bool {
        let of = |drawn: &&DrawnTrial| drawn.charts.iter().any(|chart| chart.name == name);
        self.drawn.iter().find(of).is_none_or(|drawn| drawn.has_png)
    }

    /// The trials that are not drawn because of damaged rows, a line each, with paths below the
    /// run directory.
    pub(crate) fn describe_damage(&self) -> impl Iterator<Item = String> {
        let below =
            |path: &Path| path.strip_prefix(&self.path).unwrap_or(path).display().to_string();
        self.damaged.iter().map(move |(id, error)| {
            let reason = match error {
                RunDirectoryError::Malformed { path, line, reason } => {
                    format!("{}, line {line}: {reason}", below(path))
                }
                RunDirectoryError::Io { path, source, .. } => format!("{}: {source}", below(path)),
                error => error.to_string(),
            };
            format!("Trial {id} is not drawn, because its rows cannot be read: {reason}.")
        })
    }

    /// The files of a trial.
    pub(crate) fn of_trial(&self, id: ExecutionId) -> impl Iterator<Item = &str> {
        self.files.iter().filter(move |(of, _)| *of == id).map(|(_, path)| path.as_str())
    }
}

/// How informative a trial is: by drops, then SYN retransmissions, then how full its queue
/// was; of equal trials, the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// `TcpExt.ListenDrops`.
    drops: u64,
    retransmitting_attempts: u64,
    /// The fullest sample of a queue, in tenths of its capacity.
    fullest: Option<u32>,
    trial: Reverse<ExecutionId>,
}

impl Rank {
    fn new(trial: &Trial) -> Self {
        let listeners = trial.evidence.probe.as_ref().map_or(&[][..], |probe| &*probe.listeners);
        // The peak is that of all listeners together. What the kernel counted cannot be drawn.
        let drawn = trial
            .evidence
            .deepest_queue
            .filter(|peak| listeners.len() == 1 && peak.shown_by != PeakSource::Overflow);
        let known = drawn.map_or(0, |peak| peak.at_least);
        // A queue holds one more than its limit.
        let fullness = |listener: &ListenerSummary| {
            let capacity = u64::from(listener.limit) + 1;
            (u64::from(listener.deepest.max(known)) * 10 / capacity).min(10) as u32
        };
        Self {
            drops: drops(trial),
            retransmitting_attempts: trial.retransmitting_attempts(),
            fullest: listeners.iter().map(fullness).max(),
            trial: Reverse(trial.execution_id()),
        }
    }
}

fn drops(trial: &Trial) -> u64 {
    trial.evidence.at_server(Counter::ListenDrops)
}

/// Of the trials with comparably many drops, the one with the fullest sampled queue: a chart
/// without such a sample shows nothing of the drops.
fn most_informative<T>(
    all: impl Iterator<Item = T> + Clone,
    rank: impl Fn(&T) -> Rank,
) -> Option<T> {
    let most = all.clone().map(|item| rank(&item).drops).max()?;
    let comparable = all.filter(|item| rank(item).drops as f64 >= most as f64 * COMPARABLE);
    comparable.max_by_key(|item| {
        let rank = rank(item);
        (rank.fullest, rank)
    })
}

/// The trial with a recorded queue and the highest [`Rank`].
pub(crate) fn most_informative_trial<'a>(run: &'a Run, path: &Path) -> Option<&'a Trial> {
    let names = names_in(path, "timelines");
    let has_queue =
        |trial: &&Trial| names.contains(&format!("{}.csv", trial.execution_id().file_stem()));
    most_informative(run.trials.iter().filter(has_queue), |trial| Rank::new(trial))
}

/// The worst first, then the others, each far from those before it, so that any number of
/// them is spread over all.
fn spread_out<T: Copy>(worst: &[T]) -> Vec<T> {
    let (first, others) = worst.split_at(WORST.min(worst.len()));
    let bits = others.len().next_power_of_two().trailing_zeros();
    // Bit-reversed indices: halves before quarters.
    let reversed = |index: usize| match bits {
        0 => index,
        bits => index.reverse_bits() >> (usize::BITS - bits),
    };
    let indices = (0..1_usize << bits).map(reversed);
    let others = indices.filter_map(|index| others.get(index));
    first.iter().chain(others).copied().collect()
}

/// The names in a folder of rows; none if it cannot be read.
fn names_in(run: &Path, folder: &str) -> HashSet<String> {
    let folder = Folder::open(run).and_then(|run| run.folder(folder)).ok().flatten();
    folder.and_then(|folder| folder.names().ok()).unwrap_or_default().into_iter().collect()
}

fn files_of(
    trial: &Trial,
    existing: &[HashSet<String>; FOLDERS.len()],
) -> Vec<(ExecutionId, String)> {
    let name = format!("{}.csv", trial.execution_id().file_stem());
    let folders = FOLDERS.iter().zip(existing).filter(|(_, names)| names.contains(&name));
    folders.map(|(folder, _)| (trial.execution_id(), format!("{folder}/{name}"))).collect()
}

/// `None` if the rows of the trial show nothing.
fn draw(run: &Run, trial: &Trial, path: &Path) -> Result<Option<DrawnTrial>, RunDirectoryError> {
    let timeline = RunDirectory::read_timeline(path, trial.execution_id())?.unwrap_or_default();
    let attempts = RunDirectory::read_attempts(path, trial.execution_id())?.unwrap_or_default();
    let place = run.place(trial);
    let recorded = Recorded { timeline: &timeline, attempts: &attempts };
    let mut charts = charts::queue(run, trial, &place, recorded);
    charts.extend(charts::attempts(run, trial, &place, &attempts));
    let rank = Rank::new(trial);
    let (trial, drops) = (trial.execution_id(), rank.drops);
    let drawn = DrawnTrial { trial, place, drops, charts, rank_drawn: 0, has_png: false, rank };
    Ok(Some(drawn).filter(|drawn| !drawn.charts.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(drops: u64, fullest: u32) -> Rank {
        let trial = Reverse(ExecutionId { trial: 0, retry: 0 });
        Rank { drops, retransmitting_attempts: 0, fullest: Some(fullest), trial }
    }

    #[test]
    fn a_sampled_full_queue_is_more_informative_than_a_few_more_drops() {
        let most = |all: &[Rank]| most_informative(all.iter(), |item| **item).copied();
        let flat = rank(681, 0);
        assert_eq!(most(&[flat, rank(400, 10), rank(500, 9)]), Some(rank(400, 10)));
        assert_eq!(most(&[flat, rank(100, 10)]), Some(flat), "too few to compare");
        assert_eq!(most(&[rank(400, 10), rank(401, 10)]), Some(rank(401, 10)));
        assert_eq!(most(&[rank(0, 3), rank(0, 7)]), Some(rank(0, 7)));
        assert_eq!(most(&[]), None);
    }

    #[test]
    fn the_worst_are_first_and_the_others_are_spread_out() {
        let all: Vec<usize> = (0..200).collect();
        let order = spread_out(&all);
        assert_eq!(order[..WORST], all[..WORST]);
        assert_eq!(order[WORST..][..5], [8, 136, 72, 40, 168]);
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, all, "each once");
        for few in 0..20 {
            assert_eq!(spread_out(&all[..few]).len(), few);
        }
    }
}
