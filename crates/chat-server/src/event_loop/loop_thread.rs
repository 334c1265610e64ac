//! A thread that serves its share of the clients.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{Codec, Framing};
use linux_net::monotonic_ns;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::clients::Clients;
use super::hub::Hub;
use super::inbox::Item;
use super::intake::Intake;
use super::round::{Clock, Round, Writing};
use crate::client::SHORTEST_WAIT;
use crate::client_thread::READ_BYTES;
use crate::context::Context;
use crate::frame_memory::Share;
use crate::settings::ServerSettings;

/// Events of one epoll_wait(2), at most.
const EVENTS: usize = 1024;

/// What epoll_wait(2) returns for the inbox instead of a client's key.
const INBOX: u64 = u64::MAX;

pub(crate) struct LoopThread {
    index: usize,
    hub: Arc<Hub>,
    context: Arc<Context>,
    writing: Writing,
    /// Of its log.
    _memory: Share,
    poller: Epoll,
    events: Vec<EpollEvent>,
    items: Vec<Item>,
    buffer: Vec<u8>,
    intake: Intake,
    clients: Clients,
    /// Clients for which more waits than may.
    holding: u64,
    /// Since when nothing is read, and for how long nothing was read before, nanoseconds.
    held_since_ns: Option<u64>,
    held_ns: u64,
    /// When clients are to be judged again, nanoseconds of CLOCK_MONOTONIC.
    due_ns: u64,
    /// The shortest time after which a client may have to be judged, if there is any,
    /// nanoseconds.
    shortest_ns: Option<u64>,
}

impl LoopThread {
    /// # Errors
    /// If there is no descriptor left.
    pub(crate) fn new(index: usize, hub: &Arc<Hub>, context: &Arc<Context>) -> io::Result<Self> {
        let poller = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let edges = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        poller.add(hub.inbox(index).wake(), EpollEvent::new(edges, INBOX))?;
        let mut memory = context.frame_memory.share();
        let most_waiting = reserve_log(&mut memory, &context.settings, &context.codec);
        Ok(Self {
            index,
            hub: Arc::clone(hub),
            writing: Writing::new(&context.settings, most_waiting),
            _memory: memory,
            shortest_ns: shortest_timeout(&context.settings).map(|time| time.as_nanos() as u64),
            context: Arc::clone(context),
            poller,
            events: vec![EpollEvent::empty(); EVENTS],
            items: Vec::new(),
            buffer: vec![0; READ_BYTES],
            intake: Intake::default(),
            clients: Clients::default(),
            holding: 0,
            held_since_ns: None,
            held_ns: 0,
            due_ns: u64::MAX,
        })
    }

    /// Serves until the hub has ended.
    pub(crate) fn run(mut self) {
        loop {
            let events = self.wait();
            // Before it looks: what is changed later is not overlooked.
            self.hub.inbox(self.index).answer();
            if self.hub.is_aborted() {
                self.abort_all();
                if self.hub.has_ended() {
                    return;
                }
                continue;
            }
            self.round(events);
        }
    }

