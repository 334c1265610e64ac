//! The facts of a trial for expressions, as one object.

use serde_json::{Map, Value, json};
use worker::metrics::{AcceptQueue, ClosedBecause, LatencySummary, ProbeSummary};

use crate::destination::DestinationRecord;
use crate::outcome::{Outcome, OutcomeCounts};
use crate::trial::TrialRecord;

/// The facts of a trial as an object: the variables of a scenario's expectations, without the
/// settings of its cell.
pub fn facts(trial: &TrialRecord) -> Value {
    let restart = trial.restart.as_ref();
    let probe = trial.evidence.probe.as_ref();
    let most =
        |state: &str| probe.and_then(|probe| probe.states.get(state)).map_or(0, |state| state.most);
    let destinations: Map<String, Value> =
        trial.destinations.iter().map(destination_facts).collect();
    json!({
        "attempts": trial.attempts,
        "outcomes": outcome_facts(&trial.outcomes),
        "success_rate": trial.success_rate(),
        "first_try_rate": trial.first_try_rate(),
        "rates": {
            "offered": trial.rates.offered,
            "ingested": trial.rates.ingested.unwrap_or(0.0),
            "delivered": trial.rates.delivered,
            "responses": trial.rates.responses,
        },
        "integrity": trial.integrity,
        "dropped": trial.server.as_ref().map_or(0, |server| server.dropped),
        "closed": closed_facts(trial),
        "counters": { "server": trial.evidence.server, "client": trial.evidence.client },
        "queue": queue_facts(trial),
        // Empty if there is only one.
        "destinations": destinations,
        "accept_wait": {
            "median_s": trial.accept_wait.p50_ns as f64 / 1e9,
            "worst_s": trial.accept_wait.max_ns as f64 / 1e9,
        },
        "held_bytes": trial.held_bytes.unwrap_or(0),
        "restart": {
            "refused": restart.map_or(0, |restart| restart.refused),
            "seconds": restart.and_then(|restart| restart.seconds).unwrap_or(0.0),
        },
        "server_died": trial.server_died.as_deref().unwrap_or(""),
        "probe": {
            "deepest": probe.map_or(0, |probe| probe.deepest),
            "syn_recv": most("syn_recv"),
            "established": most("established"),
            "time_wait": most("time_wait"),
            "fin_wait_2": most("fin_wait_2"),
        },
        "connect": connect_facts(&trial.connect_latency),
        "response": response_facts(&trial.response_latency),
    })
}

fn outcome_facts(outcomes: &OutcomeCounts) -> Map<String, Value> {
    let count = |&outcome: &Outcome| (outcome.name().to_owned(), json!(outcomes.get(outcome)));
    Outcome::ALL.iter().map(count).collect()
}

/// The clients that the server closed, of each cause.
fn closed_facts(trial: &TrialRecord) -> Map<String, Value> {
    let count = |cause: &ClosedBecause| trial.server.as_ref()?.closed.get(cause).copied();
    let fact = |cause: ClosedBecause| (cause.name().to_owned(), json!(count(&cause).unwrap_or(0)));
    ClosedBecause::ALL.into_iter().map(fact).collect()
}

fn connect_facts(latency: &LatencySummary) -> Value {
    json!({ "worst_s": latency.max_ns as f64 / 1e9 })
}

fn response_facts(latency: &LatencySummary) -> Value {
    json!({
        "answers": latency.count,
        "median_s": latency.p50_ns as f64 / 1e9,
        "p99_s": latency.p99_ns as f64 / 1e9,
        "worst_s": latency.max_ns as f64 / 1e9,
    })
}

/// The facts of one destination, by its port.
fn destination_facts(destination: &DestinationRecord) -> (String, Value) {
    let mut queue = json!({});
    if let Some(AcceptQueue { depth, limit }) = destination.accept_queue {
        queue = json!({ "depth": depth, "limit": limit });
    }
    if let Some(drops) = destination.drops {
        queue["drops"] = json!(drops);
    }
    let facts = json!({
        "attempts": destination.attempts,
        "outcomes": outcome_facts(&destination.outcomes),
        "success_rate": destination.success_rate(),
        "queue": queue,
        "connect": connect_facts(&destination.connect_latency),
        "response": response_facts(&destination.response_latency),
    });
    (destination.address.port().to_string(), facts)
}

fn queue_facts(trial: &TrialRecord) -> Value {
    let queue = trial.evidence.accept_queue;
    let mut facts = match trial.destinations.is_empty() {
        true => json!({
            "depth": queue.map_or(0, |queue| queue.depth),
            "limit": queue.map_or(0, |queue| queue.limit),
        }),
        // Each destination has its own.
        false => json!({}),
    };
    // 0 would say that nothing was dropped: an expectation of unknown drops fails instead.
    if let Some(drops) = trial.evidence.probe.as_ref().and_then(ProbeSummary::drops) {
        facts["drops"] = json!(drops);
    }
    facts
}
