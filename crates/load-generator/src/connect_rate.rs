//! The rate at which attempts start, and when each of them is due.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Attempts per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ConnectRate {
    /// The same rate for all attempts.
    Constant(f64),
    /// A rate that changes linearly, and then is constant.
    Ramp(Ramp),
}

/// A rate that changes linearly from `from` to `to` within `over`, and then stays at `to`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ramp {
    // An axis may vary one of them, and the scenario then omits it.
    /// Attempts per second at the first attempt; it may be 0.
    #[schemars(range(min = 0))]
    pub from: f64,
    /// Attempts per second at the end of the ramp, and after it.
    pub to: f64,
    /// Length of the ramp.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub over: Duration,
}

impl ConnectRate {
    /// Time from the start of the first attempt until attempt `index` is due (the first is
    /// 0), rounded to nanoseconds; [`Duration::MAX`] if it never is, or in more than 584
    /// years.
    ///
    /// An attempt is due when the integral of the rate over time reaches its index.
    pub fn due_after(&self, index: u32) -> Duration {
        match self.seconds_until(index) {
            seconds if seconds * 1e9 < u64::MAX as f64 => {
                Duration::from_nanos((seconds * 1e9).round() as u64)
            }
            _ => Duration::MAX,
        }
    }

    /// [`Self::due_after`] in seconds, not rounded.
    fn seconds_until(&self, index: u32) -> f64 {
        let index = f64::from(index);
        if index == 0.0 {
            return 0.0;
        }
        match *self {
            Self::Constant(rate) => index / rate,
            Self::Ramp(Ramp { from, to, over }) => {
                let over = over.as_secs_f64();
                let of_ramp = f64::midpoint(from, to) * over;
                if index > of_ramp {
                    return over + (index - of_ramp) / to;
                }
                // The root of from·t + (to − from)/(2·over)·t² = index, in the form that loses
                // no digits if the rate hardly changes.
                let curvature = (to - from) / over;
                let rate_at_it = (from * from + 2.0 * curvature * index).max(0.0).sqrt();
                2.0 * index / (from + rate_at_it)
            }
        }
    }

    /// The highest rate, attempts per second.
    pub fn highest(&self) -> f64 {
        match *self {
            Self::Constant(rate) => rate,
            Self::Ramp(Ramp { from, to, .. }) => from.max(to),
        }
    }

    /// The rate if it is the same for all attempts, attempts per second.
    pub fn constant(&self) -> Option<f64> {
        match *self {
            Self::Constant(rate) => Some(rate),
            Self::Ramp(_) => None,
        }
    }

    /// Why there is no such rate.
    pub(crate) fn problem(&self) -> Option<String> {
        let is_positive = |rate: f64| rate.is_finite() && rate > 0.0;
        match *self {
            Self::Constant(rate) if !is_positive(rate) => {
                Some(format!("{rate} attempts a second: use more than 0"))
            }
            Self::Ramp(Ramp { from, .. }) if !(from.is_finite() && from >= 0.0) => {
                Some(format!("a ramp from {from} attempts a second: use 0 or more"))
            }
            Self::Ramp(Ramp { to, .. }) if !is_positive(to) => {
                Some(format!("a ramp to {to} attempts a second: use more than 0"))
            }
            Self::Ramp(Ramp { to, over, .. }) if over.is_zero() => {
                Some(format!("a ramp needs a time (over): use {to} without a ramp for 0s"))
            }
            _ => None,
        }
    }
}

/// The form of a flag: `400`, or `100..2000/5s` of a ramp.
impl fmt::Display for ConnectRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(rate) => write!(f, "{rate}"),
            Self::Ramp(Ramp { from, to, over }) => {
                write!(f, "{from}..{to}/{}", humantime::format_duration(*over))
            }
        }
    }
}

/// Why a text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a rate is a number of attempts a second, 400 for example, or FROM..TO/TIME for a ramp, \
         100..2000/5s for example"
)]
pub struct ConnectRateError;

impl FromStr for ConnectRate {
    type Err = ConnectRateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse::<f64>().map_err(|_| ConnectRateError);
        match text.split_once("..") {
            None => number(text).map(Self::Constant),
            Some((from, rest)) => {
                let (to, over) = rest.split_once('/').ok_or(ConnectRateError)?;
                let over = humantime::parse_duration(over).map_err(|_| ConnectRateError)?;
                Ok(Self::Ramp(Ramp { from: number(from)?, to: number(to)?, over }))
            }
        }
    }
}

