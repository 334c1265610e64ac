//! The paces of the servers of a run.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use chat_server::ServerSettings;
use run_record::{AcceptPace, RunDirectory, RunRecord, TrialRecord};
use scenario::{AnyKernel, Overrides, ScenarioFile, Server, Source};
use serde_json::Value;

use super::counted::{CountedPace, TIMES_NS, is_possible};
use super::server::MeasuredServer;
use crate::error::{CommandError, Result};

/// The paces of the servers of a run.
#[derive(Debug)]
pub(crate) struct MeasuredPaces {
    run: String,
    servers: Vec<MeasuredPace>,
}

/// The pace of one server of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeasuredPace {
    server: MeasuredServer,
    pub(crate) time: TimePerAccept,
}

/// The time between two accept(2) calls while connections wait.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TimePerAccept {
    /// The medians of trials, nanoseconds, and how many intervals each is of.
    Medians(Vec<(u64, u64)>),
    /// By the kernel's counts.
    Counted(CountedPace),
}

impl TimePerAccept {
    /// The time that a backlog is sized for, nanoseconds: the median of the trials, each with the
    /// weight of its number of intervals, or that of what the kernel counted.
    pub(crate) fn sized_for_ns(&self) -> f64 {
        match self {
            Self::Medians(medians) => median(medians).as_nanos() as f64,
            Self::Counted(pace) => pace.sized_for_ns(),
        }
    }

    /// The times to simulate: the median, or the bounds of what the kernel counted.
    fn simulated(&self) -> Vec<Duration> {
        match self {
            Self::Medians(medians) => vec![median(medians)],
            Self::Counted(pace) => {
                let mut bounds = pace.bounds().to_vec();
                bounds.dedup();
                bounds
            }
        }
    }
}

impl MeasuredPaces {
    /// Reads those of a run directory.
    ///
    /// # Errors
    /// If it cannot be read, or no connection waited in any trial.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let (run, trials) = RunDirectory::read(path)?;
        let name = path.display().to_string();
        let servers = match has_program(&run) {
            true => programs(&planned_servers(&run, path)?, &trials),
            false => chat_servers(&run, &trials),
        };
        if servers.is_empty() {
            return Err(CommandError::Usage(format!(
                "--from {name}: no trial has measured the time between two accept(2) calls while \
                 connections wait: none or too few waited, or an older version ran it; run a \
                 scenario whose clients arrive faster than the server accepts, such as `queuelab \
                 run backlog-sweep --quick`"
            )));
        }
        Ok(Self { run: name, servers })
    }

    /// The times to simulate of this server.
    ///
    /// # Errors
    /// If the run has not measured it, for people.
    pub(super) fn simulated(&self, server: &Server) -> std::result::Result<Vec<Duration>, String> {
        let found = self.servers.iter().find(|pace| pace.server.is(server));
        found.map(|pace| pace.time.simulated()).ok_or_else(|| match server {
            Server::Chat(chat) => format!(
                "{} has not measured the accept pace of server.design {} with server.accept_delay \
                 {}",
                self.run,
                chat.design.as_str(),
                humantime::format_duration(chat.accept_delay)
            ),
            Server::Command(_) | Server::Image(_) => format!(
                "{} has not measured the accept pace of this server, but of {}: pass --accept, \
                 such as --accept 20000/s",
                self.run,
                self.names()
            ),
        })
    }

    /// The pace, if the run has only one server.
    ///
    /// # Errors
    /// If it has several.
    pub(crate) fn only(&self) -> Result<&MeasuredPace> {
        match self.servers.as_slice() {
            [only] => Ok(only),
            _ => Err(CommandError::Usage(format!(
                "--from {}: it measured several servers, {}: choose one with --accept",
                self.run,
                self.names()
            ))),
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.servers.iter().map(ToString::to_string).collect();
        names.join("; ")
    }
}

