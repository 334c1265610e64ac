//! Tests of the search itself.

use std::collections::BTreeSet;

use lab::CellPredictions;
use linux_net::{Counter, Sysctl};
use run_record::{RunDirectory, Simulated, TrialRecord};
use scenario::json_schema;

use crate::combination::Combination;
use crate::generator::Generator;
use crate::settings::settings;
use crate::shrink::{CounterExample, shrunk};
use crate::trial::{Trial, Violation};

/// Settings that no law may depend on, or that a trial needs as they are: the chat server, which
/// every combination has, listens on one port, so its load has one destination.
const NOT_VARIED: [&str; 5] = [
    "load.destinations",
    "server.address",
    "server.largest_body",
    "server.sigpipe",
    "server.thread_stack",
];

#[test]
fn every_setting_and_sysctl_is_varied() {
    let varied: BTreeSet<String> = settings().into_iter().map(|setting| setting.path).collect();
    let schema = serde_json::to_value(json_schema()).unwrap();
    let sections = [("server", "ServerSettings"), ("load", "LoadSettings"), ("after", "After")];
    let fields = sections.iter().flat_map(|(section, kind)| {
        let properties = schema["$defs"][kind]["properties"].as_object().unwrap();
        properties.keys().map(move |field| format!("{section}.{field}"))
    });
    let sysctls = Sysctl::NAMES
        .iter()
        .flat_map(|name| ["server", "client"].map(|host| format!("hosts.{host}.sysctls.{name}")));
    for path in fields.chain(sysctls) {
        assert!(varied.contains(&path) != NOT_VARIED.contains(&path.as_str()), "{path}");
    }
}

#[test]
fn a_seed_repeats_its_combinations_and_another_makes_others() {
    let made = |seed| -> Vec<String> {
        let mut generator = Generator::new(seed, 14.0, "");
        (0..100).map(|_| generator.next().scenario("same")).collect()
    };
    assert_eq!(made(7), made(7));
    assert_ne!(made(7), made(8));
}

#[test]
fn what_the_lab_says_wrongly_is_a_violation() {
    let violations = |change: fn(&mut TrialRecord)| -> Vec<String> {
        let stored = concat!(env!("CARGO_MANIFEST_DIR"), "/../report/tests/runs/sweep");
        let (_, mut trials) = RunDirectory::read(stored.as_ref()).unwrap();
        let mut trial = trials.remove(0);
        let predictions =
            CellPredictions { predicted: trial.laws.clone(), not_applied: Vec::new() };
        change(&mut trial);
        let violations = Trial::Ran { trial: Box::new(trial), predictions }.violations();
        violations.into_iter().map(|violation| violation.subject).collect()
    };
    assert_eq!(violations(|_| {}), [""; 0]);
    assert_eq!(violations(|trial| trial.laws[0].held = Some(false)), ["listen-limit"]);
    assert_eq!(violations(|trial| trial.invariants[0].held = Some(false)), ["outcomes add up"]);
    assert_eq!(violations(|trial| trial.laws[0].predicted += 1.0), ["predict listen-limit"]);
    assert_eq!(violations(|trial| trial.laws.clear()), ["predict listen-limit"]);
    let wrong = violations(|trial| {
        let drops = trial.evidence.at_server(Counter::ListenDrops);
        let overflows = trial.evidence.at_server(Counter::ListenOverflows);
        trial.simulated = Some(Simulated {
            accepted: trial.accepted.unwrap(),
            timed_out: 0,
            syn_retransmits: [(1, trial.evidence.at_client(Counter::TcpSynRetrans))].into(),
            listen_overflows: overflows,
            listen_drops: drops + 1_000,
            deepest: 1,
        });
    });
    assert_eq!(wrong, ["simulated TcpExt.ListenDrops"]);
}

/// A law that is wrong where clients find fewer than three ports.
#[test]
fn a_counter_example_is_shrunk_to_the_settings_that_matter() {
    let range = "hosts.client.sysctls.net.ipv4.ip_local_port_range";
    let mut generator = Generator::new(1, 14.0, "ports-at-once");
    let template = generator.next();
    let wrong = vec![Violation {
        subject: "local-ports".to_owned(),
        predicted: "1".to_owned(),
        measured: "2".to_owned(),
    }];
    let found = CounterExample { combination: template, violations: wrong.clone(), held: 0 };
    let mut run = |combination: &Combination| {
        let fails =
            combination.text(range).is_some() && combination.number("load.clients", 50) > 12;
        if fails { wrong.clone() } else { Vec::new() }
    };
    let shrunk = shrunk(found, &mut run);
    assert_eq!(shrunk.held, 0);
    let paths: Vec<&str> = shrunk.combination.paths().collect();
    assert_eq!(paths, [range, "load.finish_deadline"]);
    assert_eq!(shrunk.combination.text(range), Some("20000 20011"));
}
