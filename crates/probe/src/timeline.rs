//! The samples as rows, without unchanged periods.

use worker::metrics::{DepthSource, MAX_TIMELINE_ROWS, TimelineRow};

use crate::control::Connections;
use crate::sockets::Queue;

/// One sample of the queues.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) at_ns: u64,
    /// Before the listeners were read.
    pub(crate) from_ns: u64,
    /// Ticks missed just before it.
    pub(crate) missed: u64,
    pub(crate) listeners: Vec<Queue>,
    /// `None` if they were not counted.
    pub(crate) connections: Option<Connections>,
}

/// Rows of changes, and of the last sample before each change: every sample between
/// two rows of a listener equals the first one, and no tick was missed.
#[derive(Debug)]
pub(crate) struct Timeline {
    rows: Vec<TimelineRow>,
    capacity: usize,
    /// Time of the first sample that did not fit.
    cut_at_ns: Option<u64>,
    listeners: Vec<Queue>,
    connections: Option<Connections>,
    /// Unchanged samples: the last one, and the last one with connections.
    unwritten: Option<Sample>,
    unwritten_count: Option<Sample>,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self::with_capacity(MAX_TIMELINE_ROWS)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            rows: Vec::new(),
            capacity,
            cut_at_ns: None,
            listeners: Vec::new(),
            connections: None,
            unwritten: None,
            unwritten_count: None,
        }
    }

    /// Adds a sample.
    pub(crate) fn add(&mut self, sample: Sample) {
        let is_full = self.rows.is_empty() || sample.missed > 0;
        let counts_differ = sample
            .connections
            .map(counts)
            .is_some_and(|now| self.connections.map(counts) != Some(now));
        if !is_full && !counts_differ && sample.listeners == self.listeners {
            match sample.connections {
                Some(_) => (self.unwritten, self.unwritten_count) = (None, Some(sample)),
                None => self.unwritten = Some(sample),
            }
            return;
        }
        let (now, before) = (&sample.listeners, &self.listeners);
        // A gap is a change of every listener.
        let changed = |queue: &&Queue| is_full || !before.contains(queue);
        let mut changed_listeners: Vec<_> =
            now.iter().filter(changed).map(|queue| queue.listener).collect();
        let is_open = |closed: &&Queue| now.iter().any(|queue| queue.listener == closed.listener);
        let closed: Vec<_> =
            before.iter().filter(|queue| !is_open(queue)).map(|queue| queue.listener).collect();
        changed_listeners.extend(&closed);
        self.write_unwritten(&changed_listeners);
        self.write(&sample, &changed_listeners);
        self.connections = sample.connections.or(self.connections);
        self.listeners = sample.listeners;
    }

    /// Returns the rows and, if they did not all fit, the time at which they end.
    pub(crate) fn finish(mut self) -> (Vec<TimelineRow>, Option<u64>) {
        let all: Vec<_> = self.listeners.iter().map(|queue| queue.listener).collect();
        self.write_unwritten(&all);
        (self.rows, self.cut_at_ns)
    }

    /// Writes the unchanged samples, in order.
    fn write_unwritten(&mut self, changed_listeners: &[u32]) {
        for sample in [self.unwritten_count.take(), self.unwritten.take()].into_iter().flatten() {
            // Only the listeners of that sample.
            let has = |number: &u32| sample.listeners.iter().any(|queue| queue.listener == *number);
            let changed_listeners: Vec<_> = changed_listeners.iter().copied().filter(has).collect();
            self.write(&sample, &changed_listeners);
        }
    }

    /// Writes a row for each of these listeners; those that the sample does not have
    /// are closed. If there are none, a row for its first listener, or for no
    /// listener.
    fn write(&mut self, sample: &Sample, changed_listeners: &[u32]) {
        let first: Vec<_> = sample.listeners.iter().map(|queue| queue.listener).take(1).collect();
        let changed_listeners =
            if changed_listeners.is_empty() { &first } else { changed_listeners };
        let rows = changed_listeners.len().max(1);
        if self.cut_at_ns.is_some() || self.rows.len() + rows > self.capacity {
            self.cut_at_ns.get_or_insert(sample.at_ns);
            return;
        }
        let first = self.rows.len();
        self.rows.extend((0..rows).map(|index| {
            let listener = changed_listeners.get(index).copied();
            let queue = sample.listeners.iter().find(|queue| Some(queue.listener) == listener);
            TimelineRow {
                at_ns: sample.at_ns,
                listener,
                depth: queue.map(|queue| queue.queue.depth),
                limit: queue.map(|queue| queue.queue.limit),
                source: Some(DepthSource::Probe),
                from_ns: Some(sample.from_ns),
                ..TimelineRow::default()
            }
        }));
        let counted = sample.connections;
        let row = &mut self.rows[first];
        row.missed = sample.missed;
        row.syn_recv = counted.map(|connections| connections.syn_recv);
        row.established = counted.map(|connections| connections.established);
        row.time_wait = counted.map(|connections| connections.time_wait);
        row.fin_wait_2 = counted.map(|connections| connections.fin_wait_2);
        row.socket_memory_bytes = counted.map(|connections| connections.socket_memory_bytes);
    }
}

