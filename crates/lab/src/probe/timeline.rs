//! What was seen, as rows, unchanging stretches left out.

use run_record::{AcceptQueue, TimelineRow};

use super::Connections;

/// Rows that a timeline has room for: some 20 MB, and more than three minutes
/// in which every millisecond differs from the last.
const MOST_ROWS: usize = 200_000;

/// One look at the queues.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at_ns: u64,
    /// Ticks missed just before it.
    pub(super) missed: u64,
    pub(super) listeners: Vec<AcceptQueue>,
    /// None where they were not counted.
    pub(super) connections: Option<Connections>,
}

/// Rows of the samples that tell something new, and of the last before each of
/// these: what lies between two rows is as the first of them says, and none of
/// its ticks was missed.
#[derive(Debug)]
pub(super) struct Timeline {
    rows: Vec<TimelineRow>,
    room: usize,
    /// The first sample that there was no room for.
    cut_at_ns: Option<u64>,
    listeners: Vec<AcceptQueue>,
    connections: Option<Connections>,
    /// Samples that told nothing new: the last, and the last with connections.
    unwritten: Option<Sample>,
    unwritten_count: Option<Sample>,
}

impl Timeline {
    pub(super) fn new() -> Self {
        Self::with_room(MOST_ROWS)
    }

    fn with_room(room: usize) -> Self {
        Self {
            rows: Vec::new(),
            room,
            cut_at_ns: None,
            listeners: Vec::new(),
            connections: None,
            unwritten: None,
            unwritten_count: None,
        }
    }

    /// Takes in a sample.
    pub(super) fn add(&mut self, sample: Sample) {
        let is_news = self.rows.is_empty()
            || sample.missed > 0
            || sample.listeners != self.listeners
            || (sample.connections.is_some() && sample.connections != self.connections);
        if !is_news {
            match sample.connections {
                Some(_) => (self.unwritten, self.unwritten_count) = (None, Some(sample)),
                None => self.unwritten = Some(sample),
            }
            return;
        }
        self.write_unwritten();
        self.listeners.clone_from(&sample.listeners);
        self.connections = sample.connections.or(self.connections);
        self.write(&sample);
    }

    /// The rows, to the last sample; and where they had no room, from when on
    /// they say nothing.
    pub(super) fn finish(mut self) -> (Vec<TimelineRow>, Option<u64>) {
        self.write_unwritten();
        (self.rows, self.cut_at_ns)
    }

    /// In their order: a sample with connections replaces what came before it.
    fn write_unwritten(&mut self) {
        for sample in [self.unwritten_count.take(), self.unwritten.take()].into_iter().flatten() {
            self.write(&sample);
        }
    }

    fn write(&mut self, sample: &Sample) {
        let rows = sample.listeners.len().max(1);
        if self.cut_at_ns.is_some() || self.rows.len() + rows > self.room {
            self.cut_at_ns.get_or_insert(sample.at_ns);
            return;
        }
        let counted = sample.connections;
        self.rows.push(TimelineRow {
            at_ns: sample.at_ns,
            syn_recv: counted.map(|connections| connections.syn_recv),
            established: counted.map(|connections| connections.established),
            time_wait: counted.map(|connections| connections.time_wait),
            fin_wait_2: counted.map(|connections| connections.fin_wait_2),
            socket_memory_bytes: counted.map(|connections| connections.socket_memory_bytes),
            missed: sample.missed,
            ..TimelineRow::default()
        });
        let more = (1..rows).map(|_| TimelineRow { at_ns: sample.at_ns, ..TimelineRow::default() });
        self.rows.extend(more);
        let first = self.rows.len() - rows;
        for (index, (row, queue)) in
            self.rows[first..].iter_mut().zip(&sample.listeners).enumerate()
        {
            row.listener = Some(index as u32);
            row.depth = Some(queue.depth);
            row.limit = Some(queue.limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at_ns: u64, depth: u32) -> Sample {
        let listeners = vec![AcceptQueue { depth, limit: 9 }];
        Sample { at_ns, listeners, ..Sample::default() }
    }

    fn count(at_ns: u64, depth: u32, established: u32) -> Sample {
        let connections = Some(Connections { established, ..Connections::default() });
        Sample { connections, ..look(at_ns, depth) }
    }

    /// Time, depth and connections of each row.
    fn drawn(rows: &[TimelineRow]) -> Vec<(u64, Option<u32>, Option<u32>)> {
        rows.iter().map(|row| (row.at_ns, row.depth, row.established)).collect()
    }

    fn timeline(samples: impl IntoIterator<Item = Sample>) -> (Vec<TimelineRow>, Option<u64>) {
        let mut timeline = Timeline::with_room(20);
        samples.into_iter().for_each(|sample| timeline.add(sample));
        timeline.finish()
    }

    #[test]
    fn a_change_has_the_last_sample_before_it_and_the_rest_is_left_out() {
        let (rows, cut) = timeline([
            count(0, 0, 0),
            look(1, 0),
            look(2, 0),
            count(3, 0, 0),
            look(4, 0),
            look(5, 0),
            look(6, 7),
            look(7, 7),
            count(8, 7, 7),
            look(9, 7),
            look(10, 7),
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
    fn a_gap_is_between_two_rows_even_where_nothing_changed() {
        let (rows, _) =
            timeline([look(0, 1), look(1, 1), Sample { missed: 50, ..look(52, 1) }, look(53, 1)]);
        let told: Vec<_> = rows.iter().map(|row| (row.at_ns, row.missed)).collect();
        assert_eq!(told, [(0, 0), (1, 0), (52, 50), (53, 0)]);
    }

    #[test]
    fn each_listener_has_a_row_and_none_have_one_together() {
        let two = vec![AcceptQueue { depth: 1, limit: 4 }, AcceptQueue { depth: 2, limit: 4 }];
        let (rows, _) = timeline([
            Sample { listeners: two, missed: 3, ..count(5, 0, 6) },
            Sample { listeners: Vec::new(), ..look(6, 0) },
        ]);
        let told: Vec<_> =
            rows.iter().map(|row| (row.listener, row.depth, row.established, row.missed)).collect();
        let expected =
            [(Some(0), Some(1), Some(6), 3), (Some(1), Some(2), None, 0), (None, None, None, 0)];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_full_timeline_says_where_it_ends() {
        let (rows, cut) = timeline((0..100).map(|n| look(n, n as u32 % 2)));
        assert_eq!((rows.len(), cut), (20, Some(20)));
    }
}
