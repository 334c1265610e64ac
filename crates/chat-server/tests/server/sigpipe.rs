//! The disposition of SIGPIPE, when the server writes to a connection that was reset.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::thread;
use std::time::Duration;

use linux_net::testing::wait_until;
use nix::sys::signal::Signal;
use socket2::Socket;

use crate::common::{designs, new_socket};
use crate::server_process::ServerProcess;
use crate::tcp_table::{
    CLOSE_WAIT, find_socket, is_left_unread, is_server_blocked_on, is_window_closed,
    wait_for_reader_of,
};

/// The first client, with the smallest receive buffer.
fn connect_narrow(server: &mut ServerProcess) -> Socket {
    let socket = new_socket();
    socket.set_recv_buffer_size(1).expect("the kernel takes its least");
    socket.connect(&server.address.into()).expect("it listens");
    server.wait_for_status("it is registered", |accepted, _| accepted == 1);
    socket
}

/// Waits until the server is blocked in a write to `deaf`.
fn wait_until_stuck_on(deaf: &Socket, server: &ServerProcess) {
    let client = deaf.local_addr().expect("it is bound").as_socket().expect("an IP address");
    wait_until("the server is blocked in a write", || {
        is_server_blocked_on(client, server.address, server.child.id())
    });
}

/// Makes the server write to a client whose RST has arrived. The sender's thread
/// is blocked in a write to `deaf` and has the registry locked, so `gone` cannot be
/// removed from the registry before it is written to. Its own thread has read the error:
/// only a write after that raises the signal (`sk_stream_error`).
fn write_to_a_reset_connection(server: &mut ServerProcess) -> (Socket, TcpStream) {
    let deaf = connect_narrow(server);
    let gone = server.connect();
    let gone_address = gone.local_addr().expect("it is bound");
    let thread_of_gone = wait_for_reader_of(gone_address, server.address, server.child.id());
    let sender = server.connect();
    let mut flood = sender.try_clone().expect("a descriptor");
    let flooding = thread::spawn(move || {
        let frame = [&60_000u32.to_be_bytes()[..], &[b'x'; 60_000]].concat();
        for _ in 0..400 {
            if flood.write_all(&frame).is_err() {
                return;
            }
        }
    });
    // `gone` reads, or the server could block on it instead.
    let reading = gone.try_clone().expect("a descriptor");
    let reader = thread::spawn(move || {
        let _ = std::io::copy(&mut &reading, &mut std::io::sink());
    });
    wait_until_stuck_on(&deaf, server);
    let gone = Socket::from(gone);
    gone.set_linger(Some(Duration::ZERO)).expect("a live socket");
    // Ends the reader without a FIN; the close then sends the RST.
    gone.shutdown(std::net::Shutdown::Read).expect("a live socket");
    reader.join().expect("it only reads");
    drop(gone);
    wait_until("the RST has arrived", || find_socket(server.address, gone_address).is_none());
    wait_until("its thread waits to remove it", || thread_of_gone.is_waiting_for_lock());
    let unblock = deaf.try_clone().expect("a descriptor");
    thread::spawn(move || {
        let _ = std::io::copy(&mut &unblock, &mut std::io::sink());
    });
    drop(flooding);
    (deaf, sender)
}

#[test]
fn the_default_disposition_of_sigpipe_kills_the_server() {
    let mut server = ServerProcess::start(&["--control", "--sigpipe", "default"]);
    let clients = write_to_a_reset_connection(&mut server);
    let status = server.wait();
    assert_eq!(status.signal(), Some(Signal::SIGPIPE as i32), "{status}");
    let mut rest = String::new();
    server.events.read_to_string(&mut rest).expect("UTF-8");
    assert_eq!(rest, "", "no report");
    // The connections were reported before.
    let sender = clients.1.local_addr().expect("a bound socket");
    assert!(server.announced.iter().any(|known| known.peer == sender), "{:?}", server.announced);
    assert_eq!(server.announced.len(), 3);
}

