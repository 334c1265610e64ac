//! Connections that were accepted but not finished.

use std::collections::BTreeSet;

use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, several};
use run_view::TrialView;

/// How many, and how many deliveries were outstanding.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    // Slow readers and a server that died are separate causes.
    let no_other_cause = |trial: &TrialView<'_>| {
        trial.number("load.slow_readers").unwrap_or(0) == 0 && trial.record.server_died.is_none()
    };
    let trials = all.filter_some(|trial| {
        no_other_cause(trial) && trial.attempts_with(Outcome::Incomplete) > 0
    })?;
    let lead = "Some connections were accepted and did not finish in time.";
    let deadlines: BTreeSet<_> =
        trials.iter().filter_map(|trial| trial.duration("load.finish_deadline")).collect();
    let deadlines: Vec<_> = deadlines.into_iter().map(words::duration).collect();
    let deadlines = words::listed(&deadlines).map_or(String::new(), |list| format!(" ({list})"));
    let outstanding = trials.sum(|trial| trial.record.undelivered);
    let outstanding = match outstanding {
        0 => String::new(),
        count => format!("; outstanding deliveries at that time: {}", words::counted(count)),
    };
    let sentences = [
        format!(
            "{}{} ended as incomplete: they were either given up at load.connect_deadline while the \
             server accepted, or not finished at load.finish_deadline{deadlines}{outstanding}.",
            several(trials.sum(|trial| trial.attempts_with(Outcome::Incomplete)), "attempt"),
            trials.place(),
        ),
        "No queue of the kernel delays accepted connections: fewer messages, a longer deadline, or a \
         server that reads and writes faster lets them finish."
            .to_owned(),
    ];
    Some(Paragraph::cause(lead, sentences))
}
