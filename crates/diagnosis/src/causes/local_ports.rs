//! No local port was left.

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

/// How many there were, what kept them, and where more come from.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let trials = all.filter_some(|trial| trial.ended(Outcome::NoPort) > 0)?;
    let lead = "The client's kernel had no local port left.";
    let errors: BTreeSet<_> = trials
        .iter()
        .flat_map(|trial| {
            ["EADDRNOTAVAIL", "EADDRINUSE"].map(|name| (trial.record.errors.get(name), name))
        })
        .filter_map(|(times, name)| times.map(|_| name.to_owned()))
        .collect();
    let errors = words::listed(&errors.into_iter().collect::<Vec<_>>());
    let mut sentences = vec![format!(
        "{}{} failed{} before any segment was sent: the server's kernel never heard of them.",
        several(trials.sum(|trial| trial.ended(Outcome::NoPort)), "attempt"),
        trials.place(),
        errors.map_or(String::new(), |errors| format!(" with {errors}")),
    )];
    sentences.extend(room(&trials));
    sentences.extend(time_wait(all, &trials));
    sentences.push(format!(
        "A wider {RANGE}, a further source address (load.source_addresses), or a further address or \
         port of the server gives more."
    ));
    Some(Paragraph::cause(lead, sentences))
}

/// What the range has.
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
        reserved.map_or(String::new(), |list| format!(" less those of {RESERVED} ({list})"));
    let addresses = trials.values("load.source_addresses").unwrap_or_else(|| "1".to_owned());
    let had =
        trials.range(|trial| Some(trial.clients().saturating_sub(trial.ended(Outcome::NoPort))))?;
    Some(format!(
        "To one address and port of a server, each source address has the ports of {RANGE} \
         ({ranges}){reserved}, which is {ports}; with load.source_addresses {addresses} there was a \
         port for {had} of the {} attempts.",
        trials.range(|trial| Some(trial.clients()))?,
    ))
}

/// Ports that one source address has to one destination.
fn ports(trial: &TrialView<'_>) -> Option<u64> {
    let range: PortRange = trial.client_sysctl(RANGE)?.parse().ok()?;
    let reserved = trial.client_sysctl(RESERVED).unwrap_or_default().parse().ok()?;
    Some(*per_destination(range, &reserved).end())
}

/// Whether ports were in use, or waited after their use.
fn time_wait(all: &TrialSet<'_>, trials: &TrialSet<'_>) -> Option<String> {
    let in_turn = trials.filter_some(|trial| trial.text("load.pattern") == Some("one_by_one"));
    let recycled = all.filter_some(|trial| trial.client(RECYCLED) > 0);
    let stood = in_turn.and_then(|trials| {
        let standing = trials.range(|trial| Some(trial.client(Counter::Tw)).filter(|&n| n > 0))?;
        Some(format!(
            "Connections came one after the other, and those that had ended kept their ports for the \
             60\u{a0}s of TIME_WAIT ({standing} a trial at the client, TcpExt.TW)"
        ))
    });
    let came_back = recycled.map(|trials| {
        let reuse = trials.sysctls(|trial| trial.client_sysctl(Sysctl::TcpTwReuse));
        format!(
            "with net.ipv4.tcp_tw_reuse {} the client took {} back out of TIME_WAIT ({RECYCLED}){}",
            reuse.unwrap_or_default(),
            counted(trials.sum(|trial| trial.client(RECYCLED))),
            trials.place()
        )
    });
    let parts: Vec<_> = [stood, came_back].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| words::sentence(&format!("{}.", parts.join("; "))))
}
