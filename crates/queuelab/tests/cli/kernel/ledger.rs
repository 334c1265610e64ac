//! The kernel's ledger of accepts beside the list of the lab's server: two sources that do
//! not know each other.

use std::path::Path;

use run_record::{AttemptRow, LedgerEvidence, Outcome, RunDirectory, TrialRecord};

use crate::support::retried::report_repeated;
use crate::support::{assert_passed, out_directory, run, runs};

/// A trial with both sources.
struct Trial {
    record: TrialRecord,
    rows: Vec<AttemptRow>,
}

impl Trial {
    fn ledger(&self) -> &LedgerEvidence {
        self.record.evidence.ledger.as_ref().unwrap()
    }

    fn listed(&self) -> u64 {
        self.rows.iter().filter(|row| row.accepted_ns.is_some()).count() as u64
    }

    /// Nothing that the ledger says is wrong by the server's list.
    #[track_caller]
    fn assert_agreement(&self) {
        let ledger = self.ledger();
        let beside = ledger.beside_the_list.as_ref().unwrap();
        assert_eq!(beside.contradict, 0, "{ledger:?}");
        assert!(ledger.accepted <= self.listed(), "{} in the list, {ledger:?}", self.listed());
        assert!(ledger.scans >= 3 && ledger.not_kept == 0, "{ledger:?}");
    }

    /// The ledger has every accept of the server's list.
    #[track_caller]
    fn assert_complete(&self) {
        self.assert_agreement();
        let ledger = self.ledger();
        assert_eq!((ledger.accepted, ledger.unknown), (self.listed(), 0), "{ledger:?}");
    }
}

/// Runs of a scenario, if the kernel takes a duplicate for a cookie in all but the last.
const MOST_RUNS: usize = 5;

/// Runs a scenario of the lab with a ledger. With SYN cookies the kernel can take a duplicate of a
/// client's last ACK for the cookie of another connection, which the lab reports as a violation:
/// such a run is repeated.
fn trials(arguments: &[&str]) -> Vec<Trial> {
    let ledger = ["--set", "record.ledger=true", "--set", "record.attempts=true"];
    for repeated in 0.. {
        let out = out_directory();
        let (output, _, trials) = run(out.path(), &[arguments, &ledger].concat());
        let violations: Vec<_> = trials
            .iter()
            .flat_map(TrialRecord::violations)
            .map(|violation| violation.to_string())
            .collect();
        let is_duplicate = |violation: &String| violation.contains("can be taken for a cookie");
        let are_duplicates = !violations.is_empty() && violations.iter().all(is_duplicate);
        if are_duplicates && repeated + 1 < MOST_RUNS {
            continue;
        }
        report_repeated("a run", repeated, "a duplicate was taken for a cookie");
        assert_passed(&output);
        return with_rows(&runs(out.path())[0], trials);
    }
    unreachable!("the last run returns or fails")
}

fn with_rows(directory: &Path, trials: Vec<TrialRecord>) -> Vec<Trial> {
    let with_rows = |record: TrialRecord| {
        let rows = RunDirectory::read_attempts(directory, record.id).unwrap().unwrap();
        Trial { record, rows }
    };
    trials.into_iter().map(with_rows).collect()
}

/// Runs one trial.
fn trial(yaml: &str) -> Trial {
    let folder = out_directory();
    let file = folder.path().join("both-ledgers.yaml");
    let head = "name: both-ledgers\nquestion: Do both ledgers agree?\n";
    std::fs::write(&file, format!("{head}{yaml}\n")).unwrap();
    let mut trials = trials(&[file.to_str().unwrap()]);
    assert_eq!(trials.len(), 1);
    trials.remove(0)
}

#[test]
fn every_connection_that_lasts_is_known() {
    let trial = trial(
        "server: {backlog: 400}\n\
         load: {clients: 300, messages: 0, linger: 100ms}",
    );
    assert_eq!(trial.record.outcomes.get(Outcome::Ok), 300, "{:?}", trial.record.outcomes);
    trial.assert_complete();
    for row in &trial.rows {
        // All were there at once.
        assert!(row.not_accepted_ns.or(row.accepted_by_ns).is_some(), "{row:?}");
        assert!(row.not_accepted_ns < row.accepted_ns, "the server's list is later: {row:?}");
    }
    let ledger = trial.ledger();
    assert!(ledger.longest_scan_seconds >= ledger.scan_seconds, "{ledger:?}");
}

