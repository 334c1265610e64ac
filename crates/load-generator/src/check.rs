//! What a load's settings can have wrong.

use std::fmt;
use std::time::Duration;

use chat_protocol::{Codec, Framing};

use crate::message::MessageFormat;
use crate::{ConnectPattern, LoadSettings};

/// A client's host has its addresses in one /24, beside its own and others.
const MOST_SOURCE_ADDRESSES: u32 = 250;

/// A setting that no load can follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// The setting's name in [`LoadSettings`].
    pub field: &'static str,
    /// What is wrong with its value, and what would be right.
    pub reason: String,
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// Everything wrong with `settings`, for a server that speaks `framing` with
/// bodies of up to `largest_body` bytes (the framing's own default when
/// absent). Empty when a load can follow them.
pub fn check_settings(
    settings: &LoadSettings,
    framing: Framing,
    largest_body: Option<u32>,
) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    let mut problem = |field, reason: String| problems.push(SettingProblem { field, reason });

    if settings.clients == 0 {
        problem("clients", "0 clients make no load: ask for at least 1".to_owned());
    }
    if !(1..=MOST_SOURCE_ADDRESSES).contains(&settings.source_addresses) {
        let reason = format!(
            "{} addresses: ask for 1 to {MOST_SOURCE_ADDRESSES}",
            settings.source_addresses
        );
        problem("source_addresses", reason);
    }
    match (settings.pattern, settings.connect_rate) {
        (ConnectPattern::Rate, None) => {
            problem("connect_rate", "pattern rate needs it: attempts a second".to_owned())
        }
        (ConnectPattern::Rate, Some(rate)) if !(rate.is_finite() && rate > 0.0) => {
            problem("connect_rate", format!("{rate} attempts a second: ask for more than 0"))
        }
        _ => {}
    }
    for (field, time) in [
        ("connect_deadline", settings.connect_deadline),
        ("finish_deadline", settings.finish_deadline),
    ] {
        if time.is_zero() {
            problem(field, "no time at all: ask for more than 0s".to_owned());
        }
    }
    if settings.messages > 0 {
        let smallest = MessageFormat::smallest_size(settings.clients, settings.messages);
        if settings.size < smallest {
            problem(
                "size",
                format!(
                    "{} bytes cannot say which message it is: with {} clients and {} messages, \
                     ask for at least {smallest}",
                    settings.size, settings.clients, settings.messages
                ),
            );
        }
        match Codec::new(framing, largest_body) {
            Ok(codec) if settings.size > codec.largest_body() => problem(
                "size",
                format!(
                    "{} bytes are above the server's largest body, {}",
                    settings.size,
                    codec.largest_body()
                ),
            ),
            Ok(_) => {}
            Err(error) => problem("size", error.to_string()),
        }
        let schedule = schedule_length(settings);
        if schedule.is_none_or(|length| length >= settings.finish_deadline) {
            problem(
                "finish_deadline",
                format!(
                    "{} messages, {:?} apart after {:?}, are not even written by then",
                    settings.messages, settings.interval, settings.send_delay
                ),
            );
        }
    }
    problems
}

/// From a client's being ready to its last message; none when that overflows.
fn schedule_length(settings: &LoadSettings) -> Option<Duration> {
    let gaps = settings.interval.checked_mul(settings.messages.saturating_sub(1))?;
    settings.send_delay.checked_add(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(change: impl FnOnce(&mut LoadSettings)) -> Vec<&'static str> {
        let mut settings = LoadSettings::default();
        change(&mut settings);
        check_settings(&settings, Framing::Ascii4, None)
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn the_defaults_and_the_original_grid_are_fine() {
        assert_eq!(fields(|_| {}), [""; 0]);
        assert_eq!(
            fields(|s| {
                s.clients = 400;
                s.messages = 200;
            }),
            [""; 0]
        );
    }

    #[test]
    fn each_impossible_value_names_its_field() {
        assert_eq!(fields(|s| s.clients = 0), ["clients"]);
        assert_eq!(fields(|s| s.source_addresses = 0), ["source_addresses"]);
        assert_eq!(fields(|s| s.source_addresses = 250), [""; 0]);
        assert_eq!(fields(|s| s.source_addresses = 251), ["source_addresses"]);
        assert_eq!(fields(|s| s.pattern = ConnectPattern::Rate), ["connect_rate"]);
        assert_eq!(fields(|s| s.connect_rate = Some(10.0)), [""; 0], "an axis over patterns");
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let with_rate = |s: &mut LoadSettings| {
                s.pattern = ConnectPattern::Rate;
                s.connect_rate = Some(rate);
            };
            assert_eq!(fields(with_rate), ["connect_rate"], "{rate}");
        }
        assert_eq!(fields(|s| s.connect_deadline = Duration::ZERO), ["connect_deadline"]);
        assert_eq!(fields(|s| s.size = 12), ["size"]);
        assert_eq!(fields(|s| s.size = 10_000), ["size"]);
        assert_eq!(fields(|s| s.interval = Duration::from_secs(3)), ["finish_deadline"]);
        assert_eq!(fields(|s| s.interval = Duration::MAX), ["finish_deadline"]);
    }

    #[test]
    fn all_problems_come_at_once_and_a_size_matters_only_with_messages() {
        assert_eq!(
            fields(|s| {
                s.clients = 0;
                s.finish_deadline = Duration::ZERO;
                s.messages = 0;
                s.size = 0;
            }),
            ["clients", "finish_deadline"]
        );
    }
}
