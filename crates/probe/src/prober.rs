//! One sample after the other.

use std::time::Duration;

use linux_net::{monotonic_ns, process_cpu_ns};
use worker::metrics::ProbeSummary;

use crate::allowance::Allowance;
use crate::config::ProbeConfig;
use crate::control::{Connections, ProbeReport, ProbeStatus};
use crate::error::ProbeError;
use crate::sockets::Sockets;
use crate::summary::{self, Walk};
use crate::ticks::Ticks;
use crate::timeline::{Sample, Timeline};

/// Samples, and keeps what it saw.
#[derive(Debug)]
pub(crate) struct Prober {
    sockets: Sockets,
    ticks: Ticks,
    allowance: Allowance,
    seen: ProbeSummary,
    timeline: Option<Timeline>,
    first_ns: u64,
    last_ns: u64,
    /// How connections were counted the last time.
    walk: Option<Walk>,
}

impl Prober {
    /// Begins with a first sample of everything, in the calling thread's
    /// namespace.
    pub(crate) fn begin(config: &ProbeConfig) -> Result<Self, ProbeError> {
        config.check()?;
        let sockets = Sockets::open(config.clone())?;
        let now_ns = monotonic_ns();
        let mut prober = Self {
            sockets,
            ticks: Ticks::starting(now_ns, config.interval),
            allowance: Allowance::beginning(config.cpu_share, now_ns, process_cpu_ns()),
            seen: ProbeSummary {
                interval_seconds: config.interval.as_secs_f64(),
                ..ProbeSummary::default()
            },
            timeline: config.timeline.then(Timeline::new),
            first_ns: now_ns,
            last_ns: now_ns,
            walk: None,
        };
        prober.sample(0, true)?;
        Ok(prober)
    }

    /// How long until [`Prober::tick`] has something to do.
    pub(crate) fn wait(&self) -> Duration {
        self.ticks.wait(monotonic_ns(), self.allowance.stride())
    }

    /// Takes a sample where a tick has come since the last.
    pub(crate) fn tick(&mut self) -> Result<(), ProbeError> {
        match self.ticks.take(monotonic_ns()) {
            None => Ok(()),
            Some(missed) => self.sample(missed, self.allowance.allows_walk()),
        }
    }

    /// What there is now: a sample of everything, whether a tick has come or not.
    pub(crate) fn status(&mut self) -> Result<ProbeStatus, ProbeError> {
        self.sample_all()?;
        Ok(self.latest())
    }

    /// What the last sample saw.
    pub(crate) fn latest(&self) -> ProbeStatus {
        let (connections_at_ns, connections) = match self.walk {
            None => (0, Connections::default()),
            Some(walk) => (walk.after_ns, walk.connections),
        };
        ProbeStatus {
            at_ns: self.last_ns,
            listeners: self.sockets.queues().iter().map(|queue| queue.queue).collect(),
            deepest: self.seen.deepest,
            connections_at_ns,
            connections,
            samples: self.seen.samples,
            missed: self.seen.missed,
        }
    }

    /// A last sample of everything, whether a tick has come or not; then what it
    /// saw.
    pub(crate) fn finish(mut self) -> Result<ProbeReport, ProbeError> {
        self.sample_all()?;
        self.seen.seconds = (self.last_ns - self.first_ns) as f64 / 1e9;
        self.seen.cpu_seconds = self.allowance.used_ns(process_cpu_ns()) as f64 / 1e9;
        let (timeline, cut_at_ns) = self.timeline.map_or_else(Default::default, Timeline::finish);
        self.seen.timeline_cut_at_ns = cut_at_ns;
        Ok(ProbeReport { report: self.seen, timeline })
    }

    fn sample_all(&mut self) -> Result<(), ProbeError> {
        let missed = self.ticks.take(monotonic_ns()).unwrap_or(0);
        self.sample(missed, true)
    }

    /// The listeners come last, and the time after them: no queue is older than
    /// its sample says, and nothing is shown before what made it.
    fn sample(&mut self, missed: u64, walk: bool) -> Result<(), ProbeError> {
        let connections = if walk { Some(self.walk()?) } else { None };
        let queues = self.sockets.look()?;
        self.last_ns = monotonic_ns();
        self.seen.samples += 1;
        self.seen.missed += missed;
        summary::add_listeners(&mut self.seen, queues);
        if let Some(timeline) = &mut self.timeline {
            let listeners = queues.to_vec();
            timeline.add(Sample { at_ns: self.last_ns, missed, listeners, connections });
        }
        self.allowance.account(self.last_ns, process_cpu_ns());
        Ok(())
    }

    fn walk(&mut self) -> Result<Connections, ProbeError> {
        let cpu_ns = process_cpu_ns();
        let before_ns = monotonic_ns();
        let connections = self.sockets.walk()?;
        let walk = Walk { before_ns, after_ns: monotonic_ns(), connections };
        self.allowance.walked(process_cpu_ns() - cpu_ns);
        self.seen.state_samples += 1;
        summary::add_connections(&mut self.seen, self.walk.as_ref(), &walk);
        self.walk = Some(walk);
        Ok(connections)
    }
}
