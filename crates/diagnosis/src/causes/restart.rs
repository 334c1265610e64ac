//! A server that was started again on its port.

use std::collections::BTreeSet;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{seconds, several};
use run_view::TrialView;

/// Where it was refused, for how long, and what lets it in.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let restarted = all.filter_some(|trial| trial.record.restart.is_some())?;
    let refused = restarted.filter_some(|trial| times_refused(trial) > 0);
    let at_once =
        restarted.filter_some(|trial| times_refused(trial) == 0 && came_up(trial).is_some());
    let lead = match refused {
        Some(_) => "bind(2) refused the restarted server its own port.",
        None => "The restarted server had its port back at once.",
    };
    let mut sentences = Vec::new();
    sentences.extend(refused.as_ref().map(told));
    sentences.extend(at_once.as_ref().and_then(listened));
    let beside_time_wait = restarted.any(|trial| trial.state("time_wait").is_some());
    if refused.is_some() || beside_time_wait {
        sentences.push(
            "Beside a socket in TIME_WAIT, bind(2) succeeds only if both have SO_REUSEADDR, the new \
             socket and the one before it, from which connections inherit it (or both SO_REUSEPORT)."
                .to_owned(),
        );
    }
    if refused.is_some() {
        sentences.push(
            "So set server.reuse_address before the first start, not in the restarted server alone; \
             or let the client close first: then TIME_WAIT is the client's."
                .to_owned(),
        );
    }
    Some(Paragraph::cause(lead, sentences))
}

fn told(refused: &TrialSet<'_>) -> String {
    let said = refused.iter().find_map(|trial| trial.record.restart.as_ref()?.refusal.clone());
    let said = said.map_or(String::new(), |said| format!(" (\"{}\")", in_short(&said)));
    let until = match spread(refused) {
        Some(time) => format!(", until {time} after the last client had left"),
        None => ", and it did not come up in time".to_owned(),
    };
    format!(
        "It was started in vain {}{}{said}{until}: {}.",
        several(refused.sum(times_refused), "time"),
        refused.place(),
        who(refused)
    )
}

fn listened(at_once: &TrialSet<'_>) -> Option<String> {
    Some(format!(
        "It listened again {} after the last client had left{}: {}.",
        spread(at_once)?,
        at_once.place(),
        who(at_once)
    ))
}

fn spread(trials: &TrialSet<'_>) -> Option<String> {
    let spread = trials.spread(came_up)?;
    let (least, most) = (seconds(spread.min), seconds(spread.max));
    Some(if least == most { most } else { format!("{least} to {most}") })
}

/// What these had done before, and with which options.
fn who(trials: &TrialSet<'_>) -> String {
    let by_closer =
        trials.group_by(|trial| Some(trial.text("server.closes_first").unwrap_or("client")));
    let written: Vec<_> = by_closer
        .iter()
        .map(|(first, trials)| {
            let options: BTreeSet<_> = trials.iter().map(options).collect();
            let standing = trials.range(|trial| Some(trial.state("time_wait")?.most.into()));
            let standing =
                standing.map_or(String::new(), |most| format!(", {most} stood in TIME_WAIT"));
            let which: Vec<_> = options.iter().map(|&options| on(options).to_owned()).collect();
            let which = match options.len() {
                4 => "whoever had SO_REUSEADDR".to_owned(),
                _ => format!("with SO_REUSEADDR on {}", either(&which)),
            };
            format!("where the {first} had closed first{standing}, {which}")
        })
        .collect();
    written.join("; ")
}

/// What a server said, without its number and its advice.
fn in_short(said: &str) -> &str {
    let said = said.split_once(" (os error").map_or(said, |(said, _)| said);
    said.split_once(';').map_or(said, |(said, _)| said).trim_end_matches('.')
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
        (false, true) => "the new socket alone",
        (true, false) => "the old socket alone",
        (true, true) => "both sockets",
    }
}

/// Whether the old listener and the new one had SO_REUSEADDR.
pub(crate) fn options(trial: &TrialView<'_>) -> (bool, bool) {
    let old = trial.is("server.reuse_address");
    let new = trial.setting("after.restart_reuse_address").and_then(serde_json::Value::as_bool);
    (old, new.unwrap_or(old))
}

/// How often it was started in vain.
pub(crate) fn times_refused(trial: &TrialView<'_>) -> u64 {
    trial.record.restart.as_ref().map_or(0, |restart| restart.refused.into())
}

/// When it listened again, seconds from the last client's leaving.
pub(crate) fn came_up(trial: &TrialView<'_>) -> Option<f64> {
    trial.record.restart.as_ref()?.seconds
}
