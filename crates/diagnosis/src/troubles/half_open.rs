//! Half-open connections, and whether they fill a SYN queue.

use std::net::SocketAddr;

use linux_net::Sysctl;
use queue_model::kernel_rules::RuleSet;
use queue_model::syn_queue::{Cookies, SynQueue};
use watch_record::{WatchedListener, WatchedSysctls};

use super::evidence::{ListenerEvidence, NamespaceEvidence};
use crate::words::{self, counted, several, short_name};

const MAX_SYN_BACKLOG: Sysctl = Sysctl::TcpMaxSynBacklog;
const COOKIES: Sysctl = Sysctl::TcpSyncookies;

/// Which listeners of a namespace its counter may be of.
pub(super) fn whose(namespace: &NamespaceEvidence<'_>) -> String {
    let mut full: Vec<_> = full_listeners(namespace).map(|listener| listener.address).collect();
    // Not in the order of listeners, which changes.
    full.sort_unstable();
    let mut full: Vec<_> = full.iter().take(4).map(SocketAddr::to_string).collect();
    let is_one = full.len() == 1;
    if full.len() > 3 {
        full.truncate(3);
        full.push("others".to_owned());
    }
    match words::listed(&full) {
        None => {
            "The counter does not say of which listener: no SYN queue was seen full.".to_owned()
        }
        Some(one) if is_one => {
            format!("Of the SYN queues of its listeners, only that of {one} was seen full.")
        }
        Some(several) => format!(
            "The counter does not say of which listener: the SYN queues of {several} were seen full."
        ),
    }
}

/// The listeners of a namespace whose SYN queue was full when connections were last counted.
pub(super) fn full_listeners<'a>(
    namespace: &'a NamespaceEvidence<'_>,
) -> impl Iterator<Item = &'a WatchedListener> {
    let sysctls = namespace.sysctls();
    let listeners = namespace.listeners.iter().copied();
    listeners.filter(move |listener| is_full(listener, sysctls) == Some(true))
}

/// Whether the SYN queue of one listener of a namespace was full, and those of the others were
/// not.
pub(super) fn one_is_full(namespace: &NamespaceEvidence<'_>) -> bool {
    let sysctls = namespace.sysctls();
    let all = namespace.listeners.iter().map(|listener| is_full(listener, sysctls));
    all.clone().all(|full| full.is_some()) && all.filter(|full| *full == Some(true)).count() == 1
}

/// `129 half-open connections (SYN_RECV) fill its SYN queue: …`, if it is full.
pub(super) fn half_open(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let sysctls = evidence.namespace.sysctls();
    let listener = evidence.listener;
    is_full(listener, sysctls).filter(|full| *full)?;
    let queue = queue(listener, sysctls)?;
    let [newer, older] = capacities(queue);
    let holds = match newer == older {
        true => counted(newer),
        false => format!("{} ({} on kernels before 2025)", counted(newer), counted(older)),
    };
    let by = match is_by_max_syn_backlog(queue) {
        true => format!(
            "with {} {} new clients may use ¾ of {MAX_SYN_BACKLOG} ({}) and one more, {holds}",
            short_name(COOKIES.name()),
            queue.cookies as u32,
            queue.max_syn_backlog
        ),
        false => {
            format!("with its limit of {} it holds {holds}", counted(listener.limit.into()))
        }
    };
    let syn_recv = evidence.connections()?.syn_recv;
    let fill = if syn_recv == 1 { "fills" } else { "fill" };
    let connections = several(syn_recv.into(), "half-open connection");
    Some(format!("{connections} (SYN_RECV) {fill} its SYN queue: {by}"))
}

/// Whether the SYN queue was full when connections were last counted, by the rule of either
/// version of the kernel; `None` if it is not known. Where listeners share the address, each
/// may have any part of its connections.
fn is_full(listener: &WatchedListener, sysctls: WatchedSysctls) -> Option<bool> {
    let syn_recv = u64::from(listener.connections?.syn_recv);
    let [newer, older] = capacities(queue(listener, sysctls)?);
    let reaches = newer > 0 && syn_recv >= newer.min(older).max(1);
    (!reaches || listener.sharing_address == 1).then_some(reaches)
}

/// The SYN queue by its settings; `None` if one of those that decide is not known, or if it is
/// not used.
pub(super) fn queue(listener: &WatchedListener, sysctls: WatchedSysctls) -> Option<SynQueue> {
    let cookies = Cookies::from_sysctl(sysctls.tcp_syncookies?);
    let max_syn_backlog = match cookies {
        Cookies::Always => return None,
        Cookies::Never => sysctls.tcp_max_syn_backlog?,
        // Not read by the kernel.
        Cookies::WhenFull => sysctls.tcp_max_syn_backlog.unwrap_or(0),
    };
    Some(SynQueue {
        limit: listener.limit,
        max_syn_backlog,
        cookies,
        full: RuleSet::Since2025.syn_queue_full(),
        peers_are_proven: false,
    })
}

/// What it holds by the rule of either version of the kernel, the newer first.
fn capacities(queue: SynQueue) -> [u64; 2] {
    RuleSet::ALL.map(|rules| SynQueue { full: rules.syn_queue_full(), ..queue }.capacity())
}

/// Whether tcp_max_syn_backlog leaves room for fewer than the limit does.
pub(super) fn is_by_max_syn_backlog(queue: SynQueue) -> bool {
    queue.capacity() < SynQueue { peers_are_proven: true, ..queue }.capacity()
}
