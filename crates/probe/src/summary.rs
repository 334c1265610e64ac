//! Adds samples to the summary that a trial's record stores.

use worker::metrics::{ListenerSummary, ProbeSummary};

use crate::control::Connections;
use crate::sockets::Queue;

/// Earlier limits of a listener that are kept.
const MAX_EARLIER_LIMITS: usize = 16;

/// A count of the connections, valid at some time between two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan {
    /// CLOCK_MONOTONIC just before it, nanoseconds.
    pub(crate) before_ns: u64,
    /// Just after it.
    pub(crate) after_ns: u64,
    pub(crate) connections: Connections,
}

/// Adds a sample of the listeners.
pub(crate) fn add_listeners(summary: &mut ProbeSummary, queues: &[Queue]) {
    for Queue { listener, queue } in queues {
        let index = *listener as usize;
        // They are numbered in the order in which they are first observed.
        if summary.listeners.len() <= index {
            let first = ListenerSummary { limit: queue.limit, ..ListenerSummary::default() };
            summary.listeners.push(first);
        }
        let known = &mut summary.listeners[index];
        if known.limit != queue.limit {
            if known.earlier_limits.len() == MAX_EARLIER_LIMITS {
                known.earlier_limits.remove(0);
            }
            known.earlier_limits.push(known.limit);
            known.limit = queue.limit;
        }
        known.deepest = known.deepest.max(queue.depth);
    }
    summary.deepest = summary.deepest.max(queues.iter().map(|queue| queue.queue.depth).sum());
}

/// Adds a scan; `previous` is the one before it.
pub(crate) fn add_connections(summary: &mut ProbeSummary, previous: Option<&Scan>, scan: &Scan) {
    let Connections { syn_recv, established, time_wait, fin_wait_2, socket_memory_bytes } =
        scan.connections;
    let states = [
        ("syn_recv", syn_recv),
        ("established", established),
        ("time_wait", time_wait),
        ("fin_wait_2", fin_wait_2),
    ];
    for (name, count) in states {
        if count > 0 {
            let state = summary.states.entry(name.to_owned()).or_default();
            if state.times == 0 {
                state.first_ns = scan.after_ns;
                state.absent_before_ns = previous.map(|previous| previous.before_ns);
            }
            if state.left == 0 {
                state.times += 1;
            }
            state.most = state.most.max(count);
            state.last_ns = scan.before_ns;
            state.absent_after_ns = None;
        }
        if let Some(state) = summary.states.get_mut(name) {
            state.left = count;
            if count == 0 {
                state.absent_after_ns.get_or_insert(scan.after_ns);
            }
        }
    }
    summary.most_socket_memory = summary.most_socket_memory.max(socket_memory_bytes);
}

#[cfg(test)]
mod tests {
    use worker::metrics::{AcceptQueue, StateSummary};

    use super::*;

    #[test]
    fn maxima_are_recorded_for_each_listener_and_for_all() {
        let mut summary = ProbeSummary::default();
        let queue = |listener, depth, limit| {
            let queue = AcceptQueue { depth, limit };
            Queue { listener, queue }
        };
        for queues in [
            &[queue(0, 3, 5), queue(1, 1, 5)][..],
            // In the kernel's order.
            &[queue(1, 4, 5), queue(0, 2, 5)],
            // The first one is closed.
            &[queue(1, 0, 9)],
            &[],
        ] {
            add_listeners(&mut summary, queues);
        }
        let listener = |limit, deepest, earlier_limits: &[u32]| {
            let earlier_limits = earlier_limits.to_vec();
            ListenerSummary { limit, deepest, earlier_limits, ..ListenerSummary::default() }
        };
        assert_eq!(summary.listeners, [listener(5, 3, &[]), listener(9, 4, &[5])]);
        assert_eq!(summary.deepest, 6, "at once");
    }

    #[test]
    fn a_state_lasts_between_its_bounds() {
        let mut summary = ProbeSummary::default();
        let mut previous = None;
        let mut scan = |summary: &mut ProbeSummary, before_ns, established, time_wait| {
            let connections = Connections { established, time_wait, ..Connections::default() };
            let scan = Scan { before_ns, after_ns: before_ns + 3, connections };
            add_connections(summary, previous.as_ref(), &scan);
            previous = Some(scan);
        };
        for (before_ns, established, time_wait) in
            [(10, 0, 0), (20, 3, 0), (30, 5, 0), (40, 0, 2), (50, 0, 2)]
        {
            scan(&mut summary, before_ns, established, time_wait);
        }
        let names: Vec<_> = summary.states.keys().collect();
        assert_eq!(names, ["established", "time_wait"], "only states with sockets");
        let established = StateSummary {
            most: 5,
            times: 1,
            first_ns: 23,
            last_ns: 30,
            absent_before_ns: Some(10),
            absent_after_ns: Some(43),
            left: 0,
        };
        assert_eq!(summary.states["established"], established);
        let time_wait = summary.states["time_wait"];
        assert_eq!((time_wait.left, time_wait.absent_after_ns), (2, None));

        scan(&mut summary, 60, 1, 2);
        scan(&mut summary, 70, 0, 2);
        let repeated = summary.states["established"];
        assert_eq!((repeated.times, repeated.absent_after_ns), (2, Some(73)));
        assert_eq!(repeated.duration_seconds(), None);
        assert_eq!(summary.states["time_wait"].times, 1);
    }
}
