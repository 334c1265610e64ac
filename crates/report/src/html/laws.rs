//! Predicted beside measured, and simulated beside measured.

use maud::{Markup, html};

use super::figures::grid;
use crate::files::Charts;
use run_view::Run;

use crate::{laws, simulation};

/// Rows of a table from which on it is closed at first.
const LONG: usize = 12;

pub(super) fn laws(run: &Run, charts: &Charts) -> Markup {
    let tables = laws::tables(run);
    html! {
        @if !tables.is_empty() || charts.simulation.is_some() {
            section #laws {
                h2 { "Predicted, and measured" }
                @if !tables.is_empty() {
                    p.quiet {
                        "Each law is computed from the settings alone, before its trial starts. A \
                         circle is a cell in which it held, a cross one in which it did not"
                        @if run.is_repeated() { "; bars span the repetitions" } "."
                    }
                    @if !charts.laws.exact.is_empty() {
                        h3 { "What is exact" }
                        p.quiet {
                            "On the dashed diagonal the measured figure is the predicted one; "
                            "“× 12” is twelve cells at one place."
                        }
                        div.small { (grid(&charts.laws.exact)) }
                    }
                    @if !charts.laws.timed.is_empty() {
                        h3 { "What takes its time" }
                        p.quiet {
                            "A timer of the kernel may fire late, by no more than its ticks allow (the \
                             band), and never early."
                        }
                        (grid(&charts.laws.timed))
                    }
                    h3 { "The figures" }
                    @for table in tables {
                        @let long = table.rows.len() > LONG;
                        details open[!long] {
                            summary { (table.title) @if long { " · " (table.rows.len()) " cells" } }
                            (table.html())
                        }
                    }
                }
                @if let Some(chart) = &charts.simulation {
                    h3 { "Simulated, and measured" }
                    p.quiet {
                        "The simulator plays each trial again by the kernel's rules, given nothing but \
                         the settings and the instants at which the server accepted."
                    }
                    (chart.inline())
                }
                @if let Some(agreement) = simulation::agreement(run) { p.quiet { (agreement) } }
            }
        }
    }
}
