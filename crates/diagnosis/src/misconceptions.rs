//! What is commonly believed about these queues, where a run shows otherwise.

mod queues;
mod sockets;

use crate::paragraph::{Paragraph, ParagraphKind};
use crate::trials::TrialSet;

/// Beliefs that are put right in one explanation at most.
const MOST: usize = 3;

/// A common belief, and what shows that it does not hold.
struct Belief {
    /// As it is put.
    claim: &'static str,
    /// What this run shows instead; none where it shows nothing of it.
    here: fn(&TrialSet<'_>) -> Option<String>,
}

/// The beliefs, those first that fewest runs show.
const BELIEFS: [Belief; 11] = [
    Belief { claim: "tcp_fin_timeout sets the length of TIME_WAIT", here: sockets::fin_timeout },
    Belief { claim: "SO_REUSEADDR skips TIME_WAIT", here: sockets::reuse_address },
    Belief { claim: "tcp_tw_reuse helps servers", here: sockets::tw_reuse },
    Belief { claim: "SYN cookies save a full accept queue", here: queues::cookies },
    Belief {
        claim: "connect(2) succeeded, so the server has a socket",
        here: sockets::connect_succeeded,
    },
    Belief { claim: "a SYN is sent again after 1, 3 and 7 s", here: sockets::ladder },
    Belief { claim: "tcp_max_syn_backlog sizes the SYN queue", here: queues::max_syn_backlog },
    Belief { claim: "ListenDrops and ListenOverflows count the same", here: queues::drops },
    Belief { claim: "a backlog of N holds N connections", here: queues::backlog },
    Belief { claim: "a full accept queue refuses the client", here: queues::refused },
    Belief { claim: "a full accept queue drops only last ACKs", here: queues::last_acks },
];

/// The beliefs that this run contradicts, a few of them.
pub(crate) fn shown(all: &TrialSet<'_>) -> Vec<Paragraph> {
    let shown = BELIEFS.iter().filter_map(|belief| {
        let text = (belief.here)(all)?;
        let sentences = vec![text];
        Some(Paragraph { kind: ParagraphKind::Belief, lead: belief.claim.to_owned(), sentences })
    });
    shown.take(MOST).collect()
}
