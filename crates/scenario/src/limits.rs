//! How much work a scenario may ask for.
//!
//! A file may come from a stranger, and a number in it may have a digit too many. What it
//! asks for is counted before anything of that size is built, and refused where it was
//! written. [`Limits::LARGE`] needs the user's consent (`--allow-large`); nothing lifts the
//! limits of the other constants.

use std::time::Duration;

use crate::model::CellSettings;
use crate::place::Place;
use crate::problem::Problem;

/// The largest number of cells of a scenario.
pub const MAX_CELLS: usize = 100_000;

/// The largest file, bytes.
pub(crate) const MAX_FILE_BYTES: usize = 1 << 20;

/// The most YAML nodes of a file, and of the record of a run, in which a range on an axis is a
/// list.
pub(crate) const MAX_NODES: usize = 20_000;
pub(crate) const MAX_RECORDED_NODES: usize = 150_000;

/// How deep YAML may nest; a scenario's deepest setting is at 6.
pub(crate) const MAX_DEPTH: usize = 16;

/// The largest number of problems that are collected and printed.
pub(crate) const MAX_PROBLEMS: usize = 50;

/// The longest path of a setting, bytes.
pub(crate) const MAX_PATH_BYTES: usize = 200;

/// The longest text, such as a description, bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 20_000;

/// The most sysctls of a host, and the longest value of one, bytes.
pub(crate) const MAX_SYSCTLS: usize = 100;
pub(crate) const MAX_SYSCTL_BYTES: usize = 200;

/// The most items of a list of a server or a load, in its section or as a value of an axis: each
/// cell has its own copy.
pub(crate) const MAX_ITEMS: usize = 256;

/// The most scenarios of a suite.
pub(crate) const MAX_MEMBERS: usize = 100;

/// The most expectations of a scenario.
pub(crate) const MAX_EXPECTATIONS: usize = 200;

/// The most statements of a headline: sentences of an answer.
pub(crate) const MAX_STATEMENTS: usize = 8;

/// The longest expression: its bytes, and its words and signs. The parser and the
/// evaluation recurse once for each.
pub(crate) const MAX_EXPRESSION_BYTES: usize = 2_000;
pub(crate) const MAX_EXPRESSION_TOKENS: usize = 400;

/// The most brackets of an expression.
pub(crate) const MAX_BRACKETS: usize = 50;

/// The most steps of an evaluation, and of all evaluations when a scenario is checked.
pub(crate) const MAX_STEPS: u64 = 100_000;
pub(crate) const MAX_STEPS_OF_CHECK: u64 = 10_000_000;

/// The largest value in an evaluation, bytes.
pub(crate) const MAX_VALUE_BYTES: u64 = 1 << 20;

