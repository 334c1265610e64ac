//! The inputs of laws: a cell's settings, and properties of the kernel.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use chat_server::ServerSettings;
use linux_net::Sysctl;
use queue_model::syn_queue::{Cookies, QueueLengths, SynQueue};
use queue_model::{accept_queue, timer};
use scenario::CellSettings;

use super::condition::{Inapplicable, not_applied, require};
use crate::backend::Role;
use crate::kernel_facts::{KernelFacts, UnstatedValue};
use crate::sysctls_in_force::SysctlsInForce;

/// How long a process on a busy machine may take to notice that a timer has fired.
const NOTICED_WITHIN: Duration = Duration::from_millis(50);

/// The inputs of laws.
#[derive(Debug, Clone)]
pub(crate) struct Inputs<'a> {
    pub(super) cell: &'a CellSettings,
    /// The server as its clients see it until it has accepted them.
    pub(super) server: Cow<'a, ServerSettings>,
    pub(super) kernel: &'a KernelFacts,
    sysctls: SysctlsInForce<'a>,
}

impl<'a> Inputs<'a> {
    /// The inputs for a cell on a kernel.
    pub(crate) fn new(cell: &'a CellSettings, kernel: &'a KernelFacts) -> Self {
        let sysctls = SysctlsInForce::of_cell(cell, kernel);
        Self { cell, server: cell.server.listening(), kernel, sysctls }
    }

    /// The value of a sysctl that the cell sets, as text.
    pub(super) fn stated(&self, host: Role, sysctl: Sysctl) -> Option<&str> {
        self.sysctls.stated_value(host, sysctl.name())
    }

    /// What is known of the value of a sysctl: the one that the cell sets, or that of the
    /// kernel.
    pub(super) fn known(&self, host: Role, sysctl: Sysctl) -> UnstatedValue {
        self.sysctls.get(host, sysctl)
    }

    /// The value of a sysctl in force: the one that the cell sets, or that of the kernel.
    /// `if_absent` is the value that acts as a kernel without the sysctl does.
    pub(super) fn sysctl<T: FromStr>(
        &self,
        host: Role,
        sysctl: Sysctl,
        if_absent: Option<T>,
    ) -> Result<T, Inapplicable> {
        let known = self.known(host, sysctl);
        let host = host.name();
        match known {
            UnstatedValue::Value(value) => value
                .parse()
                .map_err(|_| not_applied(format!("the value {value} of {sysctl} is not modelled"))),
            UnstatedValue::Absent => {
                if_absent.ok_or_else(|| not_applied(format!("this kernel has no {sysctl}")))
            }
            UnstatedValue::AtLeast(_) => Err(not_applied(format!(
                "the scenario does not set {sysctl} of the {host}, and its default depends on the \
                 machine's memory"
            ))),
            UnstatedValue::Unknown => Err(not_applied(format!(
                "the scenario does not set {sysctl} of the {host}, and its default differs between \
                 kernels"
            ))),
        }
    }

    /// The limit of both queues of a listener with this backlog.
    pub(super) fn listen_limit(&self, backlog: i32) -> Result<u32, Inapplicable> {
        Ok(accept_queue::listen_limit(backlog, self.somaxconn()?))
    }

    /// `net.core.somaxconn` in force at the server.
    pub(super) fn somaxconn(&self) -> Result<u32, Inapplicable> {
        self.sysctl(Role::Server, Sysctl::Somaxconn, None)
    }

    /// The SYN queue of a listener with this backlog, whose clients' addresses are
    /// used for the first time.
    pub(super) fn syn_queue(&self, backlog: i32) -> Result<SynQueue, Inapplicable> {
        self.syn_queue_with(backlog, self.sysctl(Role::Server, Sysctl::TcpMaxSynBacklog, None)?)
    }

    /// As [`Self::syn_queue`], with the smallest `tcp_max_syn_backlog` that may be in force.
    pub(super) fn syn_queue_at_least(&self, backlog: i32) -> Result<SynQueue, Inapplicable> {
        match self.known(Role::Server, Sysctl::TcpMaxSynBacklog) {
            UnstatedValue::AtLeast(smallest) => {
                self.syn_queue_with(backlog, smallest.try_into().unwrap_or(i32::MAX))
            }
            _ => self.syn_queue(backlog),
        }
    }

    fn syn_queue_with(&self, backlog: i32, max_syn_backlog: i32) -> Result<SynQueue, Inapplicable> {
        Ok(SynQueue {
            limit: self.listen_limit(backlog)?,
            max_syn_backlog,
            cookies: self.cookies()?,
            full: self.kernel.rules().syn_queue_full(),
            peers_are_proven: false,
        })
    }

    /// How many of this many clients fit into the queue of a listener that never accepts:
    /// one more than the limit, or none if the kernel admits no SYN to an empty SYN queue:
    /// because of its limit of 0, or of a `tcp_max_syn_backlog` below −1 without cookies.
    pub(super) fn established_of(&self, clients: u64) -> Result<u64, Inapplicable> {
        let queue = self.syn_queue_at_least(self.server.backlog)?;
        Ok(queue.connect_live(QueueLengths::default(), clients).established)
    }

    /// `tcp_max_tw_buckets` of a host, at least; a negative value is no limit.
    pub(super) fn max_tw_buckets_at_least(&self, host: Role) -> Result<u32, Inapplicable> {
        let sysctl = Sysctl::TcpMaxTwBuckets;
        match self.known(host, sysctl) {
            UnstatedValue::AtLeast(smallest) => Ok(smallest),
            _ => Ok(self.sysctl::<i32>(host, sysctl, None)?.cast_unsigned()),
        }
    }

    /// The latest time at which a process notices that the last of these timers has
    /// fired, each started when the previous one fires: 4 % late, or as late as the
    /// timer wheel allows, whichever is later.
    pub(super) fn latest(&self, timers: &[Duration]) -> Duration {
        let nominal = timers.last().copied().unwrap_or_default();
        let by_wheel = match self.kernel.hz() {
            Some(hz) => timer::latest(timers, hz),
            None => timer::latest_at_any_hz(timers),
        };
        by_wheel.max(nominal.mul_f64(1.0 + timer::TOLERANCE)) + NOTICED_WITHIN
    }

    /// The names of all sysctls that the cell sets, with their host.
    pub(super) fn stated_names(&self) -> impl Iterator<Item = (Role, &str)> {
        self.sysctls.stated()
    }

    /// `net.ipv4.tcp_syncookies` in force at the server.
    pub(super) fn cookies(&self) -> Result<Cookies, Inapplicable> {
        Ok(Cookies::from_sysctl(self.sysctl(Role::Server, Sysctl::TcpSyncookies, None)?))
    }
}

/// Requires that TIME_WAIT lasts its full length. Without `tcp_rfc1337`, a late RST
/// ends it (`tcp_timewait_state_process`, net/ipv4/tcp_minisocks.c, Linux 6.18): on two
/// busy CPUs, the peer's delayed ACK can arrive after its FIN. TIME_WAIT answers it with
/// an ACK; because the peer's socket no longer exists, its host replies with an RST.
pub(super) fn require_rfc1337(inputs: &Inputs<'_>, host: Role) -> Result<(), Inapplicable> {
    let value: u32 = inputs.sysctl(host, Sysctl::TcpRfc1337, None)?;
    let reason = format!(
        "a late RST may end TIME_WAIT unless the scenario sets {} = 1 at the {}",
        Sysctl::TcpRfc1337,
        host.name()
    );
    require(value != 0, reason)
}
