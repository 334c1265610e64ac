//! What must hold in every trial, independent of its metrics.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use indexmap::IndexMap;
use run_record::{Check, DestinationRecord, Integrity, Outcome, OutcomeCounts, SysctlValues};

use crate::backend::TestbedSpec;
use crate::error::LabError;
use crate::outcome_join::{Joined, UnmatchedConnection};

fn check(name: &str, held: bool, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), held: Some(held), detail: detail.into() }
}

/// Every attempt has exactly one outcome.
pub(crate) fn outcomes_add_up(outcomes: &OutcomeCounts, attempts: u64) -> Check {
    let total = outcomes.total();
    check("outcomes add up", total == attempts, format!("{total} outcomes of {attempts} attempts"))
}

/// The attempts and outcomes of all destinations are those of the trial, and each destination got
/// its share; `None` if there are not several.
pub(crate) fn destinations_add_up(
    destinations: &[DestinationRecord],
    expected: &[(SocketAddr, u64)],
    outcomes: &OutcomeCounts,
) -> Option<Check> {
    if destinations.is_empty() {
        return None;
    }
    let got: Vec<_> = destinations.iter().map(|it| (it.address, it.attempts)).collect();
    let sum_of = |outcome| destinations.iter().map(|it| it.outcomes.get(outcome)).sum::<u64>();
    let wrong = Outcome::ALL.iter().find(|outcome| sum_of(**outcome) != outcomes.get(**outcome));
    let parts: Vec<_> = got.iter().map(|(address, n)| format!("{address} {n}")).collect();
    let detail = match wrong {
        Some(outcome) => format!(
            "{} {outcome} at the destinations, {} in the trial",
            sum_of(*outcome),
            outcomes.get(*outcome)
        ),
        None => format!("attempts: {}", parts.join(", ")),
    };
    let held = wrong.is_none() && got == expected;
    Some(check("destinations got their shares, and their outcomes add up", held, detail))
}

/// Sockets that the server accepted = attempts that are neither refused, timed
/// out, phantom, reset before accept, self-connected nor without a port. Not decided if the
/// server reported none, with the reason.
pub(crate) fn accepts_match_attempts(
    joined: &Joined,
    accepted: Result<usize, &'static str>,
) -> Check {
    let name = "accepted connections match attempts";
    let accepted = match accepted {
        Ok(accepted) => accepted,
        Err(reason) => {
            return Check { name: name.to_owned(), held: None, detail: reason.to_owned() };
        }
    };
    let expected = joined
        .rows
        .iter()
        .filter(|row| match row.outcome {
            Outcome::Ok | Outcome::Incomplete => true,
            Outcome::Reset | Outcome::ServerDown => row.accepted_ns.is_some(),
            Outcome::Refused
            | Outcome::TimedOut
            | Outcome::Phantom
            | Outcome::NoPort
            | Outcome::SelfConnected
            | Outcome::Unconfirmed => false,
        })
        .count();
    let unmatched = &joined.unmatched;
    let detail = format!(
        "the server accepted {accepted}, {expected} attempts have an outcome of an accepted one{}",
        match unmatched.first() {
            None => String::new(),
            Some(first) => {
                format!(", {} match no attempt (first {})", unmatched.len(), describe(first))
            }
        }
    );
    check(name, accepted == expected && unmatched.is_empty(), detail)
}

/// The origin of a connection that matches no attempt, and a possible cause.
fn describe(connection: &UnmatchedConnection) -> String {
    let peer = connection.peer;
    match connection.follows_attempt {
        None => peer.to_string(),
        Some(index) => format!(
            "{peer}, a second time after attempt {index}: if SYN cookies were sent, a duplicate of \
             the last ACK can be taken for a cookie, if its client wrote about as many bytes \
             as it read"
        ),
    }
}

/// The sysctls in force are those of the scenario.
pub(crate) fn sysctls_read_back(spec: &TestbedSpec, read: &SysctlValues) -> Check {
    let differing = |host: &str,
                     requested: &IndexMap<String, String>,
                     read: &BTreeMap<_, String>| {
        let fields = |value: &str| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        requested
            .iter()
            .filter(|(name, value)| read.get(*name).map(|r| fields(r)) != Some(fields(value)))
            .map(|(name, value)| {
                format!("{host} {name}: requested {value}, read {:?}", read.get(name))
            })
            .collect::<Vec<_>>()
    };
    let mut wrong = differing("server", &spec.server_sysctls, &read.server);
    wrong.extend(differing("client", &spec.client_sysctls, &read.client));
    let count = spec.server_sysctls.len() + spec.client_sysctls.len();
    let detail = if wrong.is_empty() { format!("all {count}") } else { wrong.join("; ") };
    check("sysctls read back as asked", wrong.is_empty(), detail)
}

/// The server was alive at the end, unless the scenario lets it die.
pub(crate) fn server_alive(died: Option<&str>, may_die: bool) -> Check {
    let detail = match died {
        None => "it ended when it was stopped".to_owned(),
        Some(status) => format!("it died of {status}"),
    };
    check("server alive at the end", died.is_none() || may_die, detail)
}

/// No counter of either host went backwards.
pub(crate) fn counters_never_decrease(decreased: &[String]) -> Check {
    let detail =
        if decreased.is_empty() { "none decreased".to_owned() } else { decreased.join(", ") };
    check("no kernel counter went backwards", decreased.is_empty(), detail)
}

/// No message was doubled, reordered, echoed or altered.
pub(crate) fn deliveries_intact(integrity: &Integrity) -> Check {
    let Integrity { doubled, reordered, echoed, foreign, broken_streams, .. } = *integrity;
    check(
        "deliveries intact",
        doubled + reordered + echoed + foreign + broken_streams == 0,
        format!(
            "{doubled} doubled, {reordered} reordered, {echoed} echoed, {foreign} foreign, \
             {broken_streams} broken streams"
        ),
    )
}

