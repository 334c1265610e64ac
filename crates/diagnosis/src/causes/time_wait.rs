//! What closed connections leave at the server.

use linux_net::{Counter, Sysctl};
use queue_model::time_wait::LENGTH;
use run_record::StateSummary;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, seconds};
use run_view::TrialView;

const OVERFLOW: Counter = Counter::TcpTimeWaitOverflow;

/// A stay in FIN_WAIT_2 from which on it is not a client that was about to close,
/// seconds.
const ORPHANED_SECONDS: f64 = 1.0;

/// How many stood, how long, and what decides about it.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let waiting = all.filter_some(|trial| trial.state("time_wait").is_some());
    let orphans = all.filter_some(|trial| orphaned(trial).is_some());
    let capped = all.filter_some(|trial| trial.server(OVERFLOW) > 0);
    if waiting.is_none() && orphans.is_none() && capped.is_none() {
        return None;
    }
    let lead = "Closed connections left sockets behind at the server.";
    let sentences = [
        waiting.as_ref().and_then(stood),
        orphans.as_ref().and_then(orphans_of),
        capped.as_ref().and_then(buckets),
        waiting.is_some().then(|| {
            "No setting shortens TIME_WAIT; whoever closes first has it (server.closes_first), and \
             nobody after an RST."
                .to_owned()
        }),
    ];
    Some(Paragraph::cause(lead, sentences.into_iter().flatten()))
}

fn stood(trials: &TrialSet<'_>) -> Option<String> {
    let most = trials.range(|trial| Some(trial.state("time_wait")?.most.into()))?;
    let closed = match trials.values("server.closes_first").as_deref() {
        Some("server") => " (it closes first)",
        _ => "",
    };
    let how_long = for_how_long(trials, "time_wait").map_or_else(
        || "and still did when the trial was over".to_owned(),
        |time| {
            format!("for {time} (TCP_TIMEWAIT_LEN, a constant, says {})", words::duration(LENGTH))
        },
    );
    Some(format!("{most} stood in TIME_WAIT at the server{closed}{}, {how_long}.", trials.place()))
}

fn orphans_of(trials: &TrialSet<'_>) -> Option<String> {
    let most = trials.range(|trial| Some(orphaned(trial)?.most.into()))?;
    Some(format!(
        "{most} stood in FIN_WAIT_2{}, closed by the server and not by the client, as long as \
         net.ipv4.tcp_fin_timeout says: {}.",
        trials.place(),
        orphans_stood(trials)?
    ))
}

/// How long orphaned FIN_WAIT_2 stood, by tcp_fin_timeout.
pub(crate) fn orphans_stood(trials: &TrialSet<'_>) -> Option<String> {
    let by_timeout = trials.group_by(|trial| trial.server_number(Sysctl::TcpFinTimeout));
    let times = by_timeout.into_iter().filter_map(|(timeout, trials)| {
        let stood = trials.spread(|trial| orphaned(trial).and_then(|seen| seen.stood_seconds()))?;
        Some(format!("{} where it is {timeout}", seconds(stood.max)))
    });
    words::listed(&times.collect::<Vec<_>>())
}

/// Sockets in FIN_WAIT_2 that waited for their timer, and had all gone at the
/// end.
pub(crate) fn orphaned(trial: &TrialView<'_>) -> Option<StateSummary> {
    let waited = |seen: &StateSummary| seen.stood_seconds().is_some_and(|s| s >= ORPHANED_SECONDS);
    all_left(trial, "fin_wait_2").filter(waited)
}

fn buckets(trials: &TrialSet<'_>) -> Option<String> {
    let cap = trials.sysctls(|trial| trial.server_sysctl(Sysctl::TcpMaxTwBuckets))?;
    Some(format!(
        "net.ipv4.tcp_max_tw_buckets ({cap}) caps the sockets in TIME_WAIT: {} were closed at once and had no TIME_WAIT \
         ({OVERFLOW}){}.",
        counted(trials.sum(|trial| trial.server(OVERFLOW))),
        trials.place()
    ))
}

/// How long sockets were in a state, where all of them were seen to leave it.
fn for_how_long(trials: &TrialSet<'_>, state: &str) -> Option<String> {
    let time = |trial: &TrialView<'_>| all_left(trial, state).and_then(|seen| seen.stood_seconds());
    let spread = trials.spread(time)?;
    let (least, most) = (seconds(spread.min), seconds(spread.max));
    Some(if least == most { most } else { format!("{least} to {most}") })
}

/// A state that sockets were seen in and that all of them had left at the end.
fn all_left(trial: &TrialView<'_>, state: &str) -> Option<StateSummary> {
    trial.state(state).filter(|seen| seen.left == 0)
}
