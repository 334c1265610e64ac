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
pub(crate) fn reason(all: &TrialSet<'_>) -> Option<Paragraph> {
    let cases = all.some_that(|case| case.ended(Outcome::NoPort) > 0)?;
    let lead = "The client's kernel had no local port left.";
    let errors: BTreeSet<_> = cases
        .iter()
        .flat_map(|case| {
            ["EADDRNOTAVAIL", "EADDRINUSE"].map(|name| (case.trial.errors.get(name), name))
        })
        .filter_map(|(times, name)| times.map(|_| name.to_owned()))
        .collect();
    let errors = words::listed(&errors.into_iter().collect::<Vec<_>>());
    let mut sentences = vec![format!(
        "{}{} failed{} before any segment was sent: the server's kernel never heard of them.",
        several(cases.sum(|case| case.ended(Outcome::NoPort)), "attempt"),
        cases.place(),
        errors.map_or(String::new(), |errors| format!(" with {errors}")),
    )];
    sentences.extend(room(&cases));
    sentences.extend(time_wait(all, &cases));
    sentences.push(format!(
        "A wider {RANGE}, a further source address (load.source_addresses), or a further address or \
         port of the server gives more."
    ));
    Some(Paragraph::reason(lead, sentences))
}

/// What the range has.
fn room(cases: &TrialSet<'_>) -> Option<String> {
    let ranges: BTreeSet<_> = cases
        .iter()
        .filter_map(|case| case.client_sysctl(RANGE))
        .map(|range| range.split_whitespace().collect::<Vec<_>>().join("–"))
        .collect();
    let ranges = words::listed(&ranges.into_iter().collect::<Vec<_>>())?;
    let ports = cases.range(ports)?;
    let reserved = cases.sysctls(|case| {
        case.client_sysctl(RESERVED).filter(|reserved| !reserved.trim().is_empty())
    });
    let reserved =
        reserved.map_or(String::new(), |list| format!(" less those of {RESERVED} ({list})"));
    let addresses = cases.values("load.source_addresses").unwrap_or_else(|| "1".to_owned());
    let had =
        cases.range(|case| Some(case.clients().saturating_sub(case.ended(Outcome::NoPort))))?;
    Some(format!(
        "To one address and port of a server, each source address has the ports of {RANGE} \
         ({ranges}){reserved}, which is {ports}; with load.source_addresses {addresses} there was a \
         port for {had} of the {} attempts.",
        cases.range(|case| Some(case.clients()))?,
    ))
}

/// Ports that one source address has to one destination.
fn ports(case: &TrialView<'_>) -> Option<u64> {
    let range: PortRange = case.client_sysctl(RANGE)?.parse().ok()?;
    let reserved = case.client_sysctl(RESERVED).unwrap_or_default().parse().ok()?;
    Some(*per_destination(range, &reserved).end())
}

/// Whether ports were in use, or waited after their use.
fn time_wait(all: &TrialSet<'_>, cases: &TrialSet<'_>) -> Option<String> {
    let in_turn = cases.some_that(|case| case.text("load.pattern") == Some("one_by_one"));
    let recycled = all.some_that(|case| case.client(RECYCLED) > 0);
    let stood = in_turn.and_then(|cases| {
        let standing = cases.range(|case| Some(case.client(Counter::Tw)).filter(|&n| n > 0))?;
        Some(format!(
            "Connections came one after the other, and those that had ended kept their ports for the \
             60\u{a0}s of TIME_WAIT ({standing} a trial at the client, TcpExt.TW)"
        ))
    });
    let came_back = recycled.map(|cases| {
        let reuse = cases.sysctls(|case| case.client_sysctl(Sysctl::TcpTwReuse));
        format!(
            "with net.ipv4.tcp_tw_reuse {} the client took {} back out of TIME_WAIT ({RECYCLED}){}",
            reuse.unwrap_or_default(),
            counted(cases.sum(|case| case.client(RECYCLED))),
            cases.place()
        )
    });
    let parts: Vec<_> = [stood, came_back].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| words::sentence(&format!("{}.", parts.join("; "))))
}
