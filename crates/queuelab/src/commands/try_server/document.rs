//! The findings of a try as a document.

use command_output::{AcceptTime, BacklogNeeded, CountRange, OutcomeRange, RunResult, TryResult};

use super::findings::{Findings, Spread};
use super::listener::LARGE_SOMAXCONN;
use super::scenario_file::ScenarioFile;
use super::server::TriedServer;
use super::text::Tried;

/// The document that `queuelab try --json` prints.
pub(super) fn document(
    server: &TriedServer,
    tried: &Tried<'_>,
    findings: &Findings,
    sentences: Vec<String>,
    file: &ScenarioFile,
    run: RunResult,
) -> TryResult {
    let bursts = &findings.bursts;
    let range = |spread: &Spread| CountRange { least: *spread.start(), most: *spread.end() };
    let outcomes = bursts.outcomes.iter();
    let outcomes = outcomes
        .map(|(outcome, spread)| OutcomeRange { outcome: *outcome, attempts: range(spread) });
    TryResult {
        server: tried.name.to_owned(),
        image: server.image().map(str::to_owned),
        command: server.typed.clone(),
        known_as: tried.known.map(|known| known.name.clone()),
        port: tried.port,
        clients: tried.clients,
        somaxconn: tried.somaxconn,
        sentences,
        limit: findings.limit,
        large_somaxconn: LARGE_SOMAXCONN,
        limit_with_large_somaxconn: findings.large_limit,
        queue_while_stopped: findings.capacity,
        bursts: bursts.count as u64,
        connected: bursts.connected.as_ref().map(range),
        repeated_their_syn: bursts.retransmitted.as_ref().map(range),
        outcomes: outcomes.collect(),
        deepest_queue: bursts.deepest.as_ref().map(range),
        time_per_accept: findings.pace.map(|pace| AcceptTime {
            mean_ns: pace.mean_ns,
            least_ns: pace.least_ns,
            most_ns: pace.most_ns,
            accepts: pace.accepts,
        }),
        backlog_needed: findings.needs.map(|needs| BacklogNeeded {
            usual: needs.usual,
            least: needs.least,
            most: needs.most,
        }),
        scenario_file: file.path.display().to_string(),
        run,
    }
}
