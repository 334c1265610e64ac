//! The record of a standalone load as a trial.

use indexmap::IndexMap;
use jiff::Timestamp;
use linux_net::CounterDelta;
use load_generator::{Ending, LoadConfig, LoadReport};
use probe::Ledger;
use run_record::{
    AttemptRow, Evidence, Outcome, OutcomeCounts, StandaloneView, SysctlValues, TrialRecord,
};

use crate::ledger_join::{self, Acceptance};
use crate::outcome_join::{self, ServerConnections};
use crate::trial::TrialOutput;
use crate::{destinations, invariants, ledger_evidence, metrics};

/// A finished load on a server that is not the lab's.
#[derive(Debug)]
pub(super) struct StandaloneLoad<'a> {
    /// Its configuration.
    pub(super) config: &'a LoadConfig,
    /// The report of the client.
    pub(super) report: &'a LoadReport,
    /// The server's sockets; `None` if no listener of the target is in this network
    /// namespace.
    pub(super) ledger: Option<Ledger>,
    /// Changes of the counters of the client's host.
    pub(super) client: CounterDelta,
    /// Start time.
    pub(super) started: Timestamp,
    /// Duration.
    pub(super) duration: std::time::Duration,
}

impl StandaloneLoad<'_> {
    /// The load as the only trial of its run, with a row for each attempt.
    ///
    /// Only the client's side is known, and what the server's sockets showed: the server's
    /// metrics and evidence are absent, no law is predicted, and only invariants of the
    /// client's side are checked.
    pub(super) fn trial(self) -> TrialOutput {
        let Self { config, report, ledger, client, started, duration } = self;
        let settings = &config.settings;
        let listener_here = ledger.is_some();
        let ledger = ledger.unwrap_or_default();
        let known = ledger_join::join(&report.attempts, &ledger);
        let acceptances: Vec<_> = known.iter().map(|known| known.acceptance).collect();
        let server = ServerConnections { accepted: None, died_ns: None, observed: &known };
        let joined = outcome_join::join(&report.attempts, server);
        let outcomes: OutcomeCounts = joined.rows.iter().map(|row| row.outcome).collect();
        let decreased: Vec<_> =
            client.backwards.iter().map(|name| format!("client {name}")).collect();
        let integrity = report.integrity;
        let attempts = u64::from(settings.clients);
        let load_seconds = report.ended_ns.saturating_sub(report.started_ns) as f64 / 1e9;
        let duration_seconds = duration.as_secs_f64();
        let expected = config.attempts_by_destination();
        let destinations = destinations::records(&expected, report, &joined.rows, &[], None);
        let mut invariants = vec![
            invariants::outcomes_add_up(&outcomes, attempts),
            invariants::counters_never_decrease(&decreased),
            invariants::deliveries_intact(&integrity),
        ];
        invariants.extend(invariants::destinations_add_up(&destinations, &expected, &outcomes));
        let record = TrialRecord {
            id: 0,
            cell: 0,
            repetition: 0,
            retry: 0,
            point: IndexMap::new(),
            started,
            duration_seconds,
            overhead_seconds: (duration_seconds - load_seconds).max(0.0),
            attempts,
            destinations,
            incomplete_by: metrics::incomplete_by(&joined.rows),
            incomplete_causes: report.incomplete_causes.clone(),
            ok_first_try: metrics::ok_first_try(&joined.rows),
            syn_retransmits: metrics::syn_retransmits(&joined.rows),
            rates: metrics::rates(report, None, &outcomes, settings),
            connect_latency: report.connect_latency,
            connect_histogram: Some(metrics::connect_histogram(&joined.rows)),
            delivery_latency: report.delivery_latency,
            response_latency: report.response_latency,
            response_histogram: metrics::response_histogram(report),
            send_lateness: report.send_lateness,
            integrity,
            unframed: report.unframed.clone(),
            standalone: Some(StandaloneView {
                listener_here,
                ..view(report, &joined.rows, &acceptances)
            }),
            undelivered: report.undelivered,
            errors: report.errors.clone(),
            evidence: Evidence {
                client: client.changes,
                ledger: listener_here
                    .then(|| ledger_evidence::evidence(&report.attempts, &ledger, &known, None)),
                ..Evidence::default()
            },
            accept_wait: run_record::LatencySummary::default(),
            held_bytes: None,
            restart: None,
            simulated: None,
            simulated_at_pace: None,
            not_simulated: None,
            accept_interval: run_record::LatencySummary::default(),
            sysctls: SysctlValues::default(),
            accepted: None,
            server: None,
            program: None,
            server_died: None,
            load: report.usage,
            load_use: metrics::load_use(report, settings),
            disturbance: None,
            laws: Vec::new(),
            laws_not_applied: Vec::new(),
            expectations: Vec::new(),
            invariants,
            outcomes,
        };
        TrialOutput { record, attempts: joined.rows, timeline: Vec::new() }
    }
}