#[test]
fn a_connection_that_ends_at_once_is_known_by_its_data_or_unknown() {
    for leave in ["together", "after_sending", "half_close"] {
        let trial = trial(&format!(
            "server: {{backlog: 64}}\n\
             load: {{clients: 200, messages: 1, pattern: rate, connect_rate: 400, leave: {leave}}}"
        ));
        trial.assert_agreement();
        let ledger = trial.ledger();
        assert_eq!((ledger.waiting, ledger.accepted + ledger.unknown), (0, 200), "{ledger:?}");
        // Only these clients do not read what the server sends them.
        assert!(leave == "after_sending" || ledger.unknown == 0, "{leave}: {ledger:?}");
    }
}

#[test]
fn what_a_paused_server_holds_is_seen_before_it_is_accepted() {
    for (load, accepted) in [("clients: 20, messages: 0", 6), ("clients: 20, messages: 3", 6)] {
        let trial = trial(&format!(
            "server: {{accept_paused: true, backlog: 5}}\n\
             load: {{{load}, connect_deadline: 1500ms}}"
        ));
        assert_eq!(trial.listed(), accepted);
        trial.assert_complete();
    }
}

#[test]
fn clients_of_an_overflow_are_known_unless_a_cookie_lets_them_in_late() {
    for cookies in [0, 1] {
        let trial = trial(&format!(
            "hosts:\n  server: {{sysctls: {{net.ipv4.tcp_syncookies: {cookies}}}}}\n\
             server: {{backlog: 16, accept_delay: 2ms}}\n\
             load: {{clients: 200, messages: 0, connect_deadline: 2500ms, linger: 200ms}}"
        ));
        assert!(trial.record.evidence.server["TcpExt.ListenOverflows"] > 0);
        trial.assert_agreement();
        // A client with a cookie has no socket at the server, and gets one when it leaves.
        if cookies == 0 {
            trial.assert_complete();
        }
    }
}

#[test]
fn a_deferred_accept_and_a_phantom_are_not_accepted_until_they_are() {
    for trial in trials(&["defer-accept", "--quick"]) {
        assert_eq!(trial.listed(), 3);
        trial.assert_complete();
    }
    let of_policy = trials(&["overflow-policy", "--quick"]);
    assert!(of_policy.iter().any(|trial| trial.record.outcomes.get(Outcome::Phantom) > 0));
    for trial in of_policy {
        trial.assert_agreement();
        assert_eq!(trial.ledger().accepted, 1, "{:?}", trial.ledger());
    }
}

#[test]
fn several_listeners_of_a_port_are_distinguished() {
    let trial = trial(
        "server: {listeners: 2, accept_paused: true, backlog: 2}\n\
         load: {clients: 40, messages: 0, connect_deadline: 900ms}",
    );
    trial.assert_complete();
    let probe = trial.record.evidence.probe.as_ref().unwrap();
    let drops: Vec<_> = probe.listeners.iter().map(|listener| listener.drops.unwrap()).collect();
    assert!(drops.len() == 2 && drops.iter().all(|drops| *drops > 0), "{drops:?}");
    let dropped = trial.record.evidence.server["TcpExt.ListenDrops"];
    assert_eq!(drops.iter().sum::<u64>(), dropped.unsigned_abs(), "of both, and no other");
}

#[test]
fn the_pace_is_that_of_the_servers_own_list() {
    for (server, clients) in [("accept_delay: 2ms, backlog: 300", 200), ("backlog: 4096", 2_000)] {
        let trial = trial(&format!(
            "hosts:\n  server: {{sysctls: {{net.core.somaxconn: 4096}}}}\n\
             server: {{{server}, accept_paused: true}}\nload: {{clients: {clients}, messages: 0}}"
        ));
        trial.assert_complete();
        let pace = trial.record.evidence.accept_pace.as_ref().unwrap();
        assert!((pace.least_ns..=pace.most_ns).contains(&pace.mean_ns), "{pace:?}");
        // Some always wait, so that it is of one period, until the last accept.
        let period = pace.from_ns..=pace.until_ns;
        let listed: Vec<_> = trial.rows.iter().filter_map(|row| row.accepted_ns).collect();
        let in_period = listed.iter().filter(|at_ns| period.contains(at_ns)).count() as u64;
        assert!(in_period.abs_diff(pace.accepted) <= 3, "{in_period} in the list, {pace:?}");
        let last_ns = listed.iter().copied().max().unwrap_or(0);
        let mean_ns = last_ns.saturating_sub(pace.from_ns) as f64 / in_period as f64;
        let bounds = pace.least_ns * 0.98..=pace.most_ns * 1.02;
        assert!(bounds.contains(&mean_ns), "{mean_ns} in the list, {pace:?}");
    }
}
