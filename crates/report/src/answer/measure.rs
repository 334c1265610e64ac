//! What a statement is about, measured in trials.

use run_record::Outcome;
use run_view::Run;
use run_view::number::{Spread, count, decimal, percent, rate};
use run_view::{Executions, Expectation, Law, Trial};
use scenario::{HeadlineMetric, Statement};

/// Which values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    Higher,
    Lower,
}

/// A metric of a trial.
#[derive(Debug)]
pub(super) struct TrialMetric {
    /// Its name in a sentence without words of its own.
    title: &'static str,
    /// Its value; `None` if the trial does not have it.
    value: fn(&Trial) -> Option<f64>,
    format: fn(f64) -> String,
    /// Which values are better; `None` if that depends on the question.
    better: Option<Better>,
    /// Whether the machine's noise changes it, so that only repeated trials show a difference.
    is_noisy: bool,
}

/// What a statement is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measure<'a> {
    Metric(&'static TrialMetric),
    /// A law by its id, and whether it is about a time.
    Law(&'a str, bool),
    /// An expectation by its expression.
    Expectation(&'a str),
}

impl<'a> Measure<'a> {
    /// What a statement is about; `None` if it names nothing, or the outcomes, which are not a
    /// number.
    pub(super) fn of(statement: &'a Statement, run: &Run) -> Option<Self> {
        let metric = statement.metric.and_then(trial_metric).map(Self::Metric);
        let law = || {
            let id = statement.law.as_deref()?;
            let is_timed = |trial| law(trial, id).is_some_and(|check| check.latest.is_some());
            Some(Self::Law(id, run.trials.iter().any(is_timed)))
        };
        metric.or_else(law).or_else(|| statement.expectation.as_deref().map(Self::Expectation))
    }

    /// The metric that a placeholder names; `None` if it names none.
    pub(super) fn named(name: &str) -> Option<Self> {
        trial_metric(HeadlineMetric::named(name)?).map(Self::Metric)
    }

    /// Whether these trials measure it: a law that is not about their cells is in none of them.
    pub(super) fn is_in<'t>(self, trials: impl IntoIterator<Item = &'t Trial>) -> bool {
        match self {
            Self::Law(id, _) => trials.into_iter().any(|trial| law(trial, id).is_some()),
            Self::Metric(_) | Self::Expectation(_) => true,
        }
    }

    /// The number that a planned trial measured. The value of a metric is that of the first
    /// undisturbed execution; a law's is that of the last execution that decided it.
    pub(super) fn value(self, trial: &Executions<'_>) -> Option<f64> {
        match self {
            Self::Metric(metric) => (metric.value)(trial.measured()?),
            Self::Law(id, _) => {
                let decided =
                    |trial: &&Trial| law(trial, id).filter(|law| law.held.is_some())?.measured;
                trial.all().iter().rev().find_map(decided)
            }
            Self::Expectation(_) => None,
        }
    }

    /// What a law predicted for a trial; `None` for anything else.
    pub(super) fn predicted(self, trial: &Executions<'_>) -> Option<f64> {
        let Self::Law(id, _) = self else { return None };
        trial.all().iter().rev().find_map(|trial| Some(law(trial, id)?.predicted))
    }

    /// Whether a planned trial decided that it holds: it did in the last execution that
    /// decided it. `None` for a metric, and if no execution decided it.
    pub(super) fn held(self, trial: &Executions<'_>) -> Option<bool> {
        let held = |trial: &&Trial| match self {
            Self::Metric(_) => None,
            Self::Law(id, _) => law(trial, id)?.held,
            Self::Expectation(expression) => expectation(trial, expression)?.held,
        };
        trial.all().iter().rev().find_map(held)
    }

    /// The number as text.
    pub(super) fn format(self, number: f64) -> String {
        match self {
            Self::Metric(metric) => (metric.format)(number),
            Self::Law(_, true) => seconds(number),
            Self::Law(_, false) | Self::Expectation(_) => decimal(number),
        }
    }

    /// Its name in a sentence without words of its own.
    pub(super) fn title(self, run: &Run) -> String {
        match self {
            Self::Metric(metric) => metric.title.to_owned(),
            Self::Law(id, _) => {
                let title = run.trials.iter().find_map(|trial| Some(law(trial, id)?.title.clone()));
                format!("the kernel's law “{}”, measured", title.as_deref().unwrap_or(id))
            }
            Self::Expectation(expression) => format!("`{expression}`"),
        }
    }

    pub(super) fn is_noisy(self) -> bool {
        matches!(self, Self::Metric(metric) if metric.is_noisy)
    }

    pub(super) fn better(self) -> Option<Better> {
        if let Self::Metric(metric) = self { metric.better } else { None }
    }
}

/// The smallest and the largest of some numbers as text, or one of them if the texts are equal.
pub(super) fn span(measure: Measure<'_>, spread: Spread) -> String {
    match (measure.format(spread.min), measure.format(spread.max)) {
        (min, max) if min == max => min,
        (min, max) => format!("{min} to {max}"),
    }
}

/// The check of a law in a trial.
pub(super) fn law<'a>(trial: &'a Trial, id: &str) -> Option<&'a Law> {
    trial.laws.iter().find(|law| *law.id == *id)
}

