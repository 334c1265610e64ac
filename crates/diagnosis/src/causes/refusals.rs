//! Connects that were refused.

use linux_net::Counter;
use run_record::Outcome;
use run_view::TrialView;

use crate::claim::Claim;
use crate::statement::{Cause, Statement};

const SENT: Counter = Counter::OutRsts;
const REFUSED: Claim = Claim::Ended(Outcome::Refused);

/// That no process listened, or that something answered in the server's place.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: refused,
        claims: &[REFUSED],
        text: |_, _| Some("Some connects were refused, which no full queue does.".into()),
    }],
    statements: &[
        Statement {
            needs: |trial| refused(trial) && trial.server(SENT) >= attempts(trial),
            claims: &[REFUSED, Claim::ServerCounted(SENT)],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as refused: the server's host answered SYNs with an RST ({SENT}), because \
                     no process listened on that address and port at that moment.",
                    trials.attempts(Outcome::Refused),
                    trials.place()
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| refused(trial) && trial.server_counted_none(SENT),
            claims: &[REFUSED, Claim::ServerCountedNone(SENT)],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as refused, and the server's host sent no RST ({SENT} is 0): a firewall \
                     that rejects, or a host on the way, answered instead.",
                    trials.attempts(Outcome::Refused),
                    trials.place()
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let fewer = trial.server(SENT) < attempts(trial);
                refused(trial) && fewer && !trial.server_counted_none(SENT)
            },
            claims: &[REFUSED],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as refused: an RST or an ICMP error answered their SYNs.",
                    trials.attempts(Outcome::Refused),
                    trials.place()
                );
                Some(text.into())
            },
        },
    ],
};

fn refused(trial: &TrialView<'_>) -> bool {
    attempts(trial) > 0
}

fn attempts(trial: &TrialView<'_>) -> u64 {
    trial.attempts_with(Outcome::Refused)
}
