//! The server died.

use std::collections::BTreeSet;

use linux_net::Counter;

use run_record::Outcome;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;
use crate::words::{self, counted, several};

/// What ended the server, and how to avoid it.
pub(crate) fn explain(all: &TrialSet<'_>) -> Option<Paragraph> {
    let died = all.filter_some(|trial| trial.record.server_died.is_some())?;
    let causes: BTreeSet<String> =
        died.iter().filter_map(|trial| trial.record.server_died.clone()).collect();
    let causes: Vec<_> = causes.into_iter().collect();
    let lead = "The server died.";
    let mut sentences = vec![format!(
        "{} ended it in {} of {}{}; {} ended as server_down.",
        words::listed(&causes)?,
        died.count(),
        several(all.count() as u64, "trial"),
        died.place(),
        several(died.sum(|trial| trial.attempts_with(Outcome::ServerDown)), "attempt"),
    )];
    let by_pipe = died.filter_some(|trial| trial.record.server_died.as_deref() == Some("SIGPIPE"));
    if let Some(by_pipe) = by_pipe {
        let count = |counter| match by_pipe.sum(|trial| trial.client(counter)) {
            0 => String::new(),
            n => format!(" ({counter} {} at the client)", counted(n)),
        };
        let (late, at_once) = (count(Counter::TcpAbortOnData), count(Counter::TcpAbortOnClose));
        sentences.push(format!(
            "A client that has read everything closes with a FIN: the next write(2) to it succeeds, \
             and is answered by an RST{late}. The one after that fails with EPIPE and raises \
             SIGPIPE, whose default disposition (server.sigpipe: default) ends the process. \
             A client that leaves data unread sends its RST at once{at_once}: the next write \
             fails with ECONNRESET and without a signal; it fails with EPIPE and the signal only if a \
             read has returned ECONNRESET before."
        ));
        let ignored = all.filter_some(|trial| {
            trial.record.server_died.is_none() && trial.text("server.sigpipe") == Some("ignore")
        });
        sentences.push(match ignored {
            Some(ignored) => {
                let failed = ignored.sum(|trial| {
                    trial.record.server.as_ref().map_or(0, |server| server.failed_writes)
                });
                format!(
                    "With server.sigpipe: ignore it survived{}, and {} failed instead.",
                    ignored.place(),
                    several(failed, "write")
                )
            }
            None => {
                "With server.sigpipe: ignore the write fails, and the server continues.".to_owned()
            }
        });
    }
    Some(Paragraph::cause(lead, sentences))
}
