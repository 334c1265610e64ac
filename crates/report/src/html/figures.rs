//! What happened, as charts.

use maud::{Markup, html};

use crate::files::Charts;
use charts::Chart;
use run_view::Run;
use run_view::short_name;

use crate::{evidence, waits};

/// Charts side by side, as many as there is room for.
pub(super) fn grid<'a>(charts: impl IntoIterator<Item = &'a Chart>) -> Markup {
    html! { div.charts { @for chart in charts { (chart.inline()) } } }
}

/// What a figure of a cell is, in as many trials as it has.
fn what_a_figure_is(run: &Run) -> &'static str {
    match run.is_repeated() {
        true => "Median of the repetitions, with their range where they differ",
        false => "One trial a cell: how much chance moves a figure is not seen here",
    }
}

pub(super) fn maps(run: &Run, charts: &Charts) -> Markup {
    let (first, others) = charts.heat_maps.split_at(charts.heat_maps.len().min(2));
    let are_single = first.iter().all(|maps| maps.len() == 1);
    html! {
        section #cells-at-a-glance {
            h2 { "Every cell at a glance" }
            @if first.is_empty() {
                @if let Some(table) = crate::cells::table(run) {
                    p.quiet { (what_a_figure_is(run)) "." }
                    (table.html())
                }
            } @else {
                p.quiet {
                    (what_a_figure_is(run)) "; one scale for all maps of a figure. A cell that is clicked (or Tab and Enter) shows its trials."
                }
            }
            @if are_single { (grid(first.iter().flatten())) }
            @else { @for maps in first { (grid(maps)) } }
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

pub(super) fn lines(run: &Run, charts: &Charts) -> Markup {
    let axes = run.varying_axes();
    let along = axes.last().map_or("the cells", |axis| short_name(&axis.path));
    html! {
        @if !charts.lines.is_empty() {
            section #lines {
                h2 { "Over " (along) }
                p.quiet {
                    @if run.is_repeated() {
                        "Points are medians of the repetitions, bars go from the least to the largest."
                    } @else {
                        "Each point is a single trial, one race of the clients against the server: "
                        "how much chance moves it is not seen here."
                    }
                    @if let [.., series, _] = axes.as_slice() {
                        " A line for each " (short_name(&series.path)) "."
                    }
                }
                (grid(&charts.lines))
            }
        }
    }
}

pub(super) fn outcomes(run: &Run, charts: &Charts) -> Markup {
    let troubles = evidence::server_troubles(run);
    html! {
        @if charts.outcomes.is_some() || troubles.is_some() {
            section #outcomes {
                h2 { "How the attempts ended" }
                @if let Some(chart) = &charts.outcomes {
                    p.quiet {
                        "Every attempt ends in exactly one way"
                        @if run.is_repeated() { "; a cell's repetitions are summed" } "."
                     }
                    (chart.inline())
                }
                @if let Some(troubles) = troubles { pre { (troubles) } }
            }
        }
    }
}

pub(super) fn latency(run: &Run, charts: &Charts) -> Markup {
    html! {
        @if let Some(chart) = &charts.latency {
            section #latency {
                h2 { "How long a connect takes" }
                p.quiet {
                    "From connect(2) to ESTABLISHED at the client, of attempts that got so far, a \
                     cell's repetitions together; the axis goes by powers of ten. What lies just \
                     behind a red mark waited for a SYN to be sent again."
                }
                (chart.inline())
                @if let Some(worst) = evidence::worst_connect(run) { p { (worst) } }
                @if let Some(waits) = waits::waits(run) {
                    details { summary { "Who waited for SYN retransmissions" } pre { (waits) } }
                }
            }
        }
    }
}
