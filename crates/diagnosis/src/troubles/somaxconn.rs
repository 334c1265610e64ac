//! A larger backlog is clamped by somaxconn.

use linux_net::Sysctl;
use watch_record::{LimitFrom, TroubleKind};

use super::evidence::ListenerEvidence;
use super::rule::ListenerRule;
use crate::known_servers::KnownServer;
use crate::words::counted;

const SOMAXCONN: Sysctl = Sysctl::Somaxconn;

/// By whose default backlog it is known, and what applies another limit.
///
/// A limit equal to somaxconn is no evidence: the backlog may be the same, by default or as
/// configured.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::ClampedBySomaxconn,
    needs: |evidence| clamped(evidence).is_some(),
    severity: |evidence| evidence.severity_of_full(),
    text: &[|evidence| {
        let Clamped { server, default, limit } = clamped(evidence)?;
        Some(format!(
            "The limit of its queues, {}, is that of {SOMAXCONN}: {} passes {} to listen(2) by \
             default.",
            counted(limit.into()),
            server.name,
            counted(default.into())
        ))
    }],
    advice: &[
        |evidence| {
            let Clamped { server, default, .. } = clamped(evidence)?;
            Some(format!(
                "Raise {SOMAXCONN} in its network namespace to at least {}, and restart {}: a \
                 listener keeps its limit until the program calls listen(2) again.",
                counted(default.into()),
                server.name
            ))
        },
        |evidence| clamped(evidence)?.server.reload.clone(),
    ],
};

/// A server whose default backlog is larger than the limit.
pub(super) struct Clamped {
    server: &'static KnownServer,
    default: u32,
    limit: u32,
}

/// Whether the limit is that of somaxconn, and the server's default backlog is larger.
pub(super) fn clamped(evidence: &ListenerEvidence<'_>) -> Option<Clamped> {
    if evidence.listener.limit_from != LimitFrom::Somaxconn {
        return None;
    }
    let limit = evidence.listener.limit;
    let server = evidence.known_server()?;
    let default = server.default_backlog()?;
    (default > limit).then_some(Clamped { server, default, limit })
}
