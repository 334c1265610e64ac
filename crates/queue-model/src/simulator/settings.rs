//! The input of a simulation.

use std::time::Duration;

use super::nanoseconds::nanoseconds;

/// Nanoseconds.
pub(super) const SECOND: u64 = 1_000_000_000;

/// The kernel's time for a segment between two hosts that a veth pair joins, as measured on
/// Linux 6.18. A value for [`Link::per_segment`].
pub const VETH_PER_SEGMENT: Duration = Duration::from_nanos(600);

/// The kernel's default of `CONFIG_HZ` (kernel/Kconfig.hz), ticks per second, for a kernel
/// whose own is unknown. A value for [`Timers::Wheel`].
pub const USUAL_HZ: u32 = 250;

/// Everything between connect(2) and accept(2).
///
/// The defaults: the kernel's default of every sysctl, a server that accepts at once, a
/// link without delay, exact timers, no end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListenPath {
    /// The server's host and its listening socket.
    pub listener: Listener,
    /// The clients' host and the behaviour of its clients.
    pub client: Client,
    /// The link between the hosts.
    pub link: Link,
    /// When the server accepts connections.
    pub accepts: Accepts,
    /// How late timers fire.
    pub timers: Timers,
    /// The last simulated instant, on the arrivals' clock; `None` continues until the last
    /// timer.
    pub until_ns: Option<u64>,
    /// Ends the simulation as soon as more attempts than this have retransmitted a SYN or
    /// found the accept queue full with an ACK; `None` continues whatever their number.
    pub max_late: Option<u64>,
    /// Whether to record every change of the queues' depths in `Simulation::depths`.
    pub trace_depths: bool,
}

/// A listening socket and the sysctls that act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The limit of both queues: [`crate::accept_queue::listen_limit`].
    pub limit: u32,
    /// `tcp_max_syn_backlog`; the kernel accepts negative values.
    pub max_syn_backlog: i32,
    /// `tcp_syncookies`.
    pub syncookies: SynCookies,
    /// When this kernel considers its SYN queue full.
    pub syn_queue_rule: SynQueueRule,
    /// `tcp_synack_retries`.
    pub synack_retries: u32,
    /// `tcp_abort_on_overflow`.
    pub abort_on_overflow: bool,
    /// Whether the clients' addresses have an entry with a round-trip time in `ip
    /// tcp_metrics`: then `tcp_peer_is_proven` lets them use the reserved quarter of
    /// `max_syn_backlog`.
    pub proven_peers: bool,
}

impl Timers {
    /// Positions of a burst of this length among the slots of the timer wheel, in which all
    /// timers of a second fire together: instants of its first connect(2) that spread its
    /// end over a slot, or, if it is shorter than a slot, the end of a slot over the burst.
    ///
    /// They also differ in their positions in the longer slots of longer timers.
    pub fn phases(self, burst_ns: u64, count: u32) -> Vec<u64> {
        let Self::Wheel { .. } = self else { return vec![0] };
        let first = self.slot_of(0, SECOND).until;
        let slot = self.slot_of(first, SECOND).until - first;
        let length = burst_ns.min(slot);
        (0..u64::from(count))
            .map(|phase| first + (phase + 1) * slot - length * phase / u64::from(count.max(1)))
            .collect()
    }
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
    /// 0: a full SYN queue drops SYNs.
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
    /// Longer than the limit (`>`): since commit 3479c7549fb1 of January 2025, and in
    /// stable kernels that adopted it.
    #[default]
    MoreThanLimit,
    /// As long as the limit (`>=`): before it.
    AtLimit,
}

