//! How fast a server accepts while connections wait.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use chat_server::ServerSettings;
use lab::{DELAY_OVERHEAD, accept_delay_cost};
use run_record::{RunDirectory, RunRecord, TrialRecord};
use serde_json::Value;

use crate::error::{CommandError, Result};

/// The pace of the lab's server on an idle machine, for which there is no measurement.
const ESTIMATE: Duration = Duration::from_micros(15);

/// How fast a server accepts while connections wait.
#[derive(Debug)]
pub(crate) enum AcceptPace {
    /// [`ESTIMATE`].
    Estimate,
    /// That of a flag.
    Given(Duration),
    /// That of the servers of a run.
    Measured(MeasuredPaces),
}

/// The paces of the servers of a run.
#[derive(Debug)]
pub(crate) struct MeasuredPaces {
    run: String,
    servers: Vec<MeasuredPace>,
}

/// The pace of one server of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MeasuredPace {
    design: String,
    accept_delay: Duration,
    /// The medians of its trials, and how many intervals each is of.
    medians: Vec<(u64, u64)>,
}

impl AcceptPace {
    /// The time between two accept(2) calls of this server while connections wait, its
    /// delay included.
    ///
    /// # Errors
    /// Why it is not known, for people.
    pub(crate) fn service(&self, server: &ServerSettings) -> std::result::Result<Duration, String> {
        match self {
            Self::Estimate => Ok(ESTIMATE + accept_delay_cost(server)),
            Self::Given(between) => Ok(*between + accept_delay_cost(server)),
            Self::Measured(paces) => paces.service(server),
        }
    }

    /// A sentence that names the pace in force. `delays` is whether a server has
    /// `server.accept_delay`.
    pub(crate) fn describe(&self, delays: bool) -> String {
        let delay = match delays {
            true => format!(
                " and server.accept_delay, which takes {} longer than stated (timer slack and \
                 wake-up)",
                humantime::format_duration(DELAY_OVERHEAD)
            ),
            false => String::new(),
        };
        match self {
            Self::Estimate => format!(
                "Accept pace: an estimate, {} between accept(2) calls while connections \
                 wait{delay}. --from RUN uses a measured one.",
                humantime::format_duration(ESTIMATE)
            ),
            Self::Given(between) => format!(
                "Accept pace: --accept, {} between accept(2) calls while connections wait{delay}.",
                humantime::format_duration(*between)
            ),
            Self::Measured(paces) => {
                let servers: Vec<_> = paces.servers.iter().map(ToString::to_string).collect();
                format!(
                    "Accept pace: measured in {}, the median between accept(2) calls while \
                     connections wait: {}.",
                    paces.run,
                    servers.join("; ")
                )
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
        let servers = servers(&run, &trials);
        if servers.is_empty() {
            return Err(CommandError::Usage(format!(
                "--from {name}: no trial has measured the time between two accept(2) calls while \
                 connections wait: none waited, or an older version ran it; run a scenario whose \
                 clients arrive faster than the server accepts, such as `queuelab run \
                 backlog-sweep --quick`"
            )));
        }
        Ok(Self { run: name, servers })
    }

    fn service(&self, server: &ServerSettings) -> std::result::Result<Duration, String> {
        let is_it = |pace: &&MeasuredPace| {
            pace.design == server.design.as_str() && pace.accept_delay == server.accept_delay
        };
        self.servers.iter().find(is_it).map(MeasuredPace::median).ok_or_else(|| {
            format!(
                "{} has not measured the accept pace of server.design {} with server.accept_delay \
                 {}",
                self.run,
                server.design.as_str(),
                humantime::format_duration(server.accept_delay)
            )
        })
    }

    /// The pace, if the run has only one server.
    ///
    /// # Errors
    /// If it has several.
    pub(crate) fn only(&self) -> Result<Duration> {
        match self.servers.as_slice() {
            [only] => Ok(only.median()),
            several => {
                let servers: Vec<_> = several.iter().map(ToString::to_string).collect();
                Err(CommandError::Usage(format!(
                    "--from {}: it measured several servers, {}: choose one with --accept",
                    self.run,
                    servers.join("; ")
                )))
            }
        }
    }
}

fn servers(run: &RunRecord, trials: &[TrialRecord]) -> Vec<MeasuredPace> {
    let mut servers: Vec<MeasuredPace> = Vec::new();
    for trial in trials {
        let Some(median) = median(trial) else { continue };
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
        let found = servers
            .iter_mut()
            .find(|pace| pace.design == design && pace.accept_delay == accept_delay);
        match found {
            Some(pace) => pace.medians.push(median),
            None => servers.push(MeasuredPace { design, accept_delay, medians: vec![median] }),
        }
    }
    servers
}

/// The median of a trial, nanoseconds, and how many intervals it is of: by the server's own
/// list of accepts, or by what the kernel counted.
fn median(trial: &TrialRecord) -> Option<(u64, u64)> {
    let listed = &trial.accept_interval;
    let counted = trial.evidence.accept_pace.as_ref();
    match listed.count {
        0 => {
            let known = counted.filter(|pace| pace.is_known());
            known.map(|pace| (pace.p50_ns, pace.accepted))
        }
        count => Some((listed.p50_ns, count)),
    }
}

impl MeasuredPace {
    /// The median of its trials, each with the weight of its number of intervals.
    fn median(&self) -> Duration {
        let mut medians = self.medians.clone();
        medians.sort_unstable();
        let half = self.intervals().div_ceil(2);
        let mut before = 0;
        let median = medians.into_iter().find(|&(_, count)| {
            before += count;
            before >= half
        });
        Duration::from_nanos(median.map_or(0, |(ns, _)| ns))
    }

    fn intervals(&self) -> u64 {
        self.medians.iter().map(|&(_, count)| count).sum()
    }
}

impl fmt::Display for MeasuredPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.median().as_nanos() as f64 / 1e3;
        write!(f, "{} {microseconds:.1} µs", self.design)?;
        if !self.accept_delay.is_zero() {
            let delay = humantime::format_duration(self.accept_delay);
            write!(f, " with server.accept_delay {delay}")?;
        }
        write!(f, " (of {} intervals)", self.intervals())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_has_the_weight_of_the_intervals() {
        let pace = |medians: &[(u64, u64)]| MeasuredPace {
            design: "snapshot".to_owned(),
            accept_delay: Duration::from_micros(100),
            medians: medians.to_vec(),
        };
        let median = pace(&[(90_000, 1), (30_000, 10), (40_000, 20)]);
        assert_eq!(median.median(), Duration::from_micros(40));
        assert_eq!(
            median.to_string(),
            "snapshot 40.0 µs with server.accept_delay 100us (of 31 intervals)"
        );
    }

    #[test]
    fn a_stated_pace_includes_the_real_cost_of_a_delay() {
        let server =
            ServerSettings { accept_delay: Duration::from_micros(100), ..Default::default() };
        let given = AcceptPace::Given(Duration::from_micros(20));
        assert_eq!(given.service(&server), Ok(Duration::from_micros(177)));
        assert!(given.describe(true).contains("57us longer"), "{}", given.describe(true));
        assert!(!given.describe(false).contains("longer"));
    }

    #[test]
    fn a_server_that_a_run_has_not_measured_has_no_pace() {
        let paces = MeasuredPaces { run: "runs/x".to_owned(), servers: Vec::new() };
        let reason = AcceptPace::Measured(paces).service(&ServerSettings::default()).unwrap_err();
        assert!(reason.contains("runs/x has not measured"), "{reason}");
    }
}