// Derived, the error of an untagged enum would not name the wrong field.
impl<'de> Deserialize<'de> for ConnectRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RateVisitor;

        impl<'de> Visitor<'de> for RateVisitor {
            type Value = ConnectRate;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number of attempts a second, or {from: …, to: …, over: …}")
            }

            fn visit_f64<E: Error>(self, rate: f64) -> Result<ConnectRate, E> {
                Ok(ConnectRate::Constant(rate))
            }

            fn visit_u64<E: Error>(self, rate: u64) -> Result<ConnectRate, E> {
                Ok(ConnectRate::Constant(rate as f64))
            }

            fn visit_i64<E: Error>(self, rate: i64) -> Result<ConnectRate, E> {
                Ok(ConnectRate::Constant(rate as f64))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<ConnectRate, A::Error> {
                Ramp::deserialize(MapAccessDeserializer::new(entries)).map(ConnectRate::Ramp)
            }
        }

        deserializer.deserialize_any(RateVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(from: f64, to: f64, seconds: f64) -> ConnectRate {
        ConnectRate::Ramp(Ramp { from, to, over: Duration::from_secs_f64(seconds) })
    }

    /// When the integral of the rate reaches each of the first `count` indices, by small
    /// steps.
    fn integrated(rate: impl Fn(f64) -> f64, count: usize) -> Vec<f64> {
        const STEP: f64 = 1e-6;
        let (mut step, mut integral, mut times) = (0_u64, 0.0, vec![0.0]);
        while times.len() < count {
            let at = step as f64 * STEP;
            let added = STEP * rate(at + STEP / 2.0);
            while times.len() < count && integral + added >= times.len() as f64 {
                times.push(at + (times.len() as f64 - integral) / added * STEP);
            }
            integral += added;
            step += 1;
        }
        times
    }

    #[test]
    fn attempts_of_a_ramp_are_due_when_the_integral_of_the_rate_reaches_them() {
        for (from, to, over) in
            [(100.0, 2000.0, 1.0), (0.0, 500.0, 2.0), (300.0, 20.0, 1.5), (50.0, 50.0, 1.0)]
        {
            // Some are due after the ramp.
            let count = ((from + to) / 2.0 * over) as usize + 40;
            let rate = |at: f64| from + (to - from) * (at / over).min(1.0);
            for (index, expected) in integrated(rate, count).into_iter().enumerate() {
                let due = ramp(from, to, over).due_after(index as u32).as_secs_f64();
                assert!((due - expected).abs() < 5e-6, "{from}..{to}: {index} {due} {expected}");
            }
        }
    }

    #[test]
    fn attempts_at_a_constant_rate_are_spaced_evenly() {
        for index in [0, 1, 3, 7, 1000, 123_457] {
            let due = ConnectRate::Constant(100.0).due_after(index);
            assert_eq!(due, Duration::from_millis(10) * index);
        }
        assert_eq!(ramp(100.0, 100.0, 1.0).due_after(50), Duration::from_millis(500));
        assert_eq!(ConnectRate::Constant(1e-300).due_after(1), Duration::MAX);
        assert_eq!(ConnectRate::Constant(0.0).due_after(1), Duration::MAX);
    }

    #[test]
    fn a_rate_is_read_and_written_as_a_number_a_mapping_or_a_flag() {
        let rate = ramp(100.0, 2000.0, 5.0);
        let json = r#"{"from":100.0,"to":2000.0,"over":"5s"}"#;
        assert_eq!(serde_json::to_string(&rate).unwrap(), json);
        assert_eq!(serde_json::from_str::<ConnectRate>(json).unwrap(), rate);
        assert_eq!("100..2000/5s".parse(), Ok(rate));
        assert_eq!(rate.to_string(), "100..2000/5s");
        let constant = ConnectRate::Constant(400.0);
        assert_eq!(serde_json::to_string(&constant).unwrap(), "400.0");
        assert_eq!(serde_json::from_str::<ConnectRate>("400").unwrap(), constant);
        assert_eq!("400".parse(), Ok(constant));
        assert_eq!(constant.to_string(), "400");
        for wrong in ["", "fast", "100..2000", "100..2000/5", "..2000/5s", "1..2..3/5s"] {
            assert_eq!(wrong.parse::<ConnectRate>(), Err(ConnectRateError), "{wrong}");
        }
        let error = serde_json::from_str::<ConnectRate>(r#"{"form": 1}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `form`"), "{error}");
        let error = serde_json::from_str::<ConnectRate>(r#""fast""#).unwrap_err();
        assert!(error.to_string().contains("a number of attempts a second, or"), "{error}");
    }

    #[test]
    fn a_rate_that_starts_nothing_has_a_problem() {
        for (rate, named) in [
            (ramp(-1.0, 10.0, 1.0), "from -1"),
            (ramp(f64::INFINITY, 10.0, 1.0), "from inf"),
            (ramp(10.0, 0.0, 1.0), "to 0"),
            (ramp(10.0, f64::NAN, 1.0), "to NaN"),
            (ramp(10.0, 20.0, 0.0), "use 20 without a ramp"),
            (ConnectRate::Constant(0.0), "0 attempts"),
        ] {
            let problem = rate.problem().expect("a problem");
            assert!(problem.contains(named), "{problem}");
        }
        assert_eq!(ramp(0.0, 10.0, 1.0).problem(), None);
    }
}
