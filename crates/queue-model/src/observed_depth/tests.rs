use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn between(earliest_ns: u64, latest_ns: u64) -> Between {
    Between { earliest_ns, latest_ns }
}

fn sample(from_ns: u64, to_ns: u64, depth: u32) -> Sample {
    Sample { from_ns, to_ns, depth }
}

fn steps(observations: &Observations) -> Vec<(u64, u32, Option<u32>)> {
    let bounds = observations.bounds().unwrap();
    bounds.steps().iter().map(|step| (step.from_ns, step.least, step.most)).collect()
}

#[test]
fn a_reading_after_each_accept_makes_the_depth_exact() {
    // Three connections at 10, 11 and 12, which are taken at 20, 40 and 60.
    let accepted = [20, 40, 60];
    let reading = |(index, &at_ns): (usize, &u64)| Reading {
        listener: 0,
        called_ns: at_ns - 1,
        from_ns: at_ns,
        to_ns: at_ns + 1,
        taken: index as u64 + 1,
        depth: 2 - index as u32,
    };
    let observations = Observations {
        listeners: 1,
        entries: Some((10..13).map(|at_ns| between(at_ns, Between::NEVER)).collect()),
        exits: Some(accepted.iter().map(|&at_ns| between(10, at_ns)).collect()),
        readings: accepted.iter().enumerate().map(reading).collect(),
        readings_are_complete: true,
        samples: Vec::new(),
    };
    assert_eq!(
        steps(&observations),
        [
            (0, 0, Some(0)),
            // The clients called connect(2), and the queue was not read yet.
            (10, 0, Some(1)),
            (11, 0, Some(2)),
            (12, 0, Some(3)),
            (20, 0, Some(2)),
            (21, 2, Some(2)),
            // During the call of accept(2).
            (39, 1, Some(2)),
            (40, 1, Some(1)),
            (59, 0, Some(1)),
            (60, 0, Some(0)),
        ]
    );
    let sampled = Observations { samples: vec![sample(13, 14, 3)], ..observations };
    assert_eq!(steps(&sampled)[4..7], [(14, 3, Some(3)), (19, 2, Some(3)), (20, 2, Some(2))]);
    let bounds = sampled.bounds().unwrap();
    assert_eq!(bounds.peak(), (3, Some(3)));
    assert!(bounds.allow(&sample(13, 14, 0)), "it may have been read before the entries");
    assert!(!bounds.allow(&sample(14, 15, 2)) && !bounds.allow(&sample(14, 15, 4)));
}

#[test]
fn samples_without_events_are_exact_where_nothing_is_taken() {
    // A server that accepts nothing.
    let observations = Observations {
        listeners: 1,
        entries: None,
        exits: Some(Vec::new()),
        samples: vec![sample(10, 11, 0), sample(20, 22, 5), sample(30, 31, 5)],
        ..Observations::default()
    };
    let expected = [(0, 0, Some(0)), (11, 0, Some(5)), (22, 5, Some(5)), (31, 5, None)];
    assert_eq!(steps(&observations), expected);
    assert_eq!(observations.bounds().unwrap().peak(), (5, None));
}

#[test]
fn a_sample_shows_that_a_slow_accept_has_not_taken_anything_yet() {
    // Two connections, of which the first is taken by an accept(2) that was called before.
    let reading = Reading { listener: 0, called_ns: 1, from_ns: 90, to_ns: 91, taken: 1, depth: 1 };
    let observations = |samples: &[Sample]| Observations {
        listeners: 1,
        entries: Some(vec![between(10, Between::NEVER); 9]),
        exits: Some(vec![between(10, 90)]),
        readings: vec![reading],
        readings_are_complete: true,
        samples: samples.to_vec(),
    };
    let at_50 = |samples: &[Sample]| observations(samples).bounds().unwrap().between(50, 50);
    assert_eq!(at_50(&[]), (0, Some(2)));
    assert_eq!(at_50(&[sample(40, 41, 2)]), (1, Some(2)), "it may have been taken since");
    assert_eq!(at_50(&[sample(40, 41, 2), sample(60, 61, 2)]), (2, Some(2)));
    assert_eq!(at_50(&[sample(40, 41, 1), sample(60, 61, 1)]), (0, Some(2)));
}

