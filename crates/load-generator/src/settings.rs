//! The settings of a load: one definition for YAML, JSON and flags.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connect_rate::ConnectRate;
use crate::destinations::{self, Destination};
use crate::dialogue::Dialogue;

/// When the attempts start.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ConnectPattern {
    /// Start all attempts at once.
    #[default]
    Burst,
    /// Start `connect_rate` attempts per second, evenly spaced, or at a rate that changes
    /// linearly.
    Rate,
    /// Start each attempt when the previous one has ended.
    OneByOne,
    /// Keep `concurrency` attempts open: start one whenever another has ended (closed loop).
    Concurrent,
}

/// When a connected client begins its dialogue.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ChatPhase {
    /// Each client begins `send_delay` after it connected, while others are still
    /// connecting.
    #[default]
    Overlapped,
    /// Clients begin only after every attempt is decided.
    AfterConnect,
}

/// When a client leaves.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Leave {
    /// When all messages have arrived at all clients.
    #[default]
    Together,
    /// When the client has written its last message, as the original program's clients
    /// do. It loses the messages that are still in flight to it.
    AfterSending,
    /// When the client has written its last message, but gracefully: it ends its sending
    /// half (shutdown(2)), reads until the server's end of file, and closes. The TIME_WAIT
    /// is therefore the client's, and exists when the attempt has ended.
    HalfClose,
}

/// The settings of one load, named as in a scenario's `load` section and as
/// the flags of `queuelab load`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct LoadSettings {
    /// Number of connections to attempt.
    #[arg(long, default_value_t = Self::default().clients)]
    #[schemars(range(min = 1))]
    pub clients: u32,
    /// When attempts start.
    #[arg(long, value_enum, default_value_t = Self::default().pattern)]
    pub pattern: ConnectPattern,
    /// Number of attempts that are open at once with `pattern: concurrent`, until `clients`
    /// have been started.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// Attempts per second: exactly with `pattern: rate`, at most with `one_by_one` and
    /// `concurrent`. A ramp changes the rate linearly, and then stays at its end.
    #[arg(long, value_name = "RATE|FROM..TO/TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_rate: Option<ConnectRate>,
    /// Number of clients, the first ones, that receive nothing: a filter on their sockets
    /// drops every segment, so their connections stay half-open. Their sockets are
    /// closed when every attempt is decided and `linger` is over. The kernel gives up
    /// earlier if it has retransmitted the SYN `tcp_syn_retries` times, and then answers
    /// the next SYN-ACK with an RST.
    #[arg(long, default_value_t = Self::default().half_open)]
    pub half_open: u32,
    /// How long an attempt may take to reach ESTABLISHED.
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_deadline: Duration,
    /// What clients and the server say to each other.
    #[command(flatten)]
    pub dialogue: Dialogue,
    /// When connected clients begin their dialogue.
    #[arg(long, value_enum, default_value_t = Self::default().chat)]
    pub chat: ChatPhase,
    /// How long connections stay idle after the last attempt is decided, before a paused
    /// server accepts, an `after_connect` chat begins and clients leave. Held ACKs are
    /// let in before this time. In a closed loop (`one_by_one`, `concurrent`), how long
    /// each client that says nothing stays connected before it leaves.
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub linger: Duration,
    /// Number of clients, following the half-open ones, that neither read nor send. They
    /// stay until all others have left; their unread data is then discarded, which makes
    /// them `incomplete`.
    #[arg(long, default_value_t = Self::default().slow_readers)]
    pub slow_readers: u32,
    /// Number of clients that send, starting with the first one that is not a slow
    /// reader; all of them by default. The others only read and, unless clients leave
    /// together, leave when all messages have been sent.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub senders: Option<u32>,
    /// Number of messages that each client sends.
    #[arg(long, default_value_t = Self::default().messages)]
    pub messages: u32,
    /// Size of a message's body in bytes.
    #[arg(long, default_value_t = Self::default().size)]
    pub size: u32,
    /// Delay between the start of a client's chat and its first message.
    #[arg(long, default_value = "20ms", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub send_delay: Duration,
    /// Delay between a client's messages. The schedule is fixed in advance and never
    /// waits for the server (open loop).
    #[arg(long, default_value = "5ms", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub interval: Duration,
    /// When clients leave.
    #[arg(long, value_enum, default_value_t = Self::default().leave)]
    pub leave: Leave,
    /// How long an established connection may take for everything after its connect
    /// before it is `incomplete`. Measured from the last attempt's decision, from Go if
    /// the load waits for it, or, in a closed loop, from its own connect and `linger`.
    #[arg(long, default_value = "20s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub finish_deadline: Duration,
    /// Number of source addresses, which attempts use in turn.
    #[arg(long, default_value_t = Self::default().source_addresses)]
    #[schemars(range(min = 1, max = 250))]
    pub source_addresses: u32,
    /// Ports of the server's host to which attempts go in turn, each a port or
    /// `{port: 8081, share: 3}`; by default the port of the server. Shares are exact: of a round of
    /// as many attempts as the shares add up to, each port gets its share.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub destinations: Vec<Destination>,
    /// Number of threads that read what arrives in a chat, and check it: at most one for each
    /// CPU. With 1, the load has one thread for everything. With more, that one connects,
    /// writes and decides, and each of the others reads for its share of the clients.
    #[arg(long, default_value_t = Self::default().threads)]
    #[schemars(range(min = 1, max = 64))]
    pub threads: u32,
    /// Set TCP_NODELAY on the clients' sockets.
    #[arg(long, default_value_t = Self::default().nodelay, action = clap::ArgAction::Set)]
    pub nodelay: bool,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            clients: 50,
            pattern: ConnectPattern::default(),
            concurrency: None,
            connect_rate: None,
            half_open: 0,
            connect_deadline: Duration::from_secs(2),
            linger: Duration::ZERO,
            slow_readers: 0,
            senders: None,
            dialogue: Dialogue::default(),
            chat: ChatPhase::default(),
            messages: 10,
            size: 30,
            send_delay: Duration::from_millis(20),
            interval: Duration::from_millis(5),
            leave: Leave::default(),
            finish_deadline: Duration::from_secs(20),
            source_addresses: 1,
            destinations: Vec::new(),
            threads: 1,
            nodelay: false,
        }
    }
}

