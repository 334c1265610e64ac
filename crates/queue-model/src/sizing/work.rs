//! What a search simulates, on all CPUs.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;

use super::arrivals::{Arrivals, Generator};
use crate::simulator::{InFlight, ListenPath, Memory, Summary, simulate_starts, undisturbed};

/// A thread takes bursts with about this many attempts at a time.
const ATTEMPTS_AT_A_TIME: usize = 1 << 16;

/// How much a search has done; other threads may look at it.
#[derive(Debug, Default)]
pub struct Work {
    /// Bursts whose queues were computed with a backlog that drops nothing.
    pub(super) measured: AtomicU64,
    /// All bursts.
    pub(super) bursts: AtomicU64,
    /// Bursts that were simulated in full, once for each backlog.
    pub(super) simulated: AtomicU64,
}

impl Work {
    /// The bursts whose queues are known with a backlog that drops nothing, and all bursts.
    pub fn measured(&self) -> (u64, u64) {
        (self.measured.load(Relaxed), self.bursts.load(Relaxed))
    }

    /// Simulations of a burst with a backlog that drops connections.
    pub fn simulated(&self) -> u64 {
        self.simulated.load(Relaxed)
    }
}

/// The memory of a thread.
#[derive(Debug, Default)]
pub(super) struct Thread {
    generator: Generator,
    memory: Memory,
    in_flight: InFlight,
}

/// The threads that simulate.
#[derive(Debug)]
pub(super) struct Threads(Vec<Thread>);

impl Threads {
    /// As many as there are CPUs.
    pub(super) fn new() -> Self {
        let count = thread::available_parallelism().map_or(1, usize::from);
        Self((0..count).map(|_| Thread::default()).collect())
    }

    /// Computes the queues of these bursts with a path that drops nothing.
    pub(super) fn measure(
        &mut self,
        path: &ListenPath,
        arrivals: &Arrivals,
        bursts: std::ops::Range<usize>,
        work: &Work,
    ) -> Vec<Summary> {
        let first = bursts.start;
        let simulate = |at: usize, thread: &mut Thread| {
            let starts = arrivals.starts(first + at, &mut thread.generator);
            work.measured.fetch_add(1, Relaxed);
            undisturbed(path, starts, &mut thread.in_flight).unwrap_or_else(|| {
                work.simulated.fetch_add(1, Relaxed);
                simulate_starts(path, starts, &mut thread.memory)
            })
        };
        let summaries = self.map(bursts.len(), arrivals.at_a_time(), u64::MAX, &simulate);
        summaries.expect("no number of late connections ends this")
    }

    /// Simulates these bursts; `None` as soon as more than `max_late` connections are late.
    pub(super) fn simulate(
        &mut self,
        path: &ListenPath,
        arrivals: &Arrivals,
        bursts: &[u32],
        max_late: u64,
        work: &Work,
    ) -> Option<Vec<Summary>> {
        let path = ListenPath { max_late: Some(max_late), ..path.clone() };
        let simulate = |at: usize, thread: &mut Thread| {
            let starts = arrivals.starts(bursts[at] as usize, &mut thread.generator);
            work.simulated.fetch_add(1, Relaxed);
            simulate_starts(&path, starts, &mut thread.memory)
        };
        self.map(bursts.len(), arrivals.at_a_time(), max_late, &simulate)
    }

    /// The results for the numbers below `count`, in their order.
    fn map(
        &mut self,
        count: usize,
        at_a_time: usize,
        max_late: u64,
        simulate: &(dyn Fn(usize, &mut Thread) -> Summary + Sync),
    ) -> Option<Vec<Summary>> {
        let (next, late) = (AtomicUsize::new(0), AtomicU64::new(0));
        let run = |thread: &mut Thread| {
            let mut parts = Vec::new();
            loop {
                let first = next.fetch_add(at_a_time, Relaxed);
                if first >= count {
                    return parts;
                }
                let mut part = Vec::with_capacity(at_a_time.min(count - first));
                for number in first..count.min(first + at_a_time) {
                    if late.load(Relaxed) > max_late {
                        return parts;
                    }
                    let summary = simulate(number, thread);
                    late.fetch_add(summary.late, Relaxed);
                    part.push(summary);
                }
                parts.push((first, part));
            }
        };
        let useful = count.div_ceil(at_a_time).clamp(1, self.0.len());
        let mut parts = match &mut self.0[..useful] {
            [thread] => run(thread),
            threads => thread::scope(|scope| {
                let run = &run;
                let threads = threads.iter_mut().map(|thread| scope.spawn(move || run(thread)));
                let ended = threads.collect::<Vec<_>>().into_iter().map(|thread| thread.join());
                ended.flat_map(|parts| parts.expect("a simulation does not panic")).collect()
            }),
        };
        if late.into_inner() > max_late {
            return None;
        }
        parts.sort_unstable_by_key(|&(first, _)| first);
        Some(parts.into_iter().flat_map(|(_, part)| part).collect())
    }
}

impl Arrivals {
    /// Bursts that a thread takes at a time.
    fn at_a_time(&self) -> usize {
        (ATTEMPTS_AT_A_TIME / self.connections as usize).max(1)
    }
}
