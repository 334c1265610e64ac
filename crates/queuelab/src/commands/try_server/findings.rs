//! What the trials of a try show.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use lab::KernelFacts;
use linux_net::Sysctl;
use queue_model::sizing::{BurstSettings, Bursts, Cookies};
use run_record::{Outcome, RunDirectory, TrialRecord};

use crate::commands::accept_pace::CountedPace;

/// Share of the connections of a burst that may be late with the backlog that it needs.
pub(super) const LATE_SHARE: f64 = 1e-3;

/// The smallest and largest of some trials.
pub(super) type Spread = RangeInclusive<u64>;

/// What the trials of a try show.
#[derive(Debug)]
pub(super) struct Findings {
    /// The limit of the accept queue, with the somaxconn of the try.
    pub(super) limit: Option<u32>,
    /// The same with a very large somaxconn.
    pub(super) large_limit: Option<u32>,
    /// Connections that waited in the queue of the stopped server, while others found no room.
    pub(super) capacity: Option<u32>,
    /// The bursts while the server accepted.
    pub(super) bursts: MeasuredBursts,
    /// The accept pace.
    pub(super) pace: Option<CountedPace>,
    /// The backlog that such a burst needs.
    pub(super) needs: Option<Needs>,
    /// Trials that the rest of the machine disturbed, of all.
    pub(super) disturbed: (usize, usize),
}

/// Bursts at the server while it accepted.
#[derive(Debug, Default)]
pub(super) struct MeasuredBursts {
    /// Their number.
    pub(super) count: usize,
    /// Attempts that connected.
    pub(super) connected: Option<Spread>,
    /// Attempts that had to retransmit their SYN.
    pub(super) retransmitted: Option<Spread>,
    /// Attempts by their outcome, if not 0 in all of them.
    pub(super) outcomes: Vec<(Outcome, Spread)>,
    /// The deepest accept queue that was seen.
    pub(super) deepest: Option<Spread>,
    /// Connections per second from the first connect(2) to the last.
    arrival_rate: Option<f64>,
}

/// The backlog that a burst needs, by simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    /// With the mean time per accept, if it is known.
    pub(super) usual: Option<u32>,
    /// With the least and the most that it can be; `usual` is within them.
    pub(super) least: u32,
    pub(super) most: u32,
}

/// The setting of a program or an image that stops it.
const PAUSED: [&str; 2] = ["server.command.paused", "server.image.paused"];

/// The settings of a trial that a try varies.
struct Cell {
    somaxconn: u64,
    is_paused: bool,
    clients: u64,
}

impl Cell {
    fn of(trial: &TrialRecord) -> Option<Self> {
        let somaxconn = format!("hosts.server.sysctls.{}", Sysctl::Somaxconn);
        Some(Self {
            somaxconn: trial.point.get(&somaxconn)?.as_u64()?,
            is_paused: PAUSED.iter().find_map(|path| trial.point.get(*path)?.as_bool())?,
            clients: trial.attempts,
        })
    }
}

impl Findings {
    /// Those of the trials of a run, whose directory is at `path`, for bursts of `clients` with
    /// this somaxconn.
    pub(super) fn of(
        trials: &[TrialRecord],
        path: &Path,
        clients: u32,
        somaxconn: u32,
        kernel: &KernelFacts,
    ) -> Self {
        let cells: Vec<_> =
            trials.iter().filter_map(|trial| Some((Cell::of(trial)?, trial))).collect();
        let limit_where = |is: &dyn Fn(&Cell) -> bool| {
            let of = |(_, trial): &(Cell, &TrialRecord)| Some(trial.evidence.accept_queue?.limit);
            cells.iter().filter(|(cell, _)| is(cell)).find_map(of)
        };
        let is_tried = |cell: &Cell| cell.somaxconn == u64::from(somaxconn);
        let capacity = cells.iter().filter(|(cell, _)| cell.is_paused && is_tried(cell));
        let capacity = capacity
            .filter_map(|(_, trial)| Some((trial.evidence.accept_queue?.depth, trial.attempts)))
            .find(|&(depth, attempts)| u64::from(depth) < attempts);
        let is_burst =
            |cell: &Cell| !cell.is_paused && is_tried(cell) && cell.clients == u64::from(clients);
        let bursts: Vec<_> =
            cells.iter().filter(|(cell, _)| is_burst(cell)).map(|(_, trial)| *trial).collect();
        let bursts = MeasuredBursts::of(&bursts, path);
        let pace =
            CountedPace::of(trials.iter().filter_map(|trial| trial.evidence.accept_pace.as_ref()));
        let needs = pace.map(|pace| Needs::of(&pace, &bursts, clients, kernel));
        Self {
            limit: limit_where(&is_tried),
            large_limit: limit_where(&|cell| !is_tried(cell)),
            capacity: capacity.map(|(depth, _)| depth),
            bursts,
            pace,
            needs,
            disturbed: (trials.iter().filter(|trial| trial.is_disturbed()).count(), trials.len()),
        }
    }
}