#[test]
fn the_depth_after_a_log_that_is_full_is_not_known() {
    let reading = Reading { listener: 0, called_ns: 9, from_ns: 10, to_ns: 11, taken: 1, depth: 4 };
    let observations = |readings_are_complete| Observations {
        listeners: 1,
        entries: Some(vec![between(0, Between::NEVER); 9]),
        exits: None,
        readings: vec![reading],
        readings_are_complete,
        samples: Vec::new(),
    };
    let last = |is_complete| *steps(&observations(is_complete)).last().unwrap();
    assert_eq!(last(true), (11, 4, Some(8)));
    assert_eq!(last(false), (11, 0, Some(8)));
    // Another listener may have taken anything.
    let other = Observations { listeners: 2, ..observations(false) };
    assert_eq!(steps(&other).last(), Some(&(10, 0, Some(8))));
}

#[test]
fn observations_that_cannot_be_true_are_a_contradiction() {
    let events = |entries: Vec<Between>, exits: Vec<Between>| Observations {
        listeners: 1,
        entries: Some(entries),
        exits: Some(exits),
        ..Observations::default()
    };
    // Two were taken, of which one had not connected.
    let early = events(vec![between(1, 5), between(9, 12)], vec![between(1, 5), between(1, 6)]);
    let contradiction = early.bounds().unwrap_err();
    assert_eq!((contradiction.at_ns, contradiction.taken.0), (6, 2));
    let mut full = events(vec![between(1, Between::NEVER)], Vec::new());
    full.samples = vec![sample(5, 6, 2)];
    assert_eq!(full.bounds().unwrap_err().at_ns, 6, "a sample has more than there are clients");
    full.samples = vec![sample(5, 6, 1), sample(8, 9, 0)];
    assert_eq!(full.bounds().unwrap_err().at_ns, 6, "a connection vanished");
    let reading = |from_ns, taken, depth| {
        let (called_ns, to_ns) = (from_ns - 1, from_ns + 1);
        Reading { listener: 0, called_ns, from_ns, to_ns, taken, depth }
    };
    let mut shrunk = events(vec![between(0, Between::NEVER); 9], Vec::new());
    shrunk.exits = None;
    shrunk.readings = vec![reading(10, 1, 6), reading(20, 2, 1)];
    assert_eq!(shrunk.bounds().unwrap_err().at_ns, 11, "four vanished from the queue");
}

/// A connection: its listener, its entry, and how long it waits before accept(2) takes it.
type Life = (u32, u64, u64);

/// How exactly a connection is known: whether its entry is, and by how much earlier and later.
type Known = (bool, u64, u64);

/// What truly happened to a queue, and what was observed of it.
#[derive(Debug)]
struct History {
    entered: Vec<u64>,
    taken: Vec<u64>,
    observations: Observations,
}

impl History {
    fn depth(&self, at_ns: u64) -> u32 {
        let until = |times: &[u64]| times.iter().filter(|&&time| time <= at_ns).count() as u32;
        until(&self.entered) - until(&self.taken)
    }

