//! The order of the measurements: in turns, so that whatever changes on the machine meanwhile
//! affects all of them.

/// Every contestant in each round: A B C A B C.
pub(crate) fn interleaved(contestants: &[String], rounds: u32) -> Vec<(u32, &str)> {
    (0..rounds)
        .flat_map(|round| contestants.iter().map(move |contestant| (round, &**contestant)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contestants_take_turns() {
        let contestants = ["a".to_owned(), "b".to_owned()];
        assert_eq!(interleaved(&contestants, 2), [(0, "a"), (0, "b"), (1, "a"), (1, "b")]);
        assert_eq!(interleaved(&contestants, 0), []);
    }
}
