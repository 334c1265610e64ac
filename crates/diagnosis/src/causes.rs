//! The causes of a run's results: paragraphs that follow from its evidence.
//!
//! | module | explains |
//! |---|---|
//! | `server_death`, `server_limits` | a server that died, or could not take connections |
//! | `given_up` | clients that the server closed because they did not go on |
//! | `accept_queue`, `syn_queue`, `cookies` | which queue was full, and the setting that limits it |
//! | `phantoms`, `resets`, `refusals`, `self_connections` | connections that exist only at the client, were reset, refused, or have no server |
//! | `retransmissions`, `timeouts` | connects that took whole seconds, and those that gave up |
//! | `listeners`, `destinations`, `deferral` | queues of several listeners of a port, and of several ports; deferred connections |
//! | `local_ports`, `time_wait`, `close_wait`, `restart` | ports, and sockets of closed connections |
//! | `slow_reader`, `buffers`, `locks` | causes in the server |
//! | `unfinished` | connections that were accepted but not finished, by who ended them |
//! | `otherwise` | that no limit acted, or that no counter shows which one did |
//!
//! A cause is a list of [`Statement`](crate::statement::Statement)s, each with its own
//! conditions over the settings in force and the evidence. No cause depends on a scenario's
//! name.

pub(crate) mod accept_queue;
mod buffers;
mod close_wait;
pub(crate) mod cookies;
pub(crate) mod deferral;
mod destinations;
mod given_up;
mod listeners;
mod local_ports;
mod locks;
mod otherwise;
mod phantoms;
mod refusals;
pub(crate) mod resets;
pub(crate) mod restart;
mod retransmissions;
mod self_connections;
mod server_death;
mod server_limits;
mod slow_reader;
pub(crate) mod syn_queue;
pub(crate) mod time_wait;
mod timeouts;
mod unfinished;

use crate::paragraph::{Paragraph, ParagraphKind, Sentence};
use crate::statement::Cause;
use crate::trials::TrialSet;

/// Once the causes have this many sentences, no further cause is added; the tables show
/// the rest.
const MAX_SENTENCES: usize = 10;

/// All causes, those that explain most first: a cause in the server's process comes before
/// the queues that fill up because of it.
const CAUSES: [Cause; 23] = [
    server_death::CAUSE,
    server_limits::CAUSE,
    given_up::CAUSE,
    restart::CAUSE,
    local_ports::CAUSE,
    deferral::CAUSE,
    buffers::CAUSE,
    slow_reader::CAUSE,
    close_wait::CAUSE,
    unfinished::CAUSE,
    phantoms::CAUSE,
    resets::CAUSE,
    refusals::CAUSE,
    self_connections::CAUSE,
    listeners::CAUSE,
    accept_queue::CAUSE,
    destinations::CAUSE,
    syn_queue::CAUSE,
    cookies::CAUSE,
    retransmissions::CAUSE,
    timeouts::CAUSE,
    time_wait::CAUSE,
    locks::CAUSE,
];

/// The causes that the evidence shows, most important first; at least one.
pub(crate) fn find(all: &TrialSet<'_>) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for cause in CAUSES {
        let sentences: usize = paragraphs.iter().map(|p| 1 + p.sentences.len()).sum();
        if sentences < MAX_SENTENCES {
            paragraphs.extend(paragraph(&cause, all));
        }
    }
    if paragraphs.is_empty() {
        paragraphs.extend(otherwise::CAUSES.iter().filter_map(|cause| paragraph(cause, all)));
    }
    paragraphs
}

fn paragraph(cause: &Cause, all: &TrialSet<'_>) -> Option<Paragraph> {
    let lead = cause.leads.iter().find_map(|lead| lead.sentence(all))?;
    let sentences: Vec<Sentence> =
        cause.statements.iter().filter_map(|statement| statement.sentence(all)).collect();
    (!sentences.is_empty()).then_some(Paragraph { kind: ParagraphKind::Cause, lead, sentences })
}