/// What arrived at clients was sent by the server, and what the server read
/// was written by clients.
pub(crate) fn messages_add_up(
    written: u64,
    ingested: u64,
    server_deliveries: u64,
    deliveries: u64,
) -> Check {
    check(
        "messages add up",
        ingested <= written && deliveries <= server_deliveries,
        format!(
            "clients wrote {written}, the server read {ingested}; it delivered \
             {server_deliveries}, {deliveries} arrived"
        ),
    )
}

/// The probe ran from before the load until after it.
pub(crate) fn probe_ran(failure: Option<&LabError>) -> Check {
    let detail = failure.map_or("it ran".to_owned(), |error| format!("failed to {error}"));
    check("probe ran to the end", failure.is_none(), detail)
}

/// The machine's own sysctls have not changed.
pub(crate) fn host_untouched(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Check {
    let changed: Vec<_> = before
        .iter()
        .filter(|(name, value)| after.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}: {value} before, {:?} after", after.get(name)))
        .collect();
    let detail = match changed.is_empty() {
        true => format!("{} sysctls unchanged", before.len()),
        false => changed.join("; "),
    };
    check("the machine's own sysctls are untouched", changed.is_empty(), detail)
}

#[cfg(test)]
mod tests {
    use linux_net::Sysctl;

    use super::*;

    #[test]
    fn a_changed_sysctl_of_the_machine_is_named() {
        let before = BTreeMap::from([(Sysctl::Somaxconn.name().to_owned(), "4096".to_owned())]);
        let after = BTreeMap::from([(Sysctl::Somaxconn.name().to_owned(), "16".to_owned())]);
        assert_eq!(host_untouched(&before, &before).held, Some(true));
        let violation = host_untouched(&before, &after);
        assert_eq!(violation.held, Some(false));
        assert!(
            violation.detail.contains("net.core.somaxconn: 4096 before"),
            "{}",
            violation.detail
        );
    }

    #[test]
    fn sysctls_are_compared_by_their_fields() {
        let spec = TestbedSpec {
            client_sysctls: IndexMap::from([("r".to_owned(), "32768 60999".to_owned())]),
            ..TestbedSpec::default()
        };
        let read = |value: &str| SysctlValues {
            client: BTreeMap::from([("r".to_owned(), value.to_owned())]),
            ..SysctlValues::default()
        };
        assert_eq!(sysctls_read_back(&spec, &read("32768\t60999")).held, Some(true));
        assert_eq!(sysctls_read_back(&spec, &read("32768\t60998")).held, Some(false));
        assert_eq!(sysctls_read_back(&spec, &SysctlValues::default()).held, Some(false));
    }

    #[test]
    fn unwritten_messages_are_a_violation() {
        assert_eq!(messages_add_up(10, 10, 90, 90).held, Some(true));
        assert_eq!(messages_add_up(10, 11, 90, 90).held, Some(false));
        assert_eq!(messages_add_up(10, 10, 90, 91).held, Some(false));
    }

    #[test]
    fn a_connection_without_an_attempt_is_a_violation_with_its_origin() {
        let peer = std::net::SocketAddr::from(([198, 18, 1, 1], 7));
        let violation = |follows_attempt| {
            let unmatched = vec![UnmatchedConnection { peer, follows_attempt }];
            let check = accepts_match_attempts(&Joined { rows: Vec::new(), unmatched }, Ok(1));
            assert_eq!(check.held, Some(false));
            check.detail
        };
        assert!(violation(None).ends_with(", 1 match no attempt (first 198.18.1.1:7)"));
        let repeated = violation(Some(40));
        assert!(repeated.contains("198.18.1.1:7, a second time after attempt 40: "), "{repeated}");
    }

    #[test]
    fn the_destinations_of_a_trial_add_up_to_it() {
        let at = |port: u16, attempts| ((std::net::Ipv4Addr::LOCALHOST, port).into(), attempts);
        let record =
            |(address, attempts): (SocketAddr, u64), ended: &[Outcome]| DestinationRecord {
                address,
                attempts,
                outcomes: ended.iter().copied().collect(),
                ok_first_try: 0,
                syn_retransmits: BTreeMap::new(),
                connect_latency: run_record::LatencySummary::default(),
                response_latency: run_record::LatencySummary::default(),
                accept_queue: None,
                listeners: None,
                deepest: None,
                drops: None,
            };
        use Outcome::{Ok, TimedOut};
        let destinations = [record(at(1, 2), &[Ok, Ok]), record(at(2, 1), &[TimedOut])];
        let outcomes: OutcomeCounts = [Ok, Ok, TimedOut].into_iter().collect();
        let held = |expected: &[_], outcomes| {
            destinations_add_up(&destinations, expected, outcomes).unwrap().held
        };
        assert_eq!(held(&[at(1, 2), at(2, 1)], &outcomes), Some(true));
        assert_eq!(held(&[at(1, 1), at(2, 2)], &outcomes), Some(false), "other shares");
        let others: OutcomeCounts = [Ok, TimedOut, TimedOut].into_iter().collect();
        assert_eq!(held(&[at(1, 2), at(2, 1)], &others), Some(false));
        assert!(destinations_add_up(&[], &[at(1, 3)], &outcomes).is_none());
    }

    #[test]
    fn a_dead_server_is_a_violation_unless_it_may_die() {
        assert_eq!(server_alive(Some("SIGPIPE"), false).held, Some(false));
        assert_eq!(server_alive(Some("SIGPIPE"), true).held, Some(true));
        assert_eq!(server_alive(None, false).held, Some(true));
    }
}
