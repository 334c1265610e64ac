//! From connect(2) to the decision about it.

use std::io;
use std::os::fd::AsFd;

use linux_net::{TcpState, monotonic_ns, tcp_info};
use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags};

use crate::client::{State, make_socket};
use crate::generator::{Generator, nanoseconds};
use crate::timers::Timer;
use crate::{ChatPhase, Ending, Leave, LoadError};

impl Generator<'_> {
    /// Starts every attempt at once: all sockets are made, bound and watched
    /// beforehand, so that the burst is nothing but connect(2) calls.
    pub(crate) fn start_all(&mut self) -> Result<(), LoadError> {
        let clients = 0..self.clients.len();
        for client in clients.clone() {
            self.prepare(client)?;
        }
        let results: Vec<_> = clients
            .map(|client| {
                let client = &mut self.clients[client];
                client.start_ns =
                    if client.socket.is_some() { monotonic_ns() } else { client.start_ns };
                client.socket.as_ref().map(|socket| socket.connect(&self.config.target.into()))
            })
            .collect();
        for (client, result) in results.into_iter().enumerate() {
            if let Some(result) = result {
                self.started(client, result)?;
            }
        }
        Ok(())
    }

    /// Starts one attempt and plans the next.
    pub(crate) fn start_at_rate(&mut self, client: usize) -> Result<(), LoadError> {
        self.prepare(client)?;
        self.clients[client].start_ns = monotonic_ns();
        if client + 1 < self.clients.len() {
            let first_ns = self.clients[0].start_ns;
            let rate = self.config.settings.connect_rate.expect("checked with pattern rate");
            let offset_ns = (client + 1) as f64 * 1e9 / rate;
            self.timers.add(first_ns.saturating_add(offset_ns as u64), Timer::Start(client + 1));
        }
        match self.clients[client].socket.as_ref() {
            Some(socket) => {
                let result = socket.connect(&self.config.target.into());
                self.started(client, result)
            }
            None => Ok(()),
        }
    }

    /// Makes an attempt's socket; where it cannot be bound, the attempt is
    /// over.
    fn prepare(&mut self, client: usize) -> Result<(), LoadError> {
        let nodelay = self.config.settings.nodelay;
        match make_socket(self.config.target, self.source(client), nodelay)
            .map_err(LoadError::machine("create a socket"))?
        {
            Ok(socket) => {
                let interest = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT;
                self.epoll
                    .add(&socket, EpollEvent::new(interest, client as u64))
                    .map_err(LoadError::machine("watch a socket"))?;
                self.clients[client].socket = Some(socket);
                Ok(())
            }
            Err(error) => {
                self.clients[client].start_ns = monotonic_ns();
                self.fail(client, "bind a socket for", error)
            }
        }
    }

    /// connect(2) has returned.
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

    /// epoll has something to say about an attempt.
    pub(crate) fn decide(&mut self, client: usize) -> Result<(), LoadError> {
        let socket = self.clients[client].socket();
        let info = tcp_info(socket.as_fd()).map_err(LoadError::machine("read TCP_INFO"))?;
        let error = socket.take_error().map_err(LoadError::machine("read SO_ERROR"))?;
        if let Some(error) = error {
            self.clients[client].syn_retransmits = Some(info.total_retransmits);
            return self.fail(client, "connect to", error);
        }
        match info.state {
            TcpState::SynSent => Ok(()),
            TcpState::Close => {
                let error = io::Error::other("the socket is closed, and SO_ERROR names no cause");
                self.fail(client, "connect to", error)
            }
            _ => self.established(client, info.total_retransmits),
        }
    }

    /// An attempt has had its time. What the kernel has established by now
    /// counts, whether or not epoll has told yet.
    pub(crate) fn on_connect_deadline(&mut self, client: usize) -> Result<(), LoadError> {
        if self.clients[client].state != State::Connecting {
            return Ok(());
        }
        self.decide(client)?;
        if self.clients[client].state == State::Connecting {
            let info = tcp_info(self.clients[client].socket().as_fd())
                .map_err(LoadError::machine("read TCP_INFO"))?;
            self.clients[client].syn_retransmits = Some(info.total_retransmits);
            self.end(client, Ending::TimedOut, None);
        }
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
        self.figures.connect_latency.record(connect_ns);
        self.figures.last_activity_ns = now;
        self.ledger.join(client);
        self.undecided -= 1;
        self.established += 1;
        self.open += 1;
        self.unwritten += u64::from(!self.schedules[client].is_written());
        self.wait_to_write(client, false)?;

        let settings = &self.config.settings;
        if settings.messages > 0 && settings.chat == ChatPhase::Overlapped {
            self.begin_chat(client, now);
        }
        let leaves_now = settings.messages == 0
            && settings.leave == Leave::AfterSending
            && !self.config.server_closes
            && !self.holds();
        if leaves_now {
            self.end(client, Ending::Finished, None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::LoadSettings;
    use crate::by_hand::with_open_clients;

    #[test]
    fn what_is_established_at_the_deadline_counts_though_epoll_has_not_told() {
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
