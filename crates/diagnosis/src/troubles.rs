//! What is wrong with the listeners of a watch, and with their namespaces.
//!
//! | module | says |
//! |---|---|
//! | `stopped` | all processes of the socket, or some, are stopped or frozen |
//! | `files` | a process has, or nearly has, as many open files as it may |
//! | `not_accepting`, `too_slow` | connections wait; none is accepted, or some are |
//! | `queue_full`, `somaxconn` | the accept queue was full; its limit is clamped |
//! | `syn_queue`, `cookies` | the SYN queue was full, without and with cookies |
//! | `dropped` | drops of which the reason is not known |
//! | `close_wait` | connections that the process does not close |
//! | `ports` | clients of the namespace have no local port left |
//! | `half_open` | whether half-open connections fill a SYN queue |
//! | `rule`, `evidence` | a kind of trouble with its conditions, and what they read |
//! | `processes`, `waits` | what the processes did, and the functions of the kernel they wait in |
//! | `order` | the listeners in most trouble first |

mod close_wait;
mod cookies;
mod dropped;
mod evidence;
mod files;
mod half_open;
mod not_accepting;
mod order;
mod ports;
mod processes;
mod queue_full;
mod rule;
mod somaxconn;
mod stopped;
mod syn_queue;
mod too_slow;
mod waits;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use watch_record::{Snapshot, Trouble, WatchedListener};

use evidence::{ListenerEvidence, NamespaceEvidence};
use rule::{ListenerRule, NamespaceRule};

/// What can be wrong with a listener: causes in its process come before the queues that fill
/// because of them, and among equally severe ones this order is kept.
const OF_LISTENERS: [&ListenerRule; 10] = [
    &stopped::RULE,
    &files::RULE,
    &not_accepting::RULE,
    &too_slow::RULE,
    &queue_full::RULE,
    &somaxconn::RULE,
    &syn_queue::RULE,
    &cookies::RULE,
    &dropped::RULE,
    &close_wait::RULE,
];

/// What can be wrong with a namespace.
const OF_NAMESPACES: [&NamespaceRule; 3] =
    [&ports::RULE, &syn_queue::OF_NAMESPACE, &cookies::OF_NAMESPACE];

/// Fills in the troubles of all listeners and namespaces of a snapshot, the most severe first,
/// and sorts its listeners: those in most trouble first.
///
/// It has to be called before listeners are filtered out: what a counter of a namespace says of
/// a listener depends on the others.
///
/// Each text follows from the snapshot only, and says only what it shows. Counters are read by
/// the names of [`linux_net::Counter`] (`TcpExt.ListenDrops`).
///
/// The texts have names of processes as they are: what prints them makes them safe
/// (`visible::line`, decision 47).
pub fn find_troubles(snapshot: &mut Snapshot) {
    let (of_listeners, of_namespaces) = found(snapshot);
    for (listener, troubles) in snapshot.listeners.iter_mut().zip(of_listeners) {
        listener.troubles = troubles;
    }
    for (namespace, troubles) in snapshot.namespaces.iter_mut().zip(of_namespaces) {
        namespace.troubles = troubles;
    }
    order::sort(&mut snapshot.listeners);
}

/// The troubles of each listener, and of each namespace.
fn found(snapshot: &Snapshot) -> (Vec<Vec<Trouble>>, Vec<Vec<Trouble>>) {
    let mut listeners: BTreeMap<u64, Vec<&WatchedListener>> = BTreeMap::new();
    for listener in &snapshot.listeners {
        listeners.entry(listener.namespace).or_default().push(listener);
    }
    let records = snapshot.namespaces.iter().map(|record| (record.inode, record));
    let records: BTreeMap<_, _> = records.collect();
    let inodes = listeners.keys().chain(records.keys()).copied();
    let namespaces: BTreeMap<_, _> = inodes
        .map(|inode| {
            let of_it = listeners.get(&inode).cloned().unwrap_or_default();
            (inode, NamespaceEvidence::new(records.get(&inode).copied(), of_it))
        })
        .collect();
    let of_listener = |listener| {
        let evidence = ListenerEvidence { listener, namespace: &namespaces[&listener.namespace] };
        most_severe_first(OF_LISTENERS.iter().filter_map(|rule| rule.trouble(&evidence)))
    };
    let of_namespace = |inode| {
        let evidence = &namespaces[inode];
        most_severe_first(OF_NAMESPACES.iter().filter_map(|rule| rule.trouble(evidence)))
    };
    (
        snapshot.listeners.iter().map(of_listener).collect(),
        snapshot.namespaces.iter().map(|record| of_namespace(&record.inode)).collect(),
    )
}

fn most_severe_first(troubles: impl Iterator<Item = Trouble>) -> Vec<Trouble> {
    let mut troubles: Vec<_> = troubles.collect();
    troubles.sort_by_key(|trouble| Reverse(trouble.severity));
    troubles
}
