//! No local port was free.

use std::collections::BTreeSet;

use linux_net::{Counter, Sysctl};
use queue_model::ports::{PortRange, per_destination};
use run_record::Outcome;
use run_view::TrialView;

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted};

const RANGE: Sysctl = Sysctl::IpLocalPortRange;
const RESERVED: Sysctl = Sysctl::IpLocalReservedPorts;
const RECYCLED: Counter = Counter::TwRecycled;
const TIME_WAITS: Counter = Counter::Tw;
const REUSE: Sysctl = Sysctl::TcpTwReuse;

/// How many ports there were, what used them, and how to get more.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: failed,
        claims: &[Claim::Ended(Outcome::NoPort)],
        text: |_, _| Some("The client's kernel had no free local port.".into()),
    }],
    statements: &[
        Statement {
            needs: failed,
            claims: &[Claim::Ended(Outcome::NoPort)],
            text: |trials, _| Some(failures(trials)),
        },
        Statement {
            needs: |trial| failed(trial) && ports(trial).is_some(),
            claims: &[Claim::Ended(Outcome::NoPort)],
            text: |trials, _| room(trials),
        },
        Statement {
            needs: |trial| {
                failed(trial) && trial.client(TIME_WAITS) > 0 && ended_ones_kept_ports(trial)
            },
            claims: &[Claim::Ended(Outcome::NoPort), Claim::ClientCounted(TIME_WAITS)],
            text: |trials, _| {
                let count = trials.range(|trial| Some(trial.client(TIME_WAITS)))?;
                let text = format!(
                    "Connections followed one another, and those that had ended kept their ports for the \
                     60\u{a0}s of TIME_WAIT ({count} a trial at the client, {TIME_WAITS})."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.client(RECYCLED) > 0,
            claims: &[Claim::ClientCounted(RECYCLED)],
            text: |trials, _| {
                let reuse = trials.sysctls(|trial| trial.client_sysctl(REUSE))?;
                let text = format!(
                    "With {REUSE} {reuse} the client reused {} that were in TIME_WAIT ({RECYCLED}){}.",
                    counted(trials.client(RECYCLED)),
                    trials.place()
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| failed(trial) && range(trial).is_some_and(|range| !is_widest(range)),
            claims: &[Claim::Ended(Outcome::NoPort), Claim::WidenPortRange],
            text: |_, _| {
                let text = format!(
                    "A wider {RANGE}, another source address (load.source_addresses), or another address or port \
                     of the server gives more."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| failed(trial) && range(trial).is_some_and(is_widest),
            claims: &[Claim::Ended(Outcome::NoPort)],
            text: |_, _| {
                Some(
                    "The range has every port: another source address (load.source_addresses), or another \
                     address or port of the server gives more."
                        .into(),
                )
            },
        },
    ],
};

fn failed(trial: &TrialView<'_>) -> bool {
    trial.attempts_with(Outcome::NoPort) > 0
}

/// Whether an attempt that finds no port shows that ended connections keep some: those that are
/// open at once, or half-open, do not need all ports.
fn ended_ones_kept_ports(trial: &TrialView<'_>) -> bool {
    let open_before = match trial.text("load.pattern") {
        Some("one_by_one") => 0,
        Some("concurrent") => match trial.number("load.concurrency").map(u64::try_from) {
            Some(Ok(at_once)) => at_once.saturating_sub(1),
            _ => return false,
        },
        _ => return false,
    };
    let in_use = open_before.saturating_add(trial.half_open());
    in_use == 0 || ports(trial).is_some_and(|ports| in_use < ports)
}

fn failures(trials: &TrialSet<'_>) -> Sentence {
    let errors: BTreeSet<_> = trials
        .iter()
        .flat_map(|trial| {
            ["EADDRNOTAVAIL", "EADDRINUSE"].map(|name| (trial.record.errors.get(name), name))
        })
        .filter_map(|(times, name)| times.map(|_| name.to_owned()))
        .collect();
    let errors = words::listed(&errors.into_iter().collect::<Vec<_>>());
    let text = format!(
        "{}{} failed{} before any segment was sent, so the server's kernel never saw them.",
        trials.attempts(Outcome::NoPort),
        trials.place(),
        errors.map_or(String::new(), |errors| format!(" with {errors}")),
    );
    text.into()
}

/// How many ports the range has.
fn room(trials: &TrialSet<'_>) -> Option<Sentence> {
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
    let text = format!(
        "To one address and port of a server, each source address has the ports of {RANGE} \
         ({ranges}){reserved}, which are {ports}; with load.source_addresses {addresses}, {had} of the \
         {} attempts got a port.",
        trials.range(|trial| Some(trial.clients()))?,
    );
    Some(text.into())
}

fn range(trial: &TrialView<'_>) -> Option<PortRange> {
    trial.client_sysctl(RANGE)?.parse().ok()
}

/// Whether no range is wider.
fn is_widest(range: PortRange) -> bool {
    range.size() >= u64::from(u16::MAX)
}

/// Ports that one source address has to one destination.
fn ports(trial: &TrialView<'_>) -> Option<u64> {
    let reserved = trial.client_sysctl(RESERVED).unwrap_or_default().parse().ok()?;
    Some(*per_destination(range(trial)?, &reserved).end())
}
