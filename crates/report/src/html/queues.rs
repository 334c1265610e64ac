//! The queue over time: a cell is picked, and its chart is shown.

use maud::{Markup, html};
use run_record::TryId;

use crate::files::Charts;
use crate::recorded::{Drawn, ENOUGH, Rows};
use run_view::Run;
use run_view::number::count;

/// What a trial's charts are called in the page.
pub(super) fn id(trial: TryId) -> String {
    format!("queue-{}", trial.file_stem())
}

fn megabytes(bytes: usize) -> String {
    format!("{} MB", bytes / 1_000_000)
}

fn damages(rows: &Rows) -> Markup {
    html! { @for told in rows.damages() { p.note { (told) } } }
}

pub(super) fn queues(run: &Run, charts: &Charts) -> Markup {
    let rows = &charts.recorded;
    let shown = rows.most_telling();
    let name = |drawn: &Drawn| match drawn.drops {
        0 => format!("{}: nothing dropped", drawn.place),
        drops => format!("{}: {} dropped", drawn.place, count(drops)),
    };
    let has_queues = rows.drawn.iter().any(Drawn::has_queue);
    html! {
        @if rows.drawn.is_empty() && !rows.damaged.is_empty() {
            section #queues { h2 { "The queue over time" } (damages(rows)) }
        } @else if rows.drawn.is_empty() && !run.trials.is_empty() {
            section #queues {
                h2 { "The queue over time" }
                p.quiet {
                    "This run kept no rows of it: " code { "record: {timelines: true, attempts: true}" }
                    " in a scenario, or " code { "--set record.timelines=true --set record.attempts=true" }
                    ", draws each cell's queue and its attempts here."
                }
            }
        }
        @if !rows.drawn.is_empty() {
            section #queues {
                h2 { @if has_queues { "The queue over time" } @else { "Attempt by attempt" } }
                p.quiet {
                    "Of each cell the trial with the most ListenDrops; where several have about as many, \
                     the one whose queue was seen fullest."
                    @if has_queues {
                        " Depth and limit are what the probe saw; times are from the first attempt or \
                         look."
                    }
                    @if rows.left_out > 0 {
                        " " (rows.drawn.len()) " of " (rows.drawn.len() + rows.left_out)
                        " cells are drawn, as " (megabytes(ENOUGH)) " of charts are enough for a page: \
                         those that dropped most, and some from everywhere between the most and the \
                         least. The rows of the other " (rows.left_out)
                        " are in " a href="#files" { "the files" } "."
                    }
                }
                (damages(rows))
                // Without the page's script each is opened by itself.
                p #pick hidden {
                    label for="picker" { "Cell " }
                    select #picker {
                        @for (place, drawn) in rows.drawn.iter().enumerate() {
                            option value=(id(drawn.trial)) selected[place == shown] { (name(drawn)) }
                        }
                    }
                }
                @for (place, drawn) in rows.drawn.iter().enumerate() {
                    details.recorded id=(id(drawn.trial)) open[place == shown] {
                        summary { "trial " (drawn.trial) ": " (name(drawn)) }
                        @for chart in &drawn.charts { (chart.inline()) }
                    }
                }
            }
        }
    }
}
