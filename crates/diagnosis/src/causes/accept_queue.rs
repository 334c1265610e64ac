//! The accept queue was full.

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, several};
use linux_net::{Counter, Sysctl};
use run_view::LimitingSetting;
use run_view::TrialView;

const SOMAXCONN: Sysctl = Sysctl::Somaxconn;
const OVERFLOWS: Counter = Counter::ListenOverflows;

/// The dropped segments, the limit that decided, and a limit that would have sufficed.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let full = all.filter_some(|trial| trial.server(OVERFLOWS) > 0)?;
    let overflows = full.sum(|trial| trial.server(OVERFLOWS));
    let lead = "The accept queue, where established connections wait for accept(2), was full.";
    let mut sentences = vec![format!(
        "The server's kernel therefore dropped {} ({OVERFLOWS}){}: SYNs, or the last ACKs of \
         handshakes.",
        several(overflows, "segment"),
        full.place(),
    )];
    sentences.extend(limit(&full));
    sentences.extend(remedy(&full));
    sentences.extend(elsewhere(all));
    Some(Paragraph::cause(lead, sentences))
}

/// Which of backlog and somaxconn decided, and how much the queue holds.
fn limit(full: &TrialSet<'_>) -> Option<String> {
    let setting = full.first()?.backlog()?.0;
    let decided = |smaller| full.filter_some(|trial| trial.limiting_setting() == Some(smaller));
    let somaxconn = |trials: &TrialSet<'_>| trials.sysctls(|trial| trial.server_sysctl(SOMAXCONN));
    let by_backlog = decided(LimitingSetting::Backlog).and_then(|trials| {
        let (values, larger) = (trials.values(setting)?, somaxconn(&trials)?);
        Some(format!("{setting} ({values}, with {SOMAXCONN} {larger}){}", trials.place()))
    });
    let by_somaxconn = decided(LimitingSetting::Somaxconn).and_then(|trials| {
        let (values, asked) = (somaxconn(&trials)?, trials.values(setting)?);
        Some(format!("{SOMAXCONN} ({values}, with {setting} {asked}){}", trials.place()))
    });
    let decided: Vec<_> = [by_backlog, by_somaxconn].into_iter().flatten().collect();
    // Not the sampled depth: a queue can be full for less than a sampling interval.
    let capacity = full.range(|trial| Some(u64::from(trial.limit()?) + 1))?;
    Some(format!(
        "Its limit is the smaller of backlog and somaxconn, here {}; it holds one more than its \
         limit, {capacity}.",
        words::listed(&decided)?
    ))
}

/// The limit with which no client would have found it full.
fn remedy(full: &TrialSet<'_>) -> Option<String> {
    let setting = full.first()?.backlog()?.0;
    let enough = full.iter().map(TrialView::clients).max()?.saturating_sub(1);
    let somaxconn = |trial: &TrialView<'_>| trial.server_number(SOMAXCONN).map(u64::from);
    let too_small = full.filter_some(|trial| somaxconn(trial).is_some_and(|n| n < enough));
    let raise = match too_small {
        Some(_) => {
            format!("A {setting} of {} and a {SOMAXCONN} at least as large", words::counted(enough))
        }
        None => format!("A {setting} of {}", words::counted(enough)),
    };
    let clients = match full.range(|trial| Some(trial.clients())) {
        Some(range) if range.contains(" to ") => format!("each burst of {range} clients"),
        Some(all) => format!("all {all} clients"),
        None => return None,
    };
    let values = full.sysctls(|trial| trial.server_sysctl(SOMAXCONN));
    let obstacle = match (&too_small, values) {
        (None, Some(values)) => format!(" ({SOMAXCONN}, {values}, is large enough)"),
        _ => String::new(),
    };
    Some(match full.all(TrialView::accepts_nothing) {
        true => format!(
            "{raise} would have room for {clients}{obstacle}; nothing else makes room here, because the \
             server accepted nothing while they connected."
        ),
        false => format!(
            "{raise} has room for {clients}, regardless of how fast the server accepts{obstacle}; a server \
             that accepts faster needs less."
        ),
    })
}

/// The cells in which all clients fitted.
fn elsewhere(all: &TrialSet<'_>) -> Option<String> {
    let fits = |trial: &TrialView<'_>| {
        let fits = trial.limit().is_some_and(|limit| trial.clients() <= u64::from(limit) + 1);
        fits && trial.server(Counter::ListenDrops) == 0
    };
    let fitting = all.filter_some(fits)?;
    let place = words::sentence(&fitting.place());
    (!place.is_empty())
        .then(|| format!("{place} it had room for all clients, and nothing was dropped."))
}
