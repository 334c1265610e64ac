//! What a figure is to reach.

use std::fmt;

use serde::Serialize;

use crate::figure::Unit;

/// What the median of a figure is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    pub(crate) fn is_reached(self, median: f64) -> bool {
        match self {
            Self::AtLeast(least) => median >= least,
            Self::AtMost(most) => median <= most,
        }
    }

    /// As in the table: `≥ 0.8`.
    pub(crate) fn describe(self, unit: Unit) -> impl fmt::Display {
        let (sign, value) = match self {
            Self::AtLeast(least) => ('≥', least),
            Self::AtMost(most) => ('≤', most),
        };
        format!("{sign} {}", unit.describe(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_includes_its_bound() {
        for (goal, reached, missed) in
            [(Goal::AtLeast(0.8), [0.8, 0.9], 0.79), (Goal::AtMost(0.2), [0.2, 0.1], 0.21)]
        {
            assert!(reached.into_iter().all(|median| goal.is_reached(median)), "{goal:?}");
            assert!(!goal.is_reached(missed) && !goal.is_reached(f64::NAN), "{goal:?}");
        }
        assert_eq!(Goal::AtLeast(0.8).describe(Unit::Ratio).to_string(), "≥ 0.80");
        assert_eq!(Goal::AtMost(0.02).describe(Unit::Seconds).to_string(), "≤ 20.0 ms");
    }
}
