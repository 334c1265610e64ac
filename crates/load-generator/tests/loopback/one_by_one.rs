//! Attempts that wait for the end of the one before.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::load::{assert_endings, config, in_own_namespace, load, load_held};
use linux_net::SocketDiag;
use load_generator::{ConnectPattern, ConnectRate, Ending, Leave, LoadReport, LoadSettings};

/// A server with a thread for each connection, which reads to its end. It returns the
/// maximum of connections open at once.
fn counting_server(connections: usize) -> (SocketAddr, JoinHandle<usize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let open = Arc::new(AtomicUsize::new(0));
        let mut most = 0;
        let threads: Vec<_> = (0..connections)
            .map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                most = most.max(open.fetch_add(1, Ordering::SeqCst) + 1);
                let open = Arc::clone(&open);
                std::thread::spawn(move || {
                    let _ = stream.read_to_end(&mut Vec::new());
                    open.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        most
    });
    (address, serving)
}

fn one_by_one(settings: &mut LoadSettings) {
    settings.pattern = ConnectPattern::OneByOne;
    settings.leave = Leave::HalfClose;
    settings.messages = 1;
    settings.send_delay = Duration::ZERO;
}

#[track_caller]
fn assert_serial(report: &LoadReport) {
    for pair in report.attempts.windows(2) {
        assert!(pair[1].start_ns >= pair[0].end_ns, "{pair:?}");
    }
}

#[test]
fn the_server_never_has_two_connections_at_once() {
    let (address, serving) = counting_server(300);
    let config = config(address, |settings| {
        one_by_one(settings);
        settings.clients = 300;
    });
    let report = load(&config);
    assert_endings(&report, [(Ending::Finished, 300)]);
    assert_eq!(report.messages_written, 300);
    assert_serial(&report);
    assert_eq!(serving.join().unwrap(), 1);
}

#[test]
fn clients_without_messages_are_not_held() {
    let (address, serving) = counting_server(20);
    let config = config(address, |settings| {
        one_by_one(settings);
        settings.clients = 20;
        settings.messages = 0;
        settings.leave = Leave::AfterSending;
    });
    let (report, _) = load_held(&config, |_| {});
    assert_endings(&report, [(Ending::Finished, 20)]);
    assert_serial(&report);
    serving.join().unwrap();
}

#[test]
fn any_ending_starts_the_next_attempt_without_recursion() {
    let (address, serving) = counting_server(1);
    // Recursion would overflow the stack.
    let mut config = config(address, |settings| {
        one_by_one(settings);
        settings.clients = 50_000;
    });
    config.sources = vec![IpAddr::V4(Ipv4Addr::new(198, 18, 77, 77)); 50_000];
    config.sources[49_999] = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let report = load(&config);
    assert_endings(&report, [(Ending::NoPort, 49_999), (Ending::Finished, 1)]);
    assert_serial(&report);
    serving.join().unwrap();
}

#[test]
fn a_rate_limits_the_starts() {
    let (address, serving) = counting_server(10);
    let report = load(&config(address, |settings| {
        one_by_one(settings);
        settings.clients = 10;
        settings.connect_rate = Some(ConnectRate::Constant(100.0));
    }));
    assert_endings(&report, [(Ending::Finished, 10)]);
    assert_serial(&report);
    for attempt in &report.attempts {
        let turn_ns = report.started_ns + u64::from(attempt.index) * 10_000_000;
        assert!(attempt.start_ns >= turn_ns, "{attempt:?}");
    }
    serving.join().unwrap();
}

#[test]
fn each_client_has_its_own_finish_deadline() {
    // It never accepts, so no end of file ever comes.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let report = load(&config(listener.local_addr().unwrap(), |settings| {
        one_by_one(settings);
        settings.clients = 3;
        settings.finish_deadline = Duration::from_millis(200);
    }));
    assert_endings(&report, [(Ending::Unfinished, 3)]);
    assert_serial(&report);
    for attempt in &report.attempts {
        let connected_ns = attempt.start_ns + attempt.connect_ns.unwrap();
        assert!(attempt.end_ns - connected_ns >= 200_000_000, "{attempt:?}");
    }
}

#[test]
fn kernel_the_side_that_half_closes_owns_the_time_wait() {
    // An ACK that arrives after the FIN is answered from TIME_WAIT; the answer gets an
    // RST, which ends the TIME_WAIT unless tcp_rfc1337 is set
    // (`tcp_timewait_state_process`): up to four of forty on busy CPUs.
    in_own_namespace(&[("net.ipv4.tcp_rfc1337", "1")], || {
        for messages in [0, 3] {
            let (address, serving) = counting_server(40);
            let mut diag = SocketDiag::open().unwrap();
            let before = diag.count_by_state(None).unwrap().time_wait;
            let report = load(&config(address, |settings| {
                one_by_one(settings);
                settings.clients = 40;
                settings.messages = messages;
            }));
            let all = diag.count_by_state(None).unwrap().time_wait - before;
            let servers = diag.count_by_state(Some(address.port())).unwrap().time_wait;
            assert_endings(&report, [(Ending::Finished, 40)]);
            assert_eq!((all, servers), (40, 0));
            serving.join().unwrap();
        }
    });
}
