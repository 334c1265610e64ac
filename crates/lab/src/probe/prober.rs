//! One sample after the other.

use std::time::Duration;

use linux_net::{monotonic_ns, process_cpu_ns};
use run_record::Probed;

use super::allowance::Allowance;
use super::sockets::Sockets;
use super::ticks::Ticks;
use super::timeline::{Sample, Timeline};
use super::{Connections, ProbeConfig, ProbeError, ProbeReport, ProbeStatus, summary};

/// How many samples go by from one look at its own CPU time to the next.
const ACCOUNTED_EVERY: u64 = 8;

/// At most so many ticks from one look to the next, on a machine too slow for
/// more.
const MOST_STRIDE: u64 = 8;

/// Samples, and keeps what it saw.
#[derive(Debug)]
pub(super) struct Prober {
    sockets: Sockets,
    ticks: Ticks,
    allowance: Allowance,
    /// 2 while the looks alone cost too much: every other tick is left out.
    stride: u64,
    seen: Probed,
    timeline: Option<Timeline>,
    first_ns: u64,
    /// When connections were counted the last time.
    walked_ns: Option<u64>,
    last_ns: u64,
    connections_at_ns: u64,
    connections: Connections,
}

impl Prober {
    /// Begins with a first sample of everything, in the calling thread's
    /// namespace.
    pub(super) fn begin(config: &ProbeConfig) -> Result<Self, ProbeError> {
        config.check()?;
        let sockets = Sockets::open(config.clone())?;
        let now_ns = monotonic_ns();
        let mut prober = Self {
            sockets,
            ticks: Ticks::starting(now_ns, config.interval),
            allowance: Allowance::beginning(config.cpu_share, now_ns, process_cpu_ns()),
            stride: 1,
            seen: Probed { interval_seconds: config.interval.as_secs_f64(), ..Probed::default() },
            timeline: config.timeline.then(Timeline::new),
            first_ns: now_ns,
            walked_ns: None,
            last_ns: now_ns,
            connections_at_ns: now_ns,
            connections: Connections::default(),
        };
        prober.sample(now_ns, 0, true)?;
        Ok(prober)
    }

    /// How long until [`Prober::tick`] has something to do.
    pub(super) fn wait(&self) -> Duration {
        self.ticks.wait(monotonic_ns(), self.stride)
    }

    /// Takes a sample where a tick has come since the last.
    pub(super) fn tick(&mut self) -> Result<(), ProbeError> {
        let now_ns = monotonic_ns();
        match self.ticks.take(now_ns) {
            None => Ok(()),
            Some(missed) => {
                let walk = self.allowance.allows(now_ns, process_cpu_ns);
                if self.seen.samples.is_multiple_of(ACCOUNTED_EVERY) {
                    let is_overdrawn = self.allowance.is_overdrawn(now_ns, process_cpu_ns());
                    self.stride = match is_overdrawn {
                        true => (self.stride * 2).min(MOST_STRIDE),
                        false => (self.stride / 2).max(1),
                    };
                }
                self.sample(now_ns, missed, walk)
            }
        }
    }

    /// What it saw last.
    pub(super) fn status(&self) -> ProbeStatus {
        ProbeStatus {
            at_ns: self.last_ns,
            listeners: self.sockets.queues().to_vec(),
            connections_at_ns: self.connections_at_ns,
            connections: self.connections,
            samples: self.seen.samples,
            missed: self.seen.missed,
        }
    }

    /// A last sample of everything, whether a tick has come or not; then what it
    /// saw.
    pub(super) fn finish(mut self) -> Result<ProbeReport, ProbeError> {
        let now_ns = monotonic_ns();
        let missed = self.ticks.take(now_ns).unwrap_or(0);
        self.sample(now_ns, missed, true)?;
        self.seen.seconds = (self.last_ns - self.first_ns) as f64 / 1e9;
        self.seen.cpu_seconds = self.allowance.used_ns(process_cpu_ns()) as f64 / 1e9;
        let (timeline, cut_at_ns) = self.timeline.map_or_else(Default::default, Timeline::finish);
        self.seen.timeline_cut_at_ns = cut_at_ns;
        Ok(ProbeReport { report: self.seen, timeline })
    }

    fn sample(&mut self, at_ns: u64, missed: u64, walk: bool) -> Result<(), ProbeError> {
        self.last_ns = at_ns;
        self.seen.samples += 1;
        self.seen.missed += missed;
        summary::add_listeners(&mut self.seen, self.sockets.look()?);
        let connections = if walk { Some(self.walk(at_ns)?) } else { None };
        if let Some(timeline) = &mut self.timeline {
            let listeners = self.sockets.queues().to_vec();
            timeline.add(Sample { at_ns, missed, listeners, connections });
        }
        Ok(())
    }

    fn walk(&mut self, at_ns: u64) -> Result<Connections, ProbeError> {
        let before_ns = process_cpu_ns();
        let connections = self.sockets.walk()?;
        self.allowance.walked(at_ns, process_cpu_ns() - before_ns);
        self.seen.state_samples += 1;
        let walked_before_ns = self.walked_ns.replace(at_ns);
        summary::add_connections(&mut self.seen, walked_before_ns, at_ns, &connections);
        (self.connections_at_ns, self.connections) = (at_ns, connections);
        Ok(connections)
    }
}