/// The result of an expectation in a trial. Several expectations can have the same expression,
/// for different cells.
fn expectation<'a>(trial: &'a Trial, expression: &str) -> Option<&'a Expectation> {
    let mut checks = trial.expectations.iter().filter(|check| *check.name == *expression);
    let first = checks.next()?;
    if first.held.is_some() { Some(first) } else { checks.find(|check| check.held.is_some()) }
}

macro_rules! metrics {
    ($($name:ident: $title:literal, $value:expr, $format:expr, $better:expr, $is_noisy:expr;)+) => {
        /// The metric of that name; `None` for the outcomes, which are not a number.
        fn trial_metric(metric: HeadlineMetric) -> Option<&'static TrialMetric> {
            match metric {
                HeadlineMetric::Outcomes => None,
                $(HeadlineMetric::$name => Some(&TrialMetric {
                    title: $title,
                    value: $value,
                    format: $format,
                    better: $better,
                    is_noisy: $is_noisy,
                }),)+
            }
        }
    };
}

use Better::{Higher, Lower};

metrics! {
    Success: "success", |trial| Some(trial.success_rate()), share, Some(Higher), true;
    FirstTry: "success at the first try", |trial| Some(trial.first_try_rate()), share,
        Some(Higher), true;
    Succeeded: "successful attempts", |trial| attempts(trial, Outcome::Ok), whole,
        Some(Higher), false;
    TimedOut: "attempts that timed out", |trial| attempts(trial, Outcome::TimedOut), whole, None,
        false;
    Resets: "attempts that were reset", |trial| attempts(trial, Outcome::Reset), whole, None, false;
    Phantoms: "phantom connections", |trial| attempts(trial, Outcome::Phantom), whole, None, false;
    ServerDown: "attempts that lost the server", |trial| attempts(trial, Outcome::ServerDown),
        whole, None, false;
    Queued: "connections in the accept queue when every attempt was decided", queued, whole, None,
        false;
    SynRetransmissions: "SYN retransmissions of an attempt", most_retransmissions, whole, None,
        false;
    LongestConnect: "longest connect", longest_connect, time, Some(Lower), true;
    Offered: "messages written per second", |trial| Some(trial.rates.offered), rate, Some(Higher),
        true;
    Ingested: "messages read by the server per second", |trial| trial.rates.ingested, rate,
        Some(Higher), true;
    Delivered: "messages delivered per second", |trial| Some(trial.rates.delivered), rate,
        Some(Higher), true;
    DeliveryLatency: "99th percentile of the delivery time", delivery_latency, time, Some(Lower),
        true;
    Responses: "answers per second", responses, rate, Some(Higher), true;
    ResponseLatency: "99th percentile of the response time", response_latency, time, Some(Lower),
        true;
    BytesHeld: "bytes written before the server accepted",
        |trial| trial.held_bytes.map(|bytes| bytes as f64), size, None, false;
    AcceptWait: "median time from connect(2) to accept(2)", accept_wait, time, Some(Lower), true;
    LongestWait: "longest time from connect(2) to accept(2)", longest_wait, time, Some(Lower), true;
    ListensAgain: "time until the restarted server listened", listens_again, time, Some(Lower),
        false;
    ServerCpu: "CPU time of the server", server_cpu, time, None, true;
    DeliveryCpu: "CPU time of the server a delivery", delivery_cpu, time, Some(Lower), true;
    MessageHold: "mean time for which the lock was held for a message", message_hold, time,
        Some(Lower), true;
    ServerMemory: "largest resident memory of the server", server_memory, size, Some(Lower), true;
    Dropped: "messages that the server dropped", dropped, whole, None, false;
    Closed: "clients that the server closed", closed, whole, None, false;
}

fn attempts(trial: &Trial, outcome: Outcome) -> Option<f64> {
    Some(trial.outcomes.get(outcome) as f64)
}

fn queued(trial: &Trial) -> Option<f64> {
    if trial.destinations.is_empty() {
        return Some(trial.evidence.accept_queue?.depth.into());
    }
    // All of them together.
    let depths = trial.destinations.iter().map(|at| Some(f64::from(at.accept_queue?.depth)));
    depths.sum()
}

