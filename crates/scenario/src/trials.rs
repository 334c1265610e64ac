//! The trials of a plan, and their order.

use std::hash::{BuildHasher, RandomState};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// One repetition of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlannedTrial {
    /// Its number in the unshuffled order: the first repetition of every cell,
    /// then the second. It does not depend on the seed.
    pub id: u32,
    /// The position of its cell in [`Plan::cells`](crate::Plan::cells).
    pub cell: usize,
    /// The number of its repetition, from 0.
    pub repetition: u32,
    /// How often the trial was run before; 0 for every trial of a plan.
    pub retry: u32,
}

/// A random seed, short enough to type.
pub(crate) fn new_seed() -> u64 {
    RandomState::new().hash_one("seed") >> 32
}

/// Each repetition runs every cell once before the next begins, so that a drift of the
/// machine affects all cells equally. Within a repetition, the order is shuffled with the
/// seed, if there is one.
pub(crate) fn trials(cells: usize, repeat: u32, shuffle: Option<u64>) -> Vec<PlannedTrial> {
    let mut rng = shuffle.map(StdRng::seed_from_u64);
    let mut trials = Vec::new();
    for repetition in 0..repeat {
        let mut block: Vec<PlannedTrial> = (0..cells)
            .zip(trials.len() as u32..)
            .map(|(cell, id)| PlannedTrial { id, cell, repetition, retry: 0 })
            .collect();
        if let Some(rng) = &mut rng {
            block.shuffle(rng);
        }
        trials.extend(block);
    }
    trials
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_seed_decides_the_order_and_every_trial_is_planned_once() {
        let unshuffled = trials(20, 3, None);
        assert!(unshuffled.iter().map(|trial| trial.id).eq(0..60));

        let shuffled = trials(20, 3, Some(7));
        assert_eq!(shuffled, trials(20, 3, Some(7)));
        assert_ne!(shuffled, trials(20, 3, Some(8)));
        assert_ne!(shuffled, unshuffled);
        let distinct: HashSet<_> = shuffled.iter().copied().collect();
        assert_eq!(distinct, unshuffled.iter().copied().collect());
    }

    #[test]
    fn repetitions_are_interleaved_across_cells() {
        let shuffled = trials(5, 4, Some(1));
        for (repetition, block) in shuffled.chunks(5).enumerate() {
            assert!(block.iter().all(|trial| trial.repetition as usize == repetition));
            assert_eq!(block.iter().map(|trial| trial.cell).sum::<usize>(), 10);
        }
    }

    #[test]
    fn more_repetitions_do_not_change_the_ids_of_the_first() {
        let (few, many) = (trials(6, 2, None), trials(6, 5, None));
        assert_eq!(few, many[..few.len()]);
    }
}
