//! Connections that their clients closed and the process does not.

use watch_record::{Severity, TroubleKind};

use super::evidence::ListenerEvidence;
use super::rule::ListenerRule;
use super::{files, not_accepting, stopped};
use crate::words::{counted, seconds, several};

/// Growth of less than this, or over less time, may be clients that happen to leave together.
const MIN_GROWTH: i64 = 10;
const MIN_SECONDS: f64 = 10.0;

/// By how much they grew in which time, and whose close is missing.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::CloseWaitGrows,
    needs: holds,
    severity: |_| Severity::Notice,
    text: &[
        |evidence| {
            let connections = evidence.connections()?;
            Some(format!(
                "{} of this address {} in CLOSE_WAIT, {} more than {} before, and from no count to \
                 the next were there fewer: their clients have closed, and the process has not.",
                several(evidence.close_wait(), "accepted connection"),
                if evidence.close_wait() == 1 { "is" } else { "are" },
                counted(connections.close_wait_growth.unsigned_abs()),
                seconds(connections.close_wait_growth_seconds)
            ))
        },
        |evidence| evidence.counted_ago(),
    ],
    advice: &[|_| {
        Some(
            "No timer of the kernel ends them: a missing close(2) keeps them and their file \
             descriptors, or a thread that waits for a lock or in write(2)."
                .to_owned(),
        )
    }],
};

/// Whether those that a process could close only grow, and the process is not stuck in what
/// another rule says.
fn holds(evidence: &ListenerEvidence<'_>) -> bool {
    let Some(connections) = evidence.connections() else {
        return false;
    };
    // Without a free descriptor nothing is accepted either, and these have the descriptors.
    let is_stuck = stopped::all_are_stopped(evidence)
        || (not_accepting::holds(evidence) && !files::accept_fails_in_all(evidence));
    connections.close_wait_only_grew
        && connections.close_wait_growth >= MIN_GROWTH
        && evidence.close_wait() >= connections.close_wait_growth.unsigned_abs()
        && connections.close_wait_growth_seconds.is_finite()
        && connections.close_wait_growth_seconds >= MIN_SECONDS
        && !is_stuck
}
