//! Metrics of a trial, computed from the reports of server and load.

use std::collections::BTreeMap;
use std::thread::available_parallelism;

use chat_server::ServerReport;
use load_generator::{Dialogue, LoadReport, LoadSettings};
use run_record::{
    AttemptRow, Check, Disturbance, EndedBy, LatencyHistogram, LatencySummary, LoadUse, Outcome,
    OutcomeCounts, Rates,
};

/// The rates over the chat's or the requests' window, and the original benchmark's throughput.
/// `server` is `None` if it died.
pub(crate) fn rates(
    load: &LoadReport,
    server: Option<&ServerReport>,
    outcomes: &OutcomeCounts,
    settings: &LoadSettings,
) -> Rates {
    // A slow server still reads after the clients have written everything, and even
    // after they have left.
    let last_read_ns =
        server.and_then(|server| server.ingest_window_ns).map_or(0, |(_, last)| last);
    let window_seconds =
        load.chat_window_ns.map_or(0.0, |(first, last)| seconds(first, last.max(last_read_ns)));
    let per_second = |count: u64, window: f64| match window > 0.0 {
        true => count as f64 / window,
        false => 0.0,
    };
    let messages_ingested = server.map(|server| server.messages_ingested);
    let chats = settings.dialogue == Dialogue::Chat;
    let messages = if chats { settings.messages } else { 0 };
    let successful = outcomes.get(Outcome::Ok) * u64::from(messages);
    let slowest = load.attempts.iter().map(|attempt| attempt.end_ns).max();
    let until_slowest = slowest.map_or(0.0, |last| seconds(load.started_ns, last));
    Rates {
        window_seconds,
        offered: per_second(load.messages_written, window_seconds),
        ingested: messages_ingested.map(|messages| per_second(messages, window_seconds)),
        delivered: per_second(load.deliveries, window_seconds),
        responses: per_second(load.response_latency.count, window_seconds),
        messages_written: load.messages_written,
        messages_ingested,
        deliveries: load.deliveries,
        original_throughput: per_second(successful, until_slowest),
    }
}

/// How busy the load's threads were, and whether it may have been the limit; `None` if it neither
/// wrote nor requested anything.
pub(crate) fn load_use(load: &LoadReport, settings: &LoadSettings) -> Option<LoadUse> {
    let cpus = available_parallelism().map_or(1, |cpus| cpus.get() as u32);
    let measured = LoadUse {
        threads: load.threads.len() as u32,
        window_seconds: load.chat_seconds()?,
        busiest_share: load.busiest_share()?,
        may_be_limit: false,
        more_threads: load.more_threads(settings, cpus),
    };
    Some(measured.judged(load.messages_written.saturating_add(load.response_latency.count)))
}

fn seconds(from_ns: u64, to_ns: u64) -> f64 {
    to_ns.saturating_sub(from_ns) as f64 / 1e9
}

/// Attempts that ended `ok` without any SYN retransmission.
pub(crate) fn ok_first_try(rows: &[AttemptRow]) -> u64 {
    let at_once = |row: &&AttemptRow| row.outcome == Outcome::Ok && row.syn_retransmits == Some(0);
    rows.iter().filter(at_once).count() as u64
}

/// Who ended the incomplete attempts.
pub(crate) fn incomplete_by(rows: &[AttemptRow]) -> BTreeMap<EndedBy, u64> {
    let incomplete = rows.iter().filter(|row| row.outcome == Outcome::Incomplete);
    let mut counts = BTreeMap::new();
    for ended_by in incomplete.filter_map(|row| row.ended_by) {
        *counts.entry(ended_by).or_default() += 1;
    }
    counts
}

/// Attempts by their number of SYN retransmissions.
pub(crate) fn syn_retransmits(rows: &[AttemptRow]) -> BTreeMap<u32, u64> {
    let mut counts = BTreeMap::new();
    for retransmits in rows.iter().filter_map(|row| row.syn_retransmits) {
        *counts.entry(retransmits).or_default() += 1;
    }
    counts
}

/// Time from connect(2) to accept(2) of the accepted attempts.
pub(crate) fn accept_wait(rows: &[AttemptRow]) -> LatencySummary {
    let waits = rows.iter().filter_map(|row| Some(row.accepted_ns?.saturating_sub(row.start_ns)));
    summary(waits.collect())
}

/// Time from connect(2) to ESTABLISHED of the established attempts.
pub(crate) fn connect_latency(rows: &[AttemptRow]) -> LatencySummary {
    summary(rows.iter().filter_map(|row| row.connect_ns).collect())
}

/// Maximum time from connect(2) to the accept queue, for a client whose first SYN was
/// accepted: the kernel hands it over during the call.
const QUEUED_WITHIN_NS: u64 = 20_000;

/// Times between two accept(2) calls while connections wait: from each accept to the next,
/// if the connection of the next one was already queued. Those whose SYN was retransmitted
/// are left out, because the time at which they were queued is not known.
pub(crate) fn accept_interval(rows: &[AttemptRow]) -> LatencySummary {
    let mut accepts: Vec<_> = rows.iter().filter_map(|row| Some((row.accepted_ns?, row))).collect();
    accepts.sort_unstable_by_key(|&(at_ns, _)| at_ns);
    let intervals = accepts.windows(2).filter_map(|pair| {
        let [(before_ns, _), (next_ns, next)] = pair else { return None };
        let has_waited = next.syn_retransmits == Some(0)
            && next.start_ns.saturating_add(QUEUED_WITHIN_NS) <= *before_ns;
        has_waited.then(|| next_ns - before_ns)
    });
    summary(intervals.collect())
}

