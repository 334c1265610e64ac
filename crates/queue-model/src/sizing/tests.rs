//! Tests of the search for a backlog.

use std::time::Duration;

use super::arrivals::Generator;
use super::*;
use crate::simulator::{InFlight, Memory, simulate_starts, undisturbed};
use crate::syn_queue::SynQueueFull;

const SETTINGS: BurstSettings = BurstSettings {
    arrival_rate: 50_000.0,
    connections: 100,
    accept_rate: 20_000.0,
    round_trip: Duration::ZERO,
    max_late_share: 0.01,
    syn_queue_full: SynQueueFull::Above,
    hz: None,
    seed: 1,
};

#[test]
fn the_smallest_backlog_is_sufficient_and_one_less_is_not() {
    for max_late_share in [0.01, 0.2] {
        for cookies in [Cookies::WhenFull, Cookies::Never] {
            for round_trip in [Duration::ZERO, Duration::from_millis(10)] {
                let settings = BurstSettings { max_late_share, round_trip, ..SETTINGS };
                let mut bursts = Bursts::new(settings);
                let backlog = bursts.smallest_backlog(cookies);
                let mut late = |backlog| bursts.simulate(backlog, cookies).late_share();
                assert!(late(backlog) <= max_late_share, "{backlog}");
                assert!(late(backlog - 1) > max_late_share, "{backlog}");
            }
        }
    }
}

#[test]
fn a_fast_server_needs_no_backlog() {
    let mut bursts = Bursts::new(BurstSettings { connections: 1, ..SETTINGS });
    assert_eq!(bursts.smallest_backlog(Cookies::WhenFull), 0);
}

#[test]
fn the_number_of_bursts_depends_on_the_allowed_share() {
    let count = |connections, max_late_share| {
        Bursts::new(BurstSettings { connections, max_late_share, ..SETTINGS }).count()
    };
    assert_eq!(count(100, 0.5), 20);
    assert_eq!(count(100, 0.01), 50);
    assert_eq!(count(1, 1e-4), 500_000);
    assert_eq!(count(1_000_000, 1e-4), 2);
    assert_eq!(count(1_000_000, 1e-7), 500);
    assert_eq!(count(1, 1e-7), 2_000_000, "no more than this");
}

/// The advice about `tcp_max_syn_backlog` is that of the simulation: so much is enough,
/// and less is not.
#[test]
fn without_cookies_max_syn_backlog_is_sufficient_and_one_less_is_not() {
    assert_eq!(Bursts::new(SETTINGS).without_cookies(), None, "without a round-trip time");
    let settings = BurstSettings { round_trip: Duration::from_millis(50), ..SETTINGS };
    let mut bursts = Bursts::new(settings);
    let advice = bursts.without_cookies().expect("there is a round-trip time");
    assert!(advice.half_open > 1, "{advice:?}");
    let drops = |max_syn_backlog| {
        let mut path = settings.path(advice.backlog, Cookies::Never);
        path.listener.max_syn_backlog = max_syn_backlog;
        let (mut memory, mut generator) = (Memory::default(), Generator::default());
        let late = |burst| {
            let starts = bursts.arrivals.starts(burst, &mut generator);
            simulate_starts(&path, starts, &mut memory).late
        };
        (0..bursts.count()).map(late).sum::<u64>()
    };
    assert_eq!(drops(advice.max_syn_backlog), drops(i32::MAX));
    assert!(drops(advice.max_syn_backlog - 1) > drops(i32::MAX));
}

/// Fewer bursts than a fair share of the wheel's slots would not meet the end of a slot.
#[test]
fn the_worst_wait_depends_on_the_position_among_the_slots() {
    let settings = BurstSettings {
        arrival_rate: 300_000.0,
        connections: 400,
        accept_rate: 30_000.0,
        ..SETTINGS
    };
    let worst = Bursts::new(settings).simulate(60, Cookies::Never).worst_wait;
    assert!(*worst.end() > *worst.start() + Duration::from_millis(500), "{worst:?}");
}

/// Bursts whose queues fill for different reasons: a slow server, half-open connections, and a
/// link that loses segments.
fn varied() -> impl Iterator<Item = BurstSettings> {
    let rates = [(1e3, 1e3), (50_000.0, 20_000.0), (1e6, 200_000.0), (1e9, 50_000.0)];
    let round_trips = [0, 1, 20, 300].map(Duration::from_millis);
    let rules = [SynQueueFull::Above, SynQueueFull::AtOrAbove];
    rates.into_iter().flat_map(move |(arrival_rate, accept_rate)| {
        round_trips.into_iter().flat_map(move |round_trip| {
            rules.into_iter().map(move |syn_queue_full| BurstSettings {
                arrival_rate,
                accept_rate,
                round_trip,
                syn_queue_full,
                connections: 3_000,
                max_late_share: 2e-3,
                ..SETTINGS
            })
        })
    })
}

/// What the search does not simulate has the result that a simulation would have.
#[test]
fn a_backlog_that_is_skipped_drops_too_many() {
    let mut skipped = 0;
    for settings in varied() {
        let mut bursts = Bursts::new(settings);
        let connections = settings.connections;
        for backlog in (0..connections).step_by(150).chain(connections - 100..connections) {
            if bursts.surely_drops_too_many(backlog) {
                skipped += 1;
                let late = bursts.simulate(backlog, Cookies::WhenFull).late;
                assert!(late > bursts.allowed(), "{settings:?} {backlog}: {late} late");
            }
        }
    }
    assert!(skipped > 100, "{skipped} of the backlogs are skipped");
}

