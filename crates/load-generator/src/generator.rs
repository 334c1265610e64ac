//! The event loop of a load: one thread, one epoll instance.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chat_protocol::Codec;
use linux_net::monotonic_ns;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::Socket;
use worker::{Message, Request};

use crate::client::{Aim, Client, State};
use crate::commands::CommandSource;
use crate::config::LoadConfig;
use crate::control::{LoadCommand, LoadMessage, LoadReport, LoadResponse};
use crate::delivery_matrix::DeliveryMatrix;
use crate::dialogue::{Progress, Requests};
use crate::error::LoadError;
use crate::message::MessageFormat;
use crate::metrics::LoadMetrics;
use crate::reading_threads::ReadingThreads;
use crate::receiver_part::READ_AT_ONCE;
use crate::receivers::Receivers;
use crate::roles::Role;
use crate::schedule::Schedule;
use crate::settings::ConnectPattern;
use crate::timers::{Timer, Timers};

#[cfg(test)]
pub(crate) mod testing;

/// The epoll data of events that are not a client's.
const TIMERS: u64 = u64::MAX;
const COMMANDS: u64 = u64::MAX - 1;
const READING: u64 = u64::MAX - 2;

/// A load that is running.
pub(crate) struct Generator<'a> {
    pub(crate) config: &'a LoadConfig,
    pub(crate) codec: Codec,
    pub(crate) format: Arc<MessageFormat>,
    pub(crate) epoll: Epoll,
    pub(crate) timers: Timers,
    commands: Option<CommandSource>,
    /// The controller will send Go.
    pub(crate) controlled: bool,
    pub(crate) on_message: &'a mut dyn FnMut(LoadMessage),
    pub(crate) clients: Vec<Client>,
    /// Attempts after which the destinations repeat.
    round_length: usize,
    /// By client, separate from [`Self::clients`]: every delivery reads its sender's.
    pub(crate) schedules: Arc<[Schedule]>,
    pub(crate) matrix: DeliveryMatrix,
    pub(crate) receivers: Receivers,
    /// What reads for the clients of a chat; `None` if this thread does.
    pub(crate) threads: Option<ReadingThreads>,
    /// What clients request; `None` if the dialogue has no requests.
    pub(crate) requests: Option<Requests>,
    /// By client; empty without requests.
    pub(crate) progress: Vec<Progress>,
    pub(crate) metrics: LoadMetrics,
    pub(crate) read_buffer: Box<[u8]>,
    pub(crate) body_buffer: Vec<u8>,
    /// Attempts whose start is planned, or was, unless they start in a burst.
    pub(crate) planned: usize,
    /// Attempts that have ended.
    pub(crate) ended: usize,
    /// Attempts not decided.
    pub(crate) undecided: u64,
    /// Attempts that were established, ended ones included.
    pub(crate) established: u64,
    /// Clients established and not ended.
    pub(crate) open: u64,
    /// Open clients that never read.
    pub(crate) open_slow_readers: u64,
    /// Open clients that have not written everything.
    pub(crate) unwritten: u64,
    /// Sockets of half-open attempts that have ended, not closed before the
    /// release.
    pub(crate) half_open: Vec<Arc<Socket>>,
    /// Every attempt is decided, and that was reported.
    pub(crate) decided: bool,
    /// Decided, and no longer held.
    pub(crate) released: bool,
    /// The clients that only read were notified that everything is written.
    pub(crate) readers_notified: bool,
}

