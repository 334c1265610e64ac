//! Clients above the limit are closed and counted, and the server goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use chat_server::{ClosesFirst, ServerReport, ServerResponse, ServerSettings};
use linux_net::testing::wait_until;
use nix::sys::signal::Signal;
use worker::metrics::{ClientLimit, ClosedBecause};

use crate::common::{TIMEOUT, TestServer, designs, locks_of_a_broadcast, with_design};
use crate::server_process::ServerProcess;
use crate::tcp_table::is_window_closed;

fn closed(report: &ServerReport, cause: ClosedBecause) -> u64 {
    report.metrics.closed.get(&cause).copied().unwrap_or(0)
}

#[test]
fn a_client_above_the_limit_is_closed_and_the_next_after_a_leave_is_served() {
    for design in designs() {
        let max_clients = Some(2);
        let server = TestServer::start(&ServerSettings { max_clients, ..with_design(design) });
        let (mut first, second) = (server.connect(), server.connect());
        for count in 1..=3 {
            let mut third = server.start_connect();
            assert_eq!(third.receive(), None, "a clean end of file");
            let failures = server.handle.client_failures();
            assert_eq!(failures.closed, [(ClosedBecause::MaxClients, count)].into());
        }
        drop(second);
        wait_until("it has left", || server.clients() == 1);
        server.connect().send(b"hello");
        assert_eq!(first.receive_text(), "hello");
        let report = server.stop();
        assert_eq!((report.connections, report.metrics.turned_away), (6, 3));
        assert_eq!((report.accepted.len(), report.metrics.most_clients), (6, 2));
        let limit = ClientLimit { clients: 2, limit: "server.max_clients".to_owned() };
        assert_eq!(report.metrics.client_limit, Some(limit));
        if let Some(each) = locks_of_a_broadcast(design) {
            // Those above the limit did not lock it.
            assert_eq!(report.metrics.lock_wait.count, 3 + 3 + each);
        }
    }
}

/// Exiting threads still have their stacks: the server waits for them, and turns no client away
/// for them.
#[test]
fn a_client_that_comes_as_others_leave_is_served() {
    const CLIENTS: u64 = 40;
    for (close_after, design) in [0, 1].into_iter().flat_map(|n| designs().map(move |d| (n, d))) {
        let server = TestServer::start(&ServerSettings {
            max_clients: Some(CLIENTS as u32),
            closes_first: ClosesFirst::Server,
            close_after,
            ..with_design(design)
        });
        for round in 1..=30 {
            let clients: Vec<_> = (0..CLIENTS).map(|_| server.start_connect()).collect();
            for mut client in clients {
                let _ = client.stream.write_all(b"\0\0\0\x02hi");
                client.stream.read_to_end(&mut Vec::new()).expect("the server closes it");
            }
            wait_until("all have left", || server.clients() == 0);
            assert_eq!(server.accepted(), round * CLIENTS);
        }
        let report = server.stop();
        assert_eq!(closed(&report, ClosedBecause::MaxClients), 0);
    }
}

/// The memory of a process, its limit, and what limits the clients then.
const MEMORY_LIMITS: [(&str, &str); 2] = [("-v", "RLIMIT_AS"), ("-d", "RLIMIT_DATA")];

#[test]
fn with_little_memory_clients_are_closed_and_the_server_goes_on() {
    const CLIENTS: usize = 300;
    for ((flag, limit), design) in
        MEMORY_LIMITS.into_iter().flat_map(|limit| designs().map(move |d| (limit, d)))
    {
        // In KiB.
        let arguments = ["--control", "--design", design.as_str()];
        let mut server = ServerProcess::start_limited(flag, 150_000, &arguments);
        for round in 0..3 {
            let (before, _) = server.status();
            let mut clients: Vec<TcpStream> = (0..CLIENTS)
                .map(|_| TcpStream::connect(server.address).expect("it runs"))
                .collect();
            let all = before + CLIENTS as u64;
            server.wait_for_status("all are accepted", |accepted, _| accepted == all);
            // As much as the server has to keep for each: a message that is not complete.
            for client in &mut clients {
                client.set_write_timeout(Some(TIMEOUT)).expect("a timeout above 0");
                let _ = client.write_all(&[&[0, 1, 0, 0][..], &[7; 65_535]].concat());
            }
            let mut report = None;
            wait_until("it has read all of those that it serves", || {
                let ServerResponse::Report(new) = server.request("report") else {
                    panic!("a report was requested")
                };
                let has_all = new.bytes_in >= (65_539 * new.metrics.most_clients) * (round + 1);
                report = has_all.then_some(new);
                has_all
            });
            let report = report.expect("it was waited for");
            let served = report.metrics.client_limit.as_ref().expect("there is a limit");
            assert_eq!(served.limit, limit);
            assert!((10..CLIENTS as u64).contains(&served.clients), "{served:?}");
            assert_eq!(report.metrics.most_clients, served.clients);
            let turned_away = (round + 1) * (CLIENTS as u64 - served.clients);
            assert_eq!(closed(&report, ClosedBecause::MaxClients), turned_away);
            drop(clients);
            wait_until("all have left", || match server.request("status") {
                ServerResponse::Status(status) => status.clients == 0,
                other => panic!("{other:?}"),
            });
        }
        server.signal(Signal::SIGTERM);
        let (report, status) = server.end();
        assert!(status.success(), "{status}");
        assert_eq!(report.connections, 3 * CLIENTS as u64);
        assert!(report.metrics.thread_errors.is_empty(), "{:?}", report.metrics.thread_errors);
        assert_eq!(closed(&report, ClosedBecause::NoMemory), 0, "all have room for a message");
    }
}

