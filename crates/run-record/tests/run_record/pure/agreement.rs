//! How well the simulator agrees with a run.

use run_record::{Agreement, Evidence, LedgerEvidence, Simulated, TrialRecord};

use crate::support;

/// A trial of 100 attempts, of which 60 were accepted and 30 retransmitted their SYN
/// twice, with this result of the simulator.
fn trial(design: &str, accepted: u64, overflows: u64, retransmitted: u64) -> TrialRecord {
    let axis = (!design.is_empty()).then(|| ("server.design".to_owned(), design.into()));
    let counter = |name: &str, change| (name.to_owned(), change);
    TrialRecord {
        point: axis.into_iter().collect(),
        attempts: 100,
        evidence: Evidence {
            server: [counter("TcpExt.ListenOverflows", 90), counter("TcpExt.ListenDrops", 100)]
                .into(),
            client: [counter("TcpExt.TCPSynRetrans", 60)].into(),
            accept_queue: None,
            deepest_queue: None,
            probe: None,
            left: None,
            ..Evidence::default()
        },
        simulated: Some(Simulated {
            accepted,
            timed_out: 40,
            syn_retransmits: [(0, 70), (2, retransmitted)].into(),
            listen_overflows: overflows,
            listen_drops: 100,
            deepest: 11,
        }),
        accepted: Some(60),
        ..support::trial(0)
    }
}

#[test]
fn designs_are_counted_separately_and_only_simulated_trials_count() {
    let mut not_simulated = trial("snapshot", 60, 90, 30);
    not_simulated.simulated = None;
    let trials = [
        trial("snapshot", 55, 90, 30),
        trial("snapshot", 66, 90, 30),
        trial("global-lock", 60, 91, 30),
        trial("global-lock", 60, 90, 29),
        not_simulated,
    ];
    let design = |name: &str, agreeing, counters_equal| Agreement {
        design: Some(name.to_owned()),
        simulated: 2,
        agreeing,
        counters_equal,
    };
    assert_eq!(
        Agreement::by_design(&trials),
        [design("global-lock", 2, 0), design("snapshot", 1, 2)]
    );
    assert_eq!(Agreement::by_design(&[trial("", 60, 90, 30)])[0].design, None);
}

#[test]
fn nine_of_ten_must_agree_and_fewer_than_ten_are_undecided() {
    let held = |agreeing, simulated| {
        Agreement { design: None, simulated, agreeing, counters_equal: 0 }.held()
    };
    assert_eq!([held(0, 9), held(9, 10), held(8, 10)], [None, Some(true), Some(false)]);
    assert_eq!([held(90, 100), held(89, 100)], [Some(true), Some(false)]);
}

/// Which attempts a stopped program accepted is known from the kernel, or not at all.
#[test]
fn a_program_counts_if_all_its_accepts_are_known() {
    let program = |unknown| {
        let mut trial = trial("", 60, 90, 30);
        trial.accepted = None;
        trial.evidence.ledger =
            Some(LedgerEvidence { accepted: 58, unknown, ..LedgerEvidence::default() });
        trial
    };
    let agreements = Agreement::by_design(&[program(0), program(2)]);
    assert_eq!((agreements[0].simulated, agreements[0].agreeing), (1, 1));
}