/// The smallest and largest value of some trials; none if there are none.
fn spread(values: impl Iterator<Item = u64> + Clone) -> Option<Spread> {
    Some(values.clone().min()?..=values.max()?)
}

impl MeasuredBursts {
    fn of(trials: &[&TrialRecord], path: &Path) -> Self {
        let by = |of: &dyn Fn(&TrialRecord) -> u64| spread(trials.iter().map(|trial| of(trial)));
        let outcomes = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Ok);
        let outcomes = outcomes.filter_map(|outcome| {
            let spread = by(&|trial| trial.outcomes.get(outcome))?;
            (*spread.end() > 0).then_some((outcome, spread))
        });
        let deepest = trials.iter().filter_map(|trial| trial.evidence.deepest_queue.as_ref());
        let deepest = spread(deepest.map(|peak| peak.at_least.into()));
        let rates: Vec<f64> = trials.iter().filter_map(|trial| arrival_rate(trial, path)).collect();
        Self {
            count: trials.len(),
            connected: by(&|trial| trial.connect_latency.count),
            retransmitted: by(&|trial| trial.retransmitting_attempts()),
            outcomes: outcomes.collect(),
            deepest,
            arrival_rate: rates.into_iter().reduce(f64::max),
        }
    }
}

/// Connections per second from the first connect(2) of a trial to the last one.
fn arrival_rate(trial: &TrialRecord, path: &Path) -> Option<f64> {
    let rows = RunDirectory::read_attempts(path, trial.execution_id()).ok()??;
    let starts = rows.iter().map(|row| row.start_ns);
    let nanoseconds = starts.clone().max()?.checked_sub(starts.min()?)?;
    (nanoseconds > 0).then(|| (rows.len() - 1) as f64 / nanoseconds as f64 * 1e9)
}

impl Needs {
    /// By simulation of an even pace, and at least the deepest queue that was seen: a server
    /// that pauses needs more than its pace says.
    fn of(pace: &CountedPace, bursts: &MeasuredBursts, clients: u32, kernel: &KernelFacts) -> Self {
        let arrival_rate = bursts.arrival_rate.unwrap_or(1.0 / lab::CONNECT_INTERVAL.as_secs_f64());
        let backlog = |nanoseconds: f64| {
            let mut bursts = Bursts::new(BurstSettings {
                arrival_rate,
                connections: clients,
                accept_rate: 1e9 / nanoseconds,
                round_trip: Duration::ZERO,
                max_late_share: LATE_SHARE,
                syn_queue_full: kernel.rules().syn_queue_full(),
                hz: kernel.hz(),
                seed: 1,
            });
            bursts.smallest_backlog(Cookies::WhenFull)
        };
        let of = |nanoseconds: f64| if nanoseconds > 0.0 { backlog(nanoseconds) } else { 0 };
        // A backlog holds one more.
        let seen = |depth: u64| u32::try_from(depth.saturating_sub(1)).unwrap_or(u32::MAX);
        let (shallow, deep) =
            bursts.deepest.as_ref().map_or((0, 0), |it| (seen(*it.start()), seen(*it.end())));
        let usual = pace.mean_ns.map(|mean| of(mean).max(deep));
        let least = of(pace.least_ns).max(shallow);
        let most = of(pace.most_ns).max(deep);
        // Each is a simulation of its own: that of the mean need not be between the others.
        Self {
            usual,
            least: usual.map_or(least, |usual| usual.min(least)),
            most: usual.map_or(most, |usual| usual.max(most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_server_needs_a_larger_backlog() {
        let bursts = MeasuredBursts { arrival_rate: Some(100_000.0), ..MeasuredBursts::default() };
        let pace = CountedPace { mean_ns: Some(20e3), least_ns: 15e3, most_ns: 40e3, accepts: 1 };
        let needs = Needs::of(&pace, &bursts, 1000, &KernelFacts::default());
        let usual = needs.usual.unwrap();
        assert!(needs.least < usual && usual < needs.most, "{needs:?}");
        // It accepts half as fast as they arrive: about half of them wait.
        assert!((400..600).contains(&usual), "{needs:?}");
        let seen = MeasuredBursts { deepest: Some(301..=801), ..bursts };
        let needs = Needs::of(&pace, &seen, 1000, &KernelFacts::default());
        assert_eq!((needs.least, needs.usual, needs.most), (needs.least.max(300), Some(800), 800));
        let bursts = MeasuredBursts { arrival_rate: Some(100_000.0), ..MeasuredBursts::default() };
        let at_most = CountedPace { mean_ns: None, least_ns: 0.0, ..pace };
        let needs = Needs::of(&at_most, &bursts, 1000, &KernelFacts::default());
        assert_eq!((needs.usual, needs.least), (None, 0));
    }
}
