//! The progress of a run: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use run_record::{AxisNames, Outcome, TrialRecord, Violation};
use scenario::Cell;
use serde_json::Value;

use crate::output::print_message;

/// Shows the progress of a run.
pub(crate) trait Progress {
    /// A trial of this cell starts.
    fn trial_started(&mut self, cell: &Cell);
    /// A trial has ended.
    fn trial_finished(&mut self, record: &TrialRecord);
}

/// How much of the progress is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProgressDetail {
    /// Only failed checks.
    Nothing,
    /// A bar on a terminal, a line now and then elsewhere.
    Usual,
    /// Also a line for each trial.
    Trials,
}

/// The progress of a run with this many trials, `done` of them before a resume.
pub(crate) fn progress(trials: u64, done: u64, detail: ProgressDetail) -> Box<dyn Progress> {
    match detail {
        ProgressDetail::Usual if std::io::stderr().is_terminal() => {
            Box::new(Bar::new(trials, done))
        }
        _ => Box::new(Lines::new(trials, done, detail)),
    }
}

/// A cell's place on the axes, as the reports write it: `design snapshot, backlog
/// 10`.
pub(crate) fn place(point: &IndexMap<String, Value>) -> String {
    let place = AxisNames::new(point.keys().map(String::as_str)).place(point);
    visible::line(&place).into_owned()
}

/// A violation in one line.
fn failed(Violation { kind, name, detail }: &Violation) -> String {
    visible::line(&format!("{kind} `{name}` failed: {detail}")).into_owned()
}

/// What disturbed a trial; `None` if nothing did.
fn disturbed(record: &TrialRecord) -> Option<String> {
    let disturbance = record.disturbance.as_ref().filter(|it| it.is_disturbed())?;
    Some(format!("disturbed: {}", disturbance.describe()))
}

/// The bar's template: what it is doing comes last and is cut at the end of the line.
const TEMPLATE: &str = "{bar:16} {pos}/{len}, {elapsed} elapsed, {left}  {wide_msg}";

struct Bar(ProgressBar);

impl Bar {
    fn new(trials: u64, done: u64) -> Self {
        let bar = ProgressBar::new(trials).with_position(done);
        let left = move |state: &ProgressState, line: &mut dyn std::fmt::Write| {
            let finished = state.pos().saturating_sub(done);
            let _ = line.write_str(&estimate(
                finished,
                state.len().unwrap_or(0) - state.pos(),
                state.elapsed(),
            ));
        };
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is constant");
        bar.set_style(style.with_key("left", left));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

impl Progress for Bar {
    fn trial_started(&mut self, cell: &Cell) {
        self.0.set_message(place(&cell.point));
    }

    fn trial_finished(&mut self, record: &TrialRecord) {
        let id = record.execution_id();
        for violation in record.violations() {
            self.0.println(format!("trial {id}: {}", failed(&violation)));
        }
        if record.retry == 0 {
            self.0.inc(1);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The time that is left, from the time of the trials that have ended.
fn estimate(finished: u64, left: u64, elapsed: Duration) -> String {
    if finished == 0 {
        return "estimating".to_owned();
    }
    let seconds = (elapsed.as_secs_f64() / finished as f64 * left as f64).ceil();
    format!("about {} left", HumanDuration(Duration::from_secs_f64(seconds)))
}

/// The time between two lines about the progress.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

struct Lines {
    trials: u64,
    done: u64,
    finished: u64,
    detail: ProgressDetail,
    started: Instant,
    printed: Option<Instant>,
}

impl Lines {
    fn new(trials: u64, done: u64, detail: ProgressDetail) -> Self {
        Self { trials, done, finished: 0, detail, started: Instant::now(), printed: None }
    }

    /// Prints how far the run is, at most once in a while.
    fn print_progress(&mut self) {
        let is_due = self.printed.is_none_or(|printed| printed.elapsed() >= BETWEEN_LINES);
        if !is_due || self.done == self.trials {
            return;
        }
        self.printed = Some(Instant::now());
        let elapsed = self.started.elapsed();
        let left = estimate(self.finished, self.trials.saturating_sub(self.done), elapsed);
        print_message(&format!(
            "{}/{} trials, {:.0} s elapsed, {left}",
            self.done,
            self.trials,
            elapsed.as_secs_f64()
        ));
    }

    fn print_trial(&self, record: &TrialRecord) {
        let which = match record.retry {
            0 => format!("{}/{}", self.done, self.trials),
            _ => format!("retry, trial {},", record.execution_id()),
        };
        print_message(&format!(
            "{which} {}: {} of {} ok, {:.1} s",
            place(&record.point),
            record.outcomes.get(Outcome::Ok),
            record.attempts,
            record.duration_seconds,
        ));
        if let Some(disturbed) = disturbed(record) {
            print_message(&format!("  {disturbed}"));
        }
    }
}

impl Progress for Lines {
    fn trial_started(&mut self, _: &Cell) {
        if self.detail == ProgressDetail::Usual {
            self.print_progress();
        }
    }

    fn trial_finished(&mut self, record: &TrialRecord) {
        let is_new = u64::from(record.retry == 0);
        self.done += is_new;
        self.finished += is_new;
        if self.detail == ProgressDetail::Trials {
            self.print_trial(record);
        }
        for violation in record.violations() {
            let id = record.execution_id();
            print_message(&format!("trial {id}: {}", failed(&violation)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_estimated_before_a_trial_has_ended() {
        assert_eq!(estimate(0, 24, Duration::from_secs(3)), "estimating");
        assert_eq!(estimate(2, 4, Duration::from_secs(10)), "about 20 seconds left");
        assert_eq!(estimate(1, 100, Duration::from_secs(60)), "about 2 hours left");
    }

    #[test]
    fn the_same_sysctl_of_both_hosts_is_named_with_its_host() {
        let axis = |host: &str| format!("hosts.{host}.sysctls.net.ipv4.tcp_syn_retries");
        let point = IndexMap::from([(axis("server"), json!(1)), (axis("client"), json!(2))]);
        let both = "server net.ipv4.tcp_syn_retries 1, client net.ipv4.tcp_syn_retries 2";
        assert_eq!(place(&point), both);
        assert_eq!(place(&IndexMap::new()), "the only cell");
    }
}
