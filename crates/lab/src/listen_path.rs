//! The listen path of a cell, for the simulator, or why the simulator does not cover it.

use std::fs;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::Sysctl;
use load_generator::{ChatPhase, ConnectPattern, Leave, LoadSettings};
use queue_model::ports::{self, PortRange, ReservedPorts};
use queue_model::simulator::{
    Client, Link, ListenPath, Listener, SynCookies, SynQueueRule, VETH_PER_SEGMENT,
};
use queue_model::syn_queue::{Cookies, SynQueueFull};
use queue_model::{accept_queue, syn_queue};
use scenario::CellSettings;

use crate::backend::Role;
use crate::kernel_facts::UnstatedValue;
use crate::phantoms::TCP_SACK;
use crate::sysctls_in_force::SysctlsInForce;

/// Maximum of simulated attempts, which take about a second.
const MAX_ATTEMPTS: u32 = 1_000_000;

/// Time in which the clients of a burst start.
const BURST: Duration = Duration::from_millis(100);

/// Sysctls that act on nothing that is simulated, besides those of [`Sysctl::ALL`].
const WITHOUT_EFFECT: [&str; 7] = [
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_dsack",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_moderate_rcvbuf",
    "net.ipv4.tcp_window_scaling",
];

/// connect(2) chooses the next ports about this far apart on average: an even step, and
/// often more (`__inet_hash_connect`, net/ipv4/inet_hashtables.c, Linux 6.18). Attempts
/// that are more than the ports divided by this may meet a port again.
const PORTS_PER_CONNECT: u64 = 16;

/// `TCP_RTO_MIN` (include/net/tcp.h): when a client on a short link probes for the loss of
/// its last segment.
pub(crate) const TAIL_LOSS_PROBE: Duration = Duration::from_millis(200);

/// What the path of a cell depends on.
pub(crate) struct PathInputs<'a> {
    pub(crate) cell: &'a CellSettings,
    pub(crate) sysctls: &'a SysctlsInForce<'a>,
    /// When the kernel considers its SYN queue full.
    pub(crate) syn_queue_full: SynQueueFull,
    /// The limit of the accept queue, where the kernel showed it.
    pub(crate) limit: Option<u32>,
}

