//! Loads with several destinations.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use load_generator::{Dialogue, Ending, HttpSettings, LoadConfig, LoadError};

use crate::dialogues::{config, read_until, serve};
use crate::load::{assert_endings, load};

/// Answers each request that names this address as its host.
fn answer(stream: &mut TcpStream) {
    let host = format!("\r\nHost: {}\r\n", stream.local_addr().unwrap());
    while let Some(request) = read_until(stream, b"\r\n\r\n") {
        let request = String::from_utf8(request).unwrap();
        assert!(request.contains(&host), "{host:?}: {request}");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    }
}

fn http() -> Dialogue {
    Dialogue::Http(HttpSettings { requests: 2, ..HttpSettings::default() })
}

#[test]
fn attempts_go_to_each_target_in_turn_and_name_it_as_their_host() {
    // One is named twice: it gets twice as many.
    let (often, serving_often) = serve(6, answer);
    let (seldom, serving_seldom) = serve(3, answer);
    let both = LoadConfig { more_targets: vec![seldom, often], ..config(often, 9, http()) };
    assert_eq!(both.attempts_by_destination(), [(often, 6), (seldom, 3)]);
    let report = load(&both);
    assert_endings(&report, [(Ending::Finished, 9)]);
    for (attempt, target) in report.attempts.iter().zip([often, seldom, often].iter().cycle()) {
        assert_eq!(attempt.destination, Some(*target), "{attempt:?}");
    }
    let counts: Vec<_> =
        report.response_latencies.iter().map(|(at, latency)| (*at, latency.count)).collect();
    assert_eq!(counts, [(often, 12), (seldom, 6)]);
    assert_eq!(report.response_latency.count, 18);
    serving_often.join().unwrap();
    serving_seldom.join().unwrap();
}

#[test]
fn every_source_address_connects_to_every_destination() {
    let (first, serving_first) = serve(4, answer);
    let (second, serving_second) = serve(4, answer);
    let sources = [2, 3].map(|last| Ipv4Addr::new(127, 0, 0, last).into()).to_vec();
    let base = config(first, 8, http());
    let report = load(&LoadConfig { more_targets: vec![second], sources, ..base });
    let mut pairs: Vec<_> = report
        .attempts
        .iter()
        .map(|attempt| (attempt.local.unwrap().ip(), attempt.destination.unwrap()))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), 4, "{pairs:?}");
    serving_first.join().unwrap();
    serving_second.join().unwrap();
}

#[test]
fn a_destination_of_the_settings_is_a_port_of_the_target() {
    let (address, serving) = serve(2, answer);
    // Nothing listens there, and nothing goes there.
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let mut elsewhere = config(unused, 2, http());
    elsewhere.settings.destinations = serde_json::from_value([address.port()].into()).unwrap();
    let report = load(&elsewhere);
    assert_endings(&report, [(Ending::Finished, 2)]);
    assert!(report.attempts.iter().all(|attempt| attempt.destination.is_none()), "only one");
    assert!(report.response_latencies.is_empty());
    serving.join().unwrap();
}

#[test]
fn targets_that_cannot_be_used_are_an_error() {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let reason = |config: &LoadConfig| match load_generator::run(config, None, &mut |_| {}) {
        Err(LoadError::Settings(problems)) => problems[0].to_string(),
        other => panic!("{other:?}"),
    };
    let several = |targets: Vec<SocketAddr>, clients| LoadConfig {
        more_targets: targets,
        ..config(at(1), clients, http())
    };
    for (config, expected) in [
        (several(vec![at(2)], 1), "1 clients are too few: 127.0.0.1:2 gets no attempt"),
        (several((2..=17).map(at).collect(), 99), "17 different targets: use at most 16"),
        (several(vec![at(1); 256], 999), "257 targets: use at most 256"),
        (
            LoadConfig {
                more_targets: vec![at(2)],
                ..LoadConfig::new(load_generator::LoadSettings::default(), at(1))
            },
            "the clients of a chat get each other's messages",
        ),
    ] {
        let reason = reason(&config);
        assert!(reason.contains(expected), "{reason}");
    }
    let mut both = several(vec![at(2)], 4);
    both.settings.destinations = serde_json::from_value([3, 4].as_slice().into()).unwrap();
    assert!(reason(&both).contains("use one of both"));
}
