//! The progress of a run: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};
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

/// The progress of a run with this many trials, `done` of them before a resume.
pub(crate) fn progress(trials: u64, done: u64) -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar::new(trials, done))
    } else {
        Box::new(Lines { trials, done })
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

struct Bar(ProgressBar);

impl Bar {
    fn new(trials: u64, done: u64) -> Self {
        let bar = ProgressBar::new(trials).with_position(done);
        let style = "{bar:30} {pos}/{len}  {elapsed} elapsed, {eta} left  {wide_msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
        bar.reset_eta();
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
        if let Some(disturbed) = disturbed(record) {
            self.0.println(format!("trial {id}: {}", visible::line(&disturbed)));
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

struct Lines {
    trials: u64,
    done: u64,
}

impl Progress for Lines {
    fn trial_started(&mut self, _: &Cell) {}

    fn trial_finished(&mut self, record: &TrialRecord) {
        self.done += u64::from(record.retry == 0);
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
        for violation in record.violations() {
            print_message(&format!("  {}", failed(&violation)));
        }
        if let Some(disturbed) = disturbed(record) {
            print_message(&format!("  {disturbed}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_sysctl_of_both_hosts_is_named_with_its_host() {
        let axis = |host: &str| format!("hosts.{host}.sysctls.net.ipv4.tcp_syn_retries");
        let point = IndexMap::from([(axis("server"), json!(1)), (axis("client"), json!(2))]);
        let both = "server net.ipv4.tcp_syn_retries 1, client net.ipv4.tcp_syn_retries 2";
        assert_eq!(place(&point), both);
        assert_eq!(place(&IndexMap::new()), "the only cell");
    }
}
