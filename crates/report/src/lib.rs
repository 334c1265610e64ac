//! The document of a run, made from its directory alone, and its renderings.
//!
//! | module | holds |
//! |---|---|
//! | `document` | the document: sections made once, and the renderers for terminal, page and Markdown |
//! | `sections` | the sections, in their order: a new one is a file and a line there |
//! | [`files`](files()) | the files that a run directory gets, and the terminal's [`summary`](summary()) |
//! | [`answer`](answer()) | the answer in short: the headline metric along its axis |
//! | `evidence`, `waits`, `laws`, `cells`, `simulation`, `checks` | the tables and sentences that sections show |
//! | `recorded` | which trials' rows are drawn, and the files of the others |
//! | `cells_csv`, `junit` | `cells.csv` and `junit.xml` |
//! | [`suite`](Suite), `suite_files` | a suite, and its table, `summary.md` and `junit.xml` |
//! | `annotation` | one line for a CI system that shows annotations |
//! | [`by_hand`](by_hand()) | the summary of a load that ran by itself |
//! | `table` | a table, and how each format writes it |

mod annotation;
mod answer;
mod by_hand;
mod cells;
mod cells_csv;
mod checks;
mod document;
mod evidence;
mod files;
mod junit;
mod laws;
mod recorded;
mod sections;
mod simulation;
mod suite;
mod suite_files;
mod table;
mod waits;

pub use annotation::run_annotation;
pub use answer::{answer, findings, verdict};
pub use by_hand::by_hand;
pub use charts::{is_chart_name, scale, text_on};
pub use checks::text as verdict_text;
pub use diagnosis::{Paragraph, ParagraphKind, explain as why};
pub use evidence::counters_shown;
pub use files::{Files, files, summary};
pub use run_view::Run;
pub use run_view::number::{count, gibibytes, percent, total, value};
pub use run_view::prose::several;
pub use suite::{Member, Suite};
pub use table::{Table, escaped};
