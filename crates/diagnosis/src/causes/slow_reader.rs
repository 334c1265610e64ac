//! Clients that stopped reading.

use linux_net::Sysctl;
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{counted, nanoseconds, several, short_name};
use run_view::TrialView;

/// The shortest hold of the lock that delays other threads noticeably, nanoseconds.
const MIN_LONG_HOLD_NS: u64 = 100_000_000;

/// Which clients they delayed, by the server's design.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let slow = all.filter_some(|trial| trial.number("load.slow_readers").unwrap_or(0) > 0)?;
    let readers =
        slow.range(|trial| Some(trial.number("load.slow_readers")?.max(0).cast_unsigned()))?;
    let delays_others =
        slow.any(|trial| delayed(trial) > 0 || longest_hold(trial) >= MIN_LONG_HOLD_NS);
    let lead = match delays_others {
        true => "Clients that did not read delayed other clients.",
        false => {
            "Clients that did not read delayed no other client: the buffers held all their messages."
        }
    };
    let mut sentences = vec![format!(
        "{} of {} clients never read: when the client's receive buffer and the server's send buffer \
         are full, the server's write(2) to it waits, and so does every thread that needs a lock that \
         the writing thread holds.",
        crate::words::sentence(&readers),
        slow.range(|trial| Some(trial.clients()))?,
    )];
    let designs = slow.group_by(|trial| trial.text("server.design"));
    let without = all.filter(|trial| trial.number("load.slow_readers") == Some(0));
    sentences.extend(designs.iter().map(|(design, trials)| {
        of_design(
            design,
            trials,
            &without.filter(|trial| trial.text("server.design") == Some(design)),
        )
    }));
    sentences.extend(difference(&slow));
    if delays_others {
        sentences.push(format!(
            "Larger {} and {} only postpone this; to avoid it, do not hold a lock during a write, and \
             limit the time of each write or the unsent messages of each client.",
            Sysctl::TcpWmem,
            short_name(Sysctl::TcpRmem.name())
        ));
    }
    Some(Paragraph::cause(lead, sentences))
}

fn of_design(design: &str, trials: &TrialSet<'_>, without: &TrialSet<'_>) -> String {
    let attempts = trials.sum(TrialView::clients);
    let incomplete = trials.sum(|trial| trial.attempts_with(Outcome::Incomplete));
    let delivered = |trials: &TrialSet<'_>| trials.sum(|trial| trial.record.rates.deliveries);
    let otherwise = match delivered(without) {
        0 => String::new(),
        all => format!(" ({} where all clients read)", counted(all)),
    };
    let longest = trials.iter().map(longest_hold).max().filter(|&ns| ns > 0);
    let lock =
        longest.map(|ns| format!("; the registry's lock was held for up to {}", nanoseconds(ns)));
    let accepted = trials.iter().map(|trial| trial.record.accept_wait.max_ns).max();
    let accepted = accepted
        .filter(|&ns| ns > 0)
        .map(|ns| format!("; connections waited up to {} for accept(2)", nanoseconds(ns)));
    format!(
        "With design {design}, {} of {} ended incomplete, with {} deliveries{otherwise}{}{}.",
        counted(incomplete),
        several(attempts, "attempt"),
        counted(delivered(trials)),
        lock.unwrap_or_default(),
        accepted.unwrap_or_default(),
    )
}

/// Which threads wait, if the designs differ in it.
fn difference(slow: &TrialSet<'_>) -> Option<String> {
    let long = |trial: &TrialView<'_>| longest_hold(trial) >= MIN_LONG_HOLD_NS;
    (slow.any(long) && !slow.all(long)).then(|| {
        "If the lock is held during the write, all threads wait for it, including the one that accepts; \
         if it is not, only threads that write to that client wait."
            .to_owned()
    })
}

/// Incomplete attempts other than those of the slow readers.
fn delayed(trial: &TrialView<'_>) -> u64 {
    let readers = trial.number("load.slow_readers").unwrap_or(0).max(0).cast_unsigned();
    trial.attempts_with(Outcome::Incomplete).saturating_sub(readers)
}

fn longest_hold(trial: &TrialView<'_>) -> u64 {
    trial.record.server.as_ref().map_or(0, |server| server.lock_hold.max_ns)
}