impl fmt::Display for MeasuredPaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "measured in {}, between accept(2) calls while connections wait: {}",
            self.run,
            self.names()
        )
    }
}

/// Whether the servers of a run are programs.
fn has_program(run: &RunRecord) -> bool {
    let stated = ["/server/command", "/server/image"]
        .iter()
        .any(|pointer| run.scenario.resolved.pointer(pointer).is_some());
    let is_of_program =
        |path: &str| path.starts_with("server.command") || path.starts_with("server.image");
    stated || run.axes.iter().any(|axis| is_of_program(&axis.path))
}

/// The server of each cell of a run.
fn planned_servers(run: &RunRecord, path: &Path) -> Result<Vec<Server>> {
    let file = ScenarioFile::from_source(Source {
        name: run.scenario.name.clone(),
        path: path.join("run.json").display().to_string(),
        // JSON is YAML.
        text: run.scenario.resolved.to_string(),
    });
    let plan = file.plan(&Overrides::default(), &AnyKernel)?;
    Ok(plan.cells.into_iter().map(|cell| cell.settings.server).collect())
}

fn programs(of_cells: &[Server], trials: &[TrialRecord]) -> Vec<MeasuredPace> {
    let mut servers: Vec<(MeasuredServer, Vec<&AcceptPace>)> = Vec::new();
    for trial in trials {
        let pace = trial.evidence.accept_pace.as_ref().filter(|pace| is_enough(pace));
        let server = of_cells.get(trial.cell as usize);
        let server = server.and_then(|server| MeasuredServer::program(server, &trial.point));
        let Some((server, pace)) = server.zip(pace) else { continue };
        match servers.iter_mut().find(|(known, _)| known.is_same(&server)) {
            Some((_, paces)) => paces.push(pace),
            None => servers.push((server, vec![pace])),
        }
    }
    let measured = servers.into_iter().filter_map(|(server, paces)| {
        let time = TimePerAccept::Counted(CountedPace::of(paces.into_iter())?);
        Some(MeasuredPace { server, time })
    });
    measured.collect()
}

/// Whether a trial counted enough accepts: those of several trials do not add up.
fn is_enough(pace: &AcceptPace) -> bool {
    pace.accepted >= AcceptPace::MIN_ACCEPTS
}

fn chat_servers(run: &RunRecord, trials: &[TrialRecord]) -> Vec<MeasuredPace> {
    let mut servers: Vec<(MeasuredServer, Vec<(u64, u64)>)> = Vec::new();
    for trial in trials {
        let Some(median) = median_of(trial) else { continue };
        let text = |name: &str| {
            let stated = run.scenario.resolved.pointer(&format!("/server/{name}"));
            let value = trial.point.get(&format!("server.{name}")).or(stated);
            value.and_then(Value::as_str).map(str::to_owned)
        };
        let default = ServerSettings::default();
        let design = text("design").unwrap_or_else(|| default.design.to_string());
        let accept_delay = text("accept_delay")
            .and_then(|delay| humantime::parse_duration(&delay).ok())
            .unwrap_or(default.accept_delay);
        let server = MeasuredServer::Chat { design, accept_delay };
        match servers.iter_mut().find(|(known, _)| known.is_same(&server)) {
            Some((_, medians)) => medians.push(median),
            None => servers.push((server, vec![median])),
        }
    }
    let pace = |(server, medians)| MeasuredPace { server, time: TimePerAccept::Medians(medians) };
    servers.into_iter().map(pace).collect()
}

/// The median of a trial, nanoseconds, and how many intervals it is of: by the server's own
/// list of accepts, or by what the kernel counted. None if it cannot be simulated: a run
/// directory may contain anything.
fn median_of(trial: &TrialRecord) -> Option<(u64, u64)> {
    let listed = &trial.accept_interval;
    let counted = trial.evidence.accept_pace.as_ref();
    let median = match listed.count {
        0 => {
            let known = counted.filter(|pace| is_possible(pace) && pace.is_known());
            known.map(|pace| (pace.p50_ns, pace.accepted))
        }
        count => Some((listed.p50_ns, count)),
    };
    median.filter(|&(ns, _)| TIMES_NS.contains(&(ns as f64)))
}

