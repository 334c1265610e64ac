//! Why a run found what it found: sentences made from its evidence alone.
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
//! | `beliefs` | what is commonly believed, where this run shows otherwise |
//! | `case`, `cases`, `words` | what the above read, and how they write it |
//!
//! A reason is a function from the trials to a paragraph, or to none where the
//! evidence has nothing of it. No reason knows a scenario's name.

mod accept_queue;
mod beliefs;
mod buffers;
mod case;
mod cases;
mod cookies;
mod deferral;
mod listeners;
mod local_ports;
mod locks;
mod otherwise;
mod phantoms;
mod resets;
mod restart;
mod retransmissions;
mod server_death;
mod slow_reader;
mod syn_queue;
mod time_wait;
mod unfinished;
mod words;

pub(crate) use case::Case;
use cases::Cases;

use run_view::Run;
use run_view::prose::wrapped;

/// Sentences of the reasons together, from which on no further reason is begun;
/// the tables have the rest.
const ENOUGH: usize = 9;

/// A paragraph of the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// What it does.
    pub kind: ParagraphKind,
    /// A reason in short, as a sentence with its full stop; or a belief as it is
    /// commonly put, without one.
    pub lead: String,
    /// What comes after it, with the figures: whole sentences. A no-break space
    /// joins what belongs on one line.
    pub sentences: Vec<String>,
}

/// What a paragraph of the explanation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParagraphKind {
    /// It says what acted, what shows it, and what would change it.
    Reason,
    /// It puts a common belief right, by what this run shows.
    Belief,
}

impl Paragraph {
    fn reason(lead: impl Into<String>, sentences: impl IntoIterator<Item = String>) -> Self {
        let sentences = sentences.into_iter().collect();
        Self { kind: ParagraphKind::Reason, lead: lead.into(), sentences }
    }
}

type Reason = fn(&Cases<'_>) -> Option<Paragraph>;

/// The reasons, those that settle most first.
const REASONS: [Reason; 16] = [
    server_death::reason,
    restart::reason,
    local_ports::reason,
    deferral::reason,
    buffers::reason,
    slow_reader::reason,
    time_wait::reason,
    phantoms::reason,
    resets::reason,
    listeners::reason,
    accept_queue::reason,
    syn_queue::reason,
    cookies::reason,
    retransmissions::reason,
    unfinished::reason,
    locks::reason,
];

/// Why the run found what it found, most important first: the limits that
/// acted, where they show, what would change it; then the common beliefs that
/// its evidence contradicts. Nothing of a run without trials.
pub fn why(run: &Run) -> Vec<Paragraph> {
    let all = Cases::of(run);
    if all.is_empty() {
        return Vec::new();
    }
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for reason in REASONS {
        let said: usize = paragraphs.iter().map(|reason| 1 + reason.sentences.len()).sum();
        if said < ENOUGH {
            paragraphs.extend(reason(&all));
        }
    }
    if paragraphs.is_empty() {
        paragraphs.push(otherwise::reason(&all));
    }
    paragraphs.extend(beliefs::shown(&all));
    paragraphs
}

/// The explanation as a section of plain text.
pub(crate) fn section(run: &Run) -> Option<String> {
    let written = |paragraph: &Paragraph| {
        let Paragraph { kind, lead, sentences } = paragraph;
        let text = sentences.join(" ");
        let text = match kind {
            ParagraphKind::Reason => format!("{lead} {text}"),
            ParagraphKind::Belief => format!("Commonly believed: \"{lead}\". Here: {text}"),
        };
        wrapped(&text, "- ", "  ").replace('\u{a0}', " ")
    };
    let paragraphs: Vec<_> = why(run).iter().map(written).collect();
    (!paragraphs.is_empty()).then(|| format!("Why\n\n{}", paragraphs.join("\n\n")))
}
