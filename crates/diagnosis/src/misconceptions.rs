//! Common misconceptions that a run contradicts.

mod queues;
mod sockets;

use crate::paragraph::{Paragraph, ParagraphKind};
use crate::statement::Statement;
use crate::trials::TrialSet;

/// The most misconceptions in one explanation.
const MAX_SHOWN: usize = 3;

/// A misconception, and how a run shows that it is wrong.
struct Misconception {
    /// The misconception as people state it.
    claim: &'static str,
    /// What a run shows instead; the first that holds is used.
    evidence: &'static [Statement],
}

/// All misconceptions, those first that the fewest runs contradict.
const ALL: [Misconception; 11] = [
    Misconception {
        claim: "tcp_fin_timeout sets the length of TIME_WAIT",
        evidence: sockets::FIN_TIMEOUT,
    },
    Misconception { claim: "SO_REUSEADDR skips TIME_WAIT", evidence: sockets::REUSE_ADDRESS },
    Misconception { claim: "tcp_tw_reuse helps servers", evidence: sockets::TW_REUSE },
    Misconception { claim: "SYN cookies save a full accept queue", evidence: queues::COOKIES },
    Misconception {
        claim: "connect(2) succeeded, so the server has a socket",
        evidence: sockets::CONNECT_SUCCEEDED,
    },
    Misconception { claim: "a SYN is retransmitted after 1, 3 and 7 s", evidence: sockets::LADDER },
    Misconception {
        claim: "tcp_max_syn_backlog sizes the SYN queue",
        evidence: queues::MAX_SYN_BACKLOG,
    },
    Misconception {
        claim: "ListenDrops and ListenOverflows count the same",
        evidence: queues::DROPS,
    },
    Misconception { claim: "a backlog of N holds N connections", evidence: queues::BACKLOG },
    Misconception { claim: "a full accept queue refuses the client", evidence: queues::REFUSED },
    Misconception {
        claim: "a full accept queue drops only last ACKs",
        evidence: queues::LAST_ACKS,
    },
];

/// The misconceptions that this run contradicts, at most [`MAX_SHOWN`].
pub(crate) fn find(all: &TrialSet<'_>) -> Vec<Paragraph> {
    let shown = ALL.iter().filter_map(|misconception| {
        let sentence = misconception.evidence.iter().find_map(|evidence| evidence.sentence(all))?;
        Some(Paragraph {
            kind: ParagraphKind::Misconception,
            lead: misconception.claim.into(),
            sentences: vec![sentence],
        })
    });
    shown.take(MAX_SHOWN).collect()
}
