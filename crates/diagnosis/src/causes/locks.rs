//! How long each design held the server's lock.

use run_record::ServerMetrics;
use run_view::TrialView;
use run_view::number::rate;

use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{nanoseconds, several};

/// The smallest ratio of two designs' hold times that counts as a difference.
const MIN_RATIO: f64 = 2.0;

/// Compares the designs at the largest load, if the run has several and messages.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: is_comparable,
        claims: &[],
        text: |chatted, all| {
            let lead = match differ(&compared(chatted, all)?) {
                true => "The designs differ in how long they hold the registry's lock.",
                false => "The designs held the registry's lock for similar times.",
            };
            Some(lead.into())
        },
    }],
    statements: &[
        Statement {
            needs: is_comparable,
            claims: &[],
            text: |chatted, all| compare(&compared(chatted, all)?),
        },
        Statement {
            needs: is_comparable,
            claims: &[],
            text: |chatted, all| {
                let differ = differ(&compared(chatted, all)?);
                differ.then(|| {
                    "The cause is server.design: a thread that broadcasts under the lock makes all others wait \
                     for its network writes; one that copies the list of clients and writes without the lock pays \
                     for the copy."
                        .into()
                })
            },
        },
    ],
};

fn is_comparable(trial: &TrialView<'_>) -> bool {
    trial.record.rates.deliveries > 0
        && server_metrics(trial).is_some_and(|server| server.lock_hold.count > 0)
        && trial.text("server.design").is_some()
}

/// The trials with the most clients; `None` with fewer than two designs, or with slow
/// readers, where hold times depend on more than the design.
fn compared<'a>(chatted: &TrialSet<'a>, all: &TrialSet<'a>) -> Option<TrialSet<'a>> {
    if all.any(|trial| trial.number("load.slow_readers").unwrap_or(0) > 0) {
        return None;
    }
    let clients = chatted.iter().map(TrialView::clients).max()?;
    let chatted = chatted.filter(|trial| trial.clients() == clients);
    (chatted.group_by(|trial| trial.text("server.design")).len() > 1).then_some(chatted)
}

/// Whether the designs' hold times differ.
fn differ(chatted: &TrialSet<'_>) -> bool {
    let designs = chatted.group_by(|trial| trial.text("server.design"));
    let hold = |trials: &TrialSet<'_>| {
        trials.spread(|trial| Some(server_metrics(trial)?.lock_hold.p99_ns as f64))
    };
    let holds: Vec<_> = designs.values().filter_map(hold).map(|spread| spread.median).collect();
    let (least, most) =
        holds.iter().fold((f64::MAX, 0.0_f64), |(least, most), &n| (least.min(n), most.max(n)));
    most > 0.0 && most >= MIN_RATIO * least
}

fn compare(chatted: &TrialSet<'_>) -> Option<Sentence> {
    let designs = chatted.group_by(|trial| trial.text("server.design"));
    let each: Vec<_> =
        designs.iter().filter_map(|(design, trials)| of_design(design, trials)).collect();
    let medians = match chatted.count() / designs.len() {
        1 => String::new(),
        trials => format!("; medians of {trials} trials each"),
    };
    let clients = chatted.first()?.clients();
    let text = format!(
        "With {}, 99\u{a0}% of its holds and of the waits for it ended within {}{medians}.",
        several(clients, "client"),
        each.join(", ")
    );
    Some(text.into())
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
    trial.record.server.as_deref()
}
