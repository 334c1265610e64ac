//! Validates the settings of a load.

use std::time::Duration;

use chat_protocol::{Codec, Framing};
use pattern::Patterns;
use worker::SettingProblem;

use crate::connect_rate::ConnectRate;
use crate::destinations;
use crate::dialogue::{Dialogue, check_dialogue};
use crate::message::MessageFormat;
use crate::reading_threads::check_threads;
use crate::roles::check_roles;
use crate::settings::{ChatPhase, ConnectPattern, Leave, LoadSettings};

/// The addresses of a client's host are in one /24, with others.
const MAX_SOURCE_ADDRESSES: u32 = 250;

/// Longer than any trial, and short enough to be added and multiplied.
const MAX_TIME: Duration = Duration::from_secs(24 * 3600);

/// From the first attempt's start to the last one's.
const MAX_START: Duration = Duration::from_secs(3600);

/// The problems of `settings`, for a server that uses `framing` with bodies of up to
/// `largest_body` bytes (the framing's default if absent). Empty if they are valid. `patterns` are
/// those that earlier checks have compiled.
pub fn check_settings(
    settings: &LoadSettings,
    framing: Framing,
    largest_body: Option<u32>,
    patterns: &mut Patterns,
) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    let mut problem = |field, reason: String| problems.push(SettingProblem { field, reason });

    if settings.clients == 0 {
        problem("clients", "0 clients make no load: use at least 1".to_owned());
    }
    if !(1..=MAX_SOURCE_ADDRESSES).contains(&settings.source_addresses) {
        let reason =
            format!("{} addresses: use 1 to {MAX_SOURCE_ADDRESSES}", settings.source_addresses);
        problem("source_addresses", reason);
    }
    match (settings.pattern, settings.concurrency) {
        (ConnectPattern::Concurrent, None) => problem(
            "concurrency",
            "pattern concurrent needs the number of attempts that are open at once".to_owned(),
        ),
        (_, Some(0)) => problem("concurrency", "0 attempts at once: use at least 1".to_owned()),
        _ => {}
    }
    match (settings.pattern, settings.connect_rate) {
        (ConnectPattern::Rate, None) => {
            problem(
                "connect_rate",
                "pattern rate needs the number of attempts a second".to_owned(),
            );
        }
        (_, Some(rate)) if rate.problem().is_some() => {
            problem("connect_rate", rate.problem().unwrap_or_default());
        }
        (
            ConnectPattern::Rate | ConnectPattern::OneByOne | ConnectPattern::Concurrent,
            Some(rate),
        ) => {
            let after_the_first = settings.clients.saturating_sub(1);
            if rate.due_after(after_the_first) > MAX_START {
                problem("connect_rate", too_slow(rate, settings.clients));
            }
        }
        (ConnectPattern::Burst | ConnectPattern::OneByOne | ConnectPattern::Concurrent, _) => {}
    }
    for (field, time, may_be_zero) in [
        ("connect_deadline", settings.connect_deadline, false),
        ("finish_deadline", settings.finish_deadline, false),
        ("linger", settings.linger, true),
        ("send_delay", settings.send_delay, true),
        ("interval", settings.interval, true),
    ] {
        if time.is_zero() && !may_be_zero {
            problem(field, "0s is too short: use more than 0s".to_owned());
        }
        if time > MAX_TIME {
            let (time, longest) =
                (humantime::format_duration(time), humantime::format_duration(MAX_TIME));
            problem(field, format!("{time} is too long: use at most {longest}"));
        }
    }
    let chats = settings.dialogue == Dialogue::Chat;
    let chatting = chats && settings.messages > 0;
    if let Some(reason) = destinations::problem(&settings.destinations, settings.clients, chatting)
    {
        problem("destinations", reason);
    }
    if settings.messages > 0 && chats {
        let smallest = MessageFormat::smallest_size(settings.clients, settings.messages);
        if settings.size < smallest {
            problem(
                "size",
                format!(
                    "{} bytes cannot identify a message: with {} clients and {} messages, \
                     use at least {smallest}",
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
                    "{} messages, {:?} apart after {:?}, are not all written by then",
                    settings.messages, settings.interval, settings.send_delay
                ),
            );
        }
    }
    problems.extend(check_dialogue(settings, patterns));
    problems.extend(check_roles(settings));
    problems.extend(check_threads(settings));
    if settings.is_closed_loop() {
        problems.extend(check_closed_loop(settings));
    }
    problems
}

