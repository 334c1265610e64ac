//! Every attempt has exactly one ending.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::mpsc;
use std::time::Duration;

use crate::load::{assert_endings, check, config, in_own_namespace, load, unused_port};
use crate::relay::{Behaviour, Relay, read_message};
use crate::threads::THREADS;
use load_generator::{
    Attempt, Ending, LoadCommand, LoadError, LoadResponse, LoadSettings, command_channel, run,
};
use nix::errno::Errno;
use socket2::{Domain, SockRef, Socket, Type};
use worker::Message;

fn listener(backlog: i32) -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(backlog).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

fn connect_only(settings: &mut LoadSettings) {
    settings.messages = 0;
    settings.connect_deadline = Duration::from_millis(1300);
}

#[test]
fn attempts_above_the_accept_queue_time_out_and_none_is_refused() {
    let (_listener, address) = listener(0);
    let report = load(&config(address, connect_only));
    // sk_acceptq_is_full allows backlog + 1.
    assert_endings(&report, [(Ending::Finished, 1), (Ending::TimedOut, 7)]);
    for attempt in report.attempts.iter().filter(|a| a.ending == Ending::TimedOut) {
        let Attempt { connect_ns, errno, local, .. } = attempt;
        assert_eq!((connect_ns, errno), (&None, &None));
        assert!(local.is_some_and(|local| local.port() != 0), "known in SYN_SENT");
        let tried_ns = attempt.end_ns - attempt.start_ns;
        assert!(tried_ns >= 1_300_000_000);
        // At 1 s, and each second after it if the load handles its deadline so late.
        let sent_again = u64::from(attempt.syn_retransmits.unwrap());
        assert!((1..=tried_ns / 1_000_000_000).contains(&sent_again), "{attempt:?}");
    }
}

#[test]
fn a_silent_server_leaves_established_clients_unfinished() {
    let (_listener, address) = listener(16);
    let report = load(&config(address, |settings| {
        settings.messages = 2;
        settings.finish_deadline = Duration::from_millis(1500);
    }));
    assert_endings(&report, [(Ending::Unfinished, 8)]);
    assert_eq!((report.messages_written, report.undelivered), (16, 0));
}

#[test]
fn a_port_without_a_listener_refuses() {
    let (_bound, address) = unused_port();
    let report = load(&config(address, |_| {}));
    assert_endings(&report, [(Ending::Refused, 8)]);
    assert_eq!(report.errors.get("ECONNREFUSED"), Some(&8));
    assert_eq!(report.attempts[0].errno, Some(Errno::ECONNREFUSED as i32));
    assert_eq!(report.attempts[0].syn_retransmits, Some(0));
    assert!(report.chat_window_ns.is_none());
}

#[test]
fn a_reset_after_the_accept_is_a_reset() {
    for threads in THREADS {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = server.local_addr().unwrap();
        let resetting = std::thread::spawn(move || {
            for _ in 0..8 {
                let (mut stream, _) = server.accept().unwrap();
                read_message(&mut stream, chat_protocol::Framing::U32be);
                SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            }
        });
        let report = load(&config(address, |settings| {
            settings.threads = threads;
            // No client has written everything, and may leave, before the last is reset.
            settings.interval = Duration::from_secs(3);
        }));
        resetting.join().unwrap();
        assert_endings(&report, [(Ending::Reset, 8)]);
        let named = ["ECONNRESET", "EPIPE"].map(|name| report.errors.get(name).unwrap_or(&0));
        assert_eq!(named.into_iter().sum::<u64>(), 8);
        // A reset can also come for a connection that no program had.
        assert!(report.attempts.iter().all(|attempt| !attempt.answered), "{report:?}");
    }
}

#[test]
fn an_early_end_of_file_is_closed_by_server() {
    // The server has read everything, but deliveries are outstanding.
    let relay = Relay::start(Behaviour {
        passes: Box::new(|_| vec![]),
        close_after: Some(20),
        ..Behaviour::default()
    });
    let report = load(&config(relay.address, |settings| {
        settings.clients = 2;
        settings.messages = 20;
        settings.interval = Duration::ZERO;
        settings.send_delay = Duration::from_millis(100);
    }));
    // Messages of a client that has left are no longer expected: the other may finish.
    let closed = report.attempts.iter().filter(|a| a.ending == Ending::ClosedByServer).count();
    assert!(closed >= 1, "{report:?}");
}

