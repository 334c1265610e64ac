//! A thread that serves its share of the clients.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::{Codec, Framing};
use linux_net::monotonic_ns;

use super::clients::Clients;
use super::hub::Hub;
use super::inbox::Item;
use super::intake::Intake;
use super::round::{Clock, Round, Writing};
use super::transport::{Transport, Waited};
use crate::client::SHORTEST_WAIT;
use crate::context::Context;
use crate::error::ServerError;
use crate::frame_memory::Share;
use crate::settings::ServerSettings;

pub(crate) struct LoopThread<T> {
    index: usize,
    hub: Arc<Hub>,
    context: Arc<Context>,
    writing: Writing,
    /// Of its log.
    _memory: Share,
    transport: T,
    items: Vec<Item>,
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

impl<T: Transport> LoopThread<T> {
    /// # Errors
    /// If the kernel does not permit the transport, or there is no descriptor left.
    pub(crate) fn new(
        index: usize,
        hub: &Arc<Hub>,
        context: &Arc<Context>,
    ) -> Result<Self, ServerError> {
        let transport = T::new(hub.inbox(index).wake())?;
        let mut memory = context.frame_memory.share();
        let most_waiting = reserve_log(&mut memory, &context.settings, &context.codec);
        Ok(Self {
            index,
            hub: Arc::clone(hub),
            writing: Writing::new(&context.settings, most_waiting),
            _memory: memory,
            shortest_ns: shortest_timeout(&context.settings).map(|time| time.as_nanos() as u64),
            context: Arc::clone(context),
            transport,
            items: Vec::new(),
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
        self.transport.begin();
        loop {
            let waited = self.wait();
            // Before it looks: what is changed later is not overlooked.
            self.hub.inbox(self.index).answer();
            if self.hub.is_aborted() {
                self.abort_all();
                if self.hub.has_ended() {
                    return;
                }
                continue;
            }
            self.round(waited);
        }
    }

    /// Waits for clients, for the inbox, or until clients are to be judged.
    fn wait(&mut self) -> Waited {
        let may_sleep = (self.held_since_ns.is_some() || !self.clients.has_listed())
            && self.hub.inbox(self.index).try_sleep();
        let timeout = match (may_sleep, self.due_ns) {
            (false, _) => Some(0),
            (true, u64::MAX) => None,
            (true, due_ns) => Some(due_ns.saturating_sub(monotonic_ns())),
        };
        self.transport.wait(timeout)
    }

    /// Reads, passes on, and writes.
    fn round(&mut self, waited: Waited) {
        let clock = self.clock();
        let mut round = Round::new(&self.context, &self.writing, clock);
        self.transport.take_events(|event| self.clients.note(event));
        let had_listed = self.clients.has_listed();
        if self.held_since_ns.is_none() {
            self.clients.read(&mut self.transport, &mut self.intake, &round);
        }
        // What came before this loop has read is before that in its log: a client that was
        // admitted gets every message that was sent after it.
        self.hub.inbox(self.index).take(&mut self.items);
        let is_idle = !waited.has_come && self.items.is_empty() && !had_listed;
        let mut of_others = 0;
        for item in self.items.drain(..) {
            match item {
                Item::Client(socket) => self.clients.admit(socket, &mut self.transport, &round),
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
        self.clients.flush(&mut self.transport, &mut round);
        if let (Some(shortest_ns), false) = (self.shortest_ns, is_idle) {
            self.due_ns = self.due_ns.min(clock.now_ns + shortest_ns);
        }
        // Otherwise there may be events that would have ended a wait.
        if clock.now_ns >= self.due_ns && waited.is_all {
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
        let gone = self.clients.remove_gone(&mut self.transport);
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
        let counters = &self.context.counters;
        let count = self.clients.abort_all(&mut self.transport, counters, monotonic_ns(), new);
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