/// Why `clients` do not all start in time.
fn too_slow(rate: ConnectRate, clients: u32) -> String {
    let longest = humantime::format_duration(MAX_START);
    match rate {
        ConnectRate::Constant(rate) => {
            let after_the_first = f64::from(clients.saturating_sub(1));
            format!(
                "at {rate:?} attempts a second, {clients} clients do not all start within \
                 {longest}: use at least {:.3}",
                // Rounded up, so that this rate is enough.
                (after_the_first / MAX_START.as_secs_f64() * 1e3).ceil() / 1e3,
            )
        }
        ConnectRate::Ramp(_) => format!(
            "with the ramp {rate}, {clients} clients do not all start within {longest}: use a \
             shorter ramp, or a higher rate"
        ),
    }
}

/// The problems of settings if attempts wait for the ends of others: no client may wait for
/// all attempts.
fn check_closed_loop(settings: &LoadSettings) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    let pattern = match settings.pattern {
        ConnectPattern::Concurrent => "concurrent",
        _ => "one_by_one",
    };
    let mut unless = |fine: bool, field, reason: &str| {
        if !fine {
            problems.push(SettingProblem { field, reason: format!("pattern {pattern} {reason}") });
        }
    };
    unless(
        settings.chat == ChatPhase::Overlapped,
        "chat",
        "lets clients chat and leave before others connect: use overlapped",
    );
    unless(
        settings.leave != Leave::Together || settings.dialogue.expects_answers(),
        "leave",
        "lets clients leave one after the other: use after_sending or half_close",
    );
    unless(
        settings.linger.is_zero() || settings.says_nothing(),
        "linger",
        "lets clients leave when they have their answers: use 0s, or dialogue none, with which \
         each stays connected for this time",
    );
    unless(
        settings.slow_readers == 0,
        "slow_readers",
        "lets no client stay until all others have left: use 0",
    );
    let all_send = settings.senders.is_none_or(|senders| {
        settings.messages == 0 || senders >= settings.clients.saturating_sub(settings.half_open)
    });
    unless(all_send, "senders", "lets no client wait until all messages are sent: omit it");
    problems
}

