//! The accept queue was full.

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, several};
use linux_net::{Counter, Sysctl};
use run_view::Smaller;
use run_view::TrialView;

const SOMAXCONN: Sysctl = Sysctl::Somaxconn;

/// By how much, where, by which of the two settings, and what would hold it.
pub(crate) fn reason(all: &TrialSet<'_>) -> Option<Paragraph> {
    let full = all.some_that(|case| case.server(Counter::ListenOverflows) > 0)?;
    let overflows = full.sum(|case| case.server(Counter::ListenOverflows));
    let lead = "The accept queue, where finished connections wait for accept(2), was full.";
    let mut sentences = vec![format!(
        "For that the server's kernel dropped {} (TcpExt.ListenOverflows){}: SYNs, or the last ACKs of \
         handshakes.",
        several(overflows, "segment"),
        full.place(),
    )];
    sentences.extend(limit(&full));
    sentences.extend(remedy(&full));
    sentences.extend(elsewhere(all));
    Some(Paragraph::reason(lead, sentences))
}

/// Which of backlog and somaxconn decided, and what the queue held.
fn limit(full: &TrialSet<'_>) -> Option<String> {
    let setting = full.first()?.backlog()?.0;
    let decided = |smaller| full.some_that(|case| case.smaller() == Some(smaller));
    let somaxconn = |cases: &TrialSet<'_>| cases.sysctls(|case| case.server_sysctl(SOMAXCONN));
    let by_backlog = decided(Smaller::Backlog).and_then(|cases| {
        let (values, larger) = (cases.values(setting)?, somaxconn(&cases)?);
        Some(format!("{setting} ({values}, with {SOMAXCONN} {larger}){}", cases.place()))
    });
    let by_somaxconn = decided(Smaller::Somaxconn).and_then(|cases| {
        let (values, asked) = (somaxconn(&cases)?, cases.values(setting)?);
        Some(format!("{SOMAXCONN} ({values}, with {setting} {asked}){}", cases.place()))
    });
    let decided: Vec<_> = [by_backlog, by_somaxconn].into_iter().flatten().collect();
    // Not what the probe saw: a queue can be full for less than one of its looks.
    let held = full.range(|case| Some(u64::from(case.limit()?) + 1))?;
    Some(format!(
        "Its limit is the smaller of backlog and somaxconn: here {}; it holds one more than that, \
         {held}.",
        words::listed(&decided)?
    ))
}

/// The limit with which nobody would have found it full.
fn remedy(full: &TrialSet<'_>) -> Option<String> {
    let setting = full.first()?.backlog()?.0;
    let enough = full.iter().map(TrialView::clients).max()?.saturating_sub(1);
    let somaxconn = |case: &TrialView<'_>| case.server_number(SOMAXCONN).map(u64::from);
    let in_the_way = full.some_that(|case| somaxconn(case).is_some_and(|n| n < enough));
    let raise = match in_the_way {
        Some(_) => {
            format!("A {setting} of {} and a {SOMAXCONN} no smaller", words::counted(enough))
        }
        None => format!("A {setting} of {}", words::counted(enough)),
    };
    let clients = match full.range(|case| Some(case.clients())) {
        Some(range) if range.contains(" to ") => format!("each burst of {range} clients"),
        Some(all) => format!("all {all} clients"),
        None => return None,
    };
    let values = full.sysctls(|case| case.server_sysctl(SOMAXCONN));
    let obstacle = match (&in_the_way, values) {
        (None, Some(values)) => format!(" ({SOMAXCONN}, {values}, is not in the way)"),
        _ => String::new(),
    };
    Some(match full.all(TrialView::accepts_nothing) {
        true => format!(
            "{raise} would have room for {clients}{obstacle}; here nothing else makes room, as nothing \
             was accepted while they connected."
        ),
        false => format!(
            "{raise} has room for {clients}, whatever the server does{obstacle}; one that accepts \
             sooner needs less."
        ),
    })
}

/// That the burst fitted in the other cells.
fn elsewhere(all: &TrialSet<'_>) -> Option<String> {
    let fits = |case: &TrialView<'_>| {
        let held = case.limit().is_some_and(|limit| case.clients() <= u64::from(limit) + 1);
        held && case.server(Counter::ListenDrops) == 0
    };
    let fitting = all.some_that(fits)?;
    let place = words::sentence(&fitting.place());
    (!place.is_empty())
        .then(|| format!("{place} all clients had a place in it, and nothing was dropped."))
}
