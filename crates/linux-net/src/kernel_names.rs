//! Tables of counters and sysctls: the name in code, the kernel's spelling, and an
//! explanation.
//!
//! A counter or sysctl that is not listed can still be read and written by its name.

use std::fmt;

/// An enum of names of the kernel, each with an explanation.
macro_rules! kernel_names {
    (
        $(#[$attribute:meta])*
        $kind:ident { $($variant:ident = $name:literal, $explanation:literal;)+ }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {
            $(
                #[doc = concat!("`", $name, "`: ", $explanation, ".")]
                $variant,
            )+
        }

        impl $kind {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The names of all of them, in the order of the table.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The name as the kernel spells it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it is, in a line without a full stop.
            pub const fn explanation(self) -> &'static str {
                match self {
                    $(Self::$variant => $explanation,)+
                }
            }

            /// The entry of this name; `None` if there is none.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

kernel_names! {
    /// A counter of the kernel, named after the prefix of its line in
    /// /proc/net/netstat, snmp or sockstat, a dot and its field.
    Counter {
        ListenOverflows = "TcpExt.ListenOverflows",
            "SYNs and final ACKs that found the accept queue full";
        ListenDrops = "TcpExt.ListenDrops",
            "SYNs and final ACKs that a listener dropped, for any reason";
        TcpReqQFullDrop = "TcpExt.TCPReqQFullDrop",
            "SYNs dropped because the SYN queue was full, without cookies";
        TcpReqQFullDoCookies = "TcpExt.TCPReqQFullDoCookies",
            "SYNs that were to be answered with a cookie";
        SyncookiesSent = "TcpExt.SyncookiesSent",
            "SYNs answered with a cookie";
        SyncookiesRecv = "TcpExt.SyncookiesRecv",
            "ACKs that returned a valid cookie";
        SyncookiesFailed = "TcpExt.SyncookiesFailed",
            "ACKs whose cookie was not valid";
        EmbryonicRsts = "TcpExt.EmbryonicRsts",
            "half-open connections that ended with a reset";
        TcpDeferAcceptDrop = "TcpExt.TCPDeferAcceptDrop",
            "ACKs without data dropped while a listener waits for data";
        TcpTimeWaitOverflow = "TcpExt.TCPTimeWaitOverflow",
            "closed connections that skipped TIME_WAIT because there were too many";
        TcpAbortOnData = "TcpExt.TCPAbortOnData",
            "sockets aborted with an RST by SO_LINGER or by data after close";
        TcpAbortOnClose = "TcpExt.TCPAbortOnClose",
            "sockets closed with unread data, which sends an RST";
        TcpBacklogDrop = "TcpExt.TCPBacklogDrop",
            "segments dropped because a socket in use had no room for them";
        TcpMigrateReqSuccess = "TcpExt.TCPMigrateReqSuccess",
            "queued connections moved to another listener";
        TcpMigrateReqFailure = "TcpExt.TCPMigrateReqFailure",
            "connections that could not be moved to another listener";
        TwRecycled = "TcpExt.TWRecycled",
            "ports in TIME_WAIT that connect() took over";
        Tw = "TcpExt.TW",
            "connections that entered TIME_WAIT";
        TcpSynRetrans = "TcpExt.TCPSynRetrans",
            "SYNs and SYN-ACKs that were retransmitted";
        TcpTimeouts = "TcpExt.TCPTimeouts",
            "retransmission timers that expired";
        AttemptFails = "Tcp.AttemptFails",
            "handshakes that the kernel gave up or that were reset";
        RetransSegs = "Tcp.RetransSegs",
            "retransmitted segments of every kind";
        OutRsts = "Tcp.OutRsts",
            "RSTs that the host sent or tried to send";
        ActiveOpens = "Tcp.ActiveOpens",
            "connections that this host initiated";
        PassiveOpens = "Tcp.PassiveOpens",
            "handshakes that a listener completed";
        EstabResets = "Tcp.EstabResets",
            "connections that ended without sending a FIN";
        SockstatTcpTw = "sockstat.TCP.tw",
            "sockets now in TIME_WAIT in this network namespace";
    }
}

kernel_names! {
    /// A sysctl of a network namespace that decides how its TCP queues behave.
    /// Every run reads and records all of them that the kernel has.
    Sysctl {
        Somaxconn = "net.core.somaxconn",
            "the upper limit of every listen() backlog";
        IpLocalPortRange = "net.ipv4.ip_local_port_range",
            "the ports that connect() and bind(0) choose from";
        IpLocalReservedPorts = "net.ipv4.ip_local_reserved_ports",
            "ports that the kernel never chooses by itself";
        IpNonlocalBind = "net.ipv4.ip_nonlocal_bind",
            "whether bind() may use an address that the host does not have";
        IpUnprivilegedPortStart = "net.ipv4.ip_unprivileged_port_start",
            "the first port that an unprivileged process may bind";
        TcpAbortOnOverflow = "net.ipv4.tcp_abort_on_overflow",
            "whether a final ACK that finds the accept queue full is answered with an RST";
        TcpFastopen = "net.ipv4.tcp_fastopen",
            "data in the SYN: bit 1 for clients, 2 for servers";
        TcpFinTimeout = "net.ipv4.tcp_fin_timeout",
            "how long an orphaned FIN_WAIT_2 lasts; not TIME_WAIT";
        TcpMaxSynBacklog = "net.ipv4.tcp_max_syn_backlog",
            "the limit that, without cookies, reserves room for known peers";
        TcpMaxTwBuckets = "net.ipv4.tcp_max_tw_buckets",
            "how many sockets may be in TIME_WAIT";
        TcpMigrateReq = "net.ipv4.tcp_migrate_req",
            "whether the queue of a closed listener moves to another one of its port";
        TcpNoMetricsSave = "net.ipv4.tcp_no_metrics_save",
            "whether a peer's RTT is forgotten when its connection ends";
        TcpOrphanRetries = "net.ipv4.tcp_orphan_retries",
            "how often the last data of a closed socket is retransmitted";
        TcpRfc1337 = "net.ipv4.tcp_rfc1337",
            "whether TIME_WAIT ignores an RST";
        TcpRmem = "net.ipv4.tcp_rmem",
            "the minimum, default and maximum size of a receive buffer in bytes";
        TcpRtoMaxMs = "net.ipv4.tcp_rto_max_ms",
            "the longest time between two retransmissions of a SYN or of data, in ms";
        TcpRtoMinUs = "net.ipv4.tcp_rto_min_us",
            "the shortest retransmission timeout of an established connection, in µs";
        TcpSynLinearTimeouts = "net.ipv4.tcp_syn_linear_timeouts",
            "how many SYN retransmissions are a second apart before the timeout doubles";
        TcpSynRetries = "net.ipv4.tcp_syn_retries",
            "how often connect() retransmits its SYN before ETIMEDOUT";
        TcpSynackRetries = "net.ipv4.tcp_synack_retries",
            "how often the server retransmits its SYN-ACK";
        TcpSyncookies = "net.ipv4.tcp_syncookies",
            "whether a full SYN queue drops SYNs (0) or answers with cookies (1)";
        TcpTimestamps = "net.ipv4.tcp_timestamps",
            "whether every segment carries a timestamp";
        TcpTwReuse = "net.ipv4.tcp_tw_reuse",
            "whether connect() may take over a port in TIME_WAIT";
        TcpTwReuseDelay = "net.ipv4.tcp_tw_reuse_delay",
            "how old a TIME_WAIT must be before tcp_tw_reuse takes its port, in ms";
        TcpWmem = "net.ipv4.tcp_wmem",
            "the minimum, default and maximum size of a send buffer in bytes";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sysctl_name::SysctlName;

    #[test]
    fn every_sysctl_in_the_table_is_about_networks() {
        for sysctl in Sysctl::ALL {
            let name: SysctlName = sysctl.name().parse().unwrap();
            assert!(name.is_about_networks(), "{sysctl}");
        }
        assert!(Sysctl::ALL.is_sorted_by_key(|sysctl| sysctl.name()));
    }

    #[test]
    fn names_are_found_and_explanations_have_no_full_stop() {
        for counter in Counter::ALL {
            assert_eq!(Counter::from_name(counter.name()), Some(*counter));
            assert!(!counter.explanation().ends_with('.'), "{counter}");
        }
        for sysctl in Sysctl::ALL {
            assert_eq!(Sysctl::from_name(sysctl.name()), Some(*sysctl));
            assert!(!sysctl.explanation().ends_with('.'), "{sysctl}");
        }
        assert_eq!(Counter::from_name("TcpExt.FromTheFuture"), None);
    }
}
