//! What is commonly believed about these queues, where a run shows otherwise.

mod queues;
mod sockets;

use crate::paragraph::{Paragraph, ParagraphKind};
use crate::trials::TrialSet;

/// Beliefs that are put right in one explanation at most.
const MAX_SHOWN: usize = 3;

/// A common belief, and what shows that it does not hold.
struct Misconception {
    /// As it is put.
    claim: &'static str,
    /// What this run shows instead; none where it shows nothing of it.
    evidence: fn(&TrialSet<'_>) -> Option<String>,
}

/// The beliefs, those first that fewest runs show.
const ALL: [Misconception; 11] = [
    Misconception {
        claim: "tcp_fin_timeout sets the length of TIME_WAIT",
        evidence: sockets::fin_timeout,
    },
    Misconception { claim: "SO_REUSEADDR skips TIME_WAIT", evidence: sockets::reuse_address },
    Misconception { claim: "tcp_tw_reuse helps servers", evidence: sockets::tw_reuse },
    Misconception { claim: "SYN cookies save a full accept queue", evidence: queues::cookies },
    Misconception {
        claim: "connect(2) succeeded, so the server has a socket",
        evidence: sockets::connect_succeeded,
    },
    Misconception { claim: "a SYN is sent again after 1, 3 and 7 s", evidence: sockets::ladder },
    Misconception {
        claim: "tcp_max_syn_backlog sizes the SYN queue",
        evidence: queues::max_syn_backlog,
    },
    Misconception {
        claim: "ListenDrops and ListenOverflows count the same",
        evidence: queues::drops,
    },
    Misconception { claim: "a backlog of N holds N connections", evidence: queues::backlog },
    Misconception { claim: "a full accept queue refuses the client", evidence: queues::refused },
    Misconception {
        claim: "a full accept queue drops only last ACKs",
        evidence: queues::last_acks,
    },
];

/// The beliefs that this run contradicts, a few of them.
pub(crate) fn find(all: &TrialSet<'_>) -> Vec<Paragraph> {
    let shown = ALL.iter().filter_map(|misconception| {
        let text = (misconception.evidence)(all)?;
        let sentences = vec![text];
        Some(Paragraph {
            kind: ParagraphKind::Misconception,
            lead: misconception.claim.to_owned(),
            sentences,
        })
    });
    shown.take(MAX_SHOWN).collect()
}