#[test]
fn an_end_of_file_is_planned_if_the_server_closes_first() {
    let relay = Relay::start(Behaviour { close_after: Some(5), ..Behaviour::default() });
    let mut planned = config(relay.address, |settings| settings.messages = 5);
    planned.server_closes = true;
    let report = load(&planned);
    assert_endings(&report, [(Ending::Finished, 8)]);
    assert!(report.attempts.iter().all(|attempt| attempt.answered), "{report:?}");

    // More to write than the server reads: not as planned. The last message is never due before
    // the end of file is read.
    planned.settings.messages = 100;
    planned.settings.interval = Duration::from_millis(200);
    let report = load(&planned);
    assert!(
        report
            .attempts
            .iter()
            .all(|a| { matches!(a.ending, Ending::ClosedByServer | Ending::Reset) })
    );

    // The server closes at once, and there is nothing to write.
    let relay = Relay::start(Behaviour { close_after: Some(0), ..Behaviour::default() });
    let mut at_once = config(relay.address, connect_only);
    at_once.server_closes = true;
    assert_endings(&load(&at_once), [(Ending::Finished, 8)]);
}

#[test]
fn a_source_address_that_the_host_lacks_is_no_port() {
    let relay = Relay::start(Behaviour::default());
    let mut config = config(relay.address, |_| {});
    config.sources =
        vec![IpAddr::V4(Ipv4Addr::new(198, 18, 77, 77)), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9))];
    let report = load(&config);
    assert_endings(&report, [(Ending::Finished, 4), (Ending::NoPort, 4)]);
    assert_eq!(report.errors.get("EADDRNOTAVAIL"), Some(&4));
    for attempt in &report.attempts {
        match attempt.local {
            None => assert_eq!(attempt.ending, Ending::NoPort),
            Some(local) => assert_eq!(local.ip(), config.sources[1]),
        }
    }
}

#[test]
fn a_broken_testbed_is_an_error_and_not_an_ending() {
    let target = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 1), 9));
    let mut config = config(target, |_| {});
    config.sources = vec![IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];
    let error = run(&config, None, &mut |_| {}).expect_err("an IPv6 source cannot reach IPv4");
    assert!(matches!(error, LoadError::Testbed { attempt: 0, .. }), "{error}");
}

#[test]
fn a_stopped_load_still_gives_every_attempt_an_ending() {
    let (_listener, address) = listener(3);
    let mut config = config(address, |settings| {
        connect_only(settings);
        settings.connect_deadline = Duration::from_secs(60);
    });
    config.hold = true;
    let (sender, source) = command_channel().unwrap();
    let (send_established, established) = mpsc::channel();
    // Requests statuses until the accept queue is full, then stops the load.
    let stopping = std::thread::spawn(move || {
        loop {
            sender.send(LoadCommand::Status);
            if established.recv().unwrap() >= 4 {
                return sender.send(LoadCommand::Stop);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let report = run(&config, Some(source), &mut |event| match event {
        Message::Response { response: LoadResponse::Status(status), .. } => {
            send_established.send(status.established).unwrap();
        }
        event => panic!("nothing was decided: {event:?}"),
    })
    .unwrap();
    stopping.join().unwrap();
    check(&config, &report);
    assert_endings(&report, [(Ending::Unfinished, 8)]);
    assert_eq!(report.attempts.iter().filter(|a| a.connect_ns.is_some()).count(), 4);
}

#[test]
fn invalid_settings_start_nothing() {
    let (listener, address) = listener(8);
    let config = config(address, |settings| settings.size = 3);
    let error = run(&config, None, &mut |_| {}).expect_err("3 bytes are too few");
    assert!(error.to_string().contains("size: 3 bytes"), "{error}");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn too_many_clients_for_the_hard_limit_names_the_number_needed() {
    let (_listener, address) = listener(8);
    let config = config(address, |settings| {
        settings.clients = u32::MAX / 4;
        settings.messages = 0;
    });
    let error = run(&config, None, &mut |_| {}).expect_err("so many files cannot be").to_string();
    // One for each client, a few of the load's own, and those that this process has open.
    let needed = error.split_whitespace().find_map(|word| word.parse::<u64>().ok());
    let clients = u64::from(u32::MAX / 4);
    assert!(needed.is_some_and(|it| (clients + 1..clients + 100_000).contains(&it)), "{error}");
}

#[test]
fn kernel_a_connection_to_itself_is_not_finished_and_leaves_its_port_free() {
    // Two ports, of which one is the target's.
    in_own_namespace(&[("net.ipv4.ip_local_port_range", "40000 40001")], || {
        for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let target = SocketAddr::new(ip, 40_000);
            let report = load(&config(target, |settings| settings.clients = 2));
            assert_endings(&report, [(Ending::Refused, 1), (Ending::SelfConnected, 1)]);
            let is_self = |a: &&Attempt| a.ending == Ending::SelfConnected;
            let attempt = report.attempts.iter().find(is_self).unwrap();
            assert_eq!((attempt.local, attempt.connect_ns), (Some(target), None));
            assert_eq!((report.messages_written, report.bytes_in), (0, 0));
            std::net::TcpListener::bind(target).expect("no TIME_WAIT has the port");
        }
    });
}
