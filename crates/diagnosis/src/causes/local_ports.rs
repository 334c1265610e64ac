//! No local port was free.

use std::collections::BTreeSet;

use linux_net::{Counter, Sysctl};

use queue_model::ports::{PortRange, per_destination};
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, several};
use run_view::TrialView;

const RANGE: Sysctl = Sysctl::IpLocalPortRange;
const RESERVED: Sysctl = Sysctl::IpLocalReservedPorts;
const RECYCLED: Counter = Counter::TwRecycled;
const TIME_WAITS: Counter = Counter::Tw;
const REUSE: Sysctl = Sysctl::TcpTwReuse;

/// How many ports there were, what used them, and how to get more.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let trials = all.filter_some(|trial| trial.attempts_with(Outcome::NoPort) > 0)?;
    let lead = "The client's kernel had no free local port.";
    let errors: BTreeSet<_> = trials
        .iter()
        .flat_map(|trial| {
            ["EADDRNOTAVAIL", "EADDRINUSE"].map(|name| (trial.record.errors.get(name), name))
        })
        .filter_map(|(times, name)| times.map(|_| name.to_owned()))
        .collect();
    let errors = words::listed(&errors.into_iter().collect::<Vec<_>>());
    let mut sentences = vec![format!(
        "{}{} failed{} before any segment was sent, so the server's kernel never saw them.",
        several(trials.sum(|trial| trial.attempts_with(Outcome::NoPort)), "attempt"),
        trials.place(),
        errors.map_or(String::new(), |errors| format!(" with {errors}")),
    )];
    sentences.extend(room(&trials));
    sentences.extend(time_wait(all, &trials));
    sentences.push(format!(
        "A wider {RANGE}, another source address (load.source_addresses), or another address or port \
         of the server gives more."
    ));
    Some(Paragraph::cause(lead, sentences))
}

/// How many ports the range has.
fn room(trials: &TrialSet<'_>) -> Option<String> {
    let ranges: BTreeSet<_> = trials
        .iter()
        .filter_map(|trial| trial.client_sysctl(RANGE))
        .map(|range| range.split_whitespace().collect::<Vec<_>>().join("–"))
        .collect();
    let ranges = words::listed(&ranges.into_iter().collect::<Vec<_>>())?;
    let ports = trials.range(ports)?;
    let reserved = trials.sysctls(|trial| {
        trial.client_sysctl(RESERVED).filter(|reserved| !reserved.trim().is_empty())
    });
    let reserved =
        reserved.map_or(String::new(), |list| format!(" except those of {RESERVED} ({list})"));
    let addresses = trials.values("load.source_addresses").unwrap_or_else(|| "1".to_owned());
    let had = trials.range(|trial| {
        Some(trial.clients().saturating_sub(trial.attempts_with(Outcome::NoPort)))
    })?;
    Some(format!(
        "To one address and port of a server, each source address has the ports of {RANGE} \
         ({ranges}){reserved}, which are {ports}; with load.source_addresses {addresses}, {had} of the \
         {} attempts got a port.",
        trials.range(|trial| Some(trial.clients()))?,
    ))
}

/// Ports that one source address has to one destination.
fn ports(trial: &TrialView<'_>) -> Option<u64> {
    let range: PortRange = trial.client_sysctl(RANGE)?.parse().ok()?;
    let reserved = trial.client_sysctl(RESERVED).unwrap_or_default().parse().ok()?;
    Some(*per_destination(range, &reserved).end())
}

/// Whether ended connections kept their ports in TIME_WAIT.
fn time_wait(all: &TrialSet<'_>, trials: &TrialSet<'_>) -> Option<String> {
    let sequential = trials.filter_some(|trial| trial.text("load.pattern") == Some("one_by_one"));
    let recycled = all.filter_some(|trial| trial.client(RECYCLED) > 0);
    let kept = sequential.and_then(|trials| {
        let count = trials.range(|trial| Some(trial.client(TIME_WAITS)).filter(|&n| n > 0))?;
        Some(format!(
            "Connections followed one another, and those that had ended kept their ports for the \
             60\u{a0}s of TIME_WAIT ({count} a trial at the client, {TIME_WAITS})"
        ))
    });
    let reused = recycled.map(|trials| {
        let reuse = trials.sysctls(|trial| trial.client_sysctl(REUSE));
        format!(
            "with {REUSE} {} the client reused {} that were in TIME_WAIT ({RECYCLED}){}",
            reuse.unwrap_or_default(),
            counted(trials.sum(|trial| trial.client(RECYCLED))),
            trials.place()
        )
    });
    let parts: Vec<_> = [kept, reused].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| words::sentence(&format!("{}.", parts.join("; "))))
}