    /// Waits for clients, for the inbox, or until clients are to be judged. The number of
    /// events.
    fn wait(&mut self) -> usize {
        let may_sleep = (self.held_since_ns.is_some() || !self.clients.has_listed())
            && self.hub.inbox(self.index).try_sleep();
        let timeout = match (may_sleep, self.due_ns) {
            (false, _) => EpollTimeout::ZERO,
            (true, u64::MAX) => EpollTimeout::NONE,
            (true, due_ns) => {
                let left = due_ns.saturating_sub(monotonic_ns()).div_ceil(1_000_000);
                EpollTimeout::try_from(left).unwrap_or(EpollTimeout::MAX)
            }
        };
        match self.poller.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => panic!("epoll_wait: {error}"),
        }
    }

    /// Reads, passes on, and writes.
    fn round(&mut self, events: usize) {
        let clock = self.clock();
        let mut round = Round::new(&self.context, &self.writing, clock);
        let of_clients = self.events[..events].iter().filter(|event| event.data() != INBOX);
        of_clients.for_each(|event| self.clients.note(*event));
        let had_listed = self.clients.has_listed();
        if self.held_since_ns.is_none() {
            self.clients.read(&mut self.buffer, &mut self.intake, &round);
        }
        // What came before this loop has read is before that in its log: a client that was
        // admitted gets every message that was sent after it.
        self.hub.inbox(self.index).take(&mut self.items);
        let is_idle = events == 0 && self.items.is_empty() && !had_listed;
        let mut of_others = 0;
        for item in self.items.drain(..) {
            match item {
                Item::Client(socket) => self.clients.admit(socket, &self.poller, &round),
                Item::Batch(batch) => {
                    of_others += batch.bytes().len() as u64;
                    self.clients.append(batch);
                }
            }
        }
        let most_waiting = self.writing.most_waiting;
        for collected in self.intake.take() {
            self.hub.pass_on(self.index, &collected.batch, most_waiting);
            self.clients.append_own(collected);
        }
        self.clients.flush(&mut round);
        if let (Some(shortest_ns), false) = (self.shortest_ns, is_idle) {
            self.due_ns = self.due_ns.min(clock.now_ns + shortest_ns);
        }
        // Otherwise there may be events that would have ended a wait.
        if clock.now_ns >= self.due_ns && events < EVENTS {
            let soonest = clock.now_ns + self.shortest_ns.map_or(0, |shortest| shortest / 8);
            let next = self.clients.end_due(&round);
            self.due_ns = next.map_or(u64::MAX, |next| next.max(soonest));
        }
        round.count();
        let holding = self.clients.settle();
        self.hub.change_holding(self.holding, holding);
        self.holding = holding;
        // Only now: if a client has no room for them, that holds from here on.
        self.hub.passed(self.index, of_others, most_waiting);
        let gone = self.clients.remove_gone();
        if gone > 0 {
            self.context.chat_cpu.end(&self.context.counters.deliveries);
        }
        self.hub.leave(self.index, gone);
    }

    /// The times of a round, in which nothing is read while any client has more waiting than
    /// may.
    fn clock(&mut self) -> Clock {
        let now_ns = monotonic_ns();
        match (self.hub.is_held(), self.held_since_ns) {
            (true, None) => self.held_since_ns = Some(now_ns),
            (false, Some(since_ns)) => {
                self.held_ns += now_ns - since_ns;
                self.held_since_ns = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
        let held_ns = self.held_since_ns.map_or(0, |since_ns| now_ns - since_ns);
        Clock { now_ns, held_ns: self.held_ns + held_ns }
    }

    fn abort_all(&mut self) {
        self.hub.inbox(self.index).take(&mut self.items);
        let new = self.items.drain(..).filter_map(|item| match item {
            Item::Client(socket) => Some(socket),
            Item::Batch(_) => None,
        });
        let count = self.clients.abort_all(&self.context.counters, monotonic_ns(), new);
        self.hub.leave(self.index, count);
        self.due_ns = u64::MAX;
    }
}

/// Reserves memory for what waits for the slowest client: for a queue as the settings say, or a
/// shorter one if there is less memory, but at least for the largest message. The size of the queue,
/// bytes.
fn reserve_log(memory: &mut Share, settings: &ServerSettings, codec: &Codec) -> u64 {
    let largest = Framing::HEADER_BYTES as u64 + u64::from(codec.largest_body());
    let mut queue = settings.client_queue;
    // The messages, and about as much for where each one ends.
    while queue > largest && !memory.grow_to(2 * queue) {
        queue /= 2;
    }
    queue.max(largest)
}

/// The shortest of the times after which a client is closed.
fn shortest_timeout(settings: &ServerSettings) -> Option<Duration> {
    [settings.frame_timeout, settings.idle_timeout, settings.write_timeout]
        .into_iter()
        .filter(|timeout| !timeout.is_zero())
        // Of a malformed message, too.
        .chain([settings.drain.max(SHORTEST_WAIT)])
        .min()
}
