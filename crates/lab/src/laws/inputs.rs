//! The inputs of laws: a cell's settings, and properties of the kernel.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use linux_net::Sysctl;
use queue_model::syn_queue::{Cookies, QueueLengths, SynQueue, SynQueueFull};
use queue_model::{accept_queue, timer};
use scenario::{CellSettings, Host};

use super::condition::{Inapplicable, not_applied, require};

/// How long a process on a busy machine may take to notice that a timer has fired.
const NOTICED_WITHIN: Duration = Duration::from_millis(50);

/// The inputs of laws.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) cell: &'a CellSettings,
    /// `net.core.somaxconn` in force at the server.
    pub(crate) somaxconn: Option<u32>,
    /// When the kernel considers its SYN queue full.
    pub(crate) syn_queue_full: SynQueueFull,
    /// `tcp_tw_reuse_delay` in force at the client; `None` on a kernel without that
    /// sysctl, which compares whole seconds instead.
    pub(crate) tw_reuse_delay: Option<Duration>,
    /// The kernel's ticks per second, if known.
    pub(crate) hz: Option<u32>,
}

impl Inputs<'_> {
    /// The limit of both queues of a listener with this backlog.
    pub(super) fn listen_limit(&self, backlog: i32) -> Result<u32, Inapplicable> {
        Ok(accept_queue::listen_limit(backlog, self.somaxconn()?))
    }

    /// `net.core.somaxconn` in force at the server.
    pub(super) fn somaxconn(&self) -> Result<u32, Inapplicable> {
        let unknown = || not_applied(format!("the value of {} is unknown", Sysctl::Somaxconn));
        self.somaxconn.ok_or_else(unknown)
    }

    /// The SYN queue of a listener with this backlog, whose clients' addresses are
    /// used for the first time.
    pub(super) fn syn_queue(&self, backlog: i32) -> Result<SynQueue, Inapplicable> {
        Ok(SynQueue {
            limit: self.listen_limit(backlog)?,
            max_syn_backlog: self.required_at_server(Sysctl::TcpMaxSynBacklog)?,
            cookies: Cookies::from_sysctl(self.required_at_server(Sysctl::TcpSyncookies)?),
            full: self.syn_queue_full,
            peers_are_proven: false,
        })
    }

    /// How many of the cell's clients fit into the queue of a listener that never accepts:
    /// one more than the limit, or none if the kernel considers a SYN queue of limit 0
    /// full while it is empty.
    pub(super) fn established_clients(&self) -> Result<u64, Inapplicable> {
        let syn_queue = SynQueue {
            limit: self.listen_limit(self.cell.server.backlog)?,
            // It limits connections that stay in SYN_RECV, and these do not.
            max_syn_backlog: u32::MAX,
            cookies: Cookies::from_sysctl(self.at_server(Sysctl::TcpSyncookies).unwrap_or(1)),
            full: self.syn_queue_full,
            peers_are_proven: false,
        };
        let clients = u64::from(self.cell.load.clients);
        Ok(syn_queue.connect_live(QueueLengths::default(), clients).established)
    }

    /// The latest time at which a process notices that the last of these timers has
    /// fired, each started when the previous one fires: 4 % late, or as late as the
    /// timer wheel allows, whichever is later.
    pub(super) fn latest(&self, timers: &[Duration]) -> Duration {
        let nominal = timers.last().copied().unwrap_or_default();
        let by_wheel = match self.hz {
            Some(hz) => timer::latest(timers, hz),
            None => timer::latest_at_any_hz(timers),
        };
        by_wheel.max(nominal.mul_f64(1.0 + timer::TOLERANCE)) + NOTICED_WITHIN
    }

    /// A sysctl of the server's host, if the scenario sets it.
    pub(super) fn at_server<T: FromStr>(&self, sysctl: Sysctl) -> Option<T> {
        configured(&self.cell.hosts.server, sysctl)
    }

    /// A sysctl of the client's host, if the scenario sets it.
    pub(super) fn at_client<T: FromStr>(&self, sysctl: Sysctl) -> Option<T> {
        configured(&self.cell.hosts.client, sysctl)
    }

    /// A sysctl of the server's host that the scenario must set.
    pub(super) fn required_at_server<T: FromStr>(&self, sysctl: Sysctl) -> Result<T, Inapplicable> {
        self.at_server(sysctl).ok_or_else(|| not_configured("server", sysctl))
    }

    /// A sysctl of the client's host that the scenario must set.
    pub(super) fn required_at_client<T: FromStr>(&self, sysctl: Sysctl) -> Result<T, Inapplicable> {
        self.at_client(sysctl).ok_or_else(|| not_configured("client", sysctl))
    }
}

fn configured<T: FromStr>(host: &Host, sysctl: Sysctl) -> Option<T> {
    host.sysctls.get(sysctl.name())?.to_string().parse().ok()
}

fn not_configured(host: impl Display, sysctl: Sysctl) -> Inapplicable {
    not_applied(format!("the scenario does not set {sysctl} of the {host}"))
}

/// Requires that TIME_WAIT lasts its full length. Without `tcp_rfc1337`, a late RST
/// ends it (`tcp_timewait_state_process`, net/ipv4/tcp_minisocks.c, Linux 6.18): on two
/// busy CPUs, the peer's delayed ACK can arrive after its FIN. TIME_WAIT answers it with
/// an ACK; because the peer's socket no longer exists, its host replies with an RST.
pub(super) fn require_rfc1337(host: &str, value: Option<u32>) -> Result<(), Inapplicable> {
    let reason = format!(
        "a late RST may end TIME_WAIT unless the scenario sets {} = 1 at the {host}",
        Sysctl::TcpRfc1337
    );
    require(value.is_some_and(|value| value != 0), reason)
}