    fn new(
        listeners: u32,
        lives: &[(Life, Known)],
        delays: &[(u64, u64, u64)],
        samples: &[(u64, u64, u64)],
        is_read: &[bool],
        skipped: usize,
    ) -> Self {
        let mut lives: Vec<_> = lives.to_vec();
        lives.sort_by_key(|((_, entry, _), _)| *entry);
        let mut history = Self {
            entered: lives.iter().map(|((_, entry, _), _)| *entry).collect(),
            taken: Vec::new(),
            observations: Observations {
                listeners: listeners as usize,
                readings_are_complete: true,
                ..Observations::default()
            },
        };
        let (mut entries, mut exits) = (Vec::new(), Vec::new());
        // Those that never entered.
        entries.push(between(delays[0].0, Between::NEVER));
        let mut readings = Vec::new();
        for listener in 0..listeners {
            let (mut free_ns, mut taken) = (0, 0);
            let of_listener = lives.iter().filter(|((of, ..), _)| of % listeners == listener);
            for (index, ((_, entry, wait), (is_taken, early, late))) in of_listener.enumerate() {
                let earliest = entry.saturating_sub(*early);
                let (before, during, after) = delays[index % delays.len()];
                let called_ns = free_ns + before;
                let taken_ns = called_ns.max(*entry) + wait % 7;
                if !is_taken || taken < index as u64 {
                    // Accepting has ended: it is left in the queue.
                    entries.push(between(earliest, Between::NEVER));
                    continue;
                }
                taken += 1;
                let from_ns = taken_ns + during;
                let to_ns = from_ns + after;
                history.taken.push(taken_ns);
                entries.push(between(earliest, (entry + late).max(from_ns)));
                exits.push(between(earliest, from_ns));
                readings.push((listener, called_ns, from_ns, to_ns, taken));
                free_ns = to_ns;
            }
        }
        for (listener, called_ns, from_ns, to_ns, taken) in readings {
            let at_ns = from_ns.midpoint(to_ns);
            let entered = lives
                .iter()
                .filter(|((of, entry, _), _)| of % listeners == listener && *entry <= at_ns);
            let depth = entered.count() as u64 - taken;
            let reading =
                Reading { listener, called_ns, from_ns, to_ns, taken, depth: depth as u32 };
            history.observations.readings.push(reading);
        }
        let all = std::mem::take(&mut history.observations.readings);
        for (index, reading) in all.iter().enumerate() {
            let is_last = all.get(index + 1).is_none_or(|next| next.listener != reading.listener);
            match is_read[0] && index % 5 != skipped {
                true => history.observations.readings.push(*reading),
                false if is_last => history.observations.readings_are_complete = false,
                false => {}
            }
        }
        let sampled = samples.iter().map(|&(from_ns, inside, after)| {
            let at_ns = from_ns + inside;
            sample(from_ns, at_ns + after, history.depth(at_ns))
        });
        history.observations.samples = sampled.collect();
        history.observations.entries = is_read[1].then_some(entries);
        history.observations.exits = is_read[2].then_some(exits);
        history
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn bounds_contain_the_depth_at_every_instant(
        listeners in 1..4_u32,
        lives in vec(
            ((0..4_u32, 0..400_u64, 0..40_u64), (prop::bool::weighted(0.95), 0..30_u64, 0..30_u64)),
            0..40,
        ),
        delays in vec((0..20_u64, 0..6_u64, 0..6_u64), 1..8),
        samples in vec((0..600_u64, 0..10_u64, 0..10_u64), 0..12),
        is_read in vec(any::<bool>(), 3),
        skipped in 0..9_usize,
    ) {
        let history = History::new(listeners, &lives, &delays, &samples, &is_read, skipped);
        let bounds = history.observations.bounds();
        prop_assert!(bounds.is_ok(), "{:?} {:?}", bounds, history);
        let bounds = bounds.unwrap();
        for at_ns in 0..1_200 {
            let (least, most) = bounds.between(at_ns, at_ns);
            let depth = history.depth(at_ns);
            prop_assert!(
                least <= depth && most.is_none_or(|most| depth <= most),
                "{depth} at {at_ns}, not {least} to {most:?}: {history:?}"
            );
        }
        // So every other sample is allowed, too.
        let unread = Observations { samples: Vec::new(), ..history.observations.clone() };
        let unread = unread.bounds().unwrap();
        for sample in &history.observations.samples {
            prop_assert!(unread.allow(sample), "{sample:?} {history:?}");
        }
    }
}