#[test]
fn without_a_full_syn_queue_cookies_have_no_effect() {
    let mut equal = 0;
    for settings in varied() {
        for backlog in [10, 200, 2_000, 3_000] {
            let result = Bursts::new(settings).simulate(backlog, Cookies::Never);
            let mut bursts = Bursts::new(settings);
            bursts.simulate(backlog, Cookies::WhenFull);
            if let Some(taken) = bursts.results.get(&(Cookies::Never, backlog)) {
                equal += 1;
                assert_eq!(*taken, result, "{settings:?} {backlog}");
            }
        }
    }
    assert!(equal > 20, "{equal} results are taken from the other search");
}

/// Every burst, simulated with this backlog in full.
fn simulated(bursts: &Bursts, backlog: u32, cookies: Cookies) -> Vec<Summary> {
    let path = bursts.settings.path(backlog, cookies);
    let (mut memory, mut generator) = (Memory::default(), Generator::default());
    let simulate =
        |burst| simulate_starts(&path, bursts.arrivals.starts(burst, &mut generator), &mut memory);
    (0..bursts.count()).map(simulate).collect()
}

#[test]
fn the_queues_of_an_undisturbed_burst_are_those_of_its_simulation() {
    let (mut undisturbed_bursts, mut others) = (0, 0);
    let slow =
        BurstSettings { arrival_rate: 1e3, round_trip: Duration::from_millis(900), ..SETTINGS };
    let one = BurstSettings { connections: 1, ..SETTINGS };
    for settings in varied().chain([SETTINGS, slow, one]) {
        let bursts = Bursts::new(settings);
        let path = settings.path(settings.connections, Cookies::WhenFull);
        let (mut in_flight, mut generator) = (InFlight::default(), Generator::default());
        for (burst, expected) in
            simulated(&bursts, settings.connections, Cookies::WhenFull).iter().enumerate()
        {
            let starts = bursts.arrivals.starts(burst, &mut generator);
            match undisturbed(&path, starts, &mut in_flight) {
                Some(summary) => {
                    undisturbed_bursts += 1;
                    assert_eq!(summary, *expected, "{settings:?} {burst}");
                }
                None => {
                    others += 1;
                    assert!(!expected.is_undisturbed(), "{settings:?} {burst}");
                }
            }
        }
    }
    assert!(undisturbed_bursts > 400 && others > 50, "{undisturbed_bursts} and {others}");
}

#[test]
fn a_burst_that_is_not_simulated_has_the_result_of_a_simulation() {
    for settings in varied() {
        for cookies in [Cookies::WhenFull, Cookies::Never] {
            let mut bursts = Bursts::new(settings);
            let backlog = bursts.smallest_backlog(cookies);
            for backlog in [0, backlog / 2, backlog, backlog + 5, 3_000] {
                let expected = simulated(&bursts, backlog, cookies);
                let expected = BacklogResult::new(&expected, settings.connections.into());
                let result = Bursts::new(settings).simulate(backlog, cookies);
                assert_eq!(result, expected, "{settings:?} {cookies:?} {backlog}");
                assert_eq!(bursts.simulate(backlog, cookies), expected, "after a search");
            }
        }
    }
}

/// With a small share nearly every burst is free of late connections, and a search that
/// simulated all of them with each of its ten backlogs would take ten times as long.
#[test]
fn a_search_simulates_few_bursts_of_a_small_share() {
    for (connections, max_late_share, round_trip) in
        [(200, 1e-4, 0), (200, 1e-5, 0), (200, 1e-5, 20), (20, 1e-5, 0)]
    {
        let round_trip = Duration::from_millis(round_trip);
        let settings = BurstSettings { connections, max_late_share, round_trip, ..SETTINGS };
        let mut bursts = Bursts::new(settings);
        bursts.smallest_backlog(Cookies::WhenFull);
        bursts.without_cookies();
        let (measured, all) = bursts.work().measured();
        assert_eq!((measured, all), (bursts.count() as u64, bursts.count() as u64), "each once");
        let simulated = bursts.work().simulated();
        assert!(simulated < all, "{simulated} simulations of {all} bursts");
    }
}

/// A link that loses segments makes connections late whatever the backlog.
#[test]
fn a_share_that_no_backlog_reaches_is_found_with_the_first_bursts() {
    let settings =
        BurstSettings { arrival_rate: 1e9, connections: 10_000, max_late_share: 1e-7, ..SETTINGS };
    let mut bursts = Bursts::new(settings);
    let backlog = bursts.smallest_backlog(Cookies::WhenFull);
    assert!(!bursts.suffices(backlog, Cookies::WhenFull));
    assert!(bursts.simulate(backlog, Cookies::WhenFull).late_share() > 0.1);
    assert_eq!(bursts.count(), 500, "not 50,000");
    assert_eq!(bursts.work().measured(), (500, 500));
}

#[test]
fn backlogs_are_compared_with_no_more_bursts_than_their_share_needs() {
    let settings = BurstSettings { connections: 500, max_late_share: 5e-6, ..SETTINGS };
    let mut bursts = Bursts::new(settings);
    assert_eq!(bursts.count(), 20_000);
    let small = bursts.compare(100, Cookies::WhenFull);
    assert_eq!(small.bursts, 10_000);
    assert_eq!(bursts.work().simulated(), 10_000);
    let large = bursts.compare(400, Cookies::WhenFull);
    assert_eq!((large.bursts, large.late_share()), (20_000, 0.0), "none is changed");
    assert_eq!(bursts.work().simulated(), 10_000);
}
