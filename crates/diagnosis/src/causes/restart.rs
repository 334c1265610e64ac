//! A server that was restarted on its port.

use std::collections::BTreeSet;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{seconds, several};
use run_view::TrialView;

/// Whether bind(2) refused the restarted server, for how long, and how to avoid that.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let restarted = all.filter_some(|trial| trial.record.restart.is_some())?;
    let refused = restarted.filter_some(|trial| times_refused(trial) > 0);
    let at_once =
        restarted.filter_some(|trial| times_refused(trial) == 0 && came_up(trial).is_some());
    let lead = match refused {
        Some(_) => "bind(2) refused the restarted server its own port.",
        None => "The restarted server could bind its port at once.",
    };
    let mut sentences = Vec::new();
    sentences.extend(refused.as_ref().map(refusals));
    sentences.extend(at_once.as_ref().and_then(immediate));
    let beside_time_wait = restarted.any(|trial| trial.state("time_wait").is_some());
    if refused.is_some() || beside_time_wait {
        sentences.push(
            "While a socket of the port is in TIME_WAIT, bind(2) succeeds only if both the new listener \
             and the previous one, from which connections inherit the option, have SO_REUSEADDR (or \
             both SO_REUSEPORT)."
                .to_owned(),
        );
    }
    if refused.is_some() {
        sentences.push(
            "Set server.reuse_address before the first start, not only in the restarted server; or let \
             the client close first, so that the client has the TIME_WAIT."
                .to_owned(),
        );
    }
    Some(Paragraph::cause(lead, sentences))
}

fn refusals(refused: &TrialSet<'_>) -> String {
    let error = refused.iter().find_map(|trial| trial.record.restart.as_ref()?.refusal.clone());
    let error = error.map_or(String::new(), |error| format!(" (\"{}\")", shorten(&error)));
    let until = match spread(refused) {
        Some(time) => format!(", until {time} after the last client had left"),
        None => ", and it did not start in time".to_owned(),
    };
    format!(
        "Its start failed {}{}{error}{until}: {}.",
        several(refused.sum(times_refused), "time"),
        refused.place(),
        circumstances(refused)
    )
}

fn immediate(at_once: &TrialSet<'_>) -> Option<String> {
    Some(format!(
        "It listened again {} after the last client had left{}: {}.",
        spread(at_once)?,
        at_once.place(),
        circumstances(at_once)
    ))
}

fn spread(trials: &TrialSet<'_>) -> Option<String> {
    let spread = trials.spread(came_up)?;
    let (least, most) = (seconds(spread.min), seconds(spread.max));
    Some(if least == most { most } else { format!("{least} to {most}") })
}

/// Which side had closed first, and which sockets had the option.
fn circumstances(trials: &TrialSet<'_>) -> String {
    let by_closer =
        trials.group_by(|trial| Some(trial.text("server.closes_first").unwrap_or("client")));
    let written: Vec<_> = by_closer
        .iter()
        .map(|(first, trials)| {
            let options: BTreeSet<_> = trials.iter().map(options).collect();
            let time_wait = trials.range(|trial| Some(trial.state("time_wait")?.most.into()));
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
