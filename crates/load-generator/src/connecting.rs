//! From connect(2) to its result.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use linux_net::{TcpState, monotonic_ns, tcp_info};
use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use socket2::SockAddr;

use crate::client::{Client, State, create_socket};
use crate::control::Ending;
use crate::error::LoadError;
use crate::generator::{Generator, nanoseconds};
use crate::roles::Role;
use crate::settings::ChatPhase;
use crate::timers::Timer;

impl Generator<'_> {
    /// Starts every attempt at once: all sockets are created, bound and watched
    /// beforehand, so the burst consists only of connect(2) calls.
    pub(crate) fn start_all(&mut self) -> Result<(), LoadError> {
        let clients = 0..self.clients.len();
        for client in clients.clone() {
            self.prepare(client)?;
        }
        let addresses: Vec<SockAddr> =
            self.config.destinations().into_iter().map(SockAddr::from).collect();
        let mut results = Vec::with_capacity(clients.len());
        for (index, client) in self.clients.iter_mut().enumerate() {
            if let Some(socket) = &client.socket {
                client.start_ns = monotonic_ns();
                results.push((index, socket.connect(&addresses[client.destination.number])));
            }
        }
        for (client, result) in results {
            self.started(client, result)?;
        }
        Ok(())
    }

    /// Starts one attempt, and plans the next start. In a closed loop, the end of an attempt
    /// does that too.
    pub(crate) fn start(&mut self, client: usize) -> Result<(), LoadError> {
        if self.clients[client].state != State::NotStarted {
            return Ok(()); // The load was stopped.
        }
        self.prepare(client)?;
        if self.clients[client].socket.is_some() {
            self.clients[client].start_ns = monotonic_ns();
        }
        self.plan_next_start();
        match self.clients[client].socket.as_ref() {
            Some(socket) => {
                let result = socket.connect(&self.clients[client].destination.address.into());
                self.started(client, result)
            }
            None => Ok(()),
        }
    }

    /// Plans the start of the next attempt, if there is one, and if it does not wait for the
    /// end of another: as soon as possible, but not before its turn if there is a rate. Always
    /// with a timer, so that attempts that end at once do not recurse.
    pub(crate) fn plan_next_start(&mut self) {
        let client = self.planned;
        let at_once =
            self.config.settings.closed_loop().map_or(usize::MAX, |at_once| at_once as usize);
        if client < self.clients.len() && client.saturating_sub(self.ended) < at_once {
            self.planned += 1;
            let first_ns = self.clients[0].start_ns;
            let turn_ns = self.config.settings.connect_rate.map_or(0, |rate| {
                first_ns.saturating_add(nanoseconds(rate.due_after(client as u32)))
            });
            self.timers.add(turn_ns.max(monotonic_ns()), Timer::Start(client));
        }
    }

    /// Creates an attempt's socket; if it cannot be bound, the attempt has ended.
    fn prepare(&mut self, client: usize) -> Result<(), LoadError> {
        let nodelay = self.config.settings.nodelay;
        let Client { role, destination, .. } = self.clients[client];
        match create_socket(destination.address, self.source(client), nodelay, role)
            .map_err(LoadError::system("create a socket"))?
        {
            Ok(socket) => {
                let interest = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT;
                self.epoll
                    .add(&socket, EpollEvent::new(interest, client as u64))
                    .map_err(LoadError::system("watch a socket"))?;
                self.clients[client].socket = Some(Arc::new(socket));
                self.clients[client].is_watched = true;
                Ok(())
            }
            Err(error) => {
                self.clients[client].start_ns = monotonic_ns();
                self.fail(client, "bind a socket for", error)
            }
        }
    }

    /// Handles the return of connect(2).
    fn started(&mut self, client: usize, result: io::Result<()>) -> Result<(), LoadError> {
        if let Err(error) = result {
            let pending = [Errno::EINPROGRESS as i32, Errno::EINTR as i32];
            if !error.raw_os_error().is_some_and(|errno| pending.contains(&errno)) {
                return self.fail(client, "connect to", error);
            }
        }
        let deadline = nanoseconds(self.config.settings.connect_deadline);
        let attempt = &mut self.clients[client];
        attempt.state = State::Connecting;
        attempt.local = attempt.socket().local_addr().ok().and_then(|local| local.as_socket());
        let at = attempt.start_ns.saturating_add(deadline);
        self.timers.add(at, Timer::ConnectDeadline(client));
        Ok(())
    }

    /// Handles an event of epoll for an attempt.
    pub(crate) fn decide(&mut self, client: usize) -> Result<(), LoadError> {
        let socket = self.clients[client].socket();
        let info = tcp_info(socket.as_fd()).map_err(LoadError::system("read TCP_INFO"))?;
        match info.state {
            TcpState::SynSent | TcpState::Close => {
                let error = socket.take_error().map_err(LoadError::system("read SO_ERROR"))?;
                let error = match error {
                    Some(error) => error,
                    None if info.state == TcpState::SynSent => return Ok(()),
                    None => io::Error::other("the socket is closed, and SO_ERROR has no cause"),
                };
                self.clients[client].syn_retransmits = Some(info.total_retransmits);
                self.fail(client, "connect to", error)
            }
            _ if is_self_connected(&self.clients[client]) => {
                // With an RST: a FIN would leave a TIME_WAIT, and no server could bind the
                // port. If this fails, that is all.
                let _ = self.clients[client].socket().set_linger(Some(Duration::ZERO));
                self.clients[client].syn_retransmits = Some(info.total_retransmits);
                self.end(client, Ending::SelfConnected, None);
                Ok(())
            }
            _ => self.established(client, info.total_retransmits),
        }
    }

    /// Ends an attempt at its deadline. If the kernel has established it by now, it
    /// counts, even if epoll has not reported it yet.
    pub(crate) fn on_connect_deadline(&mut self, client: usize) -> Result<(), LoadError> {
        if self.clients[client].state != State::Connecting {
            return Ok(());
        }
        self.decide(client)?;
        if self.clients[client].state == State::Connecting {
            let info = tcp_info(self.clients[client].socket().as_fd())
                .map_err(LoadError::system("read TCP_INFO"))?;
            self.clients[client].syn_retransmits = Some(info.total_retransmits);
            if self.clients[client].role == Role::HalfOpen {
                self.keep_half_open(client)?;
            }
            self.end(client, Ending::TimedOut, None);
        }
        Ok(())
    }

    /// Keeps the socket of a half-open attempt that ends, until the release. The kernel
    /// answers the next SYN-ACK to a closed socket with an RST (`tcp_v4_send_reset`),
    /// which frees an entry of the server's SYN queue, and later attempts would find
    /// room. The same happens in any case once the kernel has retransmitted the SYN
    /// `tcp_syn_retries` times and gives up (`tcp_write_timeout`).
    fn keep_half_open(&mut self, client: usize) -> Result<(), LoadError> {
        let socket = self.clients[client].socket.take().expect("it is connecting");
        // Otherwise epoll would report it repeatedly when the kernel gives up.
        self.epoll.delete(&*socket).map_err(LoadError::system("stop watching a socket"))?;
        self.half_open.push(socket);
        Ok(())
    }

    fn established(&mut self, client: usize, syn_retransmits: u32) -> Result<(), LoadError> {
        let now = monotonic_ns();
        let attempt = &mut self.clients[client];
        let connect_ns = now - attempt.start_ns;
        attempt.state = State::Open;
        attempt.connect_ns = Some(connect_ns);
        attempt.syn_retransmits = Some(syn_retransmits);
        attempt.waits_to_write = true;
        attempt.reads = attempt.role != Role::SlowReader;
        let (reads, sends) = (attempt.reads, attempt.role == Role::Sender);
        self.metrics.connect_latency.record(connect_ns);
        self.metrics.last_connect_ns = now;
        if reads {
            self.matrix.join(client, sends);
        }
        self.undecided -= 1;
        self.established += 1;
        self.open += 1;
        self.open_slow_readers += u64::from(!reads);
        self.unwritten += u64::from(!self.schedules[client].is_written());
        self.wait_to_write(client, false)?;
        if let (Some(threads), true) = (&self.threads, reads) {
            let added = threads.add(client, self.clients[client].socket());
            added.map_err(LoadError::system("watch a socket in a thread"))?;
        }

        let settings = &self.config.settings;
        if settings.is_closed_loop() {
            let lingered = now.saturating_add(nanoseconds(settings.linger));
            let finish = lingered.saturating_add(nanoseconds(settings.finish_deadline));
            self.timers.add(finish, Timer::ClientFinish(client));
            if !settings.linger.is_zero() {
                self.clients[client].lingers = true;
                self.timers.add(lingered, Timer::ClientLinger(client));
            }
        }
        if self.requests.is_some() {
            return match settings.chat {
                ChatPhase::Overlapped => self.begin_requests(client, now),
                ChatPhase::AfterConnect => Ok(()),
            };
        }
        if settings.messages == 0 {
            return self.leave_individually(client);
        }
        if sends && settings.chat == ChatPhase::Overlapped {
            self.begin_chat(client, now);
        }
        Ok(())
    }
}

/// Whether a connection's two ends are one socket.
fn is_self_connected(attempt: &Client) -> bool {
    let port = attempt.destination.address.port();
    if attempt.local.is_some_and(|local| local.port() != port) {
        return false; // Nearly always, and without a system call.
    }
    match (attempt.socket().local_addr(), attempt.socket().peer_addr()) {
        (Ok(local), Ok(peer)) => local.as_socket() == peer.as_socket(),
        // It has been reset meanwhile.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::generator::testing::with_open_clients;
    use crate::settings::LoadSettings;

    #[test]
    fn an_attempt_established_at_the_deadline_counts_before_epoll_reports_it() {
        let settings = LoadSettings {
            clients: 2,
            connect_deadline: Duration::from_nanos(1),
            ..LoadSettings::default()
        };
        with_open_clients(settings, false, |generator| {
            assert_eq!((generator.undecided, generator.established, generator.open), (0, 2, 2));
        });
    }
}
