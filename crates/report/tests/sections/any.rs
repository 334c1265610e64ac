//! Arbitrary evidence: for any records, the explanation consists of sentences and fits the
//! terminal.

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

/// Settings that are small numbers.
const PATHS: [&str; 6] = [
    sysctl!("server", "ipv4.tcp_syncookies"),
    sysctl!("server", "ipv4.tcp_abort_on_overflow"),
    "server.listeners",
    "load.half_open",
    "load.slow_readers",
    "server.defer_accept",
];

/// The evidence of a trial, and the settings of its cell.
#[derive(Debug, Clone)]
struct AnyTrial {
    backlog: i64,
    numbers: Vec<i64>,
    outcomes: Vec<(Outcome, usize)>,
    retransmits: Vec<(u32, u64)>,
    counters: Vec<(&'static str, i64)>,
    seconds: f64,
    sockets: u32,
    restart: Option<u32>,
    died: bool,
}

fn any_trial() -> impl Strategy<Value = AnyTrial> {
    let outcomes = vec((select(Outcome::ALL.to_vec()), 0..400_usize), 1..4);
    let retransmits = btree_map(0..12_u32, 0..2_000_u64, 0..4);
    let counters = btree_map(select(SERVER.to_vec()), -5..2_000_000_i64, 0..9);
    let evidence = (outcomes, retransmits, counters, 0.0..70.0, 0..40_u32);
    let settings = (-2..5_000_i64, vec(0..4_i64, 6));
    (settings, evidence, proptest::option::of(0..200_u32), any::<bool>()).prop_map(
        |(
            (backlog, numbers),
            (outcomes, retransmits, counters, seconds, sockets),
            restart,
            died,
        )| {
            AnyTrial {
                backlog,
                numbers,
                outcomes,
                retransmits: retransmits.into_iter().collect(),
                counters: counters.into_iter().collect(),
                seconds,
                sockets,
                restart,
                died,
            }
        },
    )
}

fn fill(trial: &mut TrialRecord, evidence: &AnyTrial) {
    let AnyTrial { outcomes, retransmits, counters, seconds, sockets, restart, .. } = evidence;
    trial.set_outcomes(outcomes).set_syn_retransmits(retransmits).add_server_counters(counters);
    trial.set_slowest_connect(*seconds).set_accept_wait(*seconds);
    trial.set_accept_queue(*sockets, evidence.backlog.unsigned_abs() as u32);
    trial.add_listeners(&[(*sockets, 3), (2, 3)][..(*sockets as usize % 3)]);
    trial.add_state("time_wait", *sockets, *seconds, sockets % 2);
    trial.add_state("fin_wait_2", sockets % 5, *seconds, 0);
    trial.restart = restart.map(|refused| Restart {
        seconds: (refused % 3 > 0).then_some(*seconds),
        refused,
        ..Restart::default()
    });
    trial.held_bytes = (sockets % 4 == 0).then_some(u64::from(*sockets) * 1_000);
    trial.server_died = evidence.died.then(|| "SIGPIPE".to_owned());
    if !evidence.died {
        trial.set_lock_times(u64::from(*sockets), 3, u64::from(sockets * sockets) * 1_000);
    }
}

fn run(trials: &[AnyTrial]) -> Run {
    let settings = json!({
        "server": { "accept_paused": trials.len().is_multiple_of(2), "design": "snapshot" },
        "load": { "connect_deadline": "2s", "pattern": "burst" },
    });
    let cell = |fixture: Fixture, evidence: &AnyTrial| {
        let numbers = evidence.numbers.iter().map(|&number| json!(number));
        let mut values: Vec<(&'static str, Value)> = PATHS.into_iter().zip(numbers).collect();
        values.push(("server.backlog", json!(evidence.backlog)));
        let point: [_; 7] = values.try_into().expect("six numbers and the backlog");
        fixture.cell(point, |trial| fill(trial, evidence))
    };
    trials.iter().fold(Fixture::new(settings), cell).run()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_explanation_of_any_evidence_consists_of_sentences(trials in vec(any_trial(), 1..5)) {
        let run = run(&trials);
        let paragraphs = why(&run);
        prop_assert!(paragraphs.iter().any(|p| p.kind == ParagraphKind::Cause));
        let beliefs = paragraphs.iter().filter(|p| p.kind == ParagraphKind::Misconception).count();
        prop_assert!(beliefs <= 3);
        for paragraph in &paragraphs {
            prop_assert!(!paragraph.sentences.is_empty(), "{}", paragraph.lead.text);
            for sentence in paragraph.sentences.iter().map(|sentence| &sentence.text) {
                prop_assert!(sentence.ends_with('.'), "{sentence}");
                let first = sentence.chars().next().unwrap_or(' ');
                let is_start = first.is_uppercase() || first.is_numeric() || sentence.starts_with("net.");
                prop_assert!(is_start || paragraph.kind == ParagraphKind::Misconception, "{sentence}");
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
