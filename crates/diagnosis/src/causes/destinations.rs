//! Several destinations, each with a listener and queues of its own.

use std::collections::{BTreeMap, BTreeSet};

use linux_net::{Counter, Sysctl};
use run_record::DestinationRecord;
use run_view::TrialView;
use run_view::number::total;

use super::accept_queue::{backlog_of, caused_every_drop};
use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, several};

const OVERFLOWS: Counter = Counter::ListenOverflows;
const SOMAXCONN: Sysctl = Sysctl::Somaxconn;

/// Which listener was full, and which limit decided there.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: overflowed,
        claims: &[Claim::ServerCounted(OVERFLOWS)],
        text: |_, _| Some("Each listener has an accept queue of its own.".into()),
    }],
    statements: &[
        Statement {
            needs: |trial| overflowed(trial) && destinations(trial).any(|it| is_full(trial, it)),
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |trials, _| {
                let of_port = |port| Some(full(port, &trials.filter_some(is_full_on(port))?));
                let full: Vec<_> = ports(trials).into_iter().filter_map(of_port).collect();
                Some(format!("Full was that of {}.", words::listed(&full)?).into())
            },
        },
        Statement {
            needs: |trial| overflowed(trial) && destinations(trial).any(|it| is_full(trial, it)),
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |trials, _| remedies(trials).map(Into::into),
        },
        Statement {
            needs: |trial| overflowed(trial) && destinations(trial).any(dropped_nothing),
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |trials, _| {
                let of_port = |port| Some(room(port, &trials.filter_some(no_drops_on(port))?));
                let room: Vec<_> = ports(trials).into_iter().filter_map(of_port).collect();
                (!room.is_empty()).then(|| room.join(" ").into())
            },
        },
    ],
};

fn destinations<'a>(trial: &TrialView<'a>) -> impl Iterator<Item = &'a DestinationRecord> {
    trial.record.destinations.iter()
}

fn overflowed(trial: &TrialView<'_>) -> bool {
    trial.has_destinations() && trial.server(OVERFLOWS) > 0
}

/// Whether a queue of a destination was full for some client: a sample shows one that was, or its
/// listeners dropped segments and nothing else than full queues caused drops. A queue that its last
/// client filled, and that dropped nothing, had room for all.
fn is_full(trial: &TrialView<'_>, at: &DestinationRecord) -> bool {
    let limit = at.accept_queue.map(|queue| queue.limit);
    let is_seen = limit.is_some() && at.most_queued() > limit;
    at.drops != Some(0) && (is_seen || (caused_every_drop(trial) && at.drops.is_some()))
}

fn is_full_on(port: u16) -> impl Fn(&TrialView<'_>) -> bool {
    move |trial| trial.destination(port).is_some_and(|at| is_full(trial, at))
}

/// Whether the listeners of a destination are known to have dropped nothing.
fn dropped_nothing(at: &DestinationRecord) -> bool {
    at.drops == Some(0)
}

fn no_drops_on(port: u16) -> impl Fn(&TrialView<'_>) -> bool {
    move |trial| trial.destination(port).is_some_and(dropped_nothing)
}

fn ports(trials: &TrialSet<'_>) -> BTreeSet<u16> {
    trials.iter().flat_map(destinations).map(|at| at.address.port()).collect()
}

/// The limit of a full queue, and what it cost.
fn full(port: u16, trials: &TrialSet<'_>) -> String {
    let limit = trials.range(|trial| Some(trial.destination(port)?.accept_queue?.limit.into()));
    let limit = limit.map_or(String::new(), |limit| {
        let settings: BTreeSet<_> =
            trials.iter().map(|trial| trial.limiting_setting_on(port)).collect();
        let settings: Option<Vec<_>> = settings.into_iter().collect();
        let how = settings.and_then(|settings| words::listed(&settings));
        let how = how.unwrap_or_else(|| "as the kernel reports it".to_owned());
        format!("limit {limit}, {how}; ")
    });
    let which = one_of_several(port, trials);
    let drops = total(trials.iter().filter_map(|trial| trial.destination(port)?.drops));
    format!("port {port} ({which}{limit}{} dropped){}", several(drops, "segment"), trials.place())
}

/// That several listeners share a port: which of them was full is not said.
fn one_of_several(port: u16, trials: &TrialSet<'_>) -> String {
    let listeners = |trial: &TrialView<'_>| trial.destination(port)?.listeners.map(u64::from);
    match trials.range(listeners) {
        Some(number) if trials.any(|trial| listeners(trial) > Some(1)) => {
            format!("at least one of its {number} listeners; ")
        }
        _ => String::new(),
    }
}

/// For each backlog that is needed, the ports that need it, and how many clients they have.
fn remedies(trials: &TrialSet<'_>) -> Option<String> {
    let mut needed: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for port in ports(trials) {
        let Some(full) = trials.filter_some(is_full_on(port)) else { continue };
        if let Some(clients) = clients_without_room(port, &full) {
            needed.entry(clients).or_default().push(format!("port {port}"));
        }
    }
    let remedy = |(clients, ports): (u64, Vec<String>)| {
        let backlog = clients.saturating_sub(1);
        let each = if ports.len() > 1 { "each of " } else { "" };
        format!(
            "A {}{} has room for all {} clients of {each}{}.",
            backlog_of(trials, "backlog", backlog),
            and_somaxconn(trials, backlog),
            counted(clients),
            words::listed(&ports).unwrap_or_default()
        )
    };
    let remedies: Vec<_> = needed.into_iter().map(remedy).collect();
    (!remedies.is_empty()).then(|| remedies.join(" "))
}

/// The most clients of a destination, if the queue of its only listener has no room for them.
fn clients_without_room(port: u16, trials: &TrialSet<'_>) -> Option<u64> {
    let clients =
        trials.iter().filter_map(|trial| Some(trial.destination(port)?.attempts)).max()?;
    let has_room = |trial: &TrialView<'_>| {
        let capacity = trial.destination(port).and_then(DestinationRecord::capacity);
        capacity.is_none_or(|capacity| capacity >= clients)
    };
    (!trials.any(|trial| trial.half_open() > 0 || has_room(trial))).then_some(clients)
}

/// That somaxconn must be raised too, if it is not large enough.
fn and_somaxconn(trials: &TrialSet<'_>, backlog: u64) -> String {
    let is_enough = |trial: &TrialView<'_>| {
        trial.server_number(SOMAXCONN).is_some_and(|value| u64::from(value) >= backlog)
    };
    match trials.all(is_enough) {
        true => String::new(),
        false => format!(" and a {SOMAXCONN} at least as large"),
    }
}

/// That a destination dropped nothing; and how deep the queue of its only listener was.
fn room(port: u16, trials: &TrialSet<'_>) -> String {
    let capacity = |trial: &TrialView<'_>| trial.destination(port)?.capacity();
    let deepest = |trial: &TrialView<'_>| Some(trial.destination(port)?.most_queued()?.into());
    let is_single = trials.all(|trial| capacity(trial).is_some());
    let place = trials.place();
    match (trials.range(capacity), trials.range(deepest)) {
        (Some(holds), Some(deepest)) if is_single => format!(
            "Port {port}: its listener dropped nothing{place}; its queue holds {holds}, and the most \
             that was seen in it is {deepest}."
        ),
        _ => format!("Port {port}: nothing was dropped there{place}."),
    }
}
