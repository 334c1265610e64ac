//! What decides a simulation.

use std::time::Duration;

use super::nanoseconds::nanoseconds;

/// Everything between connect(2) and accept(2).
///
/// The default is an idle kernel's: its defaults for every sysctl, a server
/// that accepts at once, a link without delay, exact timers, no end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListenPath {
    /// The server's host and its listening socket.
    pub listener: Listener,
    /// The clients' host and what its clients do.
    pub client: Client,
    /// What joins the hosts.
    pub link: Link,
    /// When the server takes connections.
    pub accepts: Accepts,
    /// How late timers fire.
    pub timers: Timers,
    /// The last instant simulated, on the arrivals' clock; none waits for the
    /// last timer.
    pub until_ns: Option<u64>,
    /// Keep every change of the queues' depths in `Simulation::depths`.
    pub trace_depths: bool,
}

/// A listening socket and the sysctls that act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The limit of both queues: [`crate::accept_queue::listen_limit`].
    pub limit: u32,
    /// `tcp_max_syn_backlog`.
    pub max_syn_backlog: u32,
    /// `tcp_syncookies`.
    pub syncookies: SynCookies,
    /// When this kernel finds its SYN queue full.
    pub syn_queue_rule: SynQueueRule,
    /// `tcp_synack_retries`.
    pub synack_retries: u32,
    /// `tcp_abort_on_overflow`.
    pub abort_on_overflow: bool,
    /// The clients' addresses have an entry with a round-trip time in `ip
    /// tcp_metrics`: `tcp_peer_is_proven` spares them the reserve of a quarter
    /// of `max_syn_backlog`.
    pub proven_peers: bool,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            limit: 4096,
            max_syn_backlog: 4096,
            syncookies: SynCookies::WhenFull,
            syn_queue_rule: SynQueueRule::MoreThanLimit,
            synack_retries: 5,
            abort_on_overflow: false,
            proven_peers: false,
        }
    }
}

/// `tcp_syncookies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SynCookies {
    /// 0: a full SYN queue drops.
    Off,
    /// 1: a full SYN queue answers with cookies.
    #[default]
    WhenFull,
    /// 2: every SYN is answered with a cookie.
    Always,
}

/// When `inet_csk_reqsk_queue_is_full` (include/net/inet_connection_sock.h)
/// holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SynQueueRule {
    /// Longer than the limit (`>`): since commit 3479c7549fb1 of January 2025,
    /// and in stable kernels that took it.
    #[default]
    MoreThanLimit,
    /// As long as the limit (`>=`): before it.
    AtLimit,
}

/// The clients' sysctls and habits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `tcp_syn_retries`.
    pub syn_retries: u32,
    /// `tcp_syn_linear_timeouts`; 0 where the kernel has none.
    pub syn_linear_timeouts: u32,
    /// Time that a client gives its connect(2); none waits for ETIMEDOUT.
    pub connect_deadline: Option<Duration>,
    /// From ESTABLISHED to a client's first data; none is silent. It decides
    /// only what becomes of phantoms, whose data asks the server again for a
    /// place: at once, after 0.2 s (the tail loss probe), 0.4, 0.8, 1.6 s and
    /// so on. Later messages wait for the first one to be acknowledged (Nagle's
    /// algorithm); with TCP_NODELAY each would ask too.
    pub first_data: Option<Duration>,
}

impl Default for Client {
    fn default() -> Self {
        Self { syn_retries: 6, syn_linear_timeouts: 4, connect_deadline: None, first_data: None }
    }
}

/// What a segment meets on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// One way.
    pub delay: Duration,
    /// Time that the kernel needs for a segment. Segments of both directions
    /// are handled one after the other, as by the one CPU that a veth pair or
    /// the loopback device does it on: the SYN-ACK of the first of many SYNs
    /// that come at once waits until the last of them is handled. A veth pair's
    /// segments take less than 1 µs each.
    pub per_segment: Duration,
    /// `net.core.netdev_max_backlog`: where more than this many segments wait
    /// for the CPU, the next one is lost. A veth pair tells the sender, whose
    /// SYN timer then tries again half a second later.
    pub netdev_max_backlog: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self { delay: Duration::ZERO, per_segment: Duration::ZERO, netdev_max_backlog: 1000 }
    }
}

/// When the server takes connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepts {
    /// Never: a paused server.
    Never,
    /// One after the other.
    Every {
        /// From one accept(2) to the next, where somebody waits.
        service: Duration,
        /// The first instant at which it accepts, on the arrivals' clock.
        from_ns: u64,
    },
    /// At most one at each of these instants, in ascending order, on the
    /// arrivals' clock: those at which the server accepted or was able to.
    /// Where nobody is queued, the next one to be queued is taken at once, as
    /// by a thread that waits in accept(2).
    At(Vec<u64>),
}

impl Default for Accepts {
    fn default() -> Self {
        Self::Every { service: Duration::ZERO, from_ns: 0 }
    }
}

/// When a timer fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timers {
    /// To the nanosecond.
    #[default]
    Exact,
    /// As the kernel's timer wheel (kernel/time/timer.c) does: late, by up to
    /// 32 ms at 1 s and 250 Hz, and those of about the same instant together.
    /// The slots are counted from the zero of the arrivals' clock.
    Wheel {
        /// CONFIG_HZ.
        hz: u32,
    },
}

/// One connect(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it is called.
    pub start_ns: u64,
    /// SYN-ACKs reach the client; where they do not, it stays half-open.
    pub reachable: bool,
    /// The client has its deadline, but keeps its socket open until this
    /// instant, and its kernel goes on sending SYNs: as the lab's load does with
    /// its half-open clients. None closes it at the deadline.
    pub open_until_ns: Option<u64>,
}

impl Arrival {
    /// A client that is there for its SYN-ACK.
    pub fn live(start_ns: u64) -> Self {
        Self { start_ns, reachable: true, open_until_ns: None }
    }

    /// A client that no SYN-ACK reaches.
    pub fn half_open(start_ns: u64) -> Self {
        Self { start_ns, reachable: false, open_until_ns: None }
    }
}

/// Live clients from instant 0, `spacing` apart.
pub fn burst(clients: u32, spacing: Duration) -> Vec<Arrival> {
    let spacing = nanoseconds(spacing);
    (0..clients).map(|client| Arrival::live(u64::from(client).saturating_mul(spacing))).collect()
}
