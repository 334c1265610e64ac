//! A server that dies during a trial: known results are recorded, unknown ones are absent.

use crate::support::{all_output, out_directory, run, text};
use run_record::{CheckKind, Outcome};

/// The original system's server and clients: a client leaves after its last message, and a
/// write to a client that has left kills the server, as the scenario `sigpipe` explains. The
/// clients connect one after another, so that some have left while others still write: four of
/// five such servers die.
const ORIGINAL: &[&str] = &[
    "smoke",
    "--set",
    "server.sigpipe=default",
    "--set",
    "load.leave=after_sending",
    "--set",
    "load.clients=150",
    "--set",
    "load.pattern=rate",
    "--set",
    "load.connect_rate=1000",
    "--set",
    "load.messages=10",
    "--only",
    "server.backlog=64",
    "--set",
    "load.finish_deadline=3s",
];

#[test]
fn an_allowed_server_death_violates_nothing_and_is_reported() {
    let out = out_directory();
    let flags = [ORIGINAL, &["--set", "server_may_die=true", "--repeat", "12"]].concat();
    let (output, _, trials) = run(out.path(), &flags);
    let dead: Vec<_> = trials.iter().filter(|trial| trial.server_died.is_some()).collect();
    assert!(!dead.is_empty(), "it never died: {}", all_output(&output));
    for trial in &dead {
        assert_eq!(trial.server_died.as_deref(), Some("SIGPIPE"));
        assert_eq!(trial.outcomes.total(), 150, "{:?}", trial.outcomes);
        assert_eq!((trial.rates.ingested, trial.server.as_ref()), (None, None), "unknown");
        // The server reports each connection when it accepts it: the list is complete.
        let accepted = trial.accepted.expect("accepted connections");
        assert!(
            accepted >= 2,
            "a client that wrote and one that had left were accepted: {accepted}"
        );
        assert!(trial.outcomes.get(Outcome::Ok) <= accepted, "{accepted} {:?}", trial.outcomes);
        let violations: Vec<_> = trial
            .violations()
            .filter(|violation| violation.kind != CheckKind::Expectation)
            .collect();
        assert!(violations.is_empty(), "{violations:?}");
    }
    assert!(text(&output.stdout).contains("the server died of SIGPIPE"), "{}", all_output(&output));
}

#[test]
fn an_unexpected_server_death_fails_the_run() {
    let out = out_directory();
    let flags = [ORIGINAL, &["--repeat", "12"]].concat();
    let (output, _, trials) = run(out.path(), &flags);
    assert!(trials.iter().any(|trial| trial.server_died.is_some()), "{}", all_output(&output));
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    assert!(text(&output.stdout).contains("server alive at the end"), "{}", all_output(&output));
}
