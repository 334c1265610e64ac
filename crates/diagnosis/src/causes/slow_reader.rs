//! Clients that stopped reading.

use linux_net::Sysctl;
use run_record::{EndedBy, Outcome};
use run_view::TrialView;

use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{counted, nanoseconds, sentence, several, short_name};

/// The shortest hold of the lock that delays other threads noticeably, nanoseconds.
const MIN_LONG_HOLD_NS: u64 = 100_000_000;

/// Which clients they delayed, by the server's design.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: delays_others,
            claims: &[],
            text: |_, _| Some("Clients that did not read delayed other clients.".into()),
        },
        Statement {
            needs: is_slow,
            claims: &[],
            text: |_, _| {
                Some("Clients that did not read kept no other client from finishing.".into())
            },
        },
    ],
    statements: &[
        Statement { needs: is_slow, claims: &[], text: |slow, _| readers(slow) },
        Statement { needs: is_slow, claims: &[], text: |slow, all| designs(slow, all) },
        Statement { needs: is_slow, claims: &[], text: |slow, _| difference(slow) },
        Statement {
            needs: |trial| is_slow(trial) && holds_long(trial),
            claims: &[],
            text: |_, _| {
                let text = format!(
                    "Larger {} and {} only postpone this; to avoid it, do not hold a lock during a write, and \
                     limit the time of each write or the unsent messages of each client.",
                    Sysctl::TcpWmem,
                    short_name(Sysctl::TcpRmem.name())
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| delays_others(trial) && !holds_long(trial),
            claims: &[],
            text: |others, slow| {
                let text = format!(
                    "Without such a lock, the threads that write to them wait: larger {} and {} postpone \
                     that, and a limit on the time of each write, or on the unsent messages of each \
                     client, avoids it.",
                    Sysctl::TcpWmem,
                    short_name(Sysctl::TcpRmem.name())
                );
                (others.count() > 0 && !slow.any(|trial| is_slow(trial) && holds_long(trial)))
                    .then(|| text.into())
            },
        },
    ],
};

/// Whether some clients never read.
pub(super) fn is_slow(trial: &TrialView<'_>) -> bool {
    trial.number("load.slow_readers").unwrap_or(0) > 0
}

fn delays_others(trial: &TrialView<'_>) -> bool {
    is_slow(trial) && (delayed(trial) > 0 || holds_long(trial))
}

fn holds_long(trial: &TrialView<'_>) -> bool {
    longest_hold(trial) >= MIN_LONG_HOLD_NS
}

fn readers(slow: &TrialSet<'_>) -> Option<Sentence> {
    let readers =
        slow.range(|trial| Some(trial.number("load.slow_readers")?.max(0).cast_unsigned()))?;
    // How another server writes is not known.
    let waits = match slow.all(TrialView::is_chat) {
        true => {
            ", the server's write(2) to it waits, and so does every thread that needs a lock that the \
             writing thread holds"
        }
        false => ", a write(2) of the server to it waits, or fails with EAGAIN",
    };
    let text = format!(
        "{} of {} clients never read: when the client's receive buffer and the server's send buffer \
         are full{waits}.",
        sentence(&readers),
        slow.range(|trial| Some(trial.clients()))?,
    );
    Some(text.into())
}

/// A clause for each design.
fn designs(slow: &TrialSet<'_>, all: &TrialSet<'_>) -> Option<Sentence> {
    let designs = slow.group_by(|trial| trial.text("server.design"));
    let without = all.filter(|trial| trial.number("load.slow_readers") == Some(0));
    let each: Vec<_> = designs
        .iter()
        .map(|(design, trials)| {
            let others = without.filter(|trial| trial.text("server.design") == Some(design));
            of_design(design, trials, &others)
        })
        .collect();
    (!each.is_empty()).then(|| each.join(" ").into())
}

fn of_design(design: &str, trials: &TrialSet<'_>, without: &TrialSet<'_>) -> String {
    let attempts = trials.sum(TrialView::clients);
    let incomplete = trials.attempts_with(Outcome::Incomplete);
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
fn difference(slow: &TrialSet<'_>) -> Option<Sentence> {
    (slow.any(holds_long) && !slow.all(holds_long)).then(|| {
        "If the lock is held during the write, all threads wait for it, including the one that accepts; \
         if it is not, only threads that write to that client wait."
            .into()
    })
}

/// Incomplete attempts that waited for the server, other than those of the slow readers.
fn delayed(trial: &TrialView<'_>) -> u64 {
    if !trial.record.incomplete_by.is_empty() {
        return trial.incomplete_by(EndedBy::FinishDeadline);
    }
    let readers = trial.number("load.slow_readers").unwrap_or(0).max(0).cast_unsigned();
    trial.attempts_with(Outcome::Incomplete).saturating_sub(readers)
}

fn longest_hold(trial: &TrialView<'_>) -> u64 {
    trial.record.server.as_ref().map_or(0, |server| server.lock_hold.max_ns)
}