impl PathInputs<'_> {
    /// The path: accepting immediately, with exact timers and no end.
    ///
    /// # Errors
    /// Why the simulator does not cover the cell, for people.
    pub(crate) fn path(&self) -> Result<ListenPath, String> {
        self.check_settings()?;
        self.check_sysctls()?;
        let listener = self.listener()?;
        covers(
            self.cell.load.half_open == 0
                || listener.synack_retries > 0
                || self.cell.load.connect_deadline < Duration::from_secs(1),
            format!(
                "requests of half-open clients are removed when the clients retransmit their SYN, \
                 and which comes first is not known ({} = 0)",
                Sysctl::TcpSynackRetries
            ),
        )?;
        self.check_proven_peers(&listener)?;
        Ok(ListenPath {
            client: self.client()?,
            link: Link { per_segment: VETH_PER_SEGMENT, ..Link::default() },
            listener,
            ..ListenPath::default()
        })
    }

    fn check_settings(&self) -> Result<(), String> {
        let (server, load) = (self.cell.server.listening(), &self.cell.load);
        covers(
            load.ports().iter().all(|port| *port == server.port),
            "it simulates one listener, that of the server's own port, and the load has other \
             destinations (load.destinations)",
        )?;
        covers(
            server.listeners == 1,
            "it simulates one listener, and the kernel assigns clients to several by a hash \
             (server.listeners)",
        )?;
        covers(
            server.defer_accept == 0,
            "it does not simulate TCP_DEFER_ACCEPT (server.defer_accept)",
        )?;
        covers(!server.hold_acks, "it does not simulate held ACKs (server.hold_acks)")?;
        covers(
            load.pattern != ConnectPattern::OneByOne || load.clients == 1,
            "each attempt starts when the previous one has ended, which depends on more than the \
             queues (load.pattern one_by_one)",
        )?;
        covers(
            load.pattern != ConnectPattern::Concurrent,
            "attempts start when others have ended, which depends on more than the queues \
             (load.pattern concurrent)",
        )?;
        covers(
            load.clients <= MAX_ATTEMPTS,
            format!("it simulates at most {MAX_ATTEMPTS} attempts (load.clients)"),
        )
    }

    /// Sysctls whose effect the simulator does not know.
    fn check_sysctls(&self) -> Result<(), String> {
        for (host, name) in self.sysctls.stated() {
            covers(
                Sysctl::from_name(name).is_some()
                    || name == TCP_SACK
                    || WITHOUT_EFFECT.contains(&name),
                format!(
                    "it does not know the effect of {name}, which is set at the {}",
                    host.name()
                ),
            )?;
        }
        Ok(())
    }

    fn listener(&self) -> Result<Listener, String> {
        let number = |sysctl| self.number(Role::Server, sysctl);
        let limit = self.limit()?;
        let syncookies = match Cookies::from_sysctl(number(Sysctl::TcpSyncookies)?) {
            Cookies::Never => SynCookies::Off,
            Cookies::WhenFull => SynCookies::WhenFull,
            Cookies::Always => SynCookies::Always,
        };
        Ok(Listener {
            limit,
            max_syn_backlog: self.max_syn_backlog(limit, syncookies)?,
            syncookies,
            syn_queue_rule: match self.syn_queue_full {
                SynQueueFull::Above => SynQueueRule::MoreThanLimit,
                SynQueueFull::AtOrAbove => SynQueueRule::AtLimit,
            },
            synack_retries: number(Sysctl::TcpSynackRetries)?,
            abort_on_overflow: number(Sysctl::TcpAbortOnOverflow)? != 0,
            proven_peers: false,
        })
    }

    fn limit(&self) -> Result<u32, String> {
        let server = &self.cell.server;
        match (self.limit, server.backlog()) {
            (Some(limit), _) => Ok(limit),
            (None, Some(backlog)) => {
                let somaxconn = self.number(Role::Server, Sysctl::Somaxconn)?;
                Ok(accept_queue::listen_limit(backlog, somaxconn))
            }
            (None, None) => Err(format!(
                "the backlog that the server passes to listen(2) is not known: set {}",
                server.backlog_path()
            )),
        }
    }

    /// `tcp_max_syn_backlog`, or a value that acts like it.
    fn max_syn_backlog(&self, limit: u32, syncookies: SynCookies) -> Result<i32, String> {
        let UnstatedValue::AtLeast(at_least) =
            self.sysctls.get(Role::Server, Sysctl::TcpMaxSynBacklog)
        else {
            return self.parsed(Role::Server, Sysctl::TcpMaxSynBacklog);
        };
        let at_least = i32::try_from(at_least).unwrap_or(i32::MAX);
        covers(
            syncookies != SynCookies::Off
                || self.most_half_open(limit) <= syn_queue::three_quarters(at_least),
            format!(
                "{} is not set, and decides how many half-open clients fit without SYN cookies",
                Sysctl::TcpMaxSynBacklog
            ),
        )?;
        Ok(i32::MAX)
    }

    /// The half-open clients in the SYN queue, if only this limit bounds them.
    fn most_half_open(&self, limit: u32) -> i64 {
        self.cell.load.half_open.min(limit.saturating_add(1)).into()
    }

    /// Requires that no client's address becomes a proven peer meanwhile, to which the
    /// three-quarters rule does not apply. The server's kernel stores the round-trip time of
    /// a connection when it ends (`tcp_update_metrics`, net/ipv4/tcp_metrics.c).
    fn check_proven_peers(&self, listener: &Listener) -> Result<(), String> {
        let decides = listener.syncookies == SynCookies::Off
            && self.most_half_open(listener.limit)
                > syn_queue::three_quarters(listener.max_syn_backlog);
        covers(
            !decides
                || !self.may_end_while_others_connect()
                || self.number(Role::Server, Sysctl::TcpNoMetricsSave)? != 0,
            format!(
                "a client's address becomes a proven peer, to which the three-quarters rule of {} \
                 does not apply, when its first connection ends: set {} to 1 at the server",
                Sysctl::TcpMaxSynBacklog,
                Sysctl::TcpNoMetricsSave
            ),
        )
    }

    fn client(&self) -> Result<Client, String> {
        let load = &self.cell.load;
        let number = |sysctl| self.number(Role::Client, sysctl);
        let chats_at_once = load.chat == ChatPhase::Overlapped && load.messages > 0;
        // Without these sysctls, timeouts double from the first one, up to TCP_RTO_MAX.
        let or_absent = |sysctl, absent| match self.sysctls.get(Role::Client, sysctl) {
            UnstatedValue::Absent => Ok(absent),
            _ => number(sysctl),
        };
        let rto_max_ms = or_absent(Sysctl::TcpRtoMaxMs, 120_000)?;
        let syn_linear_timeouts = match self.sysctls.get(Role::Client, Sysctl::TcpSynLinearTimeouts)
        {
            // The first retransmission is the same with any value.
            UnstatedValue::Unknown if self.longest_syn() <= Duration::from_secs(2) => 0,
            _ => or_absent(Sysctl::TcpSynLinearTimeouts, 0)?,
        };
        Ok(Client {
            syn_retries: number(Sysctl::TcpSynRetries)?,
            syn_linear_timeouts,
            rto_max: Duration::from_millis(rto_max_ms.into()),
            connect_deadline: Some(load.connect_deadline),
            first_data: chats_at_once.then_some(load.send_delay),
            probes_with_new_data: load.messages > 1 && load.interval < TAIL_LOSS_PROBE,
        })
    }

    /// How long a client retransmits its SYN, at most: until its deadline. Half-open clients
    /// do until every attempt is decided and has lingered.
    fn longest_syn(&self) -> Duration {
        let load = &self.cell.load;
        if load.half_open == 0 {
            return load.connect_deadline;
        }
        let starts = load.connect_rate.map_or(Duration::ZERO, |rate| rate.due_after(load.clients));
        starts
            .saturating_add(load.connect_deadline)
            .saturating_add(load.linger)
            .saturating_add(BURST)
    }

    /// Requires that every attempt gets a local port, and that none gets one that an earlier
    /// connection has used, which may be in TIME_WAIT.
    pub(crate) fn check_ports(&self) -> Result<(), String> {
        let load = &self.cell.load;
        let range: PortRange = self.parsed(Role::Client, Sysctl::IpLocalPortRange)?;
        let reserved: ReservedPorts = self.parsed(Role::Client, Sysctl::IpLocalReservedPorts)?;
        let ports = *ports::per_destination(range, &reserved).start();
        let of_an_address = u64::from(load.clients.div_ceil(load.source_addresses.max(1)));
        covers(
            of_an_address <= ports,
            format!(
                "{of_an_address} clients of one address have {ports} local ports, and it does not \
                 simulate attempts without a port ({}, load.source_addresses)",
                Sysctl::IpLocalPortRange
            ),
        )?;
        covers(
            load.pattern == ConnectPattern::Burst
                || !self.may_end_while_others_connect()
                || of_an_address <= ports / PORTS_PER_CONNECT,
            format!(
                "clients may reuse the ports of earlier ones, whose sockets are in TIME_WAIT ({}, \
                 load.leave)",
                Sysctl::IpLocalPortRange
            ),
        )
    }

    /// Whether a connection may end before the last attempt is decided.
    fn may_end_while_others_connect(&self) -> bool {
        let (server, load) = (self.cell.server.listening(), &self.cell.load);
        if self.cell.server.chat().is_none() {
            // It may close a connection as soon as it has accepted it.
            return !server.accept_paused;
        }
        let together = server.closes_first == ClosesFirst::Client && load.leave == Leave::Together;
        !together && load.chat == ChatPhase::Overlapped && !stays_connected(load)
    }

    fn number(&self, host: Role, sysctl: Sysctl) -> Result<u32, String> {
        self.parsed(host, sysctl)
    }

    fn parsed<T: FromStr>(&self, host: Role, sysctl: Sysctl) -> Result<T, String> {
        let host_name = host.name();
        match self.sysctls.get(host, sysctl) {
            UnstatedValue::Value(value) => value.parse().map_err(|_| {
                format!("it does not know the effect of {sysctl} = {value} at the {host_name}")
            }),
            UnstatedValue::AtLeast(_) | UnstatedValue::Absent | UnstatedValue::Unknown => {
                Err(format!("the value of {sysctl} at the {host_name} is not known: set it"))
            }
        }
    }
}

/// Whether clients stay until every attempt is decided, because of the lab's control or
/// because they linger.
fn stays_connected(load: &LoadSettings) -> bool {
    !load.linger.is_zero() || load.messages == 0
}

fn covers(condition: bool, reason: impl Into<String>) -> Result<(), String> {
    if condition { Ok(()) } else { Err(reason.into()) }
}

/// `net.core.netdev_max_backlog` of this machine, which only its initial network namespace
/// has; the kernel's default elsewhere.
pub(crate) fn netdev_max_backlog() -> u32 {
    static READ: OnceLock<Option<u32>> = OnceLock::new();
    let read =
        || fs::read_to_string("/proc/sys/net/core/netdev_max_backlog").ok()?.trim().parse().ok();
    READ.get_or_init(read).unwrap_or(Link::default().netdev_max_backlog)
}