impl<'a> Generator<'a> {
    /// Prepares a load up to the first connect(2). The settings have been checked.
    pub(crate) fn new(
        config: &'a LoadConfig,
        codec: Codec,
        commands: Option<CommandSource>,
        on_message: &'a mut dyn FnMut(LoadMessage),
    ) -> Result<Self, LoadError> {
        let settings = &config.settings;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
            .map_err(LoadError::system("create an epoll instance"))?;
        let timers = Timers::new().map_err(LoadError::system("create a timer"))?;
        let edge = EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, TIMERS);
        epoll.add(timers.fd(), edge).map_err(LoadError::system("watch the timer"))?;
        if let Some(commands) = &commands {
            let readable = EpollEvent::new(EpollFlags::EPOLLIN, COMMANDS);
            epoll.add(commands.fd(), readable).map_err(LoadError::system("watch commands"))?;
        }
        let clients = settings.clients as usize;
        let roles = (0..clients).map(|client| Role::from_index(settings, client));
        let interval_ns = nanoseconds(settings.interval);
        let schedule = |role: Role| Schedule::new(interval_ns, role.messages(settings));
        let destinations = config.destinations();
        let aims = aims(config, &destinations);
        let requests = Requests::new(&settings.dialogue, &destinations);
        let progress =
            requests.iter().flat_map(|requests| (0..clients).map(|_| requests.progress()));
        let run = (monotonic_ns() >> 10) as u16 ^ std::process::id() as u16;
        let format = Arc::new(MessageFormat::new(run, settings));
        let schedules = roles.clone().map(schedule).collect();
        let parts = settings.reading_threads().unwrap_or(1);
        let matrix = DeliveryMatrix::new(clients, settings.messages, parts);
        let receivers = Receivers::new(codec, &matrix, &format, &schedules);
        let threads = settings.reading_threads().map(|_| ReadingThreads::start(&receivers));
        let threads = threads.transpose().map_err(LoadError::system("start threads"))?;
        if let Some(threads) = &threads {
            let readable = EpollEvent::new(EpollFlags::EPOLLIN, READING);
            epoll.add(threads.fd(), readable).map_err(LoadError::system("watch threads"))?;
        }
        Ok(Self {
            config,
            codec,
            format,
            epoll,
            timers,
            controlled: config.hold && commands.is_some(),
            commands,
            on_message,
            schedules,
            round_length: config.round().len(),
            clients: roles.zip(aims).map(|(role, aim)| Client::new(role, aim)).collect(),
            matrix,
            receivers,
            threads,
            progress: progress.collect(),
            requests,
            metrics: LoadMetrics::new(destinations.len()),
            read_buffer: vec![0; READ_AT_ONCE].into(),
            body_buffer: Vec::new(),
            planned: 0,
            ended: 0,
            undecided: settings.clients.into(),
            established: 0,
            open: 0,
            open_slow_readers: 0,
            unwritten: 0,
            half_open: Vec::new(),
            decided: false,
            released: false,
            readers_notified: false,
        })
    }

    /// Runs the load to its end.
    pub(crate) fn run(mut self) -> Result<LoadReport, LoadError> {
        match self.config.settings.pattern {
            ConnectPattern::Burst => self.start_all()?,
            ConnectPattern::Rate | ConnectPattern::OneByOne | ConnectPattern::Concurrent => {
                self.plan_next_start();
            }
        }
        let mut events = vec![EpollEvent::empty(); 256];
        self.advance()?;
        while !self.released || self.open > 0 {
            self.timers.arm().map_err(LoadError::system("set the timer"))?;
            let ready = match self.epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(LoadError::system("wait for events")(error)),
            };
            for event in &events[..ready] {
                match event.data() {
                    TIMERS => self.timers.fired(),
                    COMMANDS => self.take_commands()?,
                    READING => self.take_ends()?,
                    client => self.on_socket(client as usize, event.events())?,
                }
                self.run_timers()?;
                self.advance()?;
            }
        }
        Ok(self.report())
    }

    fn on_socket(&mut self, client: usize, events: EpollFlags) -> Result<(), LoadError> {
        match self.clients[client].state {
            State::Connecting => self.decide(client),
            State::Open => {
                if events.contains(EpollFlags::EPOLLOUT) {
                    match self.requests {
                        Some(_) => self.write_request(client)?,
                        None => self.write_due(client)?,
                    }
                }
                let hung_up = EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
                match &self.clients[client] {
                    Client { state: State::Open, reads: true, .. }
                        if self.threads.is_none()
                            && events.intersects(hung_up | EpollFlags::EPOLLIN) =>
                    {
                        match self.requests {
                            Some(_) => self.read_answers(client),
                            None => self.read(client),
                        }
                    }
                    Client { state: State::Open, reads: false, .. }
                        if events.intersects(hung_up) =>
                    {
                        self.on_hang_up(client)
                    }
                    _ => Ok(()),
                }
            }
            // An event of the same batch, from before it ended.
            State::NotStarted | State::Ended => Ok(()),
        }
    }

    /// Handles what is due now. What becomes due meanwhile is handled after the next
    /// epoll events: one by one, attempts that fail at once each plan the next start, and
    /// commands would wait for the last.
    fn run_timers(&mut self) -> Result<(), LoadError> {
        let now = monotonic_ns();
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                Timer::Start(client) => self.start(client)?,
                Timer::ConnectDeadline(client) => self.on_connect_deadline(client)?,
                Timer::Send(client) if self.requests.is_some() => self.on_request_due(client)?,
                Timer::Send(client) => self.write_due(client)?,
                Timer::Quiet => self.on_quiet_check(),
                Timer::Linger => self.on_linger_over()?,
                Timer::ClientLinger(client) => self.on_own_linger_over(client)?,
                Timer::ClientFinish(client) => self.on_own_finish_deadline(client),
                Timer::Finish => self.on_finish_deadline()?,
            }
        }
        Ok(())
    }

    fn take_commands(&mut self) -> Result<(), LoadError> {
        let Some(commands) = self.commands.take() else {
            return Ok(());
        };
        commands.clear_wake();
        while let Some(Request { id, command }) = commands.next() {
            match command {
                LoadCommand::Go if self.decided && !self.released => self.release()?,
                LoadCommand::Go => {}
                LoadCommand::Status => {
                    let response = LoadResponse::Status(self.status());
                    (self.on_message)(Message::Response { id, response });
                }
                LoadCommand::Stop => {
                    self.stop();
                    return Ok(());
                }
            }
        }
        self.commands = Some(commands);
        Ok(())
    }

    pub(crate) fn open_clients(&self) -> Vec<usize> {
        let is_open = |client: &usize| self.clients[*client].state == State::Open;
        (0..self.clients.len()).filter(is_open).collect()
    }

    /// Whether the server closes first: a client is done at its end of file.
    pub(crate) fn server_closes(&self) -> bool {
        self.config.server_closes || self.config.settings.dialogue.server_closes()
    }

    /// The address that an attempt binds to. Each round of destinations uses the next one, so
    /// that every address connects to every destination.
    pub(crate) fn source(&self, client: usize) -> Option<IpAddr> {
        let sources = &self.config.sources;
        (!sources.is_empty()).then(|| sources[client / self.round_length % sources.len()])
    }
}

/// Where each attempt goes, without end.
fn aims(config: &LoadConfig, destinations: &[SocketAddr]) -> impl Iterator<Item = Aim> {
    let aim = |address| Aim {
        address,
        number: destinations.iter().position(|other| *other == address).unwrap_or(0),
        is_one_of_several: destinations.len() > 1,
    };
    config.round().into_iter().map(aim).collect::<Vec<_>>().into_iter().cycle()
}

/// A time as nanoseconds; longer than 584 years is 584 years.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
