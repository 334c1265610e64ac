//! The server died.

use std::collections::BTreeSet;

use linux_net::Counter;
use run_record::Outcome;
use run_view::TrialView;

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, several};

/// What ended the server, and how to avoid it.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: died,
        claims: &[Claim::ServerDied],
        text: |_, _| Some("The server died.".into()),
    }],
    statements: &[
        Statement { needs: died, claims: &[Claim::ServerDied], text: |died, all| ended(died, all) },
        Statement {
            needs: by_sigpipe,
            claims: &[Claim::ServerDied],
            text: |by_pipe, _| Some(broken_pipe(by_pipe)),
        },
        Statement {
            needs: |trial| {
                trial.record.server_died.is_none() && trial.text("server.sigpipe") == Some("ignore")
            },
            claims: &[],
            text: |ignored, all| {
                let failed = ignored.sum(|trial| {
                    trial.record.server.as_ref().map_or(0, |server| server.failed_writes)
                });
                all.any(by_sigpipe).then(|| {
                    let text = format!(
                        "With server.sigpipe: ignore it survived{}, and {} failed instead.",
                        ignored.place(),
                        several(failed, "write")
                    );
                    text.into()
                })
            },
        },
        Statement {
            needs: |trial| by_sigpipe(trial) && trial.text("server.sigpipe") == Some("default"),
            claims: &[Claim::ServerDied, Claim::Set("server.sigpipe", "ignore")],
            text: |_, all| {
                let shown = all.any(|trial| {
                    trial.record.server_died.is_none()
                        && trial.text("server.sigpipe") == Some("ignore")
                });
                (!shown).then(|| {
                    "With server.sigpipe: ignore the write fails, and the server continues.".into()
                })
            },
        },
    ],
};

fn died(trial: &TrialView<'_>) -> bool {
    trial.record.server_died.is_some()
}

fn by_sigpipe(trial: &TrialView<'_>) -> bool {
    trial.record.server_died.as_deref() == Some("SIGPIPE")
        && trial.text("server.sigpipe") != Some("ignore")
}

fn ended(died: &TrialSet<'_>, all: &TrialSet<'_>) -> Option<Sentence> {
    let causes: BTreeSet<String> = died
        .iter()
        .filter_map(|trial| Some(trial.record.server_died.as_ref()?.to_string()))
        .collect();
    let causes: Vec<_> = causes.into_iter().collect();
    let text = format!(
        "{} ended it in {} of {}{}; {} ended as server_down.",
        words::listed(&causes)?,
        died.count(),
        several(all.count() as u64, "trial"),
        died.place(),
        died.attempts(Outcome::ServerDown),
    );
    Some(text.into())
}

/// When a write raises SIGPIPE.
fn broken_pipe(by_pipe: &TrialSet<'_>) -> Sentence {
    let count = |counter| match by_pipe.client(counter) {
        0 => String::new(),
        n => format!(" ({counter} {} at the client)", counted(n)),
    };
    let setting = match by_pipe.all(TrialView::is_chat) {
        true => " (server.sigpipe: default)",
        false => "",
    };
    let (late, at_once) = (count(Counter::TcpAbortOnData), count(Counter::TcpAbortOnClose));
    let text = format!(
        "A client that has read everything closes with a FIN: the next write(2) to it succeeds, \
         and is answered by an RST{late}. The one after that fails with EPIPE and raises \
         SIGPIPE, whose default disposition{setting} ends the process. \
         A client that leaves data unread sends its RST at once{at_once}: the next write \
         fails with ECONNRESET and without a signal; it fails with EPIPE and the signal only if a \
         read has returned ECONNRESET before."
    );
    text.into()
}
