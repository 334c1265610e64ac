//! The explanation: its sentences, and that they follow from the evidence.

use diagnosis::Topics;
use report::{ParagraphKind, Run, summary, why};
use run_record::Outcome::{Incomplete, NoPort, Ok, Phantom, TimedOut};
use run_record::{EndedBy, LeftSockets, TrialRecord};
use serde_json::json;

use crate::fixture::{Change, Fixture, paused};
use crate::runs::{
    ALL_KINDS, accept_queue_capacity, nothing_happened, overflow_policy, port_exhaustion,
    reuseport_listeners, sigpipe, syn_cookies,
};

/// The explanation as the summary prints it.
fn section(run: &Run) -> String {
    let text = summary(run);
    let (_, from) = text.split_once("\nWhy\n\n").expect("there is an explanation");
    from.split_once("\n\nEnvironment\n").expect("the hosts come after it").0.to_owned()
}

#[test]
fn the_explanations() {
    for (name, run) in ALL_KINDS {
        insta::assert_snapshot!(name, section(&run()));
    }
}

#[test]
fn explanations_are_sentences_and_fit_the_terminal() {
    for (name, run) in ALL_KINDS {
        let run = run();
        let paragraphs = why(&run);
        assert!(!paragraphs.is_empty(), "{name}");
        for paragraph in &paragraphs {
            let lead = &paragraph.lead.text;
            assert_eq!(lead.ends_with('.'), paragraph.kind == ParagraphKind::Cause, "{lead}");
            for sentence in paragraph.sentences.iter().map(|sentence| &sentence.text) {
                assert!(sentence.ends_with('.') || sentence.ends_with(".)"), "{name}: {sentence}");
                assert!(!sentence.contains("  ") && !sentence.contains("()"), "{name}: {sentence}");
            }
        }
        for line in section(&run).lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
        let sentences: usize = paragraphs.iter().map(|p| p.sentences.len()).sum();
        assert!((2..=14).contains(&sentences), "{name}: {sentences}");
        let misconceptions = paragraphs.iter().filter(|p| p.kind == ParagraphKind::Misconception);
        assert!(misconceptions.count() <= 3, "{name}");
    }
}

/// KERNEL.md, section 9.
#[test]
fn each_misconception_is_corrected_by_some_kind_of_run() {
    let claims = [
        "a backlog of N holds N connections",
        "tcp_max_syn_backlog sizes the SYN queue",
        "a full accept queue drops only last ACKs",
        "a full accept queue refuses the client",
        "connect(2) succeeded, so the server has a socket",
        "SYN cookies save a full accept queue",
        "ListenDrops and ListenOverflows count the same",
        "a SYN is retransmitted after 1, 3 and 7 s",
        "tcp_fin_timeout sets the length of TIME_WAIT",
        "SO_REUSEADDR skips TIME_WAIT",
        "tcp_tw_reuse helps servers",
    ];
    let leads: Vec<_> =
        ALL_KINDS.iter().flat_map(|(_, run)| why(&run())).map(|p| p.lead.text).collect();
    for claim in claims {
        assert!(leads.iter().any(|lead| lead == claim), "no run shows: {claim}");
    }
}

#[test]
fn a_queue_that_was_never_full_is_not_blamed_and_misconceptions_need_evidence() {
    let text = section(&nothing_happened());
    assert!(text.starts_with("- No limit acted. All 20 attempts connected"), "{text}");
    assert!(text.contains("17 of at most 65 connections"), "{text}");
    assert!(!text.contains("Commonly believed"), "{text}");
}

#[test]
fn the_numbers_are_from_the_records() {
    for (run, expected) in [
        (accept_queue_capacity(), ["dropped 788 segments", "in all 4 cells", "backlog of 149"]),
        (overflow_policy(), ["For 5 attempts in 1 of 2 cells", "ListenOverflows is 15", "5 RSTs"]),
        (reuseport_listeners(), ["3, 3, 2 and 3, 11 in all", "dropped 26", "backlog of 19"]),
        (syn_cookies(), ["The other 3 found", "5 were answered", "dropped 8 SYNs instead"]),
        (port_exhaustion(), ["40 attempts in both cells", "20000–20019", "reused 20"]),
        (sigpipe(), ["39 attempts ended", "TCPAbortOnData 1 at", "341 writes failed"]),
    ] {
        let text = section(&run).replace("\n  ", " ");
        for expected in expected {
            assert!(text.contains(expected), "{expected} is not in:\n{text}");
        }
    }
}

