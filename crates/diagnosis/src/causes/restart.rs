//! A server that was restarted on its port.

use std::collections::BTreeSet;

use run_view::TrialView;

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::several;

/// Whether bind(2) refused the restarted server, for how long, and how to avoid that.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: is_refused,
            claims: &[],
            text: |_, _| Some("bind(2) refused the restarted server its own port.".into()),
        },
        Statement {
            needs: is_at_once,
            claims: &[],
            text: |_, _| Some("The restarted server could bind its port at once.".into()),
        },
    ],
    statements: &[
        Statement { needs: is_refused, claims: &[], text: |refused, _| Some(refusals(refused)) },
        Statement { needs: is_at_once, claims: &[], text: |at_once, _| immediate(at_once) },
        Statement {
            needs: |trial| trial.record.restart.is_some() && waits(trial),
            claims: &[Claim::Observed("time_wait")],
            text: |_, _| {
                Some(
                    "While a socket of the port is in TIME_WAIT, bind(2) succeeds only if both the new listener \
                     and the previous one, from which connections inherit the option, have SO_REUSEADDR (or \
                     both SO_REUSEPORT)."
                        .into(),
                )
            },
        },
        Statement {
            needs: |trial| {
                let old =
                    trial.setting("server.reuse_address").and_then(serde_json::Value::as_bool);
                is_refused(trial) && waits(trial) && old == Some(false)
            },
            claims: &[Claim::Set("server.reuse_address", "true"), Claim::Observed("time_wait")],
            text: |_, _| {
                Some(
                    "Set server.reuse_address before the first start, not only in the restarted server."
                        .into(),
                )
            },
        },
        Statement {
            needs: |trial| {
                let both = options(trial) == (true, false);
                is_refused(trial) && waits(trial) && both
            },
            claims: &[
                Claim::Set("after.restart_reuse_address", "true"),
                Claim::Observed("time_wait"),
            ],
            text: |_, _| {
                Some("Set it in the restarted server too (after.restart_reuse_address).".into())
            },
        },
        Statement {
            needs: |trial| {
                let server_first = trial.text("server.closes_first") == Some("server");
                is_refused(trial) && waits(trial) && server_first
            },
            claims: &[Claim::Set("server.closes_first", "client"), Claim::Observed("time_wait")],
            text: |_, _| {
                Some(
                    "If the client closes first, the client has the TIME_WAIT, and none keeps the server from \
                     its port."
                        .into(),
                )
            },
        },
    ],
};

fn is_refused(trial: &TrialView<'_>) -> bool {
    times_refused(trial) > 0
}

fn is_at_once(trial: &TrialView<'_>) -> bool {
    times_refused(trial) == 0 && came_up(trial).is_some()
}

fn waits(trial: &TrialView<'_>) -> bool {
    trial.state("time_wait").is_some()
}

fn refusals(refused: &TrialSet<'_>) -> Sentence {
    let error = refused.iter().find_map(|trial| trial.record.restart.as_ref()?.refusal.clone());
    let error = error.map_or(String::new(), |error| format!(" (\"{}\")", shorten(&error)));
    let until = match refused.seconds(came_up) {
        Some(time) => format!(", until {time} after the last client had left"),
        None => ", and it did not start in time".to_owned(),
    };
    let text = format!(
        "Its start failed {}{}{error}{until}: {}.",
        several(refused.sum(times_refused), "time"),
        refused.place(),
        circumstances(refused)
    );
    text.into()
}

fn immediate(at_once: &TrialSet<'_>) -> Option<Sentence> {
    let text = format!(
        "It listened again {} after the last client had left{}: {}.",
        at_once.seconds(came_up)?,
        at_once.place(),
        circumstances(at_once)
    );
    Some(text.into())
}

/// Which side had closed first, and which sockets had the option.
fn circumstances(trials: &TrialSet<'_>) -> String {
    let by_closer =
        trials.group_by(|trial| Some(trial.text("server.closes_first").unwrap_or("client")));
    let written: Vec<_> = by_closer
        .iter()
        .map(|(first, trials)| {
            let options: BTreeSet<_> = trials.iter().map(options).collect();
            let time_wait = trials.most_in("time_wait");
            let time_wait =
                time_wait.map_or(String::new(), |count| format!(", {count} were in TIME_WAIT"));
            let which: Vec<_> = options.iter().map(|&options| on(options).to_owned()).collect();
            let which = match options.len() {
                4 => "with any setting of SO_REUSEADDR".to_owned(),
                _ => format!("with SO_REUSEADDR on {}", either(&which)),
            };
            format!("where the {first} had closed first{time_wait}, {which}")
        })
        .collect();
    written.join("; ")
}

/// An error without its number and its hint.
fn shorten(error: &str) -> &str {
    let error = error.split_once(" (os error").map_or(error, |(text, _)| text);
    error.split_once(';').map_or(error, |(text, _)| text).trim_end_matches('.')
}

/// `a`, `a or b`, `a, b or c`.
fn either(parts: &[String]) -> String {
    match parts {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        parts => parts.concat(),
    }
}

/// Which sockets had SO_REUSEADDR, of the old one and the new.
fn on(options: (bool, bool)) -> &'static str {
    match options {
        (false, false) => "neither socket",
        (false, true) => "only the new socket",
        (true, false) => "only the old socket",
        (true, true) => "both sockets",
    }
}

/// Whether the old listener and the new one had SO_REUSEADDR.
pub(crate) fn options(trial: &TrialView<'_>) -> (bool, bool) {
    let old = trial.is_set("server.reuse_address");
    let new = trial.setting("after.restart_reuse_address").and_then(serde_json::Value::as_bool);
    (old, new.unwrap_or(old))
}

/// How many starts failed.
pub(crate) fn times_refused(trial: &TrialView<'_>) -> u64 {
    trial.record.restart.as_ref().map_or(0, |restart| restart.refused.into())
}

/// When it listened again, seconds after the last client left.
pub(crate) fn came_up(trial: &TrialView<'_>) -> Option<f64> {
    trial.record.restart.as_ref()?.seconds
}