/// A client may announce more than there is memory for.
#[test]
fn a_message_that_is_too_large_for_the_memory_ends_only_its_own_connection() {
    for design in designs() {
        let arguments = [
            "--control",
            "--design",
            design.as_str(),
            "--largest-body",
            "4294967295",
            "--client-queue",
            "4294967299",
        ];
        let mut server = ServerProcess::start_limited("-v", 200_000, &arguments);
        let mut other = server.connect();
        let mut large = server.connect();
        large.set_write_timeout(Some(TIMEOUT)).expect("a timeout above 0");
        large.write_all(&[0xff; 4]).expect("it is connected");
        let chunk = [7; 65_536];
        // Far more than there is address space.
        let sent = (0..1 << 14).take_while(|_| large.write_all(&chunk).is_ok()).count();
        assert!(sent < 1 << 14, "it was not closed");
        let mut sender = server.connect();
        sender.write_all(b"\0\0\0\x02hi").expect("it is connected");
        let mut frame = [0; 6];
        other.read_exact(&mut frame).expect("the server goes on");
        assert_eq!(&frame, b"\0\0\0\x02hi");
        server.signal(Signal::SIGTERM);
        let (report, status) = server.end();
        assert!(status.success(), "{status}");
        assert_eq!(report.metrics.closed, [(ClosedBecause::NoMemory, 1)].into());
    }
}

#[test]
fn a_server_without_room_for_a_client_does_not_start() {
    let message = ServerProcess::fail_limited("-n", 12);
    assert!(message.starts_with("serve a client: RLIMIT_NOFILE leaves no room"), "{message}");
}

/// A server may not keep all messages that came since a client stopped to read.
#[test]
fn what_waits_for_a_client_that_never_reads_is_bounded() {
    const MESSAGES: u64 = 4000;
    for design in designs().filter(|name| name.design().queues) {
        for (when_full, leaves) in [("drop-message", false), ("hold-sender", true)] {
            let arguments = ["--control", "--design", design.as_str(), "--when-full", when_full];
            let arguments = [&arguments[..], &["--write-timeout", "0s"]].concat();
            let mut server = ServerProcess::start_limited("-v", 150_000, &arguments);
            let deaf = server.connect();
            let mut sender = server.connect();
            let reader = server.connect();
            // Together more than there is address space.
            let frame = [&60_000u32.to_be_bytes()[..], &[b'x'; 60_000]].concat();
            let sending = thread::spawn(move || {
                (0..MESSAGES).for_each(|_| sender.write_all(&frame).expect("the server goes on"));
                sender
            });
            let client = deaf.local_addr().expect("it is connected");
            wait_until("it takes nothing more", || is_window_closed(client, server.address));
            if leaves {
                // It still gets what waits for it, if it ever reads.
                deaf.shutdown(Shutdown::Write).expect("it is connected");
            }
            let reading = thread::spawn(move || {
                let mut bytes = reader.take(MESSAGES * 60_004);
                std::io::copy(&mut bytes, &mut std::io::sink()).expect("the server goes on")
            });
            let _sender = sending.join().expect("the server goes on");
            server.wait_for_status("all are read", |_, ingested| ingested == MESSAGES);
            server.signal(Signal::SIGTERM);
            let (report, status) = server.end();
            assert!(status.success(), "{design}: {status}");
            assert!(report.metrics.closed.is_empty(), "{design}: {:?}", report.metrics.closed);
            reading.join().expect("no panic");
        }
    }
}
