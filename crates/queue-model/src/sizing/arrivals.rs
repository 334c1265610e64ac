//! The random arrivals of each burst, which can be generated again at any time: those of all
//! bursts would take gigabytes.

use chacha20::ChaCha12Rng;
use rand::{RngExt, SeedableRng};

use super::settings::BurstSettings;

/// Bursts of any length have at least this many positions among the slots of the timer
/// wheel.
const PHASES: u32 = 8;

/// Words of 32 bits of the generator for each arrival.
const WORDS: u128 = 2;

/// How to generate the instants of connect(2) of each burst.
#[derive(Debug)]
pub(super) struct Arrivals {
    seed: u64,
    rate: f64,
    pub(super) connections: u32,
    /// The first instants, in turns.
    phases: Vec<u64>,
}

/// The generator of one thread, and the burst that it generates next.
#[derive(Debug, Default)]
pub(super) struct Generator {
    random: Option<(ChaCha12Rng, usize)>,
    starts: Vec<u64>,
}

impl Arrivals {
    pub(super) fn new(settings: &BurstSettings) -> Self {
        let length = f64::from(settings.connections) / settings.arrival_rate * 1e9;
        Self {
            seed: settings.seed,
            rate: settings.arrival_rate,
            connections: settings.connections,
            phases: settings.timers().phases(length as u64, PHASES),
        }
    }

    /// The instants of connect(2) of a burst, ascending.
    pub(super) fn starts<'a>(&self, burst: usize, generator: &'a mut Generator) -> &'a [u64] {
        let Generator { random, starts } = generator;
        let (random, next) =
            random.get_or_insert_with(|| (ChaCha12Rng::seed_from_u64(self.seed), 0));
        if *next != burst {
            random.set_word_pos(WORDS * burst as u128 * u128::from(self.connections));
        }
        *next = burst + 1;
        let first = self.phases[burst % self.phases.len()];
        let mut at = 0.0;
        starts.clear();
        starts.extend((0..self.connections).map(|_| {
            // Exponential intervals: the arrivals are independent.
            at -= (1.0 - random.random::<f64>()).ln() / self.rate;
            first + (at * 1e9) as u64
        }));
        starts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::syn_queue::SynQueueFull;

    #[test]
    fn a_burst_that_is_generated_again_or_alone_is_the_same() {
        for connections in [1, 3, 1000] {
            let arrivals = Arrivals::new(&BurstSettings {
                arrival_rate: 50_000.0,
                connections,
                accept_rate: 20_000.0,
                round_trip: Duration::ZERO,
                max_late_share: 0.01,
                syn_queue_full: SynQueueFull::Above,
                hz: None,
                seed: 7,
            });
            let mut generator = Generator::default();
            let all: Vec<_> =
                (0..20).map(|burst| arrivals.starts(burst, &mut generator).to_vec()).collect();
            for burst in [19, 0, 7, 7, 8, 3] {
                assert_eq!(arrivals.starts(burst, &mut generator), all[burst]);
                assert_eq!(arrivals.starts(burst, &mut Generator::default()), all[burst]);
            }
            assert!(all.iter().all(|starts| starts.is_sorted()));
            assert_ne!(all[0], all[8], "other arrivals at the same position");
        }
    }
}
