//! The causes of a run's results: paragraphs that follow from its evidence.
//!
//! | module | explains |
//! |---|---|
//! | `accept_queue`, `syn_queue`, `cookies` | which queue was full, and the setting that limits it |
//! | `phantoms`, `resets` | connections that exist only at the client, or were reset |
//! | `retransmissions` | connects that took whole seconds, and when they time out |
//! | `listeners`, `deferral` | queues of several listeners; deferred connections |
//! | `local_ports`, `time_wait`, `restart` | ports, and sockets of closed connections |
//! | `slow_reader`, `buffers`, `locks`, `server_death` | causes in the server |
//! | `unfinished` | connections that were accepted but not finished in time |
//! | `otherwise` | that no limit acted, or that no counter shows which one did |
//!
//! A cause is a function from the trials to a paragraph, or to `None` if the evidence
//! does not show it. No cause depends on a scenario's name.

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

/// Once the causes have this many sentences, no further cause is added; the tables show
/// the rest.
const MAX_SENTENCES: usize = 9;

type Cause = fn(&TrialSet<'_>) -> Option<Paragraph>;

/// All causes, those that explain most first.
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
    for cause in CAUSES {
        let sentences: usize = paragraphs.iter().map(|p| 1 + p.sentences.len()).sum();
        if sentences < MAX_SENTENCES {
            paragraphs.extend(cause(all));
        }
    }
    if paragraphs.is_empty() {
        paragraphs.push(otherwise::explain(all));
    }
    paragraphs
}
