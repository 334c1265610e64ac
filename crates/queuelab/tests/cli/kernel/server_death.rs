//! A server that dies in the middle of a trial: what is known is kept, and what
//! is not known is not made up.

use crate::support::{out_directory, run, said, text};
use run_record::{CheckKind, Outcome};

/// The original's server and clients: each client leaves after its own last
/// message, and the server dies of a write to one that has gone, as the scenario
/// `sigpipe` tells. They come one after the other, so that some have left while
/// others speak: four of five such servers die.
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
fn a_death_that_the_scenario_allows_breaks_nothing_and_is_told() {
    let out = out_directory();
    let flags = [ORIGINAL, &["--set", "server_may_die=true", "--repeat", "12"]].concat();
    let (output, _, trials) = run(out.path(), &flags);
    let dead: Vec<_> = trials.iter().filter(|trial| trial.server_died.is_some()).collect();
    assert!(!dead.is_empty(), "it never died: {}", said(&output));
    for trial in &dead {
        assert_eq!(trial.server_died.as_deref(), Some("SIGPIPE"));
        assert_eq!(trial.outcomes.total(), 150, "{:?}", trial.outcomes);
        assert_eq!((trial.rates.ingested, trial.server.as_ref()), (None, None), "not made up");
        // The server told of each connection as it came: its ledger is whole.
        let accepted = trial.accepted.expect("a ledger");
        assert!(accepted >= 2, "a sender, and one who had gone, had been accepted: {accepted}");
        assert!(trial.outcomes.get(Outcome::Ok) <= accepted, "{accepted} {:?}", trial.outcomes);
        let breaches: Vec<_> =
            trial.violations().filter(|it| it.kind != CheckKind::Expectation).collect();
        assert!(breaches.is_empty(), "{breaches:?}");
    }
    assert!(text(&output.stdout).contains("the server died of SIGPIPE"), "{}", said(&output));
}

#[test]
fn a_death_that_the_scenario_does_not_allow_fails_the_run() {
    let out = out_directory();
    let flags = [ORIGINAL, &["--repeat", "12"]].concat();
    let (output, _, trials) = run(out.path(), &flags);
    assert!(trials.iter().any(|trial| trial.server_died.is_some()), "{}", said(&output));
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(text(&output.stdout).contains("server alive at the end"), "{}", said(&output));
}
