//! The settings of a load: one definition for YAML, JSON and flags.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chat_protocol::Framing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the attempts start.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ConnectPattern {
    /// All at once.
    #[default]
    Burst,
    /// At a fixed rate, `connect_rate` a second, evenly spaced.
    Rate,
    /// One after the other: the next when the one before has ended.
    OneByOne,
}

/// When a connected client begins to chat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ChatPhase {
    /// Each client `send_delay` after it connected, while others are still connecting.
    #[default]
    Overlapped,
    /// No client before every attempt is decided.
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
    /// As soon as its own last message is written, as the original's clients do: it
    /// loses the messages that are still in flight to it.
    AfterSending,
    /// As soon as its own last message is written, in order: it ends its sending half
    /// (shutdown(2)), reads until the server's end of file, and closes. So the TIME_WAIT
    /// is its own, and exists when the attempt has ended.
    HalfClose,
}

/// The settings of one load, named as in a scenario's `load` section and as
/// the flags of `queuelab load`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct LoadSettings {
    /// Connections to attempt.
    #[arg(long, default_value_t = Self::default().clients)]
    #[schemars(range(min = 1))]
    pub clients: u32,
    /// When the attempts start.
    #[arg(long, value_enum, default_value_t = Self::default().pattern)]
    pub pattern: ConnectPattern,
    /// Attempts a second: with `pattern: rate` exactly, with `one_by_one` at most.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_rate: Option<f64>,
    /// The number of first clients that receive nothing: a filter on their sockets
    /// drops every segment, so their connections stay half-open. Their sockets are
    /// closed when every attempt is decided and `linger` is over; the kernel gives
    /// up earlier once it has retransmitted the SYN `tcp_syn_retries` times, and
    /// answers the next SYN-ACK with an RST.
    #[arg(long, default_value_t = Self::default().half_open)]
    pub half_open: u32,
    /// Time an attempt has to reach ESTABLISHED.
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_deadline: Duration,
    /// When connected clients begin to chat.
    #[arg(long, value_enum, default_value_t = Self::default().chat)]
    pub chat: ChatPhase,
    /// Time that the connections stay idle after the last attempt is decided, before
    /// a paused server accepts, an `after_connect` chat begins and clients leave.
    /// Held ACKs are let in before it.
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub linger: Duration,
    /// The number of clients, after the half-open ones, that never read and send
    /// nothing. They stay until all the others have left; unread data is then
    /// discarded, which makes them `incomplete`.
    #[arg(long, default_value_t = Self::default().slow_readers)]
    pub slow_readers: u32,
    /// Clients that send, starting with the first one that is not a slow reader; all
    /// of them if absent. The others only read; if clients do not leave together,
    /// they leave when all messages have been sent.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub senders: Option<u32>,
    /// Messages that each client sends.
    #[arg(long, default_value_t = Self::default().messages)]
    pub messages: u32,
    /// Size of a message's body, bytes.
    #[arg(long, default_value_t = Self::default().size)]
    pub size: u32,
    /// Time between the start of a client's chat and its first message.
    #[arg(long, default_value = "20ms", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub send_delay: Duration,
    /// Time between a client's messages: the schedule is fixed beforehand and
    /// never waits for the server (open loop).
    #[arg(long, default_value = "5ms", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub interval: Duration,
    /// When clients leave.
    #[arg(long, value_enum, default_value_t = Self::default().leave)]
    pub leave: Leave,
    /// Time that an established connection has for everything after its connect; then it
    /// is `incomplete`. Counted from the last attempt's decision, from Go if the load
    /// waits for it, or, with `one_by_one`, from its own connect.
    #[arg(long, default_value = "20s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub finish_deadline: Duration,
    /// Source addresses that the attempts take in turn.
    #[arg(long, default_value_t = Self::default().source_addresses)]
    #[schemars(range(min = 1, max = 250))]
    pub source_addresses: u32,
    /// Set TCP_NODELAY on the clients' sockets.
    #[arg(long, default_value_t = Self::default().nodelay, action = clap::ArgAction::Set)]
    pub nodelay: bool,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            clients: 50,
            pattern: ConnectPattern::default(),
            connect_rate: None,
            half_open: 0,
            connect_deadline: Duration::from_secs(2),
            linger: Duration::ZERO,
            slow_readers: 0,
            senders: None,
            chat: ChatPhase::default(),
            messages: 10,
            size: 30,
            send_delay: Duration::from_millis(20),
            interval: Duration::from_millis(5),
            leave: Leave::default(),
            finish_deadline: Duration::from_secs(20),
            source_addresses: 1,
            nodelay: false,
        }
    }
}

impl LoadSettings {
    /// Whether an attempt waits for the end of the previous one. A single client never
    /// waits.
    pub(crate) fn is_serial(&self) -> bool {
        self.pattern == ConnectPattern::OneByOne && self.clients > 1
    }
}

/// A load's settings and the properties of its testbed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadConfig {
    /// The scenario's settings.
    pub settings: LoadSettings,
    /// The server's address.
    pub target: SocketAddr,
    /// The length header that the server uses.
    pub framing: Framing,
    /// Largest body accepted from the server, bytes; the framing's default if absent.
    pub largest_body: Option<u32>,
    /// Addresses to bind attempts to, in turn; if empty, the kernel chooses one. Only
    /// addresses are bound: connect(2) chooses the port (IP_BIND_ADDRESS_NO_PORT), as
    /// without a source.
    pub sources: Vec<IpAddr>,
    /// The server closes first: a client is done at the server's end of file, and `leave`
    /// has no effect.
    pub server_closes: bool,
    /// After [`crate::control::LoadEvent::Decided`], wait for
    /// [`crate::control::LoadCommand::Go`] before an `after_connect` chat, before
    /// half-open sockets are closed, and, if there are no messages or `linger` is set,
    /// before any client leaves. The controller has waited for `linger`; without `hold`,
    /// the load waits for it itself.
    pub hold: bool,
}