/// The counts that make a row: the memory is that of the whole machine, and changes
/// all the time.
fn counts(connections: Connections) -> Connections {
    Connections { socket_memory_bytes: 0, ..connections }
}

#[cfg(test)]
mod tests {
    use worker::metrics::AcceptQueue;

    use super::*;

    fn queue(listener: u32, depth: u32) -> Queue {
        Queue { listener, queue: AcceptQueue { depth, limit: 9 } }
    }

    fn listen(at_ns: u64, depth: u32) -> Sample {
        let listeners = vec![queue(0, depth)];
        Sample { at_ns, listeners, ..Sample::default() }
    }

    fn count(at_ns: u64, depth: u32, established: u32) -> Sample {
        let connections = Some(Connections { established, ..Connections::default() });
        Sample { connections, ..listen(at_ns, depth) }
    }

    /// Time, depth and connections of each row.
    fn drawn(rows: &[TimelineRow]) -> Vec<(u64, Option<u32>, Option<u32>)> {
        rows.iter().map(|row| (row.at_ns, row.depth, row.established)).collect()
    }

    fn timeline(samples: impl IntoIterator<Item = Sample>) -> (Vec<TimelineRow>, Option<u64>) {
        let mut timeline = Timeline::with_capacity(20);
        samples.into_iter().for_each(|sample| timeline.add(sample));
        timeline.finish()
    }

    #[test]
    fn a_change_has_a_row_for_the_sample_before_it_and_none_for_unchanged_ones() {
        let (rows, cut) = timeline([
            count(0, 0, 0),
            listen(1, 0),
            listen(2, 0),
            count(3, 0, 0),
            listen(4, 0),
            listen(5, 0),
            listen(6, 7),
            listen(7, 7),
            count(8, 7, 7),
            listen(9, 7),
            listen(10, 7),
        ]);
        let (flat, seven) = (Some(0), Some(7));
        assert_eq!(
            drawn(&rows),
            [
                (0, flat, flat),
                (3, flat, flat),
                (5, flat, None),
                (6, seven, None),
                (7, seven, None),
                (8, seven, seven),
                (10, seven, None),
            ]
        );
        assert_eq!(cut, None);
    }

    #[test]
    fn a_gap_has_rows_on_both_sides_without_a_change() {
        let (rows, _) = timeline([
            listen(0, 1),
            listen(1, 1),
            Sample { missed: 50, ..listen(52, 1) },
            listen(53, 1),
        ]);
        let changed_listeners: Vec<_> = rows.iter().map(|row| (row.at_ns, row.missed)).collect();
        assert_eq!(changed_listeners, [(0, 0), (1, 0), (52, 50), (53, 0)]);
    }

    /// Time, listener, depth and misses of each row.
    fn times_and_depths(rows: &[TimelineRow]) -> Vec<(u64, Option<u32>, Option<u32>, u64)> {
        rows.iter().map(|row| (row.at_ns, row.listener, row.depth, row.missed)).collect()
    }

    #[test]
    fn only_changed_listeners_have_rows_except_after_a_gap() {
        let two = |at_ns, first, second| Sample {
            listeners: vec![queue(0, first), queue(1, second)],
            ..listen(at_ns, 0)
        };
        let (rows, _) = timeline([
            two(0, 1, 1),
            two(1, 1, 1),
            two(2, 1, 5),
            Sample { missed: 3, ..two(6, 1, 5) },
            two(7, 1, 5),
            // The first is closed, then the other.
            Sample { listeners: vec![queue(1, 5)], ..listen(8, 0) },
            Sample { listeners: Vec::new(), ..listen(9, 0) },
            Sample { listeners: Vec::new(), missed: 1, ..listen(11, 0) },
            listen(12, 0),
            listen(13, 0),
            Sample { listeners: vec![queue(0, 0), queue(2, 5)], ..listen(14, 0) },
        ]);
        let (zero, one, five) = (Some(0), Some(1), Some(5));
        assert_eq!(
            times_and_depths(&rows),
            [
                (0, zero, one, 0),
                (0, one, one, 0),
                (1, one, one, 0),
                (2, one, five, 0),
                (6, zero, one, 3),
                (6, one, five, 0),
                (7, zero, one, 0),
                (8, zero, None, 0),
                (9, one, None, 0),
                (11, None, None, 1),
                (12, zero, Some(0), 0),
                (13, zero, Some(0), 0),
                (14, Some(2), five, 0),
            ]
        );
    }

    #[test]
    fn a_change_of_the_memory_makes_no_row() {
        let memory = |at_ns, socket_memory_bytes| {
            let connections = Some(Connections { socket_memory_bytes, ..Connections::default() });
            Sample { connections, ..listen(at_ns, 0) }
        };
        let (rows, _) = timeline([memory(0, 1), memory(1, 2), memory(2, 3), count(3, 0, 8)]);
        let memories: Vec<_> =
            rows.iter().map(|row| (row.at_ns, row.socket_memory_bytes)).collect();
        assert_eq!(memories, [(0, Some(1)), (2, Some(3)), (3, Some(0))]);
    }

    #[test]
    fn a_full_timeline_reports_where_it_ends() {
        let (rows, cut) = timeline((0..100).map(|n| listen(n, n as u32 % 2)));
        assert_eq!((rows.len(), cut), (20, Some(20)));
    }
}
