//! Every check, by name.

use crate::document::{Block, Section, Source};
use crate::table::Table;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let verdict = &source.run.verdict;
    let mut section = Section::new("checks", "What was checked");
    section.page(Block::caption(
        "Invariants must hold in every trial; laws are rules of the kernel; expectations are from \
         the scenario. The numbers count trials.",
    ));
    section.page(Block::text(verdict.headline()));
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
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let head = ["", "what must hold", "", "held", "failed", "not applied"];
        let head = head.map(str::to_owned).into();
        section.page(Table { head, rows, words: 3, ..Table::default() });
    }
    Some(section)
}