#[test]
fn a_cause_that_one_cell_contradicts_is_reported_for_the_others() {
    let settings = json!({
        "server": { "backlog": 10 },
        "load": { "pattern": "burst", "connect_deadline": "2s" },
    });
    let run = Fixture::new(settings)
        .cell([("server.backlog", json!(10))], |trial| {
            trial
                .set_outcomes(&[(Ok, 97), (TimedOut, 303)])
                .set_syn_retransmits(&[(0, 60), (1, 340)])
                .add_server_counters(&[("ListenOverflows", 643), ("ListenDrops", 643)])
                .set_accept_queue(0, 10)
                .set_slowest_connect(1.028);
        })
        .cell([("server.backlog", json!(400))], |trial| {
            trial
                .set_outcomes(&[(Ok, 400)])
                .set_syn_retransmits(&[(0, 400)])
                .set_accept_queue(0, 400);
        })
        .run();
    let text = section(&run).replace("\n  ", " ");
    assert!(
        text.contains("dropped 643 segments (TcpExt.ListenOverflows) in 1 of 2 cells"),
        "{text}"
    );
    assert!(text.contains("In 1 of 2 cells it had room for all clients"), "{text}");
    assert!(text.contains("took 1.03 s: the SYN retransmitted after 1 s was answered"), "{text}");
    assert!(!text.contains("held 1"), "what was read after the burst is not its depth: {text}");
    let all = summary(&run);
    assert!(
        all.contains("37 attempts waited one SYN retransmission (1.0 s), and ended ok"),
        "{all}"
    );
    assert!(all.contains("303 attempts gave up after one SYN retransmission"), "{all}");
}

#[test]
fn time_wait_is_blamed_for_missing_ports_only_if_open_connections_do_not_need_them_all() {
    let kept = |concurrency: u32| {
        let settings = json!({
            "server": { "backlog": 128, "closes_first": "client" },
            "load": {
                "pattern": "concurrent", "concurrency": concurrency, "leave": "half_close",
                "connect_deadline": "900ms", "source_addresses": 1,
            },
        });
        let range = sysctl!("client", "ipv4.ip_local_port_range");
        let run = Fixture::new(settings).cell([(range, json!("20000 20019"))], |trial| {
            trial.set_outcomes(&[(Ok, 20), (NoPort, 30)]).add_client_counters(&[("TW", 20)]);
        });
        let text = section(&run.run()).replace("\n  ", " ");
        text.contains("those that had ended kept their ports")
    };
    assert_eq!([1, 20, 21].map(kept), [true, true, false]);
}

#[test]
fn older_kernels_and_missing_settings_do_not_fail() {
    let run = Fixture::new(json!({}))
        .cell([], |trial| {
            trial.sysctls.server.insert("net.core.somaxconn".to_owned(), "many".to_owned());
            trial
                .set_outcomes(&[(Ok, 1), (TimedOut, 1)])
                .add_server_counters(&[("ListenOverflows", 1)]);
        })
        .run();
    assert!(section(&run).contains("dropped 1 segment"));
}

#[test]
fn unfinished_accepted_connections_are_not_blamed_on_a_queue() {
    let settings = json!({ "load": { "connect_deadline": "2s", "finish_deadline": "20s" } });
    let run = Fixture::new(settings)
        .cell([], |trial| {
            trial.set_outcomes(&[(Ok, 90), (Incomplete, 10)]).undelivered = 1_234;
            trial.incomplete_by = [(EndedBy::FinishDeadline, 8), (EndedBy::Server, 2)].into();
        })
        .run();
    let text = section(&run).replace("\n  ", " ");
    assert!(text.contains("8 attempts were not done at load.finish_deadline (20 s)"), "{text}");
    assert!(text.contains("process closed 2 connections before they had"), "{text}");
    assert!(
        text.contains("they waited for the server; outstanding deliveries at that time: 1 234"),
        "{text}"
    );
    assert!(!text.contains("queue, where"), "{text}");
}

