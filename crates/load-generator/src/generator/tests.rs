//! Tests of the event loop.

use std::net::{Ipv4Addr, SocketAddr};

use super::testing::{with_generator, with_open_clients};
use super::*;
use crate::control::Ending;
use crate::settings::{ChatPhase, Leave, LoadSettings};

#[test]
fn attempts_that_fail_at_once_do_not_delay_commands() {
    let settings = LoadSettings {
        clients: 1000,
        messages: 0,
        pattern: ConnectPattern::OneByOne,
        ..LoadSettings::default()
    };
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    // No address of this host: none can be bound.
    let sources = vec![Ipv4Addr::new(198, 18, 77, 77).into()];
    let config = LoadConfig { sources, ..LoadConfig::new(settings, target) };
    with_generator(&config, |generator| {
        generator.timers.add(monotonic_ns(), Timer::Start(0));
        generator.run_timers().expect("an attempt without a port is not an error");
        assert_eq!(generator.clients[0].state, State::Ended);
        assert_ne!(generator.undecided, 0, "all of them ran before a Stop could");
        generator.stop();
        generator.run_timers().expect("no attempt starts after the end");
        let last = generator.clients[999].end.as_ref().expect("a stop ends every client");
        assert_eq!(last.ending, Ending::Unfinished);
    });
}

#[test]
fn room_to_write_ends_nothing_if_there_is_nothing_to_write() {
    for leave in [Leave::Together, Leave::AfterSending] {
        let settings = LoadSettings { clients: 1, messages: 0, leave, ..LoadSettings::default() };
        with_open_clients(settings, true, |generator| {
            generator.on_socket(0, EpollFlags::EPOLLOUT).expect("nothing happens");
            assert_eq!((generator.open, generator.unwritten), (1, 0));
            assert_eq!(generator.clients[0].state, State::Open);
        });
    }
}

#[test]
fn a_time_beyond_the_range_of_the_clock_is_never_reached() {
    let ages = Duration::from_secs(u64::MAX);
    let settings = LoadSettings {
        clients: 1,
        messages: 1,
        send_delay: ages,
        finish_deadline: ages,
        chat: ChatPhase::AfterConnect,
        ..LoadSettings::default()
    };
    with_open_clients(settings, false, |generator| {
        generator.release().expect("nothing happens");
        generator.timers.arm().expect("a timer can be set so far ahead");
        generator.run_timers().expect("nothing is due");
        assert_eq!(generator.open, 1, "the finish deadline has not passed");
        assert_eq!(generator.schedules[0].due(monotonic_ns()), 0);
    });
}
