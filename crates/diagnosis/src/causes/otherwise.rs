//! No limit acted, or no counter shows which one did.

use linux_net::Counter;
use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, several};
use run_view::TrialView;

const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;

/// The paragraph of a run without any other cause.
pub(crate) fn explain(all: &TrialSet<'_>) -> Paragraph {
    let attempts = all.sum(TrialView::clients);
    let ok = all.sum(|trial| trial.attempts_with(Outcome::Ok));
    if ok < attempts {
        return unexplained(all, attempts - ok);
    }
    let half_open = all.sum(TrialView::half_open);
    let mut sentences = vec![format!(
        "{} connected{} with the first SYN and ended ok.",
        match attempts {
            0 => "No attempt that could have".to_owned(),
            1 => "The only attempt".to_owned(),
            n => format!("All {}", several(n, "attempt")),
        },
        all.place()
    )];
    let read = all.filter(|trial| !trial.record.evidence.server.is_empty());
    let quiet = read.all(|trial| trial.server(DROPS) == 0);
    if !read.is_empty() && quiet {
        sentences.push(format!(
            "The server's kernel dropped no SYN and no last ACK ({OVERFLOWS} and {DROPS} are 0)."
        ));
    }
    sentences.extend((half_open > 0).then(|| {
        format!(
            "The {} that get no answer (load.half_open) stayed half-open, and the SYN queue had room \
             for them.",
            several(half_open, "client")
        )
    }));
    sentences.extend(all.iter().filter_map(depth).max_by(|a, b| a.0.total_cmp(&b.0)).map(|d| d.1));
    Paragraph::cause("No limit acted.", sentences)
}

/// The largest sampled depth of an accept queue, with its share of the capacity.
fn depth(trial: &TrialView<'_>) -> Option<(f64, String)> {
    let (deepest, limit) = (trial.max_depth()?, trial.limit()?);
    let holds = u64::from(limit) + 1;
    Some((
        f64::from(deepest) / holds as f64,
        format!(
            "The fullest accept queue held {deepest} of at most {holds} connections: nothing needs to \
             change."
        ),
    ))
}

fn unexplained(all: &TrialSet<'_>, not_ok: u64) -> Paragraph {
    let outcomes = Outcome::ALL.iter().filter(|&&outcome| outcome != Outcome::Ok);
    let ended: Vec<_> = outcomes
        .map(|&outcome| (outcome, all.sum(|trial| trial.attempts_with(outcome))))
        .filter(|&(_, attempts)| attempts > 0)
        .map(|(outcome, attempts)| format!("{} {outcome}", words::counted(attempts)))
        .collect();
    let ended = words::listed(&ended).unwrap_or_default();
    Paragraph::cause(
        "No limit of the kernel's queues acted.",
        [
            format!(
                "{} did not end ok ({ended}), and no counter of the queues shows why: neither queue \
                 overflowed, and no SYN was retransmitted.",
                several(not_ok, "attempt")
            ),
            "Check the server's errors, the deadlines (load.connect_deadline, load.finish_deadline) and \
             the failed checks."
                .to_owned(),
        ],
    )
}
