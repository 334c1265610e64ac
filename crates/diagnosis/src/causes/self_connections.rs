//! Clients that connected to themselves.

use run_record::Outcome;
use run_view::TrialView;

use crate::claim::Claim;
use crate::statement::{Cause, Statement};

const SELF: Claim = Claim::Ended(Outcome::SelfConnected);

/// How that happens, and what prevents it.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: connected,
        claims: &[SELF],
        text: |_, _| Some("Some clients connected to themselves.".into()),
    }],
    statements: &[Statement {
        needs: connected,
        claims: &[SELF],
        text: |trials, _| {
            let text = format!(
                "For {}{} the kernel chose the target's port as the client's local port; no process \
                 listened there, so the client's SYN met its own socket (a simultaneous open). A server \
                 port outside net.ipv4.ip_local_port_range, or in net.ipv4.ip_local_reserved_ports, \
                 prevents that.",
                trials.attempts(Outcome::SelfConnected),
                trials.place()
            );
            Some(text.into())
        },
    }],
};

fn connected(trial: &TrialView<'_>) -> bool {
    trial.attempts_with(Outcome::SelfConnected) > 0
}
