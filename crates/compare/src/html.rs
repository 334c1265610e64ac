//! The comparison for a page: what failed and what changed first, and the rest in closed
//! sections.

use maud::{Markup, html};
use run_view::prose::{sentence, several};

use crate::comparison::Comparison;
use crate::metric_comparison::MetricComparison;
use crate::verdict::Verdict;

/// The rows of metrics that held from which on their section is closed.
const MAX_OPEN_ROWS: usize = 20;

/// The rows of a table, and lines of a list, after which the rest is only counted.
const MAX_ROWS: usize = 200;

impl Comparison {
    /// What failed and what changed, and everything else in closed sections.
    pub fn html(&self) -> Markup {
        let laws = &self.laws;
        let same = several(laws.same as u64, "prediction");
        let cells = several(laws.cells as u64, "cell");
        html! {
            @if self.new_verdict.verdict.is_failed() {
                h2 { "Failed checks of the new run" }
                ul.failed { (items(&self.new_verdict.violation_lines())) }
            }
            (list("Disturbed, and not compared by metrics:", &self.disturbed))
            h2 { "Laws that changed" }
            @if laws.predicted.is_empty() && laws.undecided.is_empty() {
                @if laws.cells == 0 { p { "The runs have no cell in common." } }
                @else { p { "None: " (same) " of the kernel's laws, in " (cells) ", as in the baseline." } }
            }
            (list("Laws with a different prediction:", &laws.predicted))
            (list("Laws that are no longer decided:", &laws.undecided))
            (list("Cells that were not run:", &laws.not_run))
            h2 { "Metrics" }
            (self.metrics_html())
            details {
                summary { "The whole comparison, as " code { "queuelab compare" } " prints it" }
                pre { (self.text()) }
            }
        }
    }

    /// The first of these metrics as rows, and the number of the others.
    fn rows_html(&self, metrics: &[&MetricComparison]) -> Markup {
        let shown = &metrics[..metrics.len().min(MAX_ROWS)];
        html! {
            (self.metric_table(shown).html())
            @if metrics.len() > MAX_ROWS {
                p.quiet {
                    "… and " (metrics.len() - MAX_ROWS) " more, which " code { "queuelab compare --format json" } " has"
                }
            }
        }
    }

    fn metrics_html(&self) -> Markup {
        let sorted = |selects: &dyn Fn(Verdict) -> bool| {
            let mut metrics: Vec<_> =
                self.metrics.iter().filter(|metric| selects(metric.verdict)).collect();
            metrics.sort_by(|one, other| one.worst_first(other));
            metrics
        };
        let changed = sorted(&|verdict| matches!(verdict, Verdict::Regressed | Verdict::Improved));
        let held = sorted(&|verdict| verdict == Verdict::Held);
        let undecided = sorted(&|v| matches!(v, Verdict::Inconclusive | Verdict::NoBaseline));
        let is_long = held.len() > MAX_OPEN_ROWS;
        html! {
            @if self.metrics.is_empty() {
                p { (sentence(&self.describe_metrics())) "." }
            } @else if changed.is_empty() {
                p { "No metric is known to have changed." }
            } @else { (self.rows_html(&changed)) }
            @if !held.is_empty() {
                details open[!is_long] {
                    summary { (several(held.len() as u64, "metric")) " held" }
                    (self.rows_html(&held))
                }
            }
            @if !undecided.is_empty() {
                details {
                    summary { (several(undecided.len() as u64, "metric")) " undecided" }
                    (self.rows_html(&undecided))
                }
            }
            @if !self.metrics.is_empty() {
                details { summary { "What the columns mean" } p { (self.describe_method().replace('\n', " ")) } }
            }
        }
    }
}

/// The first lines as items, and the number of the others.
fn items(lines: &[String]) -> Markup {
    html! {
        @for line in lines.iter().take(MAX_ROWS) { li { (line) } }
        @if lines.len() > MAX_ROWS { li { "… and " (lines.len() - MAX_ROWS) " more" } }
    }
}

fn list(title: &str, lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            p { (title) }
            ul { (items(lines)) }
        }
    }
}