/// The median of medians, each with the weight of its number of intervals.
fn median(medians: &[(u64, u64)]) -> Duration {
    let mut medians = medians.to_vec();
    medians.sort_unstable();
    let half = intervals(&medians).div_ceil(2);
    let mut before: u64 = 0;
    let median = medians.into_iter().find(|&(_, count)| {
        before = before.saturating_add(count);
        before >= half
    });
    Duration::from_nanos(median.map_or(0, |(ns, _)| ns))
}

fn intervals(medians: &[(u64, u64)]) -> u64 {
    medians.iter().fold(0, |sum, &(_, count)| sum.saturating_add(count))
}

impl fmt::Display for MeasuredPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, time } = self;
        match time {
            TimePerAccept::Counted(pace) => write!(f, "{server} {pace}"),
            TimePerAccept::Medians(medians) => {
                let microseconds = median(medians).as_nanos() as f64 / 1e3;
                write!(f, "{server} {microseconds:.1} µs")?;
                if let MeasuredServer::Chat { accept_delay, .. } = server
                    && !accept_delay.is_zero()
                {
                    let delay = humantime::format_duration(*accept_delay);
                    write!(f, " with server.accept_delay {delay}")?;
                }
                write!(f, " (the median of {} intervals)", intervals(medians))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_median_has_the_weight_of_the_intervals() {
        let server = MeasuredServer::Chat {
            design: "snapshot".to_owned(),
            accept_delay: Duration::from_micros(100),
        };
        let time = TimePerAccept::Medians(vec![(90_000, 1), (30_000, 10), (40_000, 20)]);
        assert_eq!(time.sized_for_ns(), 4e4);
        assert_eq!(
            MeasuredPace { server, time }.to_string(),
            "snapshot 40.0 µs with server.accept_delay 100us (the median of 31 intervals)"
        );
    }

    #[test]
    fn what_the_kernel_counted_is_simulated_at_both_bounds() {
        let pace = CountedPace { mean_ns: None, least_ns: 0.0, most_ns: 4e4, accepts: 50 };
        let time = TimePerAccept::Counted(pace);
        assert_eq!(time.sized_for_ns(), 4e4, "the slowest that it can be");
        assert_eq!(time.simulated(), [Duration::ZERO, Duration::from_micros(40)]);
        let exact = CountedPace { mean_ns: Some(4e4), least_ns: 4e4, ..pace };
        assert_eq!(TimePerAccept::Counted(exact).simulated(), [Duration::from_micros(40)]);
    }

    #[test]
    fn a_server_that_a_run_has_not_measured_has_no_pace() {
        let server: Server =
            serde_json::from_value(json!({ "command": { "program": ["redis-server"] } })).unwrap();
        let pace = CountedPace { mean_ns: Some(2e4), least_ns: 1e4, most_ns: 3e4, accepts: 50 };
        let known = MeasuredPace {
            server: MeasuredServer::program(&server, &Default::default()).unwrap(),
            time: TimePerAccept::Counted(pace),
        };
        let paces = MeasuredPaces { run: "runs/x".to_owned(), servers: vec![known] };
        let bounds = [Duration::from_micros(10), Duration::from_micros(30)];
        assert_eq!(paces.simulated(&server).unwrap(), bounds);
        let reason = paces.simulated(&Server::default()).unwrap_err();
        assert!(reason.contains("runs/x has not measured"), "{reason}");
        let other: Server =
            serde_json::from_value(json!({ "command": { "program": ["nginx"] } })).unwrap();
        let reason = paces.simulated(&other).unwrap_err();
        assert!(reason.contains("but of redis-server 10.0 to 30.0 µs"), "{reason}");
    }
}
