//! The SYN queue was full.

use linux_net::{Counter, Sysctl};
use queue_model::syn_queue::{Cookies, SynQueue, SynQueueFull};

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::several;
use run_view::TrialView;

const MAX_SYN_BACKLOG: Sysctl = Sysctl::TcpMaxSynBacklog;

/// Which of its two tests dropped SYNs, and what would change it.
pub(crate) fn reason(all: &TrialSet<'_>) -> Option<Paragraph> {
    let by_limit = all.some_that(|case| case.server(Counter::TcpReqQFullDrop) > 0);
    let by_rule = all.some_that(|case| three_quarters(case) > 0);
    let sentences: Vec<_> = [
        by_limit.as_ref().and_then(dropped_by_limit),
        by_rule.as_ref().and_then(dropped_by_rule),
        (by_limit.is_some() || by_rule.is_some()).then(|| {
            let both = all
                .that(|case| case.server(Counter::TcpReqQFullDrop) > 0 || three_quarters(case) > 0);
            remedy(&both, by_rule.is_some())
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if sentences.is_empty() {
        return None;
    }
    let lead =
        "The SYN queue, where half-open connections wait for their handshake's last ACK, was full.";
    Some(Paragraph::reason(lead, sentences))
}

fn dropped_by_limit(cases: &TrialSet<'_>) -> Option<String> {
    let dropped = cases.sum(|case| case.server(Counter::TcpReqQFullDrop));
    let limit = cases.range(|case| case.limit().map(u64::from))?;
    let by = match cases.sysctls(|case| case.server_sysctl(MAX_SYN_BACKLOG)) {
        Some(values) => format!(", not {MAX_SYN_BACKLOG} ({values})"),
        None => String::new(),
    };
    let seen = match cases.range(|case| Some(case.state("syn_recv")?.most.into())) {
        Some(most) => format!("; {most} were seen at once in SYN_RECV"),
        None => String::new(),
    };
    Some(format!(
        "With net.ipv4.tcp_syncookies 0 it dropped {} in silence (TcpExt.TCPReqQFullDrop){}; its \
         limit is that of the accept queue, min(backlog, somaxconn), here {limit}{by}{seen}.",
        several(dropped, "SYN"),
        cases.place(),
    ))
}

fn dropped_by_rule(cases: &TrialSet<'_>) -> Option<String> {
    let dropped = cases.sum(three_quarters);
    let values = cases.sysctls(|case| case.server_sysctl(MAX_SYN_BACKLOG))?;
    let holds = cases.range(|case| Some(queue(case)?.capacity()))?;
    Some(format!(
        "{}{} fell to a rule without a counter of its own (TcpExt.ListenDrops less ListenOverflows \
         and TCPReqQFullDrop): without cookies the last quarter of {MAX_SYN_BACKLOG} ({values}) is \
         kept for peers that the kernel knows to be alive, which leaves {holds} for the others.",
        several(dropped, "SYN"),
        cases.place(),
    ))
}

fn remedy(cases: &TrialSet<'_>, by_rule: bool) -> String {
    let raise = match by_rule {
        true => format!("whichever is smaller, backlog or ¾ of {MAX_SYN_BACKLOG},"),
        false => "backlog (up to net.core.somaxconn)".to_owned(),
    };
    let accepts = match cases.any(|case| case.server(Counter::ListenOverflows) > 0) {
        true => " (the accept queue stays as full as it is)",
        false => "",
    };
    format!(
        "Raising {raise} makes room; with net.ipv4.tcp_syncookies 1 a SYN that finds it full gets a \
         cookie instead{accepts}."
    )
}

/// SYNs that the three-quarters rule dropped: what is left of ListenDrops, where
/// that rule is the one that acts first.
pub(crate) fn three_quarters(case: &TrialView<'_>) -> u64 {
    let counted =
        case.server(Counter::ListenOverflows).saturating_add(case.server(Counter::TcpReqQFullDrop));
    let rest = case.server(Counter::ListenDrops).saturating_sub(counted);
    let acts = || {
        let queue = queue(case)?;
        let by_limit = SynQueue { peers_are_proven: true, ..queue }.capacity();
        Some(queue.cookies == Cookies::Never && queue.capacity() < by_limit)
    };
    if acts() == Some(true) { rest } else { 0 }
}

/// The listener's SYN queue, by the settings in force.
pub(crate) fn queue(case: &TrialView<'_>) -> Option<SynQueue> {
    Some(SynQueue {
        limit: case.limit()?,
        max_syn_backlog: case.server_number(MAX_SYN_BACKLOG)?,
        cookies: Cookies::from_sysctl(case.server_number(Sysctl::TcpSyncookies)?),
        full: match case.syn_queue_full_at_limit() {
            true => SynQueueFull::AtOrAbove,
            false => SynQueueFull::Above,
        },
        peers_are_proven: false,
    })
}
