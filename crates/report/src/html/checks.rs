//! What was checked, by name.

use indexmap::IndexMap;
use maud::{Markup, html};

use crate::table::Table;
use run_view::Run;

use crate::checks;

/// How often a check held, did not, and did not apply.
type Tally = [usize; 3];

/// Every invariant, expectation and law, with how often it held.
pub(super) fn checks(run: &Run) -> Markup {
    let mut tallies: IndexMap<(&str, &str), Tally> = IndexMap::new();
    for trial in &run.trials {
        let invariants =
            trial.invariants.iter().map(|check| ("invariant", &check.name, check.held));
        let laws = trial.laws.iter().map(|law| ("law", &law.name, law.held));
        let expected = trial.expectations.iter();
        let expected = expected.map(|check| ("expectation", &check.name, check.held));
        for (kind, name, held) in invariants.chain(laws).chain(expected) {
            let place = match held {
                Some(true) => 0,
                Some(false) => 1,
                None => 2,
            };
            tallies.entry((kind, name)).or_default()[place] += 1;
        }
    }
    tallies.sort_by_key(|(kind, _), _| order(kind));
    let rows = tallies.iter().map(|(&(kind, name), tally)| {
        let [held, failed, not] = tally.map(|n| n.to_string());
        let sign = if tally[1] > 0 {
            "✗\u{a0}failed"
        } else if tally[0] > 0 {
            "✓\u{a0}held"
        } else {
            "·"
        };
        vec![kind.to_owned(), name.to_owned(), sign.to_owned(), held, failed, not]
    });
    let head = ["", "what must hold", "", "held", "failed", "does not apply"];
    let table = Table {
        title: String::new(),
        head: head.map(str::to_owned).into(),
        rows: rows.collect(),
        words: 3,
    };
    let verdict = checks::verdict(run);
    html! {
        section #checks {
            h2 { "What was checked" }
            p.quiet {
                "Invariants must hold in every trial, laws are the kernel's, and expectations are the \
                 scenario's own; figures are numbers of trials."
            }
            p { (verdict.headline) }
            @if !verdict.breaches.is_empty() {
                ul.failed { @for line in checks::listed(&verdict.breaches) { li { (line) } } }
            }
            @if !verdict.held_when_run_again.is_empty() {
                p { "What held only when run again:" }
                ul.failed {
                    @for line in checks::listed(&verdict.held_when_run_again) { li { (line) } }
                }
            }
            @if !table.rows.is_empty() { (table.html()) }
        }
    }
}

fn order(kind: &str) -> usize {
    ["invariant", "law", "expectation"].iter().position(|of| *of == kind).unwrap_or(3)
}
