//! How much the kernel's ledger of accepts shows.

use report::summary;
use run_record::{LedgerAgreement, LedgerEvidence};
use serde_json::json;

use crate::fixture::Fixture;

fn in_one_line(text: &str) -> String {
    text.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_ledger_says_how_good_it_is() {
    let ledger = LedgerEvidence {
        scans: 30,
        scan_seconds: 0.0004,
        longest_scan_seconds: 0.002,
        longest_gap_seconds: 0.016,
        accepted: 180,
        waiting: 3,
        unknown: 17,
        ..LedgerEvidence::default()
    };
    let worse = LedgerEvidence {
        scans: 40,
        failed_scans: 2,
        not_kept: 5,
        longest_gap_seconds: 0.009,
        beside_the_list: Some(LedgerAgreement { agree: 197, ..LedgerAgreement::default() }),
        ..ledger.clone()
    };
    let run = Fixture::new(json!({}))
        .cell([], |trial| {
            trial.attempts = 200;
            trial.evidence.ledger = Some(ledger);
        })
        .cell([], |trial| {
            trial.attempts = 200;
            trial.evidence.ledger = Some(worse);
        })
        .cell([], |trial| trial.attempts = 100)
        .run();
    let text = in_one_line(&summary(&run));
    for sentence in [
        "30 to 40 scans in each of 2 trials, at most 16.0 ms from the start of one to the end of the \
         next: what lasted longer has been seen. A scan took at most 2.0 ms.",
        "Of 400 attempts, 360 were accepted, 6 waited in a queue of the server at the end, and of 34 \
         that were established it is not known.",
        "2 further scans failed and showed nothing.",
        "5 connections were not kept, because the ledger was full.",
        "Beside the server's own list of accepts: 197 attempts agree, 0 contradict it.",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
}

#[test]
fn a_run_without_a_ledger_says_nothing_of_it() {
    let run = Fixture::new(json!({})).cell([], |_| {}).run();
    assert!(!summary(&run).contains("ledger"));
}
