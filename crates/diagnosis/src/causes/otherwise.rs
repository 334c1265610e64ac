//! No limit acted, or no counter shows which one did.

use linux_net::Counter;
use run_record::Outcome;
use run_view::TrialView;

use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, several};

const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;
const FULL_DROPS: Counter = Counter::TcpReqQFullDrop;

/// The paragraph of a run without any other cause: the first of these that holds.
pub(super) const CAUSES: [Cause; 2] = [
    Cause {
        leads: &[Statement {
            needs: |_| true,
            claims: &[],
            text: |_, all| {
                (not_ok(all) > 0).then(|| "No limit of the kernel's queues acted.".into())
            },
        }],
        statements: &[
            Statement {
                needs: |trial| no_queue_was_full(trial) && trial.server(DROPS) == 0,
                claims: &[
                    Claim::ServerCountedNone(OVERFLOWS),
                    Claim::ServerCountedNone(FULL_DROPS),
                    Claim::ServerCountedNone(DROPS),
                    Claim::NoSynRetransmitted,
                ],
                text: |quiet, all| {
                    let text = format!(
                        "{} did not end ok ({}), and no counter of the queues shows why: neither queue \
                         overflowed, and no SYN was retransmitted.",
                        several(not_ok(all), "attempt"),
                        ends(all)
                    );
                    (quiet.count() == all.count()).then(|| text.into())
                },
            },
            Statement {
                needs: |trial| no_queue_was_full(trial) && trial.server(DROPS) > 0,
                claims: &[
                    Claim::ServerCountedNone(OVERFLOWS),
                    Claim::ServerCountedNone(FULL_DROPS),
                    Claim::ServerCounted(DROPS),
                ],
                text: |dropped, _| {
                    let text = format!(
                        "The listener dropped {} ({DROPS}){} although neither queue overflowed: without a \
                         route to the client, or without memory, it drops them too.",
                        several(dropped.server(DROPS), "segment"),
                        dropped.place()
                    );
                    Some(text.into())
                },
            },
            Statement {
                needs: |trial| !trial.has_server_counters(),
                claims: &[Claim::NoSynRetransmitted],
                text: |unread, all| {
                    let text = format!(
                        "{} did not end ok ({}); no SYN was retransmitted, and the server's counters are \
                         not known here.",
                        several(not_ok(all), "attempt"),
                        ends(all)
                    );
                    (unread.count() == all.count()).then(|| text.into())
                },
            },
            Statement {
                needs: |_| true,
                claims: &[],
                text: |_, _| {
                    Some(
                        "Check the server's errors, the deadlines (load.connect_deadline, \
                         load.finish_deadline) and the failed checks."
                            .into(),
                    )
                },
            },
        ],
    },
    Cause {
        leads: &[Statement {
            needs: |_| true,
            claims: &[],
            text: |_, all| (not_ok(all) == 0).then(|| "No limit acted.".into()),
        }],
        statements: &[
            Statement {
                needs: |_| true,
                claims: &[Claim::NoSynRetransmitted],
                text: |_, all| {
                    let end = match all.attempts_with(Outcome::Unconfirmed) {
                        0 => " and ended ok".to_owned(),
                        n => format!(
                            "; whether the server accepted {} of them is not known here",
                            words::counted(n)
                        ),
                    };
                    let text = format!(
                        "{} connected{} with the first SYN{end}.",
                        match all.sum(TrialView::clients) {
                            0 => "No attempt that could have".to_owned(),
                            1 => "The only attempt".to_owned(),
                            n => format!("All {}", several(n, "attempt")),
                        },
                        all.place()
                    );
                    Some(text.into())
                },
            },
            Statement {
                // A filter that holds last ACKs drops them, and no counter increases.
                needs: |trial| trial.server_counted_none(DROPS) && !trial.holds_acks(),
                claims: &[Claim::ServerCountedNone(DROPS), Claim::ServerCountedNone(OVERFLOWS)],
                text: |quiet, all| {
                    let read = all.filter(TrialView::has_server_counters);
                    (quiet.count() == read.count()).then(|| {
                        let text = format!(
                            "The server's kernel dropped no SYN and no last ACK ({OVERFLOWS} and {DROPS} are 0)."
                        );
                        text.into()
                    })
                },
            },
            Statement {
                needs: |trial| trial.half_open() > 0 && trial.server_counted_none(DROPS),
                claims: &[Claim::ServerCountedNone(DROPS)],
                text: |trials, _| {
                    let text = format!(
                        "The {} that get no answer (load.half_open) stayed half-open, and the SYN queue had room \
                         for them.",
                        several(trials.sum(TrialView::half_open), "client")
                    );
                    Some(text.into())
                },
            },
            Statement {
                needs: |trial| depth(trial).is_some(),
                claims: &[],
                text: |trials, _| {
                    let fullest = trials.iter().filter_map(depth);
                    fullest.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, text)| text.into())
                },
            },
        ],
    },
];

fn no_queue_was_full(trial: &TrialView<'_>) -> bool {
    trial.server_counted_none(OVERFLOWS) && trial.server_counted_none(FULL_DROPS)
}

fn not_ok(all: &TrialSet<'_>) -> u64 {
    // Of unconfirmed ones only the acceptance is not known.
    let ok = all.sum(|trial| {
        trial.attempts_with(Outcome::Ok).saturating_add(trial.attempts_with(Outcome::Unconfirmed))
    });
    all.sum(TrialView::clients).saturating_sub(ok)
}

/// How the attempts ended that are not ok.
fn ends(all: &TrialSet<'_>) -> String {
    let is_other = |outcome: &&Outcome| !matches!(outcome, Outcome::Ok | Outcome::Unconfirmed);
    let outcomes = Outcome::ALL.iter().filter(is_other);
    let ended: Vec<_> = outcomes
        .map(|&outcome| (outcome, all.attempts_with(outcome)))
        .filter(|&(_, attempts)| attempts > 0)
        .map(|(outcome, attempts)| format!("{} {outcome}", words::counted(attempts)))
        .collect();
    words::listed(&ended).unwrap_or_default()
}

/// The largest known depth of an accept queue, with its share of the capacity; `None` if
/// it was full.
fn depth(trial: &TrialView<'_>) -> Option<(f64, String)> {
    let (deepest, limit) = (trial.max_depth()?, trial.limit()?);
    let holds = u64::from(limit) + 1;
    // Between two samples it can have been deeper.
    let text = match (deepest, trial.depth_is_exact()) {
        (_, true) => {
            format!("The fullest accept queue held {deepest} of at most {holds} connections")
        }
        (0, false) => {
            format!("No sample found a connection in the accept queue, which holds {holds}")
        }
        (_, false) => {
            format!(
                "The fullest accept queue held at least {deepest} of at most {holds} connections"
            )
        }
    };
    let text = format!("{text}: nothing needs to change.");
    (u64::from(deepest) <= holds).then_some((f64::from(deepest) / holds as f64, text))
}
