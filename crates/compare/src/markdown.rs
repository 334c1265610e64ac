//! The comparison for the summary page of a CI job: the worst first, and limited in length.

use report::{Table, escaped};

use crate::comparison::{Comparison, Scope};
use crate::conclusion::Conclusion;
use crate::differences::Difference;
use crate::suite::SuiteComparison;
use crate::verdict::Verdict;

/// The rows of a table, and lines of a list, after which the rest is only counted.
const MAX_ROWS: usize = 40;

impl Comparison {
    /// In GitHub's Markdown.
    pub fn markdown(&self) -> String {
        format!("# Comparison with the baseline: {}\n\n{}", self.conclusion(), self.section())
    }

    fn section(&self) -> String {
        let [baseline, new] = &self.runs;
        let conclusion = sign(self.conclusion());
        let mut text = format!("{conclusion} **{}**\n\n", escaped(&self.verdict_line()));
        text += &format!("- Baseline: {}\n- New: {}\n", escaped(baseline), escaped(new));
        text += &format!("- {}\n", escaped(&self.new_verdict.headline()));
        if self.baseline_verdict.verdict.is_failed() {
            text += "- Some checks failed in the baseline.\n";
        }
        text += &list("Not finished", &self.unfinished);
        text += &list("Disturbed, and not compared by metrics", &self.disturbed);
        text += &list("Laws with a different prediction", &self.laws.predicted);
        text += &list("Laws that are no longer decided", &self.laws.undecided);
        let differences: Vec<_> = self.differences().map(Difference::to_string).collect();
        text += &list("Different from the baseline", &differences);
        if self.scope == Scope::Laws {
            text += &list("Cells that were not run", &self.laws.not_run);
            text += &format!("\n{}\n", self.describe_scope());
        }
        if self.metrics.is_empty() {
            return text;
        }
        let mut metrics: Vec<_> =
            self.metrics.iter().filter(|metric| metric.verdict != Verdict::Held).collect();
        metrics.sort_by(|one, other| one.worst_first(other));
        let held = self.metrics.len() - metrics.len();
        if !metrics.is_empty() {
            let listed = &metrics[..metrics.len().min(MAX_ROWS)];
            text += &format!("\n{}", self.metric_table(listed).markdown());
        }
        if metrics.len() > MAX_ROWS {
            text += &format!("\n… and {} more that did not hold.\n", metrics.len() - MAX_ROWS);
        }
        text + &format!("\n{held} of {} metrics held.\n", self.metrics.len())
    }
}

impl SuiteComparison {
    /// In GitHub's Markdown.
    pub fn markdown(&self) -> String {
        let [baseline, new] = &self.suites;
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by_key(|member| member.conclusion.rank());
        let rows = members.iter().map(|member| {
            let [scenario, verdict, compared] = member.row();
            vec![scenario, format!("{} {verdict}", sign(member.conclusion)), compared]
        });
        let table = Table {
            head: Self::HEAD.map(str::to_owned).into(),
            rows: rows.collect(),
            words: Self::HEAD.len(),
            ..Table::default()
        };
        let mut text = format!(
            "# Comparison with the baseline: {}\n\n{}\n\n- Baseline: {}\n- New: {}\n\n{}",
            self.conclusion(),
            escaped(&self.verdict_line()),
            escaped(baseline),
            escaped(new),
            table.markdown()
        );
        for member in members.iter().filter(|member| !member.held()) {
            if let Some(comparison) = &member.comparison {
                text += &format!("\n## {}\n\n{}", escaped(&member.scenario), comparison.section());
            }
        }
        text
    }
}

fn list(title: &str, lines: &[String]) -> String {
    let mut text = String::new();
    if !lines.is_empty() {
        text += &format!("\n{title}:\n\n");
    }
    for line in lines.iter().take(MAX_ROWS) {
        text += &format!("- {}\n", escaped(line));
    }
    if lines.len() > MAX_ROWS {
        text += &format!("- … and {} more\n", lines.len() - MAX_ROWS);
    }
    text
}

fn sign(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Failed | Conclusion::Judged(Verdict::Regressed) => "❌",
        Conclusion::Judged(Verdict::Held) => "✅",
        Conclusion::Judged(_) => "⚠️",
    }
}
