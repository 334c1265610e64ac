//! A server in this process, and clients that check what they read.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chat_protocol::{Codec, Decoder, Framing};
use chat_server::{DesignName, RunningServer, Server, ServerHandle, ServerReport, ServerSettings};
use linux_net::NetworkNamespace;
use linux_net::testing::{Thread, in_lab_namespace, wait_until};
use socket2::{Domain, Socket, Type};

use crate::tcp_table::{
    is_blocked_on, is_left_unread, is_server_blocked_on, is_window_closed, wait_for_reader_of,
};

/// Only a hang takes so long.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(240);

/// Runs `body` in a network namespace of its own, in which no late RST ends a TIME_WAIT.
pub(crate) fn in_a_host(body: impl FnOnce() + Send) {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().expect("a namespace");
        let rfc1337 = ("net.ipv4.tcp_rfc1337".parse().expect("a sysctl"), "1".to_owned());
        host.apply_sysctls(&[rfc1337]).expect("a namespace has it");
        host.run(body).expect("it can be entered");
    });
}

pub(crate) fn settings() -> ServerSettings {
    ServerSettings { address: Ipv4Addr::LOCALHOST.into(), port: 0, ..Default::default() }
}

pub(crate) fn with_design(design: DesignName) -> ServerSettings {
    ServerSettings { design, ..settings() }
}

/// Locks of a design for each client that comes and for each that leaves, and those of one
/// broadcast; `None` if there are as many as the work happens to be divided into.
pub(crate) fn locks_of_a_broadcast(design: DesignName) -> Option<u64> {
    match design.as_str() {
        // One for each shard.
        "sharded" => Some(16),
        "event-loop" | "io-uring" => None,
        _ => Some(1),
    }
}

/// The designs that this machine permits. In CI it has to permit all.
pub(crate) fn designs() -> impl Iterator<Item = DesignName> {
    for name in DesignName::all() {
        if let Err(error) = name.design().check_machine() {
            assert!(std::env::var_os("CI").is_none(), "{name}: {error}");
            eprintln!("left out: {name}: {error}");
        }
    }
    DesignName::permitted()
}

/// Bytes that a design has taken from the kernel, at most, though it reads nothing.
pub(crate) fn read_ahead(design: DesignName) -> u64 {
    match design.as_str() {
        // The buffers of a ring, each filled.
        "io-uring" => 256 * 1024,
        _ => 0,
    }
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    /// Until it is stopped.
    running: Option<RunningServer>,
    codec: Codec,
    pub(crate) design: DesignName,
}

impl TestServer {
    pub(crate) fn start(settings: &ServerSettings) -> Self {
        let server = Server::bind(settings).expect("loopback can be bound");
        let address = server.local_address();
        let running = server.start().expect("a thread can be started");
        let codec = Codec::new(settings.framing, settings.largest_body).expect("bind checked it");
        Self {
            address,
            handle: running.handle(),
            running: Some(running),
            codec,
            design: settings.design,
        }
    }

    /// A client that the server has registered.
    pub(crate) fn connect(&self) -> Client {
        let before = self.accepted();
        let client = self.start_connect();
        wait_until("the client is registered", || self.accepted() > before);
        client
    }

    /// A client that the server may not have accepted yet.
    pub(crate) fn start_connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        Client::new(stream, self.codec)
    }

    /// A registered client with the smallest receive buffer.
    pub(crate) fn connect_with_small_buffer(&self) -> Client {
        let socket = new_socket();
        socket.set_recv_buffer_size(1).expect("the kernel takes its least");
        let before = self.accepted();
        let client = self.connect_from(socket);
        wait_until("the client is registered", || self.accepted() > before);
        client
    }

    /// A client with a socket that was made before.
    pub(crate) fn connect_from(&self, socket: Socket) -> Client {
        socket.connect(&self.address.into()).expect("the server listens");
        Client::new(socket.into(), self.codec)
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.handle.status().accepted
    }

    pub(crate) fn clients(&self) -> u64 {
        self.handle.status().clients
    }

    pub(crate) fn ingested(&self) -> u64 {
        self.handle.status().messages_ingested
    }

    /// Clients that have not sent anything yet, and the server's threads for them.
    pub(crate) fn senders(&self, clients: &[Client]) -> Senders {
        let addresses: Vec<_> = clients.iter().map(Client::address).collect();
        let has_threads = self.design.design().threads_per_client > 0;
        let of = |&client| wait_for_reader_of(client, self.address, process::id());
        let threads = has_threads.then(|| addresses.iter().map(of).collect());
        Senders { server: self.address, addresses, threads }
    }

    /// Waits until the server takes nothing more from the senders because of the `deaf` clients,
    /// which do not read.
    pub(crate) fn wait_until_all_stuck_on(&self, deaf: &[Client], senders: &Senders) {
        wait_until("all senders are stuck", || senders.are_stuck_on(deaf));
    }

    /// Stops the server when it is dropped, also if the test fails: this ends the threads that
    /// still write to it.
    pub(crate) fn stop_at_end(&self) -> impl Drop + use<> {
        StopAtEnd(self.handle.clone())
    }

    pub(crate) fn stop(mut self) -> ServerReport {
        let (ended, end) = mpsc::channel();
        let running = self.running.take().expect("it is stopped once");
        self.handle.stop();
        thread::spawn(move || {
            let report = running.join();
            ended.send(report).expect("it is waited for")
        });
        end.recv_timeout(TIMEOUT).expect("the server stops")
    }
}

