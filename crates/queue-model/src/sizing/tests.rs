//! Tests of the search for a backlog.

use super::*;

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
    assert_eq!(count(1, 1e-4), 2000);
    assert_eq!(count(1_000_000, 1e-4), 2);
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
        let mut path = bursts.path(advice.backlog, Cookies::Never);
        path.listener.max_syn_backlog = max_syn_backlog;
        let mut memory = Memory::default();
        let late = |starts: &Vec<u64>| simulate_starts(&path, starts, &mut memory).late;
        bursts.starts.iter().map(late).sum::<u64>()
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
