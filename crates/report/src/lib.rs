//! The document of a run, made only from its directory, and its renderings.
//!
//! | module | holds |
//! |---|---|
//! | `document` | a document, and its renderers for terminal, page and Markdown |
//! | `sections` | the sections in their order; a new one is a file and a line there |
//! | [`files`](files()) | the files of a run directory, its [`charts`](charts()), and the text for a [`terminal`](terminal()) |
//! | [`page_head`] | the head of a page that loads nothing |
//! | [`answer`](answer()) | the answer in one or two sentences, in the scenario's words |
//! | `evidence`, `syn_waits`, `laws`, `cells`, `simulation`, `checks` | the tables and sentences that sections show |
//! | `generator` | warnings that the load generator may have limited the results |
//! | [`charts_side_by_side`] | the charts of two runs, with the same scales |
//! | `sparkline` | the queue over time in a line of a terminal |
//! | `pace_simulation` | trials simulated at the accept pace that the kernel showed |
//! | `recorded` | which trials with recorded rows are drawn |
//! | `cells_csv`, `junit` | `cells.csv` and `junit.xml` |
//! | [`suite`](Suite), `suite_files` | a suite, and its table, `summary.md` and `junit.xml` |
//! | `bounds` | what pages, tables and lists hold at most |
//! | `annotation` | an annotation for a CI system |
//! | [`watch`](watch_files()) | a recorded watch |
//! | [`standalone`](standalone()) | the summary of a standalone load |
//! | `table` | a table in each format |

mod annotation;
mod answer;
mod bounds;
mod cells;
mod cells_csv;
mod checks;
mod document;
mod evidence;
mod files;
mod generator;
mod junit;
mod laws;
mod pace_simulation;
mod recorded;
mod sections;
mod side_by_side;
mod simulation;
mod sparkline;
mod standalone;
mod suite;
mod suite_files;
mod syn_waits;
mod table;
mod watch;

pub use ::charts::is_chart_name;
pub use annotation::{escape_data, run_annotation};
pub use answer::{answer, findings};
pub use checks::text as verdict_text;
pub use diagnosis::{Claim, Paragraph, ParagraphKind, Sentence, explain as why};
pub use document::{Detail, TerminalText, page_head};
pub use evidence::counters_shown;
pub use files::{Files, charts, files, summary, terminal};
pub use run_view::Run;
pub use run_view::number::{count, gibibytes};
pub use run_view::prose::several;
pub use side_by_side::charts_side_by_side;
pub use standalone::standalone;
pub use suite::{Member, Suite};
pub use table::{Table, escaped};
pub use watch::{watch_charts, watch_files, watch_headline, watch_summary, watch_terminal};
