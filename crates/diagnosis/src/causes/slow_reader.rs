//! Clients that stopped reading.

use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{counted, nanoseconds, several};
use run_view::TrialView;

/// A hold of the lock from which somebody has been kept waiting, nanoseconds.
const LONG_HOLD_NS: u64 = 100_000_000;

/// Who suffered from them, by the server's design.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let slow = all.filter_some(|trial| trial.number("load.slow_readers").unwrap_or(0) > 0)?;
    let readers =
        slow.range(|trial| Some(trial.number("load.slow_readers")?.max(0).cast_unsigned()))?;
    let suffered = slow.any(|trial| held_up(trial) > 0 || longest_hold(trial) >= LONG_HOLD_NS);
    let lead = match suffered {
        true => "Clients that did not read held up more than themselves.",
        false => {
            "Clients that did not read held up nobody: the buffers took all that was for them."
        }
    };
    let mut sentences = vec![format!(
        "{} of {} clients never read: when the client's receive buffer and the server's send buffer \
         are full, the server's write(2) to it waits, and with it whoever waits for what the writing \
         thread holds.",
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
    sentences.extend(who_waits(&slow));
    if suffered {
        sentences.push(
            "Larger net.ipv4.tcp_wmem and tcp_rmem only delay it; what ends it is not to hold a lock \
             over a write, and to give each write, or each client's unsent messages, a limit."
                .to_owned(),
        );
    }
    Some(Paragraph::cause(lead, sentences))
}

fn of_design(design: &str, trials: &TrialSet<'_>, without: &TrialSet<'_>) -> String {
    let attempts = trials.sum(TrialView::clients);
    let incomplete = trials.sum(|trial| trial.ended(Outcome::Incomplete));
    let delivered = |trials: &TrialSet<'_>| trials.sum(|trial| trial.record.rates.deliveries);
    let otherwise = match delivered(without) {
        0 => String::new(),
        all => format!(" ({} where everybody read)", counted(all)),
    };
    let longest = trials.iter().map(longest_hold).max().filter(|&ns| ns > 0);
    let lock =
        longest.map(|ns| format!("; the registry's lock was held for up to {}", nanoseconds(ns)));
    let accepted = trials.iter().map(|trial| trial.record.accept_wait.max_ns).max();
    let accepted = accepted
        .filter(|&ns| ns > 0)
        .map(|ns| format!("; from connect(2) to accept(2) it took up to {}", nanoseconds(ns)));
    format!(
        "With design {design}, {} of {} ended incomplete, with {} deliveries{otherwise}{}{}.",
        counted(incomplete),
        several(attempts, "attempt"),
        counted(delivered(trials)),
        lock.unwrap_or_default(),
        accepted.unwrap_or_default(),
    )
}

/// Who waits, where the designs differ in it.
fn who_waits(slow: &TrialSet<'_>) -> Option<String> {
    let long = |trial: &TrialView<'_>| longest_hold(trial) >= LONG_HOLD_NS;
    (slow.any(long) && !slow.all(long)).then(|| {
        "Where the lock is held over the write, everybody waits for it, also who wants to be let in; \
         where it is not, only those wait who write to that client."
            .to_owned()
    })
}

/// Attempts beyond the slow readers themselves that did not end.
fn held_up(trial: &TrialView<'_>) -> u64 {
    let readers = trial.number("load.slow_readers").unwrap_or(0).max(0).cast_unsigned();
    trial.ended(Outcome::Incomplete).saturating_sub(readers)
}

fn longest_hold(trial: &TrialView<'_>) -> u64 {
    trial.record.server.as_ref().map_or(0, |server| server.lock_hold.max_ns)
}