/// From the start of a client's chat to its last message; `None` on overflow.
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
        check_settings(&settings, Framing::Ascii4, None, &mut Patterns::default())
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn the_defaults_and_the_original_grid_are_valid() {
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
    fn an_invalid_value_names_its_field() {
        assert_eq!(fields(|s| s.clients = 0), ["clients"]);
        assert_eq!(fields(|s| s.source_addresses = 0), ["source_addresses"]);
        assert_eq!(fields(|s| s.source_addresses = 250), [""; 0]);
        assert_eq!(fields(|s| s.source_addresses = 251), ["source_addresses"]);
        assert_eq!(fields(|s| s.pattern = ConnectPattern::Rate), ["connect_rate"]);
        assert_eq!(
            fields(|s| s.connect_rate = Some(ConnectRate::Constant(10.0))),
            [""; 0],
            "an axis over patterns"
        );
        assert_eq!(fields(|s| s.connect_deadline = Duration::ZERO), ["connect_deadline"]);
        assert_eq!(fields(|s| s.size = 12), ["size"]);
        assert_eq!(fields(|s| s.size = 10_000), ["size"]);
        assert_eq!(fields(|s| s.interval = Duration::from_secs(3)), ["finish_deadline"]);
    }

    #[test]
    fn attempts_at_a_rate_all_start_within_an_hour() {
        let reason = |rate: f64, pattern| {
            let settings = LoadSettings {
                clients: 3601,
                messages: 0,
                pattern,
                connect_rate: Some(ConnectRate::Constant(rate)),
                ..LoadSettings::default()
            };
            let problems =
                check_settings(&settings, Framing::Ascii4, None, &mut Patterns::default());
            assert!(problems.iter().all(|problem| problem.field == "connect_rate"));
            problems.into_iter().map(|problem| problem.reason).collect::<Vec<_>>().join("; ")
        };
        for (rate, named) in [
            (0.0, "0 attempts"),
            (-1.0, "-1 attempts"),
            (f64::NAN, "NaN attempts"),
            (f64::INFINITY, "inf attempts"),
        ] {
            for pattern in [ConnectPattern::Rate, ConnectPattern::Burst] {
                let reason = reason(rate, pattern);
                assert!(reason.contains(named) && reason.contains("more than 0"), "{reason}");
            }
        }
        for rate in [1e-300, 0.999] {
            let reason = reason(rate, ConnectPattern::Rate);
            assert!(reason.contains(&format!("{rate:?} attempts")), "{reason}");
            assert!(reason.contains("within 1h: use at least 1.000"), "{reason}");
        }
        assert_eq!(reason(1.0, ConnectPattern::Rate), "");
        assert_eq!(reason(1e-300, ConnectPattern::Burst), "", "an axis over patterns");
    }

    #[test]
    fn clients_that_connect_one_by_one_never_wait_for_each_other() {
        let one_by_one = |settings: &mut LoadSettings| {
            settings.pattern = ConnectPattern::OneByOne;
            settings.leave = Leave::HalfClose;
        };
        let with = |change: fn(&mut LoadSettings)| {
            fields(|settings| {
                one_by_one(settings);
                change(settings);
            })
        };
        assert_eq!(with(|_| {}), [""; 0]);
        assert_eq!(with(|s| s.leave = Leave::AfterSending), [""; 0]);
        assert_eq!(
            with(|s| s.connect_rate = Some(ConnectRate::Constant(50.0))),
            [""; 0],
            "a limit"
        );
        assert_eq!(with(|s| s.connect_rate = Some(ConnectRate::Constant(0.001))), ["connect_rate"]);
        assert_eq!(with(|s| s.senders = Some(50)), [""; 0], "all of them");
        assert_eq!(with(|s| s.chat = ChatPhase::AfterConnect), ["chat"]);
        assert_eq!(with(|s| s.leave = Leave::Together), ["leave"]);
        assert_eq!(with(|s| s.linger = Duration::from_secs(1)), ["linger"]);
        let silent = |s: &mut LoadSettings| (s.linger, s.messages) = (Duration::from_secs(1), 0);
        assert_eq!(with(silent), [""; 0]);
        assert_eq!(with(|s| s.slow_readers = 1), ["slow_readers"]);
        assert_eq!(with(|s| s.senders = Some(49)), ["senders"]);
        let single = |s: &mut LoadSettings| {
            (s.clients, s.leave, s.chat) = (1, Leave::Together, ChatPhase::AfterConnect);
        };
        assert_eq!(with(single), [""; 0], "one client is one by one in any pattern");
    }

    #[test]
    fn clients_of_a_closed_loop_never_wait_for_all() {
        let with = |change: fn(&mut LoadSettings)| {
            fields(|settings| {
                settings.pattern = ConnectPattern::Concurrent;
                settings.concurrency = Some(10);
                settings.leave = Leave::AfterSending;
                change(settings);
            })
        };
        assert_eq!(with(|_| {}), [""; 0]);
        assert_eq!(with(|s| s.concurrency = None), ["concurrency"]);
        assert_eq!(with(|s| s.concurrency = Some(0)), ["concurrency"]);
        assert_eq!(with(|s| s.chat = ChatPhase::AfterConnect), ["chat"]);
        assert_eq!(with(|s| s.leave = Leave::Together), ["leave"]);
        assert_eq!(with(|s| s.linger = Duration::from_secs(1)), ["linger"]);
        let silent = |s: &mut LoadSettings| {
            (s.linger, s.dialogue) = (Duration::from_secs(1), Dialogue::None);
        };
        assert_eq!(with(silent), [""; 0]);
        let as_many = |s: &mut LoadSettings| {
            (s.concurrency, s.leave) = (Some(s.clients), Leave::Together);
        };
        assert_eq!(with(as_many), [""; 0], "none waits for another");
        assert_eq!(fields(|s| s.concurrency = Some(10)), [""; 0], "an axis over patterns");
    }

    #[test]
    fn too_many_clients_of_a_role_are_named() {
        assert_eq!(fields(|s| s.half_open = 51), ["half_open"]);
        assert_eq!(fields(|s| s.slow_readers = 51), ["slow_readers"]);
        assert_eq!(fields(|s| s.senders = Some(51)), ["senders"]);
        assert_eq!(fields(|s| s.senders = Some(0)), ["senders"]);
    }

    #[test]
    fn no_time_is_longer_than_a_day() {
        let ages = Duration::from_secs(10_000 * 365 * 86_400);
        assert_eq!(fields(|s| s.connect_deadline = ages), ["connect_deadline"]);
        assert_eq!(fields(|s| s.finish_deadline = ages), ["finish_deadline"]);
        assert_eq!(fields(|s| s.finish_deadline = MAX_TIME), [""; 0]);
        assert_eq!(fields(|s| s.linger = ages), ["linger"]);
        for time in [ages, Duration::MAX] {
            assert_eq!(fields(|s| s.interval = time), ["interval", "finish_deadline"]);
            assert_eq!(fields(|s| s.send_delay = time), ["send_delay", "finish_deadline"]);
        }
    }

    #[test]
    fn all_problems_are_reported_and_a_size_matters_only_with_messages() {
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
