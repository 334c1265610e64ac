//! `report.html`: the run as one page that needs nothing from anywhere.
//!
//! | module | holds |
//! |---|---|
//! | `answer` (here) | the question, the answer, the verdict |
//! | `cells` | the trials of each cell |
//! | `checks` | invariants, expectations and laws |
//! | `counters` | the kernel's counters and what they mean |
//! | `environment` | the machine, the settings, the files |

mod cells;
mod checks;
mod counters;
mod environment;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::answer::{answer, told, unfinished, verdict};
use crate::cell::Cell;
use crate::charts::{self, Chart};
use crate::files::Charts;
use crate::{Run, evidence, simulation, waits, why};

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
                (top(run))
                (maps(run, charts))
                (lines(charts))
                (outcomes(run, charts))
                (latency(run, charts))
                (queues(charts))
                (reasons(run))
                (checks::laws(run))
                (counters::counters(run))
                (checks::checks(run))
                (cells::cells(run, cells))
                (environment::environment(run))
                (environment::files(run))
                dialog #panel aria-label="trials of a cell" {
                    button #close { "close" }
                    div #shown {}
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    format!("{}\n", page.0).into_bytes()
}

fn top(run: &Run) -> Markup {
    let record = &run.record;
    let verdict = verdict(run);
    let class = if verdict.starts_with("Held") { "verdict held" } else { "verdict failed" };
    let overrides = &record.scenario.overrides;
    html! {
        header {
            p.quiet { "queuelab · " (record.scenario.name) @if overrides.quick { " · quick" }
                " · " (record.started.strftime("%Y-%m-%d %H:%M UTC")) }
            h1 { (record.scenario.question) }
            p.answer { (answer(run)) }
            p class=(class) { (verdict) }
            @if let Some(told) = unfinished(run) { p class="verdict failed" { (told) } }
            p.quiet { (evidence::outcomes(run)) " " (run.hosts()) }
            @if let Some(fixed) = run.fixed_axes() { p.quiet { (fixed) } }
        }
    }
}

fn grid(charts: &[Chart]) -> Markup {
    html! { div.charts { @for chart in charts { (chart.inline()) } } }
}

fn maps(run: &Run, charts: &Charts) -> Markup {
    let (first, others) = charts.heat_maps.split_at(charts.heat_maps.len().min(2));
    html! {
        section #cells-at-a-glance {
            h2 { "Every cell at a glance" }
            @if first.is_empty() {
                @if let Some(table) = crate::cells::table(run) { (table.html()) }
            } @else {
                p.quiet {
                    "Median of the repetitions, with their range where they differ. A cell that is \
                     clicked shows its trials."
                }
            }
            @for maps in first { (grid(maps)) }
            @if let Some(warning) = evidence::generator(run) { p.note { (warning) } }
            @if !others.is_empty() {
                details {
                    summary { "More figures" }
                    @for maps in others { (grid(maps)) }
                }
            }
        }
    }
}

fn lines(charts: &Charts) -> Markup {
    html! {
        @if !charts.lines.is_empty() {
            section #lines {
                h2 { "Along the last axis" }
                p.quiet { "Points are medians, bars go from the least to the largest repetition." }
                (grid(&charts.lines))
            }
        }
    }
}

fn outcomes(run: &Run, charts: &Charts) -> Markup {
    let troubles = evidence::server_troubles(run);
    html! {
        @if charts.outcomes.is_some() || troubles.is_some() {
            section #outcomes {
                h2 { "How the attempts ended" }
                @if let Some(chart) = &charts.outcomes { (chart.inline()) }
                @if let Some(troubles) = troubles { pre { (troubles) } }
            }
        }
    }
}

fn latency(run: &Run, charts: &Charts) -> Markup {
    html! {
        @if let Some(chart) = &charts.latency {
            section #latency {
                h2 { "How long a connect takes" }
                (chart.inline())
                @if let Some(worst) = evidence::worst_connect(run) { p { (worst) } }
                @if let Some(waits) = waits::waits(run) {
                    details { summary { "Who waited for SYN retransmissions" } pre { (waits) } }
                }
            }
        }
    }
}

fn queues(charts: &Charts) -> Markup {
    html! {
        @if !charts.recorded.is_empty() {
            section #queues {
                h2 { "The queue over time" }
                p.quiet {
                    "The trials that dropped most. Times are from the first attempt or sample."
                }
                @for (place, (trial, charts)) in charts.recorded.iter().enumerate() {
                    details open[place == 0] {
                        summary { (trial) }
                        @for chart in charts { (chart.inline()) }
                    }
                }
            }
        }
    }
}

fn reasons(run: &Run) -> Markup {
    html! {
        section #why {
            h2 { "Why" }
            @for paragraph in why(run) {
                @let (lead, rest) = told(&paragraph);
                p { strong { (lead) } " " (rest) }
            }
            @if let Some(agreement) = simulation::agreement(run) { p.quiet { (agreement) } }
        }
    }
}
