//! A figure of the table.

use serde::Serialize;

use crate::goal::Goal;
use crate::spread::Spread;

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// One measurement divided by another.
    Ratio,
    /// A part of a whole, shown in percent.
    Share,
    Seconds,
    Bytes,
    PerSecond,
    Count,
}

impl Unit {
    /// A value with its unit, to three digits: `0.83`, `20.0 ms`, `412 k/s`.
    pub(crate) fn describe(self, value: f64) -> String {
        let scaled = |steps: &[(f64, &str)]| {
            let &(scale, name) = steps
                .iter()
                .find(|(scale, _)| value.abs() >= *scale)
                .or(steps.last())
                .expect("a unit has a step");
            format!("{} {name}", digits(value / scale)).trim_end().to_owned()
        };
        match self {
            Self::Ratio => digits(value),
            Self::Share => format!("{} %", digits(value * 100.0)),
            Self::Seconds => scaled(&[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")]),
            Self::Bytes => {
                let (mib, gib) = (f64::from(1 << 20), f64::from(1 << 30));
                scaled(&[(gib, "GiB"), (mib, "MiB"), (1024.0, "KiB"), (1.0, "B")])
            }
            Self::PerSecond => scaled(&[(1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")]),
            Self::Count => format!("{value:.0}"),
        }
    }
}

/// Three significant digits, at least those before the point.
fn digits(value: f64) -> String {
    let before = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    // 0.834 as 0.83: a ratio has no third one.
    let after = (2 - before).clamp(0, 2 + i32::from(before < -1));
    format!("{value:.*}", after as usize)
}

/// A figure: what was measured in each round, and what it is to reach.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// None if it is only shown.
    pub(crate) goal: Option<Goal>,
    /// One value of each round that measured it.
    pub(crate) rounds: Vec<f64>,
    /// What a reader must know of them.
    pub(crate) notes: Vec<String>,
}

impl Figure {
    /// A ratio without a goal.
    pub(crate) fn ratio(name: impl Into<String>, rounds: Vec<f64>) -> Self {
        Self::new(name, Unit::Ratio, rounds)
    }

    pub(crate) fn new(name: impl Into<String>, unit: Unit, rounds: Vec<f64>) -> Self {
        Self { name: name.into(), unit, goal: None, rounds, notes: Vec::new() }
    }

    pub(crate) fn with_goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    pub(crate) fn note(mut self, note: impl Into<Option<String>>) -> Self {
        self.notes.extend(note.into());
        self
    }

    pub(crate) fn spread(&self) -> Option<Spread> {
        Spread::of(&self.rounds)
    }

    /// Whether its median reaches the goal; `None` without a goal or a measurement.
    pub(crate) fn is_reached(&self) -> Option<bool> {
        Some(self.goal?.is_reached(self.spread()?.median))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_about_three_digits_and_its_unit() {
        for (unit, value, expected) in [
            (Unit::Ratio, 0.834, "0.83"),
            (Unit::Ratio, 0.0123, "0.012"),
            (Unit::Ratio, 0.0, "0.00"),
            (Unit::Ratio, 12.34, "12.3"),
            (Unit::Ratio, 1234.0, "1234"),
            (Unit::Share, 0.5, "50.0 %"),
            (Unit::Seconds, 0.0194, "19.4 ms"),
            (Unit::Seconds, 2.5e-6, "2.50 µs"),
            (Unit::Seconds, 226.0, "226 s"),
            (Unit::Bytes, 805_306_368.0, "768 MiB"),
            (Unit::Bytes, 1_073_741_824.0, "1.00 GiB"),
            (Unit::PerSecond, 412_345.0, "412 k/s"),
            (Unit::PerSecond, 0.0, "0.00 /s"),
            (Unit::Count, 4_499_500.0, "4499500"),
        ] {
            assert_eq!(unit.describe(value), expected, "{value} {unit:?}");
        }
    }

    #[test]
    fn a_goal_is_for_the_median() {
        let figure = Figure::ratio("a ÷ b", vec![0.5, 0.9, 0.7]);
        assert_eq!(figure.is_reached(), None);
        assert_eq!(figure.clone().with_goal(Goal::AtLeast(0.7)).is_reached(), Some(true));
        assert_eq!(figure.with_goal(Goal::AtLeast(0.8)).is_reached(), Some(false));
        let none = Figure::ratio("a ÷ b", Vec::new()).with_goal(Goal::AtMost(1.0));
        assert_eq!(none.is_reached(), None);
    }
}
