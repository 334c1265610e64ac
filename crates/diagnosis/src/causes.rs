//! The causes of what a run found: sentences made from its evidence alone.
//!
//! | module | says |
//! |---|---|
//! | `accept_queue`, `syn_queue`, `cookies` | which queue was full, by which setting |
//! | `phantoms`, `resets` | what the client believes of a connection that the server has not |
//! | `retransmissions` | what whole seconds of a connect are, and when it gives up |
//! | `listeners`, `deferral` | queues of several listeners; connections that come late |
//! | `local_ports`, `time_wait`, `restart` | ports, and what closed connections leave |
//! | `slow_reader`, `buffers`, `locks`, `server_death` | the server's own part |
//! | `unfinished` | what was accepted and did not end in time |
//! | `otherwise` | that nothing acted, or that no counter tells what did |
//!
//! A cause is a function from the trials to a paragraph, or to `None` where the
//! evidence has nothing of it. No cause knows a scenario's name.

mod accept_queue;
mod buffers;
pub(crate) mod cookies;
pub(crate) mod deferral;
mod listeners;
mod local_ports;
mod locks;
mod otherwise;
mod phantoms;
pub(crate) mod resets;
pub(crate) mod restart;
mod retransmissions;
mod server_death;
mod slow_reader;
pub(crate) mod syn_queue;
pub(crate) mod time_wait;
mod unfinished;

use crate::paragraph::Paragraph;
use crate::trials::TrialSet;

/// Sentences of the reasons together, from which on no further reason is begun;
/// the tables have the rest.
const MAX_SENTENCES: usize = 9;

type Cause = fn(&TrialSet<'_>) -> Option<Paragraph>;

/// The reasons, those that settle most first.
const CAUSES: [Cause; 16] = [
    server_death::explain,
    restart::explain,
    local_ports::explain,
    deferral::explain,
    buffers::explain,
    slow_reader::explain,
    time_wait::explain,
    phantoms::explain,
    resets::explain,
    listeners::explain,
    accept_queue::explain,
    syn_queue::explain,
    cookies::explain,
    retransmissions::explain,
    unfinished::explain,
    locks::explain,
];

/// The causes that the evidence shows, most important first; at least one.
pub(crate) fn find(all: &TrialSet<'_>) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for reason in CAUSES {
        let said: usize = paragraphs.iter().map(|reason| 1 + reason.sentences.len()).sum();
        if said < MAX_SENTENCES {
            paragraphs.extend(reason(all));
        }
    }
    if paragraphs.is_empty() {
        paragraphs.push(otherwise::explain(all));
    }
    paragraphs
}
