//! Validates the settings of a server.

use std::time::Duration;

use chat_protocol::{Codec, Framing};
use worker::SettingProblem;

use crate::settings::ServerSettings;

/// PTHREAD_STACK_MIN of Linux on x86-64, bytes.
const MIN_STACK: u64 = 16 * 1024;

/// Each has a thread; more have no further effect.
const MAX_LISTENERS: u32 = 64;

/// setsockopt(2) takes an int.
const MAX_DEFERRAL: u32 = i32::MAX.unsigned_abs();

/// Longer than any trial, and short enough to be added to a clock.
const MAX_TIME: Duration = Duration::from_secs(24 * 3600);

/// The problems of `settings`, except for the largest body, which
/// [`chat_protocol::Codec::new`] checks. Empty if they are valid.
pub fn check_settings(settings: &ServerSettings) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    let mut problem = |field, reason| problems.push(SettingProblem { field, reason });

    if settings.thread_stack < MIN_STACK {
        let reason = format!(
            "{} bytes are too small for a thread: use at least {MIN_STACK}",
            settings.thread_stack
        );
        problem("thread_stack", reason);
    }
    if !(1..=MAX_LISTENERS).contains(&settings.listeners) {
        let reason = format!("{} listening sockets: use 1 to {MAX_LISTENERS}", settings.listeners);
        problem("listeners", reason);
    }
    if settings.defer_accept > MAX_DEFERRAL {
        let reason = format!("{} seconds: use at most {MAX_DEFERRAL}", settings.defer_accept);
        problem("defer_accept", reason);
    }
    if settings.release_backlog.is_some() && !settings.hold_acks {
        let reason = "no ACKs are held that could be let in: set hold_acks: true too";
        problem("release_backlog", reason.to_owned());
    }
    if settings.max_clients == Some(0) {
        problem("max_clients", "a server for no clients: use at least 1".to_owned());
    }
    // Without a codec, the largest body is a problem of its own.
    if settings.design.design().queues
        && let Ok(codec) = Codec::new(settings.framing, settings.largest_body)
    {
        let largest = Framing::HEADER_BYTES as u64 + u64::from(codec.largest_body());
        if settings.client_queue < largest {
            let reason = format!(
                "{} bytes have no room for the largest message: use at least {largest}, or a \
                 smaller largest_body",
                settings.client_queue
            );
            problem("client_queue", reason);
        }
    }
    for (field, time) in [
        ("accept_delay", settings.accept_delay),
        ("drain", settings.drain),
        ("frame_timeout", settings.frame_timeout),
        ("idle_timeout", settings.idle_timeout),
        ("write_timeout", settings.write_timeout),
    ] {
        if time > MAX_TIME {
            let (time, longest) =
                (humantime::format_duration(time), humantime::format_duration(MAX_TIME));
            problem(field, format!("{time} is too long: use at most {longest}"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::DesignName;

    fn fields(change: impl FnOnce(&mut ServerSettings)) -> Vec<&'static str> {
        let mut settings = ServerSettings::default();
        change(&mut settings);
        check_settings(&settings).into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn an_invalid_value_names_its_field() {
        assert_eq!(fields(|_| {}), [""; 0]);
        assert_eq!(fields(|s| s.thread_stack = 16_384), [""; 0]);
        assert_eq!(fields(|s| s.thread_stack = 16_383), ["thread_stack"]);
        for (listeners, wrong) in [(0, true), (1, false), (64, false), (65, true)] {
            assert_eq!(fields(|s| s.listeners = listeners) == ["listeners"], wrong, "{listeners}");
        }
        assert_eq!(fields(|s| s.max_clients = Some(0)), ["max_clients"]);
        assert_eq!(fields(|s| s.max_clients = Some(1)), [""; 0]);
        assert_eq!(fields(|s| s.defer_accept = 1 << 31), ["defer_accept"]);
        assert_eq!(fields(|s| s.hold_acks = true), [""; 0]);
        assert_eq!(fields(|s| s.release_backlog = Some(-1)), ["release_backlog"]);
        assert_eq!(
            fields(|s| {
                s.hold_acks = true;
                s.release_backlog = Some(0);
            }),
            [""; 0]
        );
        assert_eq!(
            fields(|s| {
                s.listeners = 0;
                s.release_backlog = Some(0);
            }),
            ["listeners", "release_backlog"],
            "all are reported"
        );
    }

    #[test]
    fn a_queue_has_room_for_the_largest_message_in_designs_that_have_one() {
        let designs = DesignName::all();
        let [writes, queues] =
            designs.fold([None; 2], |[writes, queues], name| match name.design().queues {
                true => [writes, Some(name)],
                false => [Some(name), queues],
            });
        let fields = |design: Option<DesignName>, client_queue, largest_body| {
            fields(|s| {
                s.design = design.expect("there are designs with and without queues");
                (s.client_queue, s.largest_body) = (client_queue, largest_body);
            })
        };
        assert_eq!(fields(queues, 4 + 65_536, None), [""; 0]);
        assert_eq!(fields(queues, 4 + 65_535, None), ["client_queue"]);
        assert_eq!(fields(queues, 14, Some(10)), [""; 0]);
        assert_eq!(fields(queues, 13, Some(10)), ["client_queue"]);
        assert_eq!(fields(writes, 0, None), [""; 0]);
    }

    #[test]
    fn no_time_is_longer_than_a_day() {
        let just_above = MAX_TIME + Duration::from_nanos(1);
        for time in [just_above, Duration::MAX] {
            assert_eq!(fields(|s| s.accept_delay = time), ["accept_delay"]);
            assert_eq!(fields(|s| s.drain = time), ["drain"]);
            assert_eq!(fields(|s| s.frame_timeout = time), ["frame_timeout"]);
            assert_eq!(fields(|s| s.idle_timeout = time), ["idle_timeout"]);
            assert_eq!(fields(|s| s.write_timeout = time), ["write_timeout"]);
        }
        assert_eq!(fields(|s| (s.accept_delay, s.drain) = (MAX_TIME, MAX_TIME)), [""; 0]);
    }
}
