//! Fourth stage: invariants, laws and the simulation.

use linux_net::Counter;
use queue_model::observed_depth::DepthBounds;
use run_record::Check;

use super::context::TrialContext;
use super::join::JoinedTrial;
use super::observe::Observed;
use super::testbed::ClosedTestbed;
use crate::invariants;
use crate::laws::{CheckedLaws, Measurements};
use crate::queue_timeline;
use crate::server::ServerEnd;
use crate::simulated::{SimulatedTrial, SimulationInputs, TrialAccepts, simulated};

/// The results of checks, except for expectations, which need the complete record.
pub(super) struct Judged {
    pub(super) invariants: Vec<Check>,
    pub(super) laws: CheckedLaws,
    /// The bounds of the accept queue's depth; `None` if they are not known.
    pub(super) queue: Option<DepthBounds>,
    /// The simulation, or why there is none.
    pub(super) simulated: Result<SimulatedTrial, String>,
}

/// Checks a trial against the invariants and the laws, and simulates it.
pub(super) fn judge(
    trial: &TrialContext<'_>,
    testbed: &ClosedTestbed,
    observed: &Observed,
    joined: &JoinedTrial,
) -> Judged {
    let mut invariants = check_invariants(trial, testbed, observed, joined);
    let queue = trial.timeline.then(|| check_queue(observed, joined)).and_then(|checked| {
        invariants.push(checked.check);
        checked.bounds
    });
    Judged {
        invariants,
        queue,
        laws: observed.laws.check(
            &Measurements {
                accept_queue: observed.loaded.accept_queue(),
                queues: &observed.loaded.queues,
                port: None,
                probe: observed.probed.as_ref().ok().map(|probed| &probed.report),
                restart: observed.restart.as_ref(),
                rows: &joined.attempts.rows,
                server: &joined.server.changes,
                client: &joined.client.changes,
            },
            joined.died.is_some(),
        ),
        simulated: simulate(trial, observed, joined),
    }
}

/// The number of connections that the server accepted.
///
/// # Errors
/// Why it reported none.
fn accepted(observed: &Observed, joined: &JoinedTrial) -> Result<usize, &'static str> {
    joined.accepted.ok_or(match &observed.end {
        ServerEnd::Program(_) => "a program does not report which connections it accepts",
        ServerEnd::Stopped(_) | ServerEnd::Died { .. } => {
            "the server died before it reported its connections"
        }
    })
}

fn check_queue(observed: &Observed, joined: &JoinedTrial) -> queue_timeline::CheckedQueue {
    queue_timeline::check(
        &joined.timeline,
        &joined.attempts.rows,
        accepted(observed, joined).map(drop),
        joined.server.get(Counter::SyncookiesSent.name()) > 0,
    )
}

fn check_invariants(
    trial: &TrialContext<'_>,
    testbed: &ClosedTestbed,
    observed: &Observed,
    joined: &JoinedTrial,
) -> Vec<Check> {
    let load = &observed.loaded.report;
    let decreased = |host: &str, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{host} {name}")).collect()
    };
    let mut decreased_counters = decreased("server", &joined.server.backwards);
    decreased_counters.extend(decreased("client", &joined.client.backwards));
    let clients = u64::from(trial.cell.settings.load.clients);
    let mut checks = vec![
        invariants::outcomes_add_up(&joined.outcomes, clients),
        invariants::accepts_match_attempts(&joined.attempts, accepted(observed, joined)),
        invariants::sysctls_read_back(&testbed.spec, &testbed.sysctls),
        invariants::server_alive(joined.died.as_deref(), trial.server_may_die),
        invariants::counters_never_decrease(&decreased_counters),
        invariants::deliveries_intact(&load.integrity),
        invariants::probe_ran(observed.probed.as_ref().err()),
    ];
    checks.extend(invariants::destinations_add_up(
        &joined.destinations,
        &observed.loaded.destinations,
        &joined.outcomes,
    ));
    if let ServerEnd::Stopped(report) = &observed.end {
        checks.push(invariants::messages_add_up(
            load.messages_written,
            report.messages_ingested,
            report.deliveries,
            load.deliveries,
        ));
    }
    checks
}

/// Simulates the trial.
///
/// # Errors
/// Why it is not simulated.
fn simulate(
    trial: &TrialContext<'_>,
    observed: &Observed,
    joined: &JoinedTrial,
) -> Result<SimulatedTrial, String> {
    let accepts = match &observed.end {
        ServerEnd::Stopped(report) => TrialAccepts::Listed(&report.metrics),
        ServerEnd::Program(report) if report.end.died_ns.is_none() => {
            program_accepts(trial, observed)?
        }
        ServerEnd::Died { .. } | ServerEnd::Program(_) => {
            return Err(
                "the server died, and the times of all its accepts are not known".to_owned()
            );
        }
    };
    simulated(&SimulationInputs {
        cell: &trial.cell.settings,
        sysctls: &observed.effective,
        rules: trial.rules,
        wheel: trial.wheel,
        rows: &joined.attempts.rows,
        accepts,
        released_ns: observed.loaded.released_ns,
        left_in_queue: observed.loaded.left.queued,
        counted_ns: observed.counted_ns,
    })
}

/// What the kernel showed of a program's accepts.
///
/// # Errors
/// Why that is not enough to simulate them.
fn program_accepts<'a>(
    trial: &TrialContext<'_>,
    observed: &'a Observed,
) -> Result<TrialAccepts<'a>, String> {
    let Ok(probed) = &observed.probed else {
        return Err("the probe failed, and nothing else shows when a program accepts".to_owned());
    };
    if trial.cell.settings.load.ports().len() > 1 {
        return Err("it simulates one listener, and the load has several destinations \
                    (load.destinations)"
            .to_owned());
    }
    let limit = match probed.report.listeners.as_slice() {
        [only] if only.earlier_limits.is_empty() => only.limit,
        [_] => {
            return Err("the server changed the limit of its queue while the load ran".to_owned());
        }
        several => {
            return Err(format!(
                "it simulates one listener, and the server had {} on its port",
                several.len()
            ));
        }
    };
    if trial.cell.settings.server.listening().accept_paused {
        return Ok(TrialAccepts::Stopped { limit });
    }
    match &probed.accept_pace {
        Some(pace) => Ok(TrialAccepts::AtPace { limit, pace }),
        None => Err("the times at which a program accepts are not known, nor its pace: no \
                     connections were seen to wait for it"
            .to_owned()),
    }
}