/// What a plan may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Cells of the matrix.
    pub(crate) cells: u64,
    /// Trials of the plan.
    pub(crate) trials: u64,
    /// Attempts of all trials.
    pub(crate) attempts: u64,
    /// Clients of a trial.
    pub(crate) clients: u64,
    /// Deliveries of a trial: each message to each client.
    pub(crate) deliveries: u64,
    /// Bytes of a trial's deliveries.
    pub(crate) delivered_bytes: u64,
    /// Bytes of the settings of all cells.
    pub(crate) settings_bytes: u64,
    /// The time that the trials wait on purpose.
    pub(crate) waiting: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Limits {
    /// Without `--allow-large`.
    pub(crate) const NORMAL: Self = Self {
        cells: 10_000,
        trials: 100_000,
        attempts: 100_000_000,
        clients: 100_000,
        deliveries: 100_000_000,
        delivered_bytes: 100 << 30,
        settings_bytes: 64 << 20,
        waiting: DAY,
    };

    /// With `--allow-large`.
    pub(crate) const LARGE: Self = Self {
        cells: MAX_CELLS as u64,
        trials: 1_000_000,
        attempts: 10_000_000_000,
        clients: 1_000_000,
        deliveries: 10_000_000_000,
        delivered_bytes: 10 << 40,
        settings_bytes: 1 << 30,
        waiting: Duration::from_secs(30 * DAY.as_secs()),
    };

    pub(crate) fn new(allow_large: bool) -> Self {
        if allow_large { Self::LARGE } else { Self::NORMAL }
    }

    /// What to do about a number above its limit, which `of` selects.
    pub(crate) fn advice<T: PartialOrd>(
        &self,
        value: T,
        of: impl Fn(&Self) -> T,
        advice: &str,
    ) -> String {
        match value <= of(&Self::LARGE) && *self != Self::LARGE {
            true => format!("{advice}, or allow it with --allow-large"),
            false => advice.to_owned(),
        }
    }

    /// The problem of an axis with so many values, or of a matrix with so many cells.
    pub(crate) fn too_many_cells(&self, what: &str, count: u64, place: Place) -> Problem {
        let advice = self.advice(count, |limits| limits.cells, "use fewer values");
        Problem::new(place, format!("{what}; the most is {}", self.cells)).help(advice)
    }

    /// The reason, and what to do, if a plan has too many trials.
    pub(crate) fn too_many_trials(&self, trials: u64) -> Option<(String, String)> {
        (trials > self.trials).then(|| {
            let advice =
                self.advice(trials, |limits| limits.trials, "use fewer cells or repetitions");
            (format!("{trials} trials; the most is {}", self.trials), advice)
        })
    }

    /// The settings of a trial that ask for too much: the path of each, the reason, and what
    /// to do.
    pub(crate) fn of_trial(
        &self,
        settings: &CellSettings,
    ) -> Option<(&'static str, String, String)> {
        let load = &settings.load;
        let clients = u64::from(load.clients);
        let senders = u64::from(load.senders.unwrap_or(load.clients)).min(clients);
        let messages = u64::from(load.messages);
        let deliveries = senders.saturating_mul(messages).saturating_mul(clients);
        let bytes = deliveries.saturating_mul(load.size.into());
        let waiting = waiting(settings);
        if clients > self.clients {
            let reason = format!("{clients} clients; the most is {}", self.clients);
            let advice = self.advice(clients, |limits| limits.clients, "use fewer");
            return Some(("load.clients", reason, advice));
        }
        if deliveries > self.deliveries {
            let reason = format!(
                "{messages} messages of each of {senders} clients to each of {clients} are \
                 {deliveries} deliveries; the most is {}",
                self.deliveries
            );
            let advice = "use fewer messages, senders or clients";
            let advice = self.advice(deliveries, |limits| limits.deliveries, advice);
            return Some(("load.messages", reason, advice));
        }
        let requests = clients.saturating_mul(load.dialogue.requests().into());
        if requests > self.deliveries {
            let reason = format!(
                "{} requests of each of {clients} clients are {requests}; the most is {}",
                load.dialogue.requests(),
                self.deliveries
            );
            let advice = "use fewer requests or clients";
            let advice = self.advice(requests, |limits| limits.deliveries, advice);
            return Some(("load.dialogue", reason, advice));
        }
        if bytes > self.delivered_bytes {
            let reason = format!(
                "{deliveries} deliveries of {} bytes are {bytes} bytes; the most is {}",
                load.size, self.delivered_bytes
            );
            let advice = "use a smaller size or fewer messages";
            let advice = self.advice(bytes, |limits| limits.delivered_bytes, advice);
            return Some(("load.size", reason, advice));
        }
        (waiting > self.waiting).then(|| {
            let reason = format!(
                "a trial waits for {} on purpose; the most is {}",
                humantime::format_duration(Duration::from_secs(waiting.as_secs())),
                humantime::format_duration(self.waiting),
            );
            let advice = "use shorter times or fewer messages";
            let advice = self.advice(waiting, |limits| limits.waiting, advice);
            ("load", reason, advice)
        })
    }
}

/// The time that a trial waits on purpose, at least.
pub(crate) fn waiting(settings: &CellSettings) -> Duration {
    let load = &settings.load;
    let gaps = load.interval.saturating_mul(load.messages.saturating_sub(1));
    let chat = match load.messages {
        0 => Duration::ZERO,
        _ => load.send_delay.saturating_add(gaps),
    };
    let each = load.linger.saturating_add(chat).saturating_add(load.dialogue.length());
    // In a closed loop, attempts wait for the ends of others.
    each.saturating_mul(load.rounds())
}
