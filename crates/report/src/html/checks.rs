//! What was checked, by name.

use maud::{Markup, html};

use crate::table::Table;
use run_view::Run;

use crate::checks;

/// Every invariant, law and expectation, with how often it held.
pub(super) fn checks(run: &Run) -> Markup {
    let verdict = &run.verdict;
    let rows = verdict.checks.iter().map(|check| {
        let sign = match (check.failed, check.held) {
            (1.., _) => "✗\u{a0}failed",
            (0, 1..) => "✓\u{a0}held",
            (0, 0) => "·",
        };
        let counts = [check.held, check.failed, check.not_applied].map(|n| n.to_string());
        let words = [check.kind.name(), &check.name, sign].map(str::to_owned);
        words.into_iter().chain(counts).collect()
    });
    let head = ["", "what must hold", "", "held", "failed", "does not apply"];
    let table = Table {
        title: String::new(),
        head: head.map(str::to_owned).into(),
        rows: rows.collect(),
        words: 3,
    };
    let (violations, on_retry) = (verdict.violation_lines(), verdict.held_on_retry_lines());
    html! {
        section #checks {
            h2 { "What was checked" }
            p.quiet {
                "Invariants must hold in every trial, laws are the kernel's, and expectations are the \
                 scenario's own; figures are numbers of trials."
            }
            p { (verdict.headline()) }
            @if !violations.is_empty() {
                ul.failed { @for line in checks::listed(&violations) { li { (line) } } }
            }
            @if !on_retry.is_empty() {
                p { "What held only when run again:" }
                ul.failed {
                    @for line in checks::listed(&on_retry) { li { (line) } }
                }
            }
            @if !table.rows.is_empty() { (table.html()) }
        }
    }
}
