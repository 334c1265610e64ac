//! `report.html`: the run as one page that needs nothing from anywhere.
//!
//! | module | holds |
//! |---|---|
//! | `top` | the question, the answer, the verdict, what follows |
//! | `figures` | heat maps, lines, outcomes, latencies |
//! | `queues` | the queue over time, for a cell that is picked |
//! | `laws` | predicted and simulated beside measured |
//! | `counters` | the kernel's counters and what they mean |
//! | `checks` | invariants, expectations and laws, by name |
//! | `cells` | the trials of each cell |
//! | `environment` | the machine and the settings |
//! | `raw` | the files |

mod cells;
mod checks;
mod counters;
mod environment;
mod figures;
mod laws;
mod queues;
mod raw;
mod top;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::answer::told;
use crate::files::Charts;
use diagnosis::ParagraphKind;
use run_view::Cell;
use run_view::Run;
use run_view::prose::clean;

use crate::why;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Whatever a page may load is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";

/// The page.
pub(crate) fn page(run: &Run, cells: &[Cell<'_>], charts: &Charts) -> Vec<u8> {
    let name = &run.record.scenario.name;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (name) " · queuelab" }
                // Without it a browser asks for /favicon.ico.
                link rel="icon" href="data:,";
                style { (PreEscaped(charts::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                (top::top(run))
                main {
                    (figures::maps(run, charts))
                    (figures::lines(run, charts))
                    (figures::outcomes(run, charts))
                    (figures::latency(run, charts))
                    (queues::queues(run, charts))
                    (reasons(run))
                    (laws::laws(run, charts))
                    (counters::counters(run))
                    (environment::environment(run))
                    (checks::checks(run))
                    (cells::cells(run, cells, charts))
                    (raw::files(charts))
                }
                dialog #panel aria-label="exact values" {
                    button #close { "close" }
                    div #shown {}
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    format!("{}\n", clean(&page.0)).into_bytes()
}

fn reasons(run: &Run) -> Markup {
    let (reasons, beliefs): (Vec<_>, Vec<_>) =
        why(run).into_iter().partition(|paragraph| paragraph.kind == ParagraphKind::Reason);
    html! {
        @if !reasons.is_empty() || !beliefs.is_empty() {
            section #why {
                h2 { "Why" }
                p.quiet { "What acted, what shows it, and what would change it." }
                @for paragraph in &reasons {
                    @let (lead, rest) = told(paragraph);
                    p { strong { (lead) } " " (rest) }
                }
                @if !beliefs.is_empty() {
                    h3 { "What many believe, and what was seen here" }
                    dl.beliefs {
                        @for belief in &beliefs {
                            dt { "“" (belief.lead) "”" }
                            dd { (belief.sentences.join(" ")) }
                        }
                    }
                }
            }
        }
    }
}
