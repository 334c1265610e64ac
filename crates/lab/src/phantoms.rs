//! What a phantom sends, and whether the simulator knows it.
//!
//! A phantom is a client that is ESTABLISHED although its last ACK found the accept queue
//! full. Each segment that it sends tries to enter the queue again.

use std::ops::RangeInclusive;
use std::time::Duration;

use chat_protocol::Framing;
use chat_server::ClosesFirst;
use linux_net::Sysctl;
use load_generator::Leave;
use scenario::CellSettings;

use crate::backend::Role;
use crate::kernel_facts::UnstatedValue;
use crate::sysctls_in_force::{SysctlsInForce, is_large_buffer};

/// A message of this many bytes fits into one segment of any link of a testbed.
const SMALLEST_SEGMENT: u64 = 1400;

/// With times between messages in this range, either message may be the one that the tail
/// loss probe sends.
const PROBE_MAY_BE_NEW: RangeInclusive<Duration> =
    Duration::from_millis(150)..=Duration::from_millis(300);

/// A sysctl that acts only on phantoms and is not among [`Sysctl::ALL`].
pub(crate) const TCP_SACK: &str = "net.ipv4.tcp_sack";

const BOTH: &[Role] = &[Role::Server, Role::Client];
const CLIENT: &[Role] = &[Role::Client];

/// A sysctl that decides what a phantom retransmits.
struct Decides {
    sysctl: Sysctl,
    /// The hosts whose value counts.
    hosts: &'static [Role],
    /// Whether the simulator knows its effect.
    is_known: fn(u64) -> bool,
    /// What another value does.
    effect: &'static str,
}

/// Measured on Linux 6.18 with 9 phantoms of 30 clients: each of them changes the number of
/// overflows or of accepted clients. `tcp_schedule_loss_probe` (net/ipv4/tcp_output.c),
/// `tcp_init_metrics` (net/ipv4/tcp_metrics.c), `tcp_write_timeout` and `tcp_orphan_retries`
/// (net/ipv4/tcp_timer.c).
const DECIDE: [Decides; 4] = [
    Decides {
        sysctl: Sysctl::TcpTimestamps,
        hosts: BOTH,
        is_known: |value| value != 0,
        effect: "without timestamps, one that has retransmitted its SYN has no round-trip time, \
                 and one with a SYN cookie has no SACK",
    },
    Decides {
        sysctl: Sysctl::TcpRtoMinUs,
        hosts: CLIENT,
        is_known: |value| value == 200_000,
        effect: "the simulator has only the default of the shortest timeout",
    },
    // Only while it has not closed its socket do the timeouts stay at the longest one.
    Decides {
        sysctl: Sysctl::TcpRtoMaxMs,
        hosts: CLIENT,
        is_known: |value| value == 120_000,
        effect: "one that has closed its socket gives up when its timeout is the longest",
    },
    Decides {
        sysctl: Sysctl::TcpOrphanRetries,
        hosts: CLIENT,
        is_known: |value| value == 0,
        effect: "one that has closed its socket gives up after other than the default retries",
    },
];

/// Requires that a phantom sends one segment at a time, at times that are known and do not
/// depend on which clients are phantoms: of those whose timers fire together, the simulator
/// may let others into the queue than the kernel does.
///
/// # Errors
/// The reason, for people.
pub(crate) fn check_phantoms(
    cell: &CellSettings,
    sysctls: &SysctlsInForce<'_>,
) -> Result<(), String> {
    let reason = unknown_segments(cell).map(str::to_owned).or_else(|| unknown_timers(sysctls));
    match reason {
        None => Ok(()),
        Some(reason) => Err(format!("clients are phantoms for a time, and {reason}")),
    }
}

fn unknown_segments(cell: &CellSettings) -> Option<&'static str> {
    let (server, load) = (cell.server.listening(), &cell.load);
    let chats = load.messages > 0;
    let message = Framing::HEADER_BYTES as u64 + u64::from(load.size);
    if load.dialogue.expects_answers() {
        Some("when their requests try to enter the accept queue is not simulated (load.dialogue)")
    } else if chats && load.nodelay && load.messages > 1 {
        Some("each of their messages tries to enter the accept queue (load.nodelay)")
    } else if chats && message > SMALLEST_SEGMENT {
        Some("each segment of their first message tries to enter the accept queue (load.size)")
    } else if chats && load.leave != Leave::Together {
        Some(
            "their FIN follows the last message and tries to enter the accept queue too \
             (load.leave)",
        )
    } else if load.messages > 1 && PROBE_MAY_BE_NEW.contains(&load.interval) {
        Some("their second message comes at about the time of the tail loss probe (load.interval)")
    } else if !chats && server.closes_first == ClosesFirst::Server {
        Some("they leave later than those that the server closes (server.closes_first)")
    } else if (chats && load.senders.is_some()) || load.slow_readers > 0 {
        Some("what they send depends on their role (load.senders, load.slow_readers)")
    } else {
        None
    }
}