#[test]
fn with_sigpipe_ignored_the_write_fails_and_the_server_continues() {
    let mut server = ServerProcess::start(&["--control", "--sigpipe", "ignore"]);
    let _clients = write_to_a_reset_connection(&mut server);
    server.wait_for_status("all of the sender's messages are read", |_, ingested| ingested == 400);
    server.write("{\"command\":\"stop\"}\n");
    let (report, status) = server.end();
    assert_eq!(report.metrics.failed_writes, 1);
    assert!(report.deliveries >= 400, "all were delivered to `deaf`: {}", report.deliveries);
    assert!(status.success(), "{status}");
}

/// Without a thread that is blocked: the client has sent a FIN, while messages waited for it, and
/// then a RST. The server tries to write the rest (EPIPE, because of the FIN: `tcp_reset`).
#[test]
fn a_write_of_an_event_loop_raises_it_too_unless_it_is_ignored() {
    let loops = designs().filter(|name| name.design().threads_per_client == 0);
    for (design, sigpipe) in
        loops.flat_map(|design| ["default", "ignore"].map(|value| (design, value)))
    {
        let arguments = ["--control", "--sigpipe", sigpipe, "--design", design.as_str()];
        let mut server = ServerProcess::start(&arguments);
        let deaf = connect_narrow(&mut server);
        let client = deaf.local_addr().expect("it is bound").as_socket().expect("an IP address");
        let mut sender = server.connect();
        let mut last = sender.try_clone().expect("a descriptor");
        let flooding = thread::spawn(move || {
            let frame = [&60_000u32.to_be_bytes()[..], &[b'x'; 60_000]].concat();
            (0..400).take_while(|_| sender.write_all(&frame).is_ok()).count() as u64
        });
        // The window of the sender is closed too, and the loop waits: so much waits for `deaf`
        // that nothing is read.
        let of_sender = last.local_addr().expect("it is bound");
        wait_until("the sender is held", || {
            is_window_closed(client, server.address)
                && is_window_closed(server.address, of_sender)
                && is_left_unread(of_sender, server.address, server.child.id())
        });
        deaf.shutdown(std::net::Shutdown::Write).expect("a live socket");
        let state = || find_socket(server.address, client).map(|socket| socket.state);
        wait_until("the FIN has arrived", || state() == Some(CLOSE_WAIT));
        // With unread data, this is a RST.
        drop(deaf);
        if sigpipe == "default" {
            let status = server.wait();
            assert_eq!(status.signal(), Some(Signal::SIGPIPE as i32), "{status}");
            flooding.join().expect("only its writes fail");
        } else {
            let sent = flooding.join().expect("no panic");
            last.write_all(b"\0\0\0\x02hi").expect("the server goes on");
            server.wait_for_status("all is read", |_, ingested| ingested == sent + 1);
            server.signal(Signal::SIGTERM);
            let (report, status) = server.end();
            assert_eq!((sent, report.metrics.failed_writes), (400, 1));
            assert!(status.success(), "{status}");
        }
    }
}

#[test]
fn with_the_default_disposition_a_stop_is_still_clean() {
    let mut server = ServerProcess::start(&["--control", "--sigpipe", "default"]);
    let deaf = connect_narrow(&mut server);
    let mut sender = server.connect();
    let flooding = thread::spawn(move || {
        // Small messages: the write that blocks has not written any of its bytes, so
        // it fails instead of returning a partial write.
        let frames = b"\0\0\0\x04tiny".repeat(10_000);
        while sender.write_all(&frames).is_ok() {}
    });
    wait_until_stuck_on(&deaf, &server);
    server.signal(Signal::SIGTERM);
    let (_, status) = server.end();
    assert!(status.success(), "{status}");
    flooding.join().expect("only its writes fail");
    drop(deaf);
}
