//! Which of the kernel's laws decide a cell.
//!
//! A law is chosen and computed from the settings before the trial starts;
//! afterwards it is set beside what was measured.
//!
//! | module | laws |
//! |---|---|
//! | `accepting` | what listeners hold, and when a deferred connection comes |
//! | `half_open` | the SYN queue, and cookies |
//! | `ladder` | SYNs that nobody answers |
//! | `phantoms` | connections whose final ACK finds no room |
//! | `local_ports` | the client's ports |
//! | `closing` | TIME_WAIT, FIN_WAIT_2, and bind(2) beside them |
//!
//! A new law is a function there, or in a module of its own, and a line in
//! [`predict`].

mod accepting;
mod closing;
mod half_open;
mod ladder;
mod local_ports;
mod phantoms;

use std::collections::BTreeMap;
use std::time::Duration;

use queue_model::syn_queue::{Cookies, Standing, SynQueue, SynQueueFull};
use queue_model::{accept_queue, time_wait, timer};
use run_record::{AcceptQueue, AttemptRow, LawCheck, Outcome, Probed, Restart};
use scenario::{CellSettings, Host};

/// A prediction, and how to find its counterpart in a trial.
#[derive(Debug)]
pub(crate) struct Prediction {
    name: &'static str,
    predicted: f64,
    /// For a time: the latest that is still in time. None for what is exact.
    latest: Option<f64>,
    measured: fn(&Measured<'_>) -> Option<Figure>,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figure {
    value: f64,
    /// Of what was only looked at from time to time: what it may have been at
    /// least, and at most.
    at_least: f64,
    at_most: f64,
}

impl From<f64> for Figure {
    fn from(value: f64) -> Self {
        Self { value, at_least: value, at_most: value }
    }
}

impl Prediction {
    fn count(
        name: &'static str,
        predicted: u64,
        measured: fn(&Measured<'_>) -> Option<Figure>,
    ) -> Self {
        Self { name, predicted: predicted as f64, latest: None, measured }
    }

    fn time(
        name: &'static str,
        predicted: Duration,
        latest: Duration,
        measured: fn(&Measured<'_>) -> Option<Figure>,
    ) -> Self {
        let latest = Some(latest.as_secs_f64());
        Self { name, predicted: predicted.as_secs_f64(), latest, measured }
    }

    /// Whether a measured figure may differ so from the predicted one: a timer
    /// never fires early, and a count is the count.
    fn allows(&self, figure: Figure) -> bool {
        let latest = self.latest.unwrap_or(self.predicted);
        figure.at_most >= self.predicted && figure.at_least <= latest
    }
}

/// What a law is computed from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) cell: &'a CellSettings,
    /// `net.core.somaxconn` in force at the server.
    pub(crate) somaxconn: Option<u32>,
    /// When this kernel takes its SYN queue for full.
    pub(crate) syn_queue_full: SynQueueFull,
    /// `tcp_tw_reuse_delay` in force at the client; none where this kernel has no
    /// such sysctl, and reckons in whole seconds instead.
    pub(crate) tw_reuse_delay: Option<Duration>,
    /// The kernel's ticks a second, where they are known.
    pub(crate) hz: Option<u32>,
}

/// The sysctl that keeps a late RST from ending a TIME_WAIT.
const RFC1337: &str = "net.ipv4.tcp_rfc1337";

/// Whether TIME_WAIT stands for as long as it should. Without that sysctl a late
/// RST ends it (`tcp_timewait_state_process`, net/ipv4/tcp_minisocks.c): on two busy
/// CPUs the peer's delayed ACK can come after its FIN, is answered from TIME_WAIT,
/// and finds no socket any more.
fn waits_are_safe(rfc1337: Option<u32>) -> bool {
    rfc1337.is_some_and(|value| value != 0)
}

/// How long a process may take to notice what a timer has done, on a machine that
/// is kept busy.
const NOTICED_WITHIN: Duration = Duration::from_millis(50);

impl Known<'_> {
    /// How many of the cell's clients a listener holds that never accepts: one
    /// more than the limit; none on a kernel whose empty SYN queue is as long as a
    /// limit of 0.
    fn held(&self) -> Option<u64> {
        let syn_queue = SynQueue {
            limit: accept_queue::listen_limit(self.cell.server.backlog, self.somaxconn?),
            // It is of those that wait in SYN_RECV, and these do not wait.
            max_syn_backlog: u32::MAX,
            cookies: Cookies::from_sysctl(self.at_server("net.ipv4.tcp_syncookies").unwrap_or(1)),
            full: self.syn_queue_full,
            peers_are_proven: false,
        };
        let clients = u64::from(self.cell.load.clients);
        Some(syn_queue.answered(Standing::default(), clients).established)
    }