fn unknown_timers(sysctls: &SysctlsInForce<'_>) -> Option<String> {
    for Decides { sysctl, hosts, is_known, effect } in DECIDE {
        let known = |host: &&Role| match sysctls.get(**host, sysctl) {
            UnstatedValue::Value(value) => value.parse().is_ok_and(is_known),
            _ => true,
        };
        if let Some(host) = hosts.iter().find(|host| !known(host)) {
            return Some(format!("{effect} ({sysctl} of the {})", host.name()));
        }
    }
    let has_sack = |host: &&Role| {
        let stated = sysctls.stated_value(**host, TCP_SACK);
        stated.is_none_or(|value| value.parse().is_ok_and(|value: u64| value != 0))
    };
    if let Some(host) = BOTH.iter().find(|host| !has_sack(host)) {
        let host = host.name();
        return Some(format!(
            "without SACK they send no tail loss probe ({TCP_SACK} of the {host})"
        ));
    }
    let window = sysctls.get(Role::Server, Sysctl::TcpRmem);
    (!is_large_buffer(&window)).then(|| {
        format!("a small window may let them send nothing ({} of the server)", Sysctl::TcpRmem)
    })
}

#[cfg(test)]
mod tests {
    use scenario::SysctlValue;

    use super::*;
    use crate::kernel_facts::KernelFacts;
    use crate::testing::ChatMut;

    fn reason(change: impl FnOnce(&mut CellSettings)) -> Option<String> {
        let mut cell = CellSettings::default();
        change(&mut cell);
        let kernel = KernelFacts::default();
        check_phantoms(&cell, &SysctlsInForce::of_cell(&cell, &kernel)).err()
    }

    fn with(host: Role, name: &str, value: &str) -> Option<String> {
        reason(|cell| {
            let hosts = &mut cell.hosts;
            let host = if host == Role::Server { &mut hosts.server } else { &mut hosts.client };
            let name = format!("net.ipv4.{name}");
            host.sysctls.insert(name, SysctlValue::Text(value.to_owned()));
        })
    }

    #[test]
    fn a_sysctl_that_changes_what_phantoms_retransmit_is_the_reason() {
        for (host, name, value) in [
            (Role::Server, "tcp_timestamps", "0"),
            (Role::Client, "tcp_timestamps", "0"),
            (Role::Server, "tcp_sack", "0"),
            (Role::Client, "tcp_sack", "0"),
            (Role::Client, "tcp_rto_min_us", "1000"),
            (Role::Client, "tcp_rto_max_ms", "4000"),
            (Role::Client, "tcp_orphan_retries", "1"),
            (Role::Server, "tcp_rmem", "1 1 1"),
        ] {
            let reason = with(host, name, value).expect("it changes what they send");
            let named = format!("(net.ipv4.{name} of the {})", host.name());
            assert!(reason.ends_with(&named), "{named}: {reason}");
        }
    }

    #[test]
    fn a_sysctl_with_its_default_or_of_the_other_host_is_none() {
        assert_eq!(reason(|_| ()), None);
        for (host, name, value) in [
            (Role::Server, "tcp_timestamps", "2"),
            (Role::Client, "tcp_sack", "1"),
            (Role::Client, "tcp_rto_min_us", "200000"),
            (Role::Client, "tcp_rto_max_ms", "120000"),
            (Role::Client, "tcp_orphan_retries", "0"),
            (Role::Server, "tcp_rto_min_us", "1000"),
            (Role::Server, "tcp_rto_max_ms", "1000"),
            (Role::Server, "tcp_orphan_retries", "1"),
            (Role::Server, "tcp_rmem", "4096 131072 6291456"),
            (Role::Client, "tcp_rmem", "1 1 1"),
            (Role::Client, "tcp_wmem", "1 1 1"),
        ] {
            assert_eq!(with(host, name, value), None, "{name}");
        }
    }

    type Change = fn(&mut CellSettings);

    #[test]
    fn a_load_whose_phantoms_send_more_than_a_segment_is_the_reason() {
        let changes: [(&str, Change); 7] = [
            ("load.nodelay", |cell| cell.load.nodelay = true),
            ("load.size", |cell| cell.load.size = 9000),
            ("load.leave", |cell| cell.load.leave = Leave::HalfClose),
            ("load.interval", |cell| cell.load.interval = Duration::from_millis(200)),
            ("load.senders", |cell| cell.load.senders = Some(3)),
            ("load.slow_readers", |cell| cell.load.slow_readers = 1),
            ("server.closes_first", |cell| {
                cell.load.messages = 0;
                cell.server.chat_mut().closes_first = ClosesFirst::Server;
            }),
        ];
        for (setting, change) in changes {
            let reason = reason(change).expect("it is not known");
            assert!(reason.contains(setting), "{setting}: {reason}");
        }
    }
}