fn most_retransmissions(trial: &Trial) -> Option<f64> {
    let most = trial.syn_retransmits.iter().rev().find(|(_, attempts)| **attempts > 0);
    most.map(|(times, _)| f64::from(*times))
}

fn longest_connect(trial: &Trial) -> Option<f64> {
    let latency = &trial.connect_latency;
    (latency.count > 0).then_some(latency.max_ns as f64 / 1e9)
}

fn delivery_latency(trial: &Trial) -> Option<f64> {
    let latency = &trial.delivery_latency;
    (latency.count > 0).then_some(latency.p99_ns as f64 / 1e9)
}

fn responses(trial: &Trial) -> Option<f64> {
    (trial.response_latency.count > 0).then_some(trial.rates.responses)
}

fn response_latency(trial: &Trial) -> Option<f64> {
    let latency = &trial.response_latency;
    (latency.count > 0).then_some(latency.p99_ns as f64 / 1e9)
}

fn accept_wait(trial: &Trial) -> Option<f64> {
    (trial.accept_wait.count > 0).then_some(trial.accept_wait.p50_ns as f64 / 1e9)
}

fn longest_wait(trial: &Trial) -> Option<f64> {
    (trial.accept_wait.count > 0).then_some(trial.accept_wait.max_ns as f64 / 1e9)
}

fn listens_again(trial: &Trial) -> Option<f64> {
    trial.restart.as_ref()?.seconds
}

fn server_cpu(trial: &Trial) -> Option<f64> {
    trial.program.as_ref()?.cpu_seconds
}

fn delivery_cpu(trial: &Trial) -> Option<f64> {
    trial.server.as_ref()?.delivery_cost?.seconds_each()
}

fn message_hold(trial: &Trial) -> Option<f64> {
    let hold = &trial.server.as_ref()?.message_hold;
    (hold.count > 0).then_some(hold.mean_ns / 1e9)
}

fn server_memory(trial: &Trial) -> Option<f64> {
    Some(trial.server.as_ref()?.most_memory_bytes? as f64)
}

fn dropped(trial: &Trial) -> Option<f64> {
    Some(trial.server.as_ref()?.dropped as f64)
}

fn closed(trial: &Trial) -> Option<f64> {
    Some(trial.server.as_ref()?.closed.values().sum::<u64>() as f64)
}

fn share(share: f64) -> String {
    format!("{} %", percent(share))
}

/// A count; one that is the middle of two has a decimal.
fn whole(number: f64) -> String {
    if number.fract() == 0.0 { count(number as i64) } else { decimal(number) }
}

/// A size with three digits: `16 KiB`, `29.5 KiB`, `1.64 MiB`.
pub(super) fn size(bytes: f64) -> String {
    let (scaled, unit) = match bytes {
        b if b >= 1_048_576.0 * 0.9995 => (b / 1_048_576.0, "MiB"),
        b if b >= 1024.0 => (b / 1024.0, "KiB"),
        b => (b, "bytes"),
    };
    let text = match scaled {
        n if n >= 99.95 || n.fract() == 0.0 => format!("{n:.0}"),
        n if n >= 9.995 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    };
    format!("{text} {unit}")
}

/// A time of a kernel timer.
fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

/// A measured time with two or three digits: `840 ns`, `4.1 ms`, `2.75 s`, `60.0 s`.
pub(super) fn time(seconds: f64) -> String {
    let (scaled, unit) = match seconds {
        s if s >= 0.9995 => (s, "s"),
        s if s >= 0.999_5e-3 => (s * 1e3, "ms"),
        s if s >= 0.999_5e-6 => (s * 1e6, "µs"),
        s => (s * 1e9, "ns"),
    };
    match scaled {
        n if unit == "s" && n < 9.995 => format!("{n:.2} {unit}"),
        n if unit == "s" || (n < 9.95 && unit != "ns") => format!("{n:.1} {unit}"),
        n => format!("{n:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_three_digits_and_whole_sizes_none_after_the_point() {
        for (bytes, text) in [
            (512.0, "512 bytes"),
            (16_384.0, "16 KiB"),
            (30_248.0, "29.5 KiB"),
            (198_792.0, "194 KiB"),
            (1_048_576.0, "1 MiB"),
            (1_722_864.0, "1.64 MiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_time_has_two_or_three_digits() {
        for (seconds, text) in [
            (0.0, "0 ns"),
            (840e-9, "840 ns"),
            (4.12e-3, "4.1 ms"),
            (84.2e-3, "84 ms"),
            (0.9999, "1.00 s"),
            (2.7512, "2.75 s"),
            (60.04, "60.0 s"),
        ] {
            assert_eq!(time(seconds), text);
        }
    }
}