    /// The latest at which somebody knows that the last of these timers has fired,
    /// each started by the one before: 4 % late, or as late as the timer wheel
    /// makes them where that is more.
    fn latest(&self, timers: &[Duration]) -> Duration {
        let nominal = timers.last().copied().unwrap_or_default();
        let by_wheel = match self.hz {
            Some(hz) => timer::latest(timers, hz),
            None => timer::latest_at_any_hz(timers),
        };
        by_wheel.max(nominal.mul_f64(1.0 + timer::TOLERANCE)) + NOTICED_WITHIN
    }

    /// A sysctl of the server's host, where the scenario states it.
    fn at_server<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        stated(&self.cell.hosts.server, name)
    }

    /// A sysctl of the client's host, where the scenario states it.
    fn at_client<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        stated(&self.cell.hosts.client, name)
    }
}

fn stated<T: std::str::FromStr>(host: &Host, name: &str) -> Option<T> {
    host.sysctls.get(name)?.to_string().parse().ok()
}

/// What laws are held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured<'a> {
    pub(crate) accept_queue: Option<AcceptQueue>,
    pub(crate) probe: Option<&'a Probed>,
    pub(crate) restart: Option<&'a Restart>,
    pub(crate) rows: &'a [AttemptRow],
    /// Counters of the hosts, after less before.
    pub(crate) server: &'a BTreeMap<String, i64>,
    pub(crate) client: &'a BTreeMap<String, i64>,
}

impl Measured<'_> {
    fn at_client(&self, counter: &str) -> Option<Figure> {
        Some((self.client.get(counter).copied().unwrap_or(0) as f64).into())
    }

    fn at_server(&self, counter: &str) -> Option<Figure> {
        Some((self.server.get(counter).copied().unwrap_or(0) as f64).into())
    }

    fn depth(&self) -> Option<Figure> {
        self.accept_queue.map(|queue| f64::from(queue.depth).into())
    }

    /// Attempts with this outcome.
    fn outcome(&self, outcome: Outcome) -> u64 {
        self.rows.iter().filter(|row| row.outcome == outcome).count() as u64
    }

    /// The most sockets of the server's host that the probe saw in a state.
    fn most_in(&self, state: &str) -> Option<Figure> {
        let seen = self.probe?.states.get(state);
        Some(f64::from(seen.map_or(0, |seen| seen.most)).into())
    }

    /// How long the probe saw sockets in a state, seconds; none where it saw
    /// none, did not see their end, or saw them come again.
    fn stood(&self, state: &str) -> Option<Figure> {
        let seen = self.probe?.states.get(state).filter(|seen| seen.left == 0)?;
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e9;
        let at_least = seconds(seen.first_ns, seen.last_ns);
        let at_most = seconds(seen.absent_before_ns?, seen.absent_after_ns?);
        Some(Figure { value: seen.stood_seconds()?, at_least, at_most })
    }
}

/// The laws that decide this cell.
pub(crate) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    [
        accepting::predict,
        half_open::predict,
        ladder::predict,
        phantoms::predict,
        local_ports::predict,
        closing::predict,
    ]
    .iter()
    .flat_map(|predict| predict(known))
    .collect()
}

/// What the laws predict of a cell, by name, from its settings alone: nothing is
/// started. `default_somaxconn` is the kernel's own value, for cells that do not
/// state theirs; the rules are those of kernels since January 2025.
pub fn predictions(cell: &CellSettings, default_somaxconn: u32) -> Vec<(&'static str, f64)> {
    let stated = cell.hosts.server.sysctls.get("net.core.somaxconn");
    let somaxconn = match stated {
        Some(value) => value.to_string().parse().ok(),
        None => Some(default_somaxconn),
    };
    let known = Known {
        cell,
        somaxconn,
        syn_queue_full: SynQueueFull::Above,
        tw_reuse_delay: Some(time_wait::DEFAULT_REUSE_DELAY),
        hz: None,
    };
    predict(&known).iter().map(|law| (law.name, law.predicted)).collect()
}

/// Predicted beside measured. A law whose counterpart could not be measured
/// does not hold, unless the server had died.
pub(crate) fn compare(
    predictions: &[Prediction],
    measured: &Measured<'_>,
    server_died: bool,
) -> Vec<LawCheck> {
    predictions
        .iter()
        .map(|law| {
            let figure = (law.measured)(measured);
            let unmeasured = (!server_died).then_some(false);
            LawCheck {
                name: law.name.to_owned(),
                predicted: law.predicted,
                measured: figure.map(|figure| figure.value),
                deviation: figure.map(|figure| figure.value - law.predicted),
                latest: law.latest,
                held: figure.map_or(unmeasured, |figure| Some(law.allows(figure))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