/// While a filter holds ACKs, the backlog of the first listen(2) limits the SYN queue; that of
/// the last one limits the accept queue.
#[test]
fn each_queue_has_the_limit_of_its_own_listen() {
    let settings = json!({ "load": { "connect_deadline": "900ms" } });
    let backlogs = [("server.backlog", json!(4)), ("server.release_backlog", json!(1))];
    let of = |holds_acks: bool| {
        let [first, last] = backlogs.clone();
        [first, last, ("server.hold_acks", json!(holds_acks))]
    };
    let fill = |trial: &mut TrialRecord| {
        trial.set_outcomes(&[(Ok, 5), (TimedOut, 3)]).add_server_counters(&[
            ("ListenOverflows", 3),
            ("ListenDrops", 5),
            ("TCPReqQFullDrop", 2),
        ]);
    };
    let run = Fixture::new(settings).cell(of(true), fill).cell(of(false), fill).run();
    let text = section(&run).replace("\n  ", " ");
    for expected in [
        "server.backlog (4, with net.core.somaxconn 4096) in 1 of 2 cells",
        "server.release_backlog (1, with net.core.somaxconn 4096) in 1 of 2 cells",
        "min(backlog, somaxconn), here 4, not",
    ] {
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}

#[test]
fn connections_that_the_server_could_not_accept_are_not_only_at_the_client() {
    let run = Fixture::new(paused(1, "2s"))
        .cell([], |trial| {
            trial
                .set_outcomes(&[(Ok, 4), (Phantom, 2), (TimedOut, 3)])
                .add_server_counters(&[("ListenOverflows", 9), ("ListenDrops", 9)]);
            trial.server.get_or_insert_default().accept_errors = [("EMFILE".to_owned(), 7)].into();
            trial.evidence.left = Some(LeftSockets { close_wait: 2, queued: 2 });
        })
        .run();
    let text = section(&run).replace("\n  ", " ");
    assert!(text.contains("- Some connections were established and never accepted."), "{text}");
    assert!(
        text.contains("2 connections still waited in the accept queue when the clients had left"),
        "{text}"
    );
    assert!(!text.contains("only at the client"), "{text}");
}

#[test]
fn a_late_load_is_named_even_if_some_clients_do_not_read() {
    let settings = json!({ "load": { "slow_readers": 1, "finish_deadline": "20s" } });
    let run = Fixture::new(settings)
        .cell([], |trial| {
            trial.set_outcomes(&[(Ok, 7), (Incomplete, 3)]);
            trial.incomplete_by = [(EndedBy::SlowReader, 1), (EndedBy::LateLoad, 2)].into();
        })
        .run();
    let text = section(&run).replace("\n  ", " ");
    assert!(text.contains("kept no other client from finishing"), "{text}");
    assert!(text.contains("2 attempts waited for messages that were due"), "{text}");
}

/// A reader looks them up with `queuelab explain`.
#[test]
fn every_counter_and_sysctl_that_is_named_has_a_topic() {
    let topics = Topics::built_in();
    for (name, run) in ALL_KINDS {
        let text = section(&run());
        let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_')));
        let named = words.map(|word| word.trim_end_matches('.')).filter(|word| {
            ["TcpExt.", "Tcp.", "net."].iter().any(|prefix| word.starts_with(prefix))
        });
        for named in named {
            let topic = topics.find(named).map(|topic| topic.name.as_str());
            assert_eq!(topic, Some(named), "{name}");
        }
    }
}

#[test]
fn a_run_without_trials_has_no_explanation() {
    assert!(why(&Fixture::new(json!({})).run()).is_empty());
}

/// The times of a SYN's retransmissions are those with the tcp_rto_max_ms in force.
#[test]
fn a_lower_tcp_rto_max_ms_bounds_the_times_of_retransmissions() {
    let points = [
        (sysctl!("client", "ipv4.tcp_syn_linear_timeouts"), json!(0)),
        (sysctl!("client", "ipv4.tcp_syn_retries"), json!(3)),
        (sysctl!("client", "ipv4.tcp_rto_max_ms"), json!(2000)),
    ];
    let run = Fixture::new(paused(0, "30s"))
        .cell(points, |trial| {
            trial
                .set_outcomes(&[(Ok, 1), (TimedOut, 4)])
                .set_syn_retransmits(&[(0, 1), (3, 4)])
                .add_client_counters(&[("TCPSynRetrans", 12)]);
        })
        .run();
    let text = section(&run).replace("\n  ", " ").replace('\u{a0}', " ");
    assert!(text.contains("1, 3 and 5 s"), "{text}");
    assert!(text.contains("(net.ipv4.tcp_rto_max_ms 2000)"), "{text}");
}
