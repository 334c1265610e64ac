//! Arbitrary evidence: for any records of a run, what is reported
//! of them reads as sentences and fits the terminal.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use report::{ParagraphKind, Run, summary, why};
use run_record::{Outcome, Restart, TrialRecord};
use serde_json::{Value, json};

use crate::fixture::{Change, Fixture};

const SERVER: [&str; 9] = [
    "ListenOverflows",
    "ListenDrops",
    "TCPReqQFullDrop",
    "TCPReqQFullDoCookies",
    "SyncookiesSent",
    "SyncookiesRecv",
    "EmbryonicRsts",
    "TCPDeferAcceptDrop",
    "TCPTimeWaitOverflow",
];

/// Settings that are numbers, and small ones.
const PATHS: [&str; 6] = [
    sysctl!("server", "ipv4.tcp_syncookies"),
    sysctl!("server", "ipv4.tcp_abort_on_overflow"),
    "server.listeners",
    "load.half_open",
    "load.slow_readers",
    "server.defer_accept",
];

/// What a trial found, and the settings of its cell.
#[derive(Debug, Clone)]
struct Found {
    backlog: i64,
    numbers: Vec<i64>,
    outcomes: Vec<(Outcome, usize)>,
    retransmits: Vec<(u32, u64)>,
    counters: Vec<(&'static str, i64)>,
    seconds: f64,
    standing: u32,
    restart: Option<u32>,
    died: bool,
}

fn found() -> impl Strategy<Value = Found> {
    let outcomes = vec((select(Outcome::ALL.to_vec()), 0..400_usize), 1..4);
    let retransmits = btree_map(0..12_u32, 0..2_000_u64, 0..4);
    let counters = btree_map(select(SERVER.to_vec()), -5..2_000_000_i64, 0..9);
    let evidence = (outcomes, retransmits, counters, 0.0..70.0, 0..40_u32);
    let settings = (-2..5_000_i64, vec(0..4_i64, 6));
    (settings, evidence, proptest::option::of(0..200_u32), any::<bool>()).prop_map(
        |(
            (backlog, numbers),
            (outcomes, retransmits, counters, seconds, standing),
            restart,
            died,
        )| {
            Found {
                backlog,
                numbers,
                outcomes,
                retransmits: retransmits.into_iter().collect(),
                counters: counters.into_iter().collect(),
                seconds,
                standing,
                restart,
                died,
            }
        },
    )
}

fn fill(trial: &mut TrialRecord, found: &Found) {
    let Found { outcomes, retransmits, counters, seconds, standing, restart, .. } = found;
    trial.ended(outcomes).retransmitted(retransmits).server_counted(counters);
    trial.slowest_connect(*seconds).accept_waited(*seconds);
    trial.queued(*standing, found.backlog.unsigned_abs() as u32);
    trial.listeners(&[(*standing, 3), (2, 3)][..(*standing as usize % 3)]);
    trial.stood("time_wait", *standing, *seconds, standing % 2);
    trial.stood("fin_wait_2", standing % 5, *seconds, 0);
    trial.restart = restart.map(|refused| Restart {
        seconds: (refused % 3 > 0).then_some(*seconds),
        refused,
        ..Restart::default()
    });
    trial.held_bytes = (standing % 4 == 0).then_some(u64::from(*standing) * 1_000);
    trial.server_died = found.died.then(|| "SIGPIPE".to_owned());
    if !found.died {
        trial.locked(u64::from(*standing), 3, u64::from(standing * standing) * 1_000);
    }
}

fn run(trials: &[Found]) -> Run {
    let settings = json!({
        "server": { "accept_paused": trials.len().is_multiple_of(2), "design": "snapshot" },
        "load": { "connect_deadline": "2s", "pattern": "burst" },
    });
    let cell = |fixture: Fixture, found: &Found| {
        let numbers = found.numbers.iter().map(|&number| json!(number));
        let mut values: Vec<(&'static str, Value)> = PATHS.into_iter().zip(numbers).collect();
        values.push(("server.backlog", json!(found.backlog)));
        let point: [_; 7] = values.try_into().expect("six numbers and the backlog");
        fixture.cell(point, |trial| fill(trial, found))
    };
    trials.iter().fold(Fixture::new(settings), cell).run()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_said_of_any_evidence_reads_as_sentences(trials in vec(found(), 1..5)) {
        let run = run(&trials);
        let paragraphs = why(&run);
        prop_assert!(paragraphs.iter().any(|p| p.kind == ParagraphKind::Cause));
        let beliefs = paragraphs.iter().filter(|p| p.kind == ParagraphKind::Misconception).count();
        prop_assert!(beliefs <= 3);
        for paragraph in &paragraphs {
            prop_assert!(!paragraph.sentences.is_empty(), "{}", paragraph.lead);
            for sentence in &paragraph.sentences {
                prop_assert!(sentence.ends_with('.'), "{sentence}");
                let first = sentence.chars().next().unwrap_or(' ');
                let begins = first.is_uppercase() || first.is_numeric() || sentence.starts_with("net.");
                prop_assert!(begins || paragraph.kind == ParagraphKind::Misconception, "{sentence}");
                for slip in ["  ", "()", " ,", " .", "NaN", "inf ", "None"] {
                    prop_assert!(!sentence.contains(slip), "{slip:?} in {sentence}");
                }
            }
        }
        let text = summary(&run);
        let section = text.split("\nWhy\n").nth(1).unwrap_or_default();
        for line in section.lines() {
            prop_assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
