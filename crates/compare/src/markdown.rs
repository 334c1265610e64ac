//! The comparison for a job's summary page: the worst first, and bounded.

use crate::comparison::{Compared, Comparison, Conclusion, Scope};
use crate::effect::{median, median_ratio};
use crate::judge::Verdict;
use crate::suite::SuiteComparison;
use crate::table::{delta, p_value, ratio};
use report::{Table, escaped};
use run_view::written_point;

/// Rows of a table, and lines of a list, before the rest is only counted.
const LISTED: usize = 40;

impl Comparison {
    /// In GitHub's Markdown.
    pub fn markdown(&self) -> String {
        format!("# Against the baseline: {}\n\n{}", self.conclusion(), self.section())
    }

    fn section(&self) -> String {
        let [baseline, new] = &self.runs;
        let mut text = format!("{} **{}**\n\n", sign(self.conclusion()), escaped(&self.verdict()));
        text += &format!("- Baseline: {}\n- Now: {}\n", escaped(baseline), escaped(new));
        text += &format!("- {}\n", escaped(&self.checks.headline()));
        if !self.baseline_held {
            text += "- Not everything held in the baseline itself.\n";
        }
        text += &listed("Not finished", &self.unfinished);
        text += &listed("The kernel's laws predict something else", &self.laws.predicted);
        text += &listed("Laws that could not be held against the baseline", &self.laws.undecided);
        let apart = self.differences.lines();
        text += &listed("Not the same as in the baseline", &apart);
        if self.scope == Scope::Laws {
            text += &listed("Cells that were not run", &self.laws.not_run);
            text += &format!("\n{}\n", self.laws_alone());
        }
        if self.figures.is_empty() {
            return text;
        }
        let mut figures: Vec<_> =
            self.figures.iter().filter(|figure| figure.verdict != Verdict::Held).collect();
        figures.sort_by(|one, other| worst_first(one, other));
        let held = self.figures.len() - figures.len();
        if !figures.is_empty() {
            text += &format!("\n{}", table(&figures[..figures.len().min(LISTED)]).markdown());
        }
        if figures.len() > LISTED {
            text += &format!("\n… and {} more that did not hold.\n", figures.len() - LISTED);
        }
        text + &format!("\n{held} of {} figures held.\n", self.figures.len())
    }
}

impl SuiteComparison {
    /// In GitHub's Markdown.
    pub fn markdown(&self) -> String {
        let [baseline, new] = &self.suites;
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by_key(|member| member.conclusion.order());
        let rows = members.iter().map(|member| {
            let mut row = member.row();
            row[1] = format!("{} {}", sign(member.conclusion), row[1]);
            row
        });
        let table = Table {
            title: String::new(),
            head: ["scenario", "verdict", "what was compared"].map(str::to_owned).into(),
            rows: rows.collect(),
            words: 3,
        };
        let mut text = format!(
            "# Against the baseline: {}\n\n{}\n\n- Baseline: {}\n- Now: {}\n\n{}",
            self.conclusion(),
            escaped(&self.verdict()),
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

/// Figures as rows, as many as are given.
pub(crate) fn table(figures: &[&Compared]) -> Table {
    let row = |figure: &&Compared| {
        let Compared { measure, point, old, new, p, verdict, .. } = figure;
        let middle = |sample: &[f64]| median(sample).map_or("·".to_owned(), measure.write);
        let place = written_point(point.iter().map(|(path, value)| (path.as_str(), value)));
        vec![
            measure.name.to_owned(),
            place,
            verdict.to_string(),
            middle(old),
            middle(new),
            median_ratio(old, new).map_or("·".to_owned(), ratio),
            delta(old, new),
            p.map_or("·".to_owned(), p_value),
        ]
    };
    let head = ["figure", "cell", "verdict", "baseline", "now", "ratio", "delta", "p"];
    Table {
        title: String::new(),
        head: head.map(str::to_owned).into(),
        rows: figures.iter().map(row).collect(),
        words: 3,
    }
}

fn listed(title: &str, lines: &[String]) -> String {
    let mut text = String::new();
    if !lines.is_empty() {
        text += &format!("\n{title}:\n\n");
    }
    for line in lines.iter().take(LISTED) {
        text += &format!("- {}\n", escaped(line));
    }
    if lines.len() > LISTED {
        text += &format!("- … and {} more\n", lines.len() - LISTED);
    }
    text
}

fn worse(figure: &Compared) -> usize {
    Conclusion::Judged(figure.verdict).order()
}

/// The worst first, and of what is as bad what moved furthest.
pub(crate) fn worst_first(one: &Compared, other: &Compared) -> std::cmp::Ordering {
    worse(one).cmp(&worse(other)).then(moved(other, one))
}

/// What moved furthest comes first.
fn moved(one: &Compared, other: &Compared) -> std::cmp::Ordering {
    let far = |figure: &Compared| {
        median_ratio(&figure.old, &figure.new).map_or(0.0, |ratio| ratio.ln().abs())
    };
    far(one).total_cmp(&far(other))
}

fn sign(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Failed | Conclusion::Judged(Verdict::Regressed) => "❌",
        Conclusion::Judged(Verdict::Held) => "✅",
        Conclusion::Judged(_) => "⚠️",
    }
}
