//! What was seen, as a trial's record has it.

use run_record::{AcceptQueue, ListenerSeen, Probed};

use super::Connections;

/// Takes in what a sample saw of the listeners.
pub(super) fn add_listeners(seen: &mut Probed, listeners: &[AcceptQueue]) {
    if seen.listeners.len() < listeners.len() {
        seen.listeners.resize(listeners.len(), ListenerSeen::default());
    }
    for (known, listener) in seen.listeners.iter_mut().zip(listeners) {
        known.limit = listener.limit;
        known.deepest = known.deepest.max(listener.depth);
    }
    seen.deepest = seen.deepest.max(listeners.iter().map(|listener| listener.depth).sum());
}

/// Takes in what a sample saw of the connections. `before_ns` is when the sample
/// before it was taken, if there was one.
pub(super) fn add_connections(
    seen: &mut Probed,
    before_ns: Option<u64>,
    at_ns: u64,
    connections: &Connections,
) {
    let Connections { syn_recv, established, time_wait, fin_wait_2, socket_memory_bytes } =
        *connections;
    let states = [
        ("syn_recv", syn_recv),
        ("established", established),
        ("time_wait", time_wait),
        ("fin_wait_2", fin_wait_2),
    ];
    for (name, count) in states {
        if count > 0 {
            let state = seen.states.entry(name.to_owned()).or_default();
            if state.most == 0 {
                state.first_ns = at_ns;
                state.absent_before_ns = before_ns;
            }
            state.most = state.most.max(count);
            state.last_ns = at_ns;
            state.absent_after_ns = None;
        }
        if let Some(state) = seen.states.get_mut(name) {
            state.left = count;
            if count == 0 {
                state.absent_after_ns.get_or_insert(at_ns);
            }
        }
    }
    seen.most_socket_memory = seen.most_socket_memory.max(socket_memory_bytes);
}

#[cfg(test)]
mod tests {
    use run_record::StateSeen;

    use super::*;

    #[test]
    fn the_most_at_once_and_what_was_left() {
        let mut seen = Probed::default();
        let queue = |depth, limit| AcceptQueue { depth, limit };
        for listeners in
            [&[queue(3, 5), queue(1, 5)][..], &[queue(2, 5), queue(4, 5)], &[queue(0, 9)], &[]]
        {
            add_listeners(&mut seen, listeners);
        }
        let listener = |limit, deepest| ListenerSeen { limit, deepest };
        assert_eq!(seen.listeners, [listener(9, 3), listener(5, 4)]);
        assert_eq!(seen.deepest, 6, "at once");

        let mut before_ns = None;
        for (at_ns, established, time_wait) in
            [(10, 0, 0), (20, 3, 0), (30, 5, 0), (40, 0, 2), (50, 0, 2)]
        {
            let now = Connections { established, time_wait, ..Connections::default() };
            add_connections(&mut seen, before_ns, at_ns, &now);
            before_ns = Some(at_ns);
        }
        let names: Vec<_> = seen.states.keys().collect();
        assert_eq!(names, ["established", "time_wait"], "only what was seen");
        let established = StateSeen {
            most: 5,
            first_ns: 20,
            last_ns: 30,
            absent_before_ns: Some(10),
            absent_after_ns: Some(40),
            left: 0,
        };
        assert_eq!(seen.states["established"], established);
        let time_wait = seen.states["time_wait"];
        assert_eq!((time_wait.left, time_wait.absent_after_ns), (2, None));
    }
}
