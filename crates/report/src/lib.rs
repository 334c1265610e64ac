//! What a person reads of a run, made from its directory alone, and what the
//! words in it mean.
//!
//! | module | makes |
//! |---|---|
//! | [`summary`](summary()) | the terminal's summary: the sections below, in order |
//! | [`by_hand`](by_hand()) | what became of a load that somebody ran by hand |
//! | `grid` | one figure over two axes of the matrix, for each value of the others |
//! | `cells` | a row for each cell, where the matrix has fewer than two axes |
//! | `evidence` | worst connect latency, and the kernel's counters |
//! | `why` | the explanation: what acted, what shows it, what would change it |
//! | `waits` | who waited for SYN retransmissions, and for how long |
//! | `laws` | predicted beside measured, a row for each cell |
//! | `checks` | what held, of invariants, laws and expectations |
//! | `simulation` | how well the simulator finds what was measured |
//! | [`files`](files()) | what a run directory gets: the files below |
//! | `html` | `report.html` |
//! | `recorded` | which trials' rows are drawn, and the files of the others |
//! | `cells_csv`, `markdown`, `junit` | `cells.csv`, `summary.md`, `junit.xml` |
//! | [`suite`](Suite) | a suite: its table, `summary.md` and `junit.xml` of all its scenarios |
//! | `annotation` | one line for a CI system that shows annotations |
//! | `cell`, `table`, [`answer`](answer()) | what several of these show |
//! | `figure`, `text` | how numbers and prose are written |
//!
//! A new section is a function from [`Run`] to text, and one line in `summary`.

mod annotation;
mod answer;
mod by_hand;
mod cells;
mod cells_csv;
mod checks;
mod evidence;
mod files;
mod grid;
mod html;
mod junit;
mod laws;
mod markdown;
mod recorded;
mod simulation;
mod suite;
mod summary;
mod table;
mod waits;
mod why;

pub use annotation::run_annotation;
pub use answer::{answer, findings, verdict};
pub use by_hand::by_hand;
pub use charts::{is_chart_name, scale, text_on};
pub use checks::text as verdict_text;
pub use diagnosis::{Paragraph, ParagraphKind, explain as why};
pub use evidence::counters_shown;
pub use files::{Files, files};
pub use run_view::number::{count, gibibytes, percent, total, value};
pub use run_view::prose::several;
pub use run_view::{Run, short_name, written_point};
pub use suite::{Member, Suite};
pub use summary::summary;
pub use table::{Table, escaped};
