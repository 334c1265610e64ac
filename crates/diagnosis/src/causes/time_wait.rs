//! Sockets that closed connections leave at the server.

use linux_net::{Counter, Sysctl};
use queue_model::time_wait::LENGTH;
use queue_model::timer::TOLERANCE;
use run_record::StateSummary;
use run_view::TrialView;

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, seconds};

const OVERFLOW: Counter = Counter::TcpTimeWaitOverflow;
const FIN_TIMEOUT: Sysctl = Sysctl::TcpFinTimeout;
const MAX_BUCKETS: Sysctl = Sysctl::TcpMaxTwBuckets;
const TIME_WAIT: &str = "time_wait";
const FIN_WAIT_2: &str = "fin_wait_2";

/// The shortest time in FIN_WAIT_2 that shows an orphan and not a client that was about
/// to close, seconds.
const MIN_ORPHANED_SECONDS: f64 = 1.0;

/// How much the measured end of a timer can differ from its nominal end because of the
/// samples, seconds.
const SAMPLING_SECONDS: f64 = 0.6;

/// How many sockets remained, for how long, and which setting decides.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: |trial| waits(trial) || orphaned(trial).is_some() || trial.server(OVERFLOW) > 0,
        claims: &[],
        text: |_, _| Some("Closed connections left sockets at the server.".into()),
    }],
    statements: &[
        Statement {
            needs: |trial| waits(trial) && if_all_left(trial, TIME_WAIT).is_some(),
            claims: &[Claim::Observed(TIME_WAIT)],
            text: |waiting, _| {
                let lasted =
                    waiting.seconds(|trial| if_all_left(trial, TIME_WAIT)?.duration_seconds())?;
                let length = words::duration(LENGTH);
                let how_long = format!("for {lasted} (the constant TCP_TIMEWAIT_LEN is {length})");
                time_wait(waiting, &how_long)
            },
        },
        Statement {
            needs: |trial| trial.state(TIME_WAIT).is_some_and(|seen| seen.left > 0),
            claims: &[Claim::Observed(TIME_WAIT)],
            text: |waiting, _| {
                let left = waiting.range(|trial| Some(trial.state(TIME_WAIT)?.left.into()))?;
                time_wait(waiting, &format!("and {left} still were at the end of the trial"))
            },
        },
        Statement {
            needs: |trial| orphaned(trial).is_some(),
            claims: &[Claim::Observed(FIN_WAIT_2)],
            text: |orphans, _| orphans_in_fin_wait_2(orphans),
        },
        Statement {
            needs: |trial| trial.server(OVERFLOW) > 0,
            claims: &[Claim::ServerCounted(OVERFLOW)],
            text: |capped, _| buckets(capped),
        },
        Statement {
            needs: waits,
            claims: &[Claim::Observed(TIME_WAIT)],
            text: |waiting, _| {
                let setting = match waiting.all(TrialView::is_chat) {
                    true => " (server.closes_first)",
                    false => "",
                };
                let text = format!(
                    "No setting shortens TIME_WAIT; the side that closes first has it{setting}, and neither side \
                     after an RST."
                );
                Some(text.into())
            },
        },
    ],
};

fn waits(trial: &TrialView<'_>) -> bool {
    trial.state(TIME_WAIT).is_some()
}

fn time_wait(trials: &TrialSet<'_>, how_long: &str) -> Option<Sentence> {
    let most = trials.most_in(TIME_WAIT)?;
    let closed = match trials.values("server.closes_first").as_deref() {
        Some("server") => " (it closes first)",
        _ => "",
    };
    let place = trials.place();
    Some(format!("{most} were in TIME_WAIT at the server{closed}{place}, {how_long}.").into())
}

fn orphans_in_fin_wait_2(trials: &TrialSet<'_>) -> Option<Sentence> {
    let most = trials.range(|trial| Some(orphaned(trial)?.most.into()))?;
    let beyond = trials.any(|trial| u64::from(timeout(trial).unwrap_or(0)) > LENGTH.as_secs());
    let note = match beyond {
        true => format!(
            " (above {} the kernel waits twice for the excess over it)",
            words::duration(LENGTH)
        ),
        false => String::new(),
    };
    let text = format!(
        "{most} were in FIN_WAIT_2{}, closed by the server but not by the client, for the time of \
         {FIN_TIMEOUT}: {}{note}.",
        trials.place(),
        orphan_times(trials)?
    );
    Some(text.into())
}

/// How long orphans stayed in FIN_WAIT_2, by tcp_fin_timeout.
pub(crate) fn orphan_times(trials: &TrialSet<'_>) -> Option<String> {
    let by_timeout = trials.group_by(timeout);
    let times = by_timeout.into_iter().filter_map(|(timeout, trials)| {
        let time =
            trials.spread(|trial| orphaned(trial).and_then(|seen| seen.duration_seconds()))?;
        Some(format!("{} where it is {timeout}", seconds(time.max)))
    });
    words::listed(&times.collect::<Vec<_>>())
}

fn timeout(trial: &TrialView<'_>) -> Option<u32> {
    trial.server_number(FIN_TIMEOUT)
}

/// Sockets in FIN_WAIT_2 that waited for the timer of tcp_fin_timeout, all of which had ended
/// at the end of the trial.
pub(crate) fn orphaned(trial: &TrialView<'_>) -> Option<StateSummary> {
    let length = LENGTH.as_secs_f64();
    let nominal = match f64::from(timeout(trial)?) {
        // tcp_rcv_state_process sets a timer for the excess, and tcp_keepalive_timer
        // another one for the same time.
        long if long > length => 2.0 * (long - length),
        time => time,
    };
    let waited = |seen: &StateSummary| {
        seen.duration_seconds().is_some_and(|lasted| {
            let late = nominal * (1.0 + 2.0 * TOLERANCE) + SAMPLING_SECONDS;
            lasted >= MIN_ORPHANED_SECONDS.max(nominal - SAMPLING_SECONDS) && lasted <= late
        })
    };
    if_all_left(trial, FIN_WAIT_2).filter(waited)
}

fn buckets(trials: &TrialSet<'_>) -> Option<Sentence> {
    let cap = trials.sysctls(|trial| trial.server_sysctl(MAX_BUCKETS))?;
    let text = format!(
        "{MAX_BUCKETS} ({cap}) limits the sockets in TIME_WAIT: {} were closed at once \
         and had no TIME_WAIT ({OVERFLOW}){}.",
        counted(trials.server(OVERFLOW)),
        trials.place()
    );
    Some(text.into())
}

/// The samples of a state that all sockets had left at the end.
fn if_all_left(trial: &TrialView<'_>, state: &str) -> Option<StateSummary> {
    trial.state(state).filter(|seen| seen.left == 0)
}
