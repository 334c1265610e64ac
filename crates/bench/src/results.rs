//! The measurements of one part, and ratios of them.

use crate::measurement::{Measurement, Quantity};
use crate::spread::Spread;

/// The measurements of one part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Results<'a> {
    part: &'static str,
    all: &'a [Measurement],
}

impl<'a> Results<'a> {
    pub(crate) fn new(part: &'static str, all: &'a [Measurement]) -> Self {
        Self { part, all }
    }

    fn measurements(self) -> impl Iterator<Item = &'a Measurement> {
        self.all.iter().filter(move |one| one.part == self.part)
    }

    /// Everything that was measured, in the order in which it first was.
    pub(crate) fn contestants(self) -> Vec<&'a str> {
        let mut contestants = Vec::new();
        for one in self.measurements() {
            if !contestants.contains(&&*one.contestant) {
                contestants.push(&*one.contestant);
            }
        }
        contestants
    }

    /// A quantity of one contestant in each round that measured it.
    pub(crate) fn values(self, contestant: &str, quantity: Quantity) -> Vec<f64> {
        self.rounds(contestant, quantity).map(|(_, value)| value).collect()
    }

    /// The median of the values; `None` if there are none.
    pub(crate) fn median(self, contestant: &str, quantity: Quantity) -> Option<f64> {
        Some(Spread::of(&self.values(contestant, quantity))?.median)
    }

    /// A quantity of `one` ÷ that of `other`, in each round that measured both.
    pub(crate) fn ratios(self, one: &str, other: &str, quantity: Quantity) -> Vec<f64> {
        let of_round = |round| self.rounds(other, quantity).find(|(its, _)| *its == round);
        self.rounds(one, quantity)
            .filter_map(|(round, value)| Some(value / of_round(round)?.1))
            .filter(|ratio| ratio.is_finite())
            .collect()
    }

    /// That of these contestants whose median of a quantity is the largest.
    pub(crate) fn largest<'c>(
        self,
        contestants: impl IntoIterator<Item = &'c str>,
        quantity: Quantity,
    ) -> Option<&'c str> {
        contestants
            .into_iter()
            .filter_map(|one| Some((one, self.median(one, quantity)?)))
            .max_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(one, _)| one)
    }

    fn rounds(self, contestant: &str, quantity: Quantity) -> impl Iterator<Item = (u32, f64)> {
        self.measurements()
            .filter(move |one| one.contestant == contestant)
            .filter_map(move |one| Some((one.round, *one.values.get(&quantity)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::Values;

    fn measured(part: &'static str, contestant: &str, round: u32, rate: f64) -> Measurement {
        Measurement {
            part,
            contestant: contestant.to_owned(),
            round,
            took_seconds: 1.0,
            others_share: None,
            values: Values::from([(Quantity::PerSecond, rate)]),
        }
    }

    #[test]
    fn a_ratio_is_of_what_was_measured_in_one_round() {
        let all = [
            measured("x", "a", 0, 10.0),
            measured("x", "b", 0, 20.0),
            measured("y", "b", 0, 1.0),
            measured("x", "b", 1, 5.0),
            measured("x", "a", 1, 10.0),
            measured("x", "a", 2, 7.0),
        ];
        let results = Results::new("x", &all);
        assert_eq!(results.contestants(), ["a", "b"]);
        assert_eq!(results.ratios("a", "b", Quantity::PerSecond), [0.5, 2.0]);
        assert_eq!(results.ratios("a", "c", Quantity::PerSecond), [0.0; 0]);
        assert_eq!(results.ratios("a", "b", Quantity::LatencyP99), [0.0; 0]);
        assert_eq!(results.median("a", Quantity::PerSecond), Some(10.0));
        assert_eq!(results.median("a", Quantity::Seconds), None);
    }

    #[test]
    fn a_rate_of_nothing_has_no_ratio() {
        let all = [measured("x", "a", 0, 1.0), measured("x", "b", 0, 0.0)];
        assert_eq!(Results::new("x", &all).ratios("a", "b", Quantity::PerSecond), [0.0; 0]);
    }

    #[test]
    fn the_largest_has_the_largest_median() {
        let all = [
            measured("x", "a", 0, 100.0),
            measured("x", "a", 1, 1.0),
            measured("x", "a", 2, 1.0),
            measured("x", "b", 0, 2.0),
        ];
        let results = Results::new("x", &all);
        let largest =
            |names: &[&'static str]| results.largest(names.iter().copied(), Quantity::PerSecond);
        assert_eq!(largest(&["a", "b", "c"]), Some("b"));
        assert_eq!(largest(&["c"]), None);
    }
}