/// The distribution of these times, nanoseconds.
fn summary(mut times: Vec<u64>) -> LatencySummary {
    times.sort_unstable();
    let Some(&max_ns) = times.last() else { return LatencySummary::default() };
    // Nearest-rank percentile.
    let at = |part: f64| times[(part * times.len() as f64).ceil().max(1.0) as usize - 1];
    LatencySummary {
        count: times.len() as u64,
        mean_ns: times.iter().map(|&ns| ns as f64).sum::<f64>() / times.len() as f64,
        p50_ns: at(0.5),
        p90_ns: at(0.9),
        p99_ns: at(0.99),
        p999_ns: at(0.999),
        max_ns,
    }
}

/// Histogram of the connect times of established attempts, as in the load's
/// latency summary.
pub(crate) fn connect_histogram(rows: &[AttemptRow]) -> LatencyHistogram {
    rows.iter().filter_map(|row| row.connect_ns).collect()
}

/// Histogram of the response times; none without answers.
pub(crate) fn response_histogram(load: &LoadReport) -> Option<LatencyHistogram> {
    (!load.response_histogram.is_empty()).then(|| load.response_histogram.clone())
}

/// A scenario's expectations as checks, each with its reason and its facts. A disturbed trial
/// does not decide those whose facts depend on who got the CPUs.
pub(crate) fn checks(
    results: Vec<scenario::ExpectationResult>,
    disturbance: Option<&Disturbance>,
) -> Vec<Check> {
    results
        .into_iter()
        .map(|result| {
            let is_decided = result.error.is_some()
                || disturbance.is_none_or(|it| {
                    it.decides_expectation(result.facts.keys().map(String::as_str))
                });
            let undecided = disturbance.filter(|_| !is_decided && result.held.is_some());
            let undecided = undecided.map(|it| format!("not decided: {}", it.describe()));
            let facts = result.facts.iter().map(|(name, value)| format!("{name} was {value}"));
            let facts = Some(facts.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty());
            let detail: Vec<_> =
                [undecided, result.because, result.error, facts].into_iter().flatten().collect();
            let held = result.held.filter(|_| is_decided);
            Check { name: result.that, held, detail: detail.join("; ") }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use load_generator::ThreadUse;

    use super::*;

    #[test]
    fn the_histogram_counts_exactly_the_connected_attempts() {
        let row = |connect_ns, outcome| AttemptRow {
            connect_ns,
            ..AttemptRow::new(outcome, 5, 3_000_000_000)
        };
        let rows = [
            row(Some(40_000), Outcome::Ok),
            row(None, Outcome::TimedOut),
            row(Some(1_000_300_000), Outcome::Phantom),
            row(Some(1_000_900_000), Outcome::Incomplete),
        ];
        let bins: Vec<_> =
            connect_histogram(&rows).bins().map(|bin| (bin.from_ns, bin.count)).collect();
        assert_eq!(bins, [(39_811, 1), (1_000_000_000, 2)]);
    }

    #[test]
    fn a_busy_thread_of_the_load_is_recorded_with_its_trial() {
        let busy = |messages_written| {
            let thread = ThreadUse { cpu_seconds: 1.9, run_delay_seconds: None };
            let load = LoadReport {
                messages_written,
                chat_window_ns: Some((1_000_000_000, 3_000_000_000)),
                threads: vec![thread],
                ..LoadReport::default()
            };
            load_use(&load, &LoadSettings::default()).expect("it wrote")
        };
        let of = busy(100);
        assert_eq!((of.threads, of.window_seconds, of.busiest_share), (1, 2.0, 0.95));
        assert!(of.may_be_limit);
        assert!(!busy(10).may_be_limit);
        assert_eq!(load_use(&LoadReport::default(), &LoadSettings::default()), None);
    }

    #[test]
    fn the_window_of_the_rates_lasts_until_the_server_has_read_everything() {
        let second = 1_000_000_000;
        let load = LoadReport {
            messages_written: 100,
            deliveries: 50,
            chat_window_ns: Some((second, 2 * second)),
            ..LoadReport::default()
        };
        let server = |last| ServerReport {
            messages_ingested: 80,
            ingest_window_ns: Some((second, last)),
            ..ServerReport::default()
        };
        let rates = |server: Option<&ServerReport>| {
            rates(&load, server, &OutcomeCounts::default(), &LoadSettings::default())
        };
        let slow = rates(Some(&server(5 * second)));
        assert_eq!((slow.offered, slow.ingested, slow.delivered), (25.0, Some(20.0), 12.5));
        let quick = rates(Some(&server(2 * second)));
        assert_eq!((quick.offered, quick.ingested, quick.delivered), (100.0, Some(80.0), 50.0));
        let dead = rates(None);
        assert_eq!((dead.offered, dead.ingested, dead.delivered), (100.0, None, 50.0));
    }
}