/// Clients that send.
pub(crate) struct Senders {
    server: SocketAddr,
    addresses: Vec<SocketAddr>,
    /// The server's threads for them; none in designs without a thread for each client.
    threads: Option<Vec<Thread>>,
}

impl Senders {
    /// Whether their threads are blocked: some thread in a write to one of the `deaf` clients,
    /// which do not read, and they too or waiting for a lock or for room in a queue. Without
    /// threads, whether one of the `deaf` clients takes nothing, and the server does not read
    /// what the senders send.
    pub(crate) fn are_stuck_on(&self, deaf: &[Client]) -> bool {
        let (server, pid) = (self.server, process::id());
        let Some(threads) = &self.threads else {
            return deaf.iter().any(|client| is_window_closed(client.address(), server))
                && self.addresses.iter().all(|&sender| is_left_unread(sender, server, pid));
        };
        let is_stuck = |thread: &Thread| {
            deaf.iter().any(|client| is_blocked_on(client.address(), server, thread))
        };
        // In this order: the first stays blocked, and so does a thread that then waits for
        // the lock which it holds.
        deaf.iter().any(|client| is_server_blocked_on(client.address(), server, pid))
            && threads.iter().all(|thread| thread.is_waiting_for_lock() || is_stuck(thread))
    }
}

struct StopAtEnd(ServerHandle);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Drop for TestServer {
    /// If the test has failed, this ends the threads that still write to the server.
    fn drop(&mut self) {
        self.handle.stop();
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    codec: Codec,
    decoder: Decoder,
}

impl Client {
    fn new(stream: TcpStream, codec: Codec) -> Self {
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout above 0");
        Self { stream, codec, decoder: Decoder::new(codec) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.stream.local_addr().expect("a connected socket")
    }

    pub(crate) fn send(&mut self, body: &[u8]) {
        self.send_many(1, body);
    }

    /// Sends the same message several times, in one write(2) if there is room for it.
    pub(crate) fn send_many(&mut self, times: u64, body: &[u8]) {
        let mut frames = Vec::new();
        for _ in 0..times {
            self.codec.encode(body, &mut frames).expect("the body fits");
        }
        self.send_raw(&frames);
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// The next body; none at a clean end of file.
    pub(crate) fn receive(&mut self) -> Option<Vec<u8>> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(body) = self.decoder.next_body().expect("the server sends whole frames") {
                return Some(body.to_vec());
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => {
                    assert!(!self.decoder.is_mid_message(), "the server cut a frame");
                    return None;
                }
                Ok(count) => self.decoder.feed(&chunk[..count]),
                // Of a process that was stopped and continues: the socket has a timeout.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("something comes in time: {error}"),
            }
        }
    }

    pub(crate) fn receive_text(&mut self) -> String {
        let body = self.receive().expect("a message before the end of file");
        String::from_utf8(body).expect("the tests' messages are text")
    }

    /// A second client on the same connection, to read while this one writes.
    pub(crate) fn split(&self) -> Client {
        Self::new(self.stream.try_clone().expect("a descriptor"), self.codec)
    }

    /// Leaves with a RST.
    pub(crate) fn reset(self) {
        Socket::from(self.stream).set_linger(Some(Duration::ZERO)).expect("a live socket");
    }
}

pub(crate) fn new_socket() -> Socket {
    Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket")
}

pub(crate) fn framings() -> [Framing; 2] {
    [Framing::U32be, Framing::Ascii4]
}
