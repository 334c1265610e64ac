//! How long each design held the server's lock.

use run_record::ServerMetrics;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{nanoseconds, several};
use run_view::TrialView;
use run_view::number::rate;

/// The smallest ratio of two designs' hold times that counts as a difference.
const MIN_RATIO: f64 = 2.0;

/// Compares the designs at the largest load, if the run has several and messages.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    // With slow readers, hold times depend on more than the design.
    if all.any(|trial| trial.number("load.slow_readers").unwrap_or(0) > 0) {
        return None;
    }
    let chatted = all.filter(|trial| {
        trial.record.rates.deliveries > 0
            && server_metrics(trial).is_some_and(|f| f.lock_hold.count > 0)
    });
    let clients = chatted.iter().map(TrialView::clients).max()?;
    let chatted = chatted.filter(|trial| trial.clients() == clients);
    let designs = chatted.group_by(|trial| trial.text("server.design"));
    if designs.len() < 2 {
        return None;
    }
    let hold = |trials: &TrialSet<'_>| {
        trials.spread(|trial| Some(server_metrics(trial)?.lock_hold.p99_ns as f64))
    };
    let holds: Vec<_> = designs.values().filter_map(hold).map(|spread| spread.median).collect();
    let (least, most) =
        holds.iter().fold((f64::MAX, 0.0_f64), |(least, most), &n| (least.min(n), most.max(n)));
    let lead = match most >= MIN_RATIO * least {
        true => "The designs differ in how long they hold the registry's lock.",
        false => "The designs held the registry's lock for similar times.",
    };
    let each: Vec<_> =
        designs.iter().filter_map(|(design, trials)| of_design(design, trials)).collect();
    let medians = match chatted.count() / designs.len() {
        1 => String::new(),
        trials => format!("; medians of {trials} trials each"),
    };
    let sentences = [
        format!(
            "With {}, 99\u{a0}% of its holds and of the waits for it ended within {}{medians}.",
            several(clients, "client"),
            each.join(", ")
        ),
        "The cause is server.design: a thread that broadcasts under the lock makes all others wait \
         for its network writes; one that copies the list of clients and writes without the lock pays \
         for the copy."
            .to_owned(),
    ];
    Some(Paragraph::cause(lead, sentences))
}

fn of_design(design: &str, trials: &TrialSet<'_>) -> Option<String> {
    let median = |of: fn(&ServerMetrics) -> u64| {
        let spread = trials.spread(|trial| Some(of(server_metrics(trial)?) as f64))?;
        Some(nanoseconds(spread.median as u64))
    };
    let delivered = trials.spread(|trial| Some(trial.record.rates.delivered))?;
    Some(format!(
        "{} and {} with {design} ({} deliveries/s)",
        median(|server| server.lock_hold.p99_ns)?,
        median(|server| server.lock_wait.p99_ns)?,
        rate(delivered.median),
    ))
}

fn server_metrics<'a>(trial: &TrialView<'a>) -> Option<&'a ServerMetrics> {
    trial.record.server.as_ref()
}
