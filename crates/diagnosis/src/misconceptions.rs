//! Common misconceptions that a run contradicts.

mod queues;
mod sockets;

use crate::paragraph::{Paragraph, ParagraphKind};
use crate::trials::TrialSet;

/// The most misconceptions in one explanation.
const MAX_SHOWN: usize = 3;

/// A misconception, and how a run shows that it is wrong.
struct Misconception {
    /// The misconception as people state it.
    claim: &'static str,
    /// What a run shows instead; `None` if it shows nothing about it.
    evidence: fn(&TrialSet<'_>) -> Option<String>,
}

/// All misconceptions, those first that the fewest runs contradict.
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
    Misconception { claim: "a SYN is retransmitted after 1, 3 and 7 s", evidence: sockets::ladder },
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

/// The misconceptions that this run contradicts, at most [`MAX_SHOWN`].
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
