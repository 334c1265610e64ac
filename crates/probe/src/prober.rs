//! Takes samples.

use std::time::Duration;

use linux_net::{monotonic_ns, process_cpu_ns};
use worker::metrics::ProbeSummary;

use crate::accepts::Accepts;
use crate::allowance::Allowance;
use crate::config::ProbeConfig;
use crate::control::{Connections, ProbeReport, ProbeStatus};
use crate::error::ProbeError;
use crate::ledger::ScanTime;
use crate::sockets::{KnownListener, Sockets};
use crate::summary::{self, Scan};
use crate::ticks::Ticks;
use crate::timeline::{Sample, Timeline};

/// Takes samples and summarizes them.
#[derive(Debug)]
pub(crate) struct Prober {
    sockets: Sockets,
    ticks: Ticks,
    allowance: Allowance,
    summary: ProbeSummary,
    timeline: Option<Timeline>,
    first_ns: u64,
    last_ns: u64,
    /// The last scan of the connections.
    scan: Option<Scan>,
    accepts: Option<Accepts>,
}

impl Prober {
    /// Starts with a full sample, in the calling thread's namespace.
    pub(crate) fn begin(config: &ProbeConfig) -> Result<Self, ProbeError> {
        config.check()?;
        let sockets = Sockets::open(config.clone())?;
        let now_ns = monotonic_ns();
        let mut prober = Self {
            sockets,
            ticks: Ticks::new(now_ns, config.interval),
            allowance: Allowance::new(config.cpu_share, now_ns, process_cpu_ns()),
            summary: ProbeSummary {
                interval_seconds: config.interval.as_secs_f64(),
                ..ProbeSummary::default()
            },
            timeline: config.timeline.then(Timeline::new),
            first_ns: now_ns,
            last_ns: now_ns,
            scan: None,
            accepts: config.ledger.then(|| Accepts::open(config.ports().len())).transpose()?,
        };
        prober.sample(0, true)?;
        Ok(prober)
    }

    /// Time until [`Prober::tick`] has something to do.
    pub(crate) fn wait(&self) -> Duration {
        self.ticks.wait(monotonic_ns(), self.allowance.stride())
    }

    /// Takes a sample if a tick is due.
    pub(crate) fn tick(&mut self) -> Result<(), ProbeError> {
        match self.ticks.take(monotonic_ns()) {
            None => Ok(()),
            Some(missed) => self.sample(missed, self.allowance.allows_scan()),
        }
    }

    /// Takes a full sample now and returns it.
    pub(crate) fn status(&mut self) -> Result<ProbeStatus, ProbeError> {
        self.sample_all()?;
        Ok(self.latest())
    }

    /// The last sample.
    pub(crate) fn latest(&self) -> ProbeStatus {
        let (connections_at_ns, connections) = match self.scan {
            None => (0, Connections::default()),
            Some(scan) => (scan.after_ns, scan.connections),
        };
        ProbeStatus {
            at_ns: self.last_ns,
            listeners: self.sockets.queues().iter().map(|queue| queue.queue).collect(),
            deepest: self.summary.deepest,
            connections_at_ns,
            connections,
            samples: self.summary.samples,
            missed: self.summary.missed,
            listener_drops: self.sockets.known().iter().filter_map(KnownListener::drops).sum(),
        }
    }

    /// Takes a last full sample and returns the report.
    pub(crate) fn finish(mut self) -> Result<ProbeReport, ProbeError> {
        self.sample_all()?;
        for (summary, known) in self.summary.listeners.iter_mut().zip(self.sockets.known()) {
            summary.address = Some(known.local.to_string());
            summary.drops = known.drops();
        }
        self.summary.seconds = (self.last_ns - self.first_ns) as f64 / 1e9;
        self.summary.cpu_seconds = self.allowance.used_ns(process_cpu_ns()) as f64 / 1e9;
        let (timeline, cut_at_ns) = self.timeline.map_or_else(Default::default, Timeline::finish);
        self.summary.timeline_cut_at_ns = cut_at_ns;
        let (ledger, accept_pace) = match self.accepts {
            None => (None, None),
            Some(accepts) => {
                let (ledger, pace) = accepts.finish();
                (Some(ledger), pace)
            }
        };
        Ok(ProbeReport { report: self.summary, timeline, ledger, accept_pace })
    }

    fn sample_all(&mut self) -> Result<(), ProbeError> {
        let missed = self.ticks.take(monotonic_ns()).unwrap_or(0);
        self.sample(missed, true)
    }

    /// Samples the listeners last and takes the time after them: no queue is older
    /// than the time stamp of its sample, and no effect precedes its cause.
    fn sample(&mut self, missed: u64, scan: bool) -> Result<(), ProbeError> {
        let connections = if scan { Some(self.scan()?) } else { None };
        let opened = self.accepts.as_ref().map(Accepts::opened).transpose()?.flatten();
        let from_ns = monotonic_ns();
        let queues = self.sockets.sample_listeners()?;
        self.last_ns = monotonic_ns();
        if let Some(accepts) = &mut self.accepts {
            accepts.add_sample((from_ns, self.last_ns), queues, opened)?;
        }
        // Ticks that passed during the sample are before its time stamp: they are
        // missed too, in a last sample that took long as well.
        let missed = missed + self.ticks.skip(self.last_ns);
        self.summary.samples += 1;
        self.summary.missed += missed;
        summary::add_listeners(&mut self.summary, queues);
        if let Some(timeline) = &mut self.timeline {
            let listeners = queues.to_vec();
            timeline.add(Sample { at_ns: self.last_ns, from_ns, missed, listeners, connections });
        }
        if self.sockets.is_one_closed() {
            self.accepts.iter_mut().for_each(Accepts::listener_closed);
        }
        self.allowance.account(self.last_ns, process_cpu_ns());
        Ok(())
    }

    fn scan(&mut self) -> Result<Connections, ProbeError> {
        let cpu_ns = process_cpu_ns();
        let before_ns = monotonic_ns();
        let (connections, listed) = match self.accepts {
            None => (self.sockets.scan()?, Vec::new()),
            Some(_) => self.sockets.scan_with_list()?,
        };
        let scan = Scan { before_ns, after_ns: monotonic_ns(), connections };
        if let Some(accepts) = &mut self.accepts {
            accepts.add_scan(ScanTime { before_ns, after_ns: scan.after_ns }, &listed);
        }
        self.allowance.add_scan(process_cpu_ns() - cpu_ns);
        self.summary.state_samples += 1;
        summary::add_connections(&mut self.summary, self.scan.as_ref(), &scan);
        self.scan = Some(scan);
        Ok(connections)
    }
}