/// The clients' sysctls and behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `tcp_syn_retries`.
    pub syn_retries: u32,
    /// `tcp_syn_linear_timeouts`; 0 if the kernel does not have it.
    pub syn_linear_timeouts: u32,
    /// `tcp_rto_max_ms`, which bounds the timeouts of SYNs and data, but not those of
    /// SYN-ACKs (`tcp_rto_max`, include/net/tcp.h); 120 s if the kernel does not have it.
    pub rto_max: Duration,
    /// The deadline of a connect(2), at which a client closes its socket; `None` waits for
    /// ETIMEDOUT.
    pub connect_deadline: Option<Duration>,
    /// The time from ESTABLISHED to a client's first data; `None` sends nothing. It
    /// affects only phantoms, whose data tries to enter the accept queue again: at once,
    /// after 0.2 s (the tail loss probe), 0.4, 0.8, 1.6 s and so on. Later messages wait
    /// until the first one is acknowledged (Nagle's algorithm); with TCP_NODELAY each
    /// would try too.
    pub first_data: Option<Duration>,
    /// Whether a client writes a second message before the tail loss probe: then the probe
    /// carries that message (`tcp_send_loss_probe`, net/ipv4/tcp_output.c). It does not
    /// return a cookie, and is answered with an RST if there is no request.
    pub probes_with_new_data: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            syn_retries: 6,
            syn_linear_timeouts: 4,
            rto_max: Duration::from_secs(120),
            connect_deadline: None,
            first_data: None,
            probes_with_new_data: false,
        }
    }
}

/// The link between the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The one-way delay.
    pub delay: Duration,
    /// The kernel's time for a segment. Segments of both directions are handled one after
    /// the other, as by the one CPU of a veth pair or the loopback device: the SYN-ACK of
    /// the first of many simultaneous SYNs waits until the last SYN is handled. A segment
    /// of a veth pair takes less than 1 µs.
    pub per_segment: Duration,
    /// `net.core.netdev_max_backlog`: if more than this many segments wait for the CPU,
    /// the next one is lost. A veth pair reports this to the sender, whose SYN timer then
    /// retries half a second later.
    pub netdev_max_backlog: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self { delay: Duration::ZERO, per_segment: Duration::ZERO, netdev_max_backlog: 1000 }
    }
}

/// When the server accepts connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepts {
    /// Never: a paused server.
    Never,
    /// One after the other.
    Every {
        /// The time from one accept(2) to the next while connections wait.
        service: Duration,
        /// The first instant at which it accepts, on the arrivals' clock.
        from_ns: u64,
    },
    /// At most one at each of these instants, in ascending order, on the arrivals' clock:
    /// those at which the server accepted or was ready to. If no connection is queued, the
    /// next one is accepted as soon as it is queued, as by a thread that waits in
    /// accept(2).
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
    /// As in the kernel's timer wheel (kernel/time/timer.c): late by up to 32 ms for 1 s at
    /// 250 Hz, and timers with similar times together. The slots start at zero of the
    /// arrivals' clock.
    Wheel {
        /// CONFIG_HZ.
        hz: u32,
    },
}

/// What happens to a SYN-ACK at its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// It completes the handshake.
    Live,
    /// A filter on the client's socket drops it, as with the half-open clients of the lab's
    /// load. Once the socket is closed, the client's host answers with an RST.
    HalfOpen,
    /// It reaches no host.
    Unreachable,
}

/// One connect(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it is called.
    pub start_ns: u64,
    /// What happens to its SYN-ACKs.
    pub peer: Peer,
    /// When the client closes its socket if it is not established by then; `None` closes it
    /// at [`Client::connect_deadline`].
    pub close_ns: Option<u64>,
    /// When the client first sends data or, without data, its FIN, if it is established by
    /// then; `None` sends at [`Client::first_data`].
    pub first_sent_ns: Option<u64>,
}

impl Arrival {
    /// A client that receives its SYN-ACK.
    pub fn live(start_ns: u64) -> Self {
        Self { start_ns, peer: Peer::Live, close_ns: None, first_sent_ns: None }
    }

    /// A client whose socket drops every SYN-ACK.
    pub fn half_open(start_ns: u64) -> Self {
        Self { peer: Peer::HalfOpen, ..Self::live(start_ns) }
    }

    /// A client that no SYN-ACK reaches.
    pub fn unreachable(start_ns: u64) -> Self {
        Self { peer: Peer::Unreachable, ..Self::live(start_ns) }
    }
}

/// Live clients that start at instant 0, `spacing` apart.
pub fn burst(clients: u32, spacing: Duration) -> Vec<Arrival> {
    let spacing = nanoseconds(spacing);
    (0..clients).map(|client| Arrival::live(u64::from(client).saturating_mul(spacing))).collect()
}
