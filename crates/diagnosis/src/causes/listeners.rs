//! Several listeners on one port, each with its own queues.

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, short_name};
use linux_net::{Counter, Sysctl};
use run_view::TrialView;

const OVERFLOWS: Counter = Counter::ListenOverflows;

/// How much each listener queued, and how the kernel assigns SYNs to them.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let several = all.filter_some(|trial| trial.listeners() > 1)?;
    let lead = "Listeners that share a port (SO_REUSEPORT) do not share their queues.";
    let example = several.iter().max_by_key(|trial| trial.listeners());
    let mut sentences = Vec::new();
    sentences.extend(example.and_then(depths));
    sentences.push(format!(
        "The kernel assigns each SYN to one of them by a hash of its addresses and ports, even if its \
         queue is full, so {} listeners hold that many times min(backlog, {}) + 1.",
        several.values("server.listeners")?,
        short_name(Sysctl::Somaxconn.name()),
    ));
    let uneven = several.filter_some(|trial| {
        let (full, room) = full_and_room(trial);
        full > 0 && room > 0 && trial.server(OVERFLOWS) > 0
    });
    sentences.push(match uneven {
        Some(uneven) => format!(
            "One was full while another had room{}, and {OVERFLOWS} counted {} there: only a \
             larger server.backlog of each listener helps in that case.",
            uneven.place(),
            counted(uneven.sum(|trial| trial.server(OVERFLOWS)))
        ),
        None => {
            "More listeners, or a larger server.backlog of each, hold more connections.".to_owned()
        }
    });
    Some(Paragraph::cause(lead, sentences))
}

/// The depth of each queue as sampled by the probe, or else their sum when every
/// attempt was decided.
fn depths(trial: &TrialView<'_>) -> Option<String> {
    let seen = trial.listener_summaries();
    let depths: Vec<_> = seen.iter().map(|listener| listener.deepest.to_string()).collect();
    let of = format!(
        "With {} of them and a limit of {} each",
        trial.listeners(),
        counted(trial.limit()?.into())
    );
    if depths.len() > 1 {
        let sum: u64 = seen.iter().map(|listener| u64::from(listener.deepest)).sum();
        let each = words::listed(&depths)?;
        return Some(format!("{of}, their accept queues held up to {each}, {sum} in all."));
    }
    let queue = trial.record.evidence.accept_queue.filter(|_| trial.accepts_nothing())?;
    Some(format!("{of}, {} were queued in all.", counted(queue.depth.into())))
}

/// The numbers of listeners that were seen full and of those that were not.
fn full_and_room(trial: &TrialView<'_>) -> (usize, usize) {
    let seen = trial.listener_summaries();
    let full = seen.iter().filter(|listener| listener.deepest > listener.limit).count();
    (full, seen.len() - full)
}
