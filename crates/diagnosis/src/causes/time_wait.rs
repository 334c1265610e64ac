//! Sockets that closed connections leave at the server.

use linux_net::{Counter, Sysctl};
use queue_model::time_wait::LENGTH;
use run_record::StateSummary;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, seconds};
use run_view::TrialView;

const OVERFLOW: Counter = Counter::TcpTimeWaitOverflow;
const FIN_TIMEOUT: Sysctl = Sysctl::TcpFinTimeout;
const MAX_BUCKETS: Sysctl = Sysctl::TcpMaxTwBuckets;

/// The shortest time in FIN_WAIT_2 that shows an orphan and not a client that was about
/// to close, seconds.
const MIN_ORPHANED_SECONDS: f64 = 1.0;

/// How many sockets remained, for how long, and which setting decides.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let waiting = all.filter_some(|trial| trial.state("time_wait").is_some());
    let orphans = all.filter_some(|trial| orphaned(trial).is_some());
    let capped = all.filter_some(|trial| trial.server(OVERFLOW) > 0);
    if waiting.is_none() && orphans.is_none() && capped.is_none() {
        return None;
    }
    let lead = "Closed connections left sockets at the server.";
    let sentences = [
        waiting.as_ref().and_then(time_wait),
        orphans.as_ref().and_then(orphans_in_fin_wait_2),
        capped.as_ref().and_then(buckets),
        waiting.is_some().then(|| {
            "No setting shortens TIME_WAIT; the side that closes first has it (server.closes_first), and \
             neither side after an RST."
                .to_owned()
        }),
    ];
    Some(Paragraph::cause(lead, sentences.into_iter().flatten()))
}

fn time_wait(trials: &TrialSet<'_>) -> Option<String> {
    let most = trials.range(|trial| Some(trial.state("time_wait")?.most.into()))?;
    let closed = match trials.values("server.closes_first").as_deref() {
        Some("server") => " (it closes first)",
        _ => "",
    };
    let how_long = duration_in(trials, "time_wait").map_or_else(
        || "and still were at the end of the trial".to_owned(),
        |time| format!("for {time} (the constant TCP_TIMEWAIT_LEN is {})", words::duration(LENGTH)),
    );
    Some(format!("{most} were in TIME_WAIT at the server{closed}{}, {how_long}.", trials.place()))
}

fn orphans_in_fin_wait_2(trials: &TrialSet<'_>) -> Option<String> {
    let most = trials.range(|trial| Some(orphaned(trial)?.most.into()))?;
    Some(format!(
        "{most} were in FIN_WAIT_2{}, closed by the server but not by the client, for the time of \
         {FIN_TIMEOUT}: {}.",
        trials.place(),
        orphan_times(trials)?
    ))
}

/// How long orphans stayed in FIN_WAIT_2, by tcp_fin_timeout.
pub(crate) fn orphan_times(trials: &TrialSet<'_>) -> Option<String> {
    let by_timeout = trials.group_by(|trial| trial.server_number(FIN_TIMEOUT));
    let times = by_timeout.into_iter().filter_map(|(timeout, trials)| {
        let time =
            trials.spread(|trial| orphaned(trial).and_then(|seen| seen.duration_seconds()))?;
        Some(format!("{} where it is {timeout}", seconds(time.max)))
    });
    words::listed(&times.collect::<Vec<_>>())
}

/// Sockets in FIN_WAIT_2 that waited for their timer, all of which had ended at the end
/// of the trial.
pub(crate) fn orphaned(trial: &TrialView<'_>) -> Option<StateSummary> {
    let waited =
        |seen: &StateSummary| seen.duration_seconds().is_some_and(|s| s >= MIN_ORPHANED_SECONDS);
    if_all_left(trial, "fin_wait_2").filter(waited)
}

fn buckets(trials: &TrialSet<'_>) -> Option<String> {
    let cap = trials.sysctls(|trial| trial.server_sysctl(MAX_BUCKETS))?;
    Some(format!(
        "{MAX_BUCKETS} ({cap}) limits the sockets in TIME_WAIT: {} were closed at once \
         and had no TIME_WAIT ({OVERFLOW}){}.",
        counted(trials.sum(|trial| trial.server(OVERFLOW))),
        trials.place()
    ))
}

/// How long sockets were in a state, if all of them left it during the trial.
fn duration_in(trials: &TrialSet<'_>, state: &str) -> Option<String> {
    let time =
        |trial: &TrialView<'_>| if_all_left(trial, state).and_then(|seen| seen.duration_seconds());
    let spread = trials.spread(time)?;
    let (least, most) = (seconds(spread.min), seconds(spread.max));
    Some(if least == most { most } else { format!("{least} to {most}") })
}

/// The samples of a state that all sockets had left at the end.
fn if_all_left(trial: &TrialView<'_>, state: &str) -> Option<StateSummary> {
    trial.state(state).filter(|seen| seen.left == 0)
}