/// Counts the attempts by what is known of them.
fn view(report: &LoadReport, rows: &[AttemptRow], acceptances: &[Acceptance]) -> StandaloneView {
    let mut view = StandaloneView::default();
    for ((attempt, row), acceptance) in report.attempts.iter().zip(rows).zip(acceptances) {
        let is_finished = attempt.ending == Ending::Finished;
        let may_be_ok = match row.outcome {
            Outcome::Ok => true,
            Outcome::Unconfirmed => is_finished,
            _ => false,
        };
        view.failed += u64::from(!may_be_ok);
        if attempt.connect_ns.is_none() {
            continue;
        }
        view.connected += 1;
        view.finished += u64::from(is_finished);
        view.closed_by_peer += u64::from(attempt.ending == Ending::ClosedByServer);
        view.answered += u64::from(attempt.answered);
        *match acceptance {
            Acceptance::Accepted => &mut view.accepted,
            Acceptance::Queued => &mut view.queued,
            Acceptance::HalfOpen => &mut view.half_open,
            Acceptance::Unknown => &mut view.unknown,
        } += 1;
    }
    view
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use linux_net::Counter;
    use load_generator::{Attempt, LoadSettings};

    use super::*;

    fn trial(endings: &[Ending], clients: u32, client: CounterDelta) -> TrialRecord {
        let attempts = endings.iter().zip(0..).map(|(&ending, index)| Attempt {
            index,
            local: None,
            destination: None,
            start_ns: 0,
            connect_ns: None,
            end_ns: 1_000,
            syn_retransmits: Some(u32::from(ending == Ending::TimedOut)),
            ending,
            errno: None,
            messages_written: 0,
            deliveries: 0,
            answers: 0,
            answered: ending == Ending::ClosedByServer,
            ended_by: None,
        });
        let report = LoadReport { attempts: attempts.collect(), ..LoadReport::default() };
        let settings = LoadSettings { clients, ..LoadSettings::default() };
        let config = LoadConfig::new(settings, ([127, 0, 0, 1], 8080).into());
        let (config, report) = (&config, &report);
        let started = Timestamp::UNIX_EPOCH;
        let duration = Duration::from_secs(1);
        StandaloneLoad { config, report, ledger: None, client, started, duration }.trial().record
    }

    #[test]
    fn outcomes_are_those_of_the_client_and_the_server_is_unknown() {
        let endings = [
            Ending::Finished,
            Ending::TimedOut,
            Ending::TimedOut,
            Ending::ClosedByServer,
            Ending::Refused,
        ];
        let trial = trial(&endings, 5, CounterDelta::default());
        for (outcome, attempts) in [
            (Outcome::Ok, 0),
            (Outcome::Unconfirmed, 1),
            (Outcome::TimedOut, 2),
            (Outcome::Incomplete, 1),
            (Outcome::Refused, 1),
            (Outcome::Phantom, 0),
        ] {
            assert_eq!(trial.outcomes.get(outcome), attempts, "{outcome}");
        }
        assert_eq!((trial.accepted, trial.server.as_ref()), (None, None));
        assert!(trial.evidence.server.is_empty() && trial.laws.is_empty());
        assert_eq!((trial.ok_first_try, &trial.syn_retransmits[&1]), (0, &2));
        assert!(trial.held(), "{:?}", trial.invariants);
    }

    #[test]
    fn a_lost_attempt_and_a_decreased_counter_are_violations() {
        let decreased = CounterDelta {
            backwards: vec![Counter::TcpTimeouts.name().to_owned()],
            ..CounterDelta::default()
        };
        let trial = trial(&[Ending::Finished], 2, decreased);
        let violations: Vec<_> = trial.violations().map(|violation| violation.name).collect();
        assert_eq!(violations, ["outcomes add up", "no kernel counter went backwards"]);
    }
}