impl LoadSettings {
    /// The number of attempts that are open at once, if others wait for their ends (a closed
    /// loop); `None` if no attempt waits for another.
    pub fn closed_loop(&self) -> Option<u32> {
        let at_once = match self.pattern {
            ConnectPattern::OneByOne => 1,
            ConnectPattern::Concurrent => self.concurrency?,
            ConnectPattern::Burst | ConnectPattern::Rate => return None,
        };
        (self.clients > at_once).then_some(at_once)
    }

    /// Whether an attempt waits for the end of another.
    pub fn is_closed_loop(&self) -> bool {
        self.closed_loop().is_some()
    }

    /// How many attempts follow one another in a closed loop, at most, if those that are
    /// open at once take equally long; 1 without one.
    pub fn rounds(&self) -> u32 {
        self.closed_loop().map_or(1, |at_once| self.clients.div_ceil(at_once.max(1)))
    }

    /// How long the load lingers when every attempt is decided: in a closed loop, each client
    /// has stayed connected for its own `linger` instead.
    pub fn linger_after_decisions(&self) -> Duration {
        if self.is_closed_loop() { Duration::ZERO } else { self.linger }
    }

    /// Whether clients send and expect nothing.
    pub fn says_nothing(&self) -> bool {
        match self.dialogue {
            Dialogue::Chat => self.messages == 0,
            Dialogue::None => true,
            Dialogue::Http(_) | Dialogue::Exchange(_) => false,
        }
    }

    /// The number of threads that only read; `None` if the load has one thread for everything.
    pub fn reading_threads(&self) -> Option<usize> {
        (self.threads > 1).then_some(self.threads as usize)
    }

    /// The ports of [`Self::destinations`].
    pub fn ports(&self) -> Vec<u16> {
        self.destinations.iter().map(|destination| destination.port).collect()
    }

    /// The number of attempts that go to a port of [`Self::destinations`].
    pub fn attempts_to(&self, port: u16) -> u32 {
        let round = destinations::round(&self.destinations);
        let of_port = |attempts: &[u16]| attempts.iter().filter(|to| **to == port).count() as u32;
        let Some(length) = u32::try_from(round.len()).ok().filter(|length| *length > 0) else {
            return 0;
        };
        let rest = (self.clients % length) as usize;
        self.clients / length * of_port(&round) + of_port(&round[..rest])
    }

    /// The same load without the messages of a chat that its dialogue does not have.
    #[must_use]
    pub fn without_unused_messages(mut self) -> Self {
        if self.dialogue != Dialogue::Chat {
            self.messages = 0;
        }
        self
    }
}
