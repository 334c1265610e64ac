//! How far an answer may be off.

use std::fmt;
use std::str::FromStr;

use run_view::number::decimal;
use serde::{Deserialize, Deserializer};

/// How far an answer may be from what was measured to be right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Within {
    /// A difference, in the unit of the question; 0: exactly.
    Difference(f64),
    /// A share of what was measured, from 0 to 1.
    Share(f64),
}

impl Within {
    /// Whether the answer is right.
    pub fn is_right(self, answer: f64, measured: f64) -> bool {
        // Decimal fractions are not exact: 3.1 is within 0.1 of 3.
        (answer - measured).abs() <= self.difference(measured) * (1.0 + 1e-9)
    }

    /// How far a right answer may be from what was measured, in the unit of the question.
    pub fn difference(self, measured: f64) -> f64 {
        match self {
            Self::Difference(difference) => difference,
            Self::Share(share) => share * measured.abs(),
        }
    }

    /// Whether only the number itself is right.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Difference(0.0) | Self::Share(0.0))
    }
}

impl Default for Within {
    fn default() -> Self {
        Self::Difference(0.0)
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Difference(difference) => f.write_str(&decimal(*difference)),
            Self::Share(share) => write!(f, "{} %", decimal(share * 100.0)),
        }
    }
}

impl FromStr for Within {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, is_share) = match text.trim().strip_suffix('%') {
            Some(number) => (number, true),
            None => (text, false),
        };
        match number.trim().parse::<f64>() {
            Ok(number) if (0.0..=1e12).contains(&number) => {
                Ok(if is_share { Self::Share(number / 100.0) } else { Self::Difference(number) })
            }
            _ => Err("`within` is a number from 0 on, or a share such as `10 %`".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Within {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string().parse(),
            Written::Text(text) => text.parse(),
        }
        .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_right_within_a_difference_or_a_share() {
        let within = |text: &str| text.parse::<Within>();
        assert!(within("0").unwrap().is_right(129.0, 129.0));
        assert!(!within("0").unwrap().is_right(128.0, 129.0));
        assert!(within("0.1").unwrap().is_right(3.1, 3.0));
        assert!(within("10 %").unwrap().is_right(110.0, 100.0));
        assert!(!within("10%").unwrap().is_right(111.0, 100.0));
        assert_eq!(within("10 %").unwrap().to_string(), "10 %");
        for wrong in ["-1", "NaN", "inf", "x", "", "%"] {
            assert!(within(wrong).is_err(), "{wrong}");
        }
    }
}
