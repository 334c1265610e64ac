//! The settings of a server: one definition for YAML, JSON and flags.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chat_protocol::Framing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::designs::DesignName;
use crate::sigpipe::Sigpipe;

/// Which side closes a finished connection first, and so owns its TIME_WAIT.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum ClosesFirst {
    /// The server closes only after it has read the client's end of file.
    #[default]
    Client,
    /// The server closes a connection after it has read `close_after` messages from it;
    /// with 0, as soon as it has accepted it.
    Server,
}

/// What happens to a message for a client whose queue in the server has no room for it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// Its sender waits until there is room: nothing is lost, and a client that does not read
    /// delays all that send. `write_timeout` ends that.
    #[default]
    HoldSender,
    /// It is dropped for this client, which gets later ones again; by `event-loop` and
    /// `io-uring`, the oldest that waits is.
    DropMessage,
    /// The client is closed, with what waits for it.
    CloseClient,
}

/// The settings of one server, named as in a scenario's `server` section and
/// as the flags of `queuelab server`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address to listen on.
    #[arg(long, default_value_t = Self::default().address)]
    pub address: IpAddr,
    /// TCP port to listen on; 0 lets the kernel choose one.
    #[arg(long, default_value_t = Self::default().port)]
    pub port: u16,
    /// Backlog to pass to listen(2); a negative value means somaxconn.
    #[arg(long, default_value_t = Self::default().backlog, allow_negative_numbers = true)]
    pub backlog: i32,
    /// Number of listening sockets on the port, with SO_REUSEPORT if there are several.
    /// Each has its own queues and accept loop.
    #[arg(long, default_value_t = Self::default().listeners)]
    #[schemars(range(min = 1, max = 64))]
    pub listeners: u32,
    /// TCP_DEFER_ACCEPT in seconds; 0 disables it.
    #[arg(long, default_value_t = Self::default().defer_accept)]
    pub defer_accept: u32,
    /// Let in only SYNs, by a filter on the listening socket, until `let_in` on the
    /// control channel or SIGUSR2. Clients become ESTABLISHED, while the server has only
    /// SYN_RECV requests.
    #[arg(long, default_value_t = Self::default().hold_acks, action = clap::ArgAction::Set)]
    pub hold_acks: bool,
    /// With `hold_acks`, the backlog of a second listen(2) call just before the filter is
    /// detached.
    #[arg(long, allow_negative_numbers = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_backlog: Option<i32>,
    /// Set SO_REUSEADDR on the listening socket before bind(2).
    #[arg(long, default_value_t = Self::default().reuse_address, action = clap::ArgAction::Set)]
    pub reuse_address: bool,
    /// Format of the length header of messages.
    #[arg(long, value_enum, default_value_t = Self::default().framing)]
    pub framing: Framing,
    /// Largest body to accept in bytes; the framing's maximum by default.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_body: Option<u32>,
    /// Design of locking and writing.
    #[arg(long, default_value_t = Self::default().design)]
    pub design: DesignName,
    /// Stack size of each client's thread in bytes, at least 16 KiB.
    #[arg(long, default_value_t = Self::default().thread_stack)]
    #[schemars(range(min = 16384))]
    pub thread_stack: u64,
    /// Clients to serve at once, at most; others are accepted and closed. By default, and at
    /// most, as many as the machine's limits allow in every case (open files, threads,
    /// memory mappings, memory).
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_clients: Option<u32>,
    /// How long a message may take from its first byte to its last; the client is closed
    /// then. 0 is endless. The time in which the server does not read does not count.
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub frame_timeout: Duration,
    /// How long a client may neither send nor take a byte; it is closed then. 0 is endless.
    #[arg(long, default_value = "10m", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub idle_timeout: Duration,
    /// How long writes may wait for a client that takes less than 1 KiB per second; it is
    /// closed then. 0 is endless.
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub write_timeout: Duration,
    /// Bytes of messages that may wait in the server for one client, at least a largest message.
    /// Only in designs that queue messages: the others write each at once.
    #[arg(long, default_value_t = Self::default().client_queue)]
    pub client_queue: u64,
    /// What happens to a message for a client whose queue is full. Only in designs that queue
    /// messages.
    #[arg(long, value_enum, default_value_t = Self::default().when_full)]
    pub when_full: WhenFull,
    /// Disposition of SIGPIPE.
    #[arg(long, value_enum, default_value_t = Self::default().sigpipe)]
    pub sigpipe: Sigpipe,
    /// Do not accept connections until `resume` on the control channel or SIGUSR2.
    #[arg(long, default_value_t = Self::default().accept_paused, action = clap::ArgAction::Set)]
    pub accept_paused: bool,
    /// Delay before each accept(2), for example `5ms`.
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub accept_delay: Duration,
    /// Which side closes a connection first.
    #[arg(long, value_enum, default_value_t = Self::default().closes_first)]
    pub closes_first: ClosesFirst,
    /// With `closes_first: server`, the number of messages to read from a client before
    /// closing its connection.
    #[arg(long, default_value_t = Self::default().close_after)]
    pub close_after: u32,
    /// With `closes_first: server`, how long the server continues to read, up to the
    /// client's end of file, after it has shut down its half and before it closes the
    /// socket. If the client closes later, the server's socket is orphaned.
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub drain: Duration,
    /// Set TCP_NODELAY on accepted sockets.
    #[arg(long, default_value_t = Self::default().nodelay, action = clap::ArgAction::Set)]
    pub nodelay: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 8080,
            backlog: 128,
            listeners: 1,
            defer_accept: 0,
            hold_acks: false,
            release_backlog: None,
            reuse_address: true,
            framing: Framing::default(),
            largest_body: None,
            design: DesignName::default(),
            thread_stack: 256 * 1024,
            max_clients: None,
            frame_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(10 * 60),
            write_timeout: Duration::from_secs(10),
            client_queue: 1024 * 1024,
            when_full: WhenFull::default(),
            sigpipe: Sigpipe::default(),
            accept_paused: false,
            accept_delay: Duration::ZERO,
            closes_first: ClosesFirst::default(),
            close_after: 1,
            drain: Duration::from_secs(2),
            nodelay: false,
        }
    }
}
