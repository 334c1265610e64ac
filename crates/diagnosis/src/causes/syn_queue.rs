//! The SYN queue was full.

use linux_net::{Counter, Sysctl};
use queue_model::syn_queue::{Cookies, SynQueue, SynQueueFull};

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{several, short_name};
use run_view::TrialView;

const MAX_SYN_BACKLOG: Sysctl = Sysctl::TcpMaxSynBacklog;
const SOMAXCONN: Sysctl = Sysctl::Somaxconn;
const COOKIES: Sysctl = Sysctl::TcpSyncookies;
const QUEUE_FULL: Counter = Counter::TcpReqQFullDrop;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;

/// Which of its two tests dropped SYNs, and how to make room.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let by_limit = all.filter_some(|trial| trial.server(QUEUE_FULL) > 0);
    let by_rule = all.filter_some(|trial| three_quarters(trial) > 0);
    let sentences: Vec<_> = [
        by_limit.as_ref().and_then(dropped_by_limit),
        by_rule.as_ref().and_then(dropped_by_rule),
        (by_limit.is_some() || by_rule.is_some()).then(|| {
            let both =
                all.filter(|trial| trial.server(QUEUE_FULL) > 0 || three_quarters(trial) > 0);
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
    Some(Paragraph::cause(lead, sentences))
}

fn dropped_by_limit(trials: &TrialSet<'_>) -> Option<String> {
    let dropped = trials.sum(|trial| trial.server(QUEUE_FULL));
    let limit = trials.range(|trial| trial.limit().map(u64::from))?;
    let by = match trials.sysctls(|trial| trial.server_sysctl(MAX_SYN_BACKLOG)) {
        Some(values) => format!(", not {MAX_SYN_BACKLOG} ({values})"),
        None => String::new(),
    };
    let seen = match trials.range(|trial| Some(trial.state("syn_recv")?.most.into())) {
        Some(most) => format!("; up to {most} were in SYN_RECV at once"),
        None => String::new(),
    };
    Some(format!(
        "With {COOKIES} 0 it silently dropped {} ({QUEUE_FULL}){}; its limit is that of the accept \
         queue, min(backlog, {}), here {limit}{by}{seen}.",
        several(dropped, "SYN"),
        trials.place(),
        short_name(SOMAXCONN.name()),
    ))
}

fn dropped_by_rule(trials: &TrialSet<'_>) -> Option<String> {
    let dropped = trials.sum(three_quarters);
    let values = trials.sysctls(|trial| trial.server_sysctl(MAX_SYN_BACKLOG))?;
    let holds = trials.range(|trial| Some(queue(trial)?.capacity()))?;
    Some(format!(
        "{}{} were dropped by a rule without its own counter ({DROPS} minus {} and {}): without cookies the last quarter of {MAX_SYN_BACKLOG} \
         ({values}) is reserved for peers with a known round-trip time, which leaves {holds} for the \
         others.",
        several(dropped, "SYN"),
        trials.place(),
        short_name(OVERFLOWS.name()),
        short_name(QUEUE_FULL.name()),
    ))
}

fn remedy(trials: &TrialSet<'_>, by_rule: bool) -> String {
    let raise = match by_rule {
        true => format!("the smaller of backlog and ¾ of {MAX_SYN_BACKLOG}"),
        false => format!("backlog (up to {SOMAXCONN})"),
    };
    let accepts = match trials.any(|trial| trial.server(OVERFLOWS) > 0) {
        true => " (which does not help a full accept queue)",
        false => "",
    };
    format!(
        "Raising {raise} makes room; with {COOKIES} 1 a SYN that finds it full gets a \
         cookie instead{accepts}."
    )
}

/// SYNs that the three-quarters rule dropped: the rest of ListenDrops, if that rule
/// acts before the limit.
pub(crate) fn three_quarters(trial: &TrialView<'_>) -> u64 {
    let counted = trial.server(OVERFLOWS).saturating_add(trial.server(QUEUE_FULL));
    let rest = trial.server(DROPS).saturating_sub(counted);
    let acts = || {
        let queue = queue(trial)?;
        let by_limit = SynQueue { peers_are_proven: true, ..queue }.capacity();
        Some(queue.cookies == Cookies::Never && queue.capacity() < by_limit)
    };
    if acts() == Some(true) { rest } else { 0 }
}

/// The listener's SYN queue, according to the settings in force.
pub(crate) fn queue(trial: &TrialView<'_>) -> Option<SynQueue> {
    Some(SynQueue {
        limit: trial.limit()?,
        max_syn_backlog: trial.server_sysctl(MAX_SYN_BACKLOG)?.trim().parse().ok()?,
        cookies: Cookies::from_sysctl(trial.server_number(COOKIES)?),
        full: match trial.syn_queue_full_at_limit() {
            true => SynQueueFull::AtOrAbove,
            false => SynQueueFull::Above,
        },
        peers_are_proven: false,
    })
}
