//! The comparison as text: readable without colour, and without a terminal.

use indexmap::IndexMap;
use report::Table;
use run_record::describe_value;
use run_view::prose::wrap;
use run_view::statistics::{median_ratio, ratio_interval};

use crate::comparison::{Comparison, Scope};
use crate::differences::Difference;
use crate::format::{NONE, p_value, ratio, trials};
use crate::metric::METRICS;
use crate::metric_comparison::MetricComparison;
use crate::suite::SuiteComparison;
use crate::verdict::Verdict;

/// The rows of a metric's table from which on cells that held are only counted.
const MAX_ROWS: usize = 20;

/// The lines of a list after which the rest is only counted.
const MAX_LINES: usize = 10;

impl Comparison {
    /// The whole comparison, failed checks of the new run first.
    pub fn text(&self) -> String {
        let [baseline, new] = &self.runs;
        let runs = [wrap(baseline, "Baseline: ", "  "), wrap(new, "New: ", "  ")];
        let mut sections = vec![runs.join("\n")];
        if self.is_interleaved {
            let order = match self.is_side_by_side {
                true => {
                    "Their trials were interleaved, in groups of the same run that ran side by side."
                }
                false => "Their trials were interleaved: noise of the machine affects both.",
            };
            sections.push(order.to_owned());
        }
        sections.push(report::verdict_text(&self.new_verdict));
        if self.baseline_verdict.verdict.is_failed() {
            sections.push("Some checks failed in the baseline.".to_owned());
        }
        let laws = &self.laws;
        sections.extend(list("Not finished:", &self.unfinished));
        sections.extend(list("Disturbed, and not compared by metrics:", &self.disturbed));
        sections.extend(list("Laws with a different prediction:", &laws.predicted));
        sections.extend(list("Laws that are no longer decided:", &laws.undecided));
        let lines = |differences: &mut dyn Iterator<Item = &Difference>| -> Vec<String> {
            differences.map(Difference::to_string).collect()
        };
        match self.scope {
            Scope::All => {
                let differences = lines(&mut self.differences());
                let title = "Metrics are not comparable, because these differ:";
                sections.extend(list(title, &differences));
            }
            Scope::Laws => {
                let differences = lines(&mut self.differences.scenario.iter());
                let title = "Laws are not comparable, because these differ:";
                sections.extend(list(title, &differences));
                sections.extend(list("Cells that were not run:", &laws.not_run));
                sections.push(self.describe_scope());
            }
        }
        sections.extend(METRICS.iter().filter_map(|metric| {
            let compared = self.metrics.iter().filter(|one| one.metric.name == metric.name);
            self.table(&compared.collect::<Vec<_>>())
        }));
        if !self.metrics.is_empty() {
            sections.push(self.describe_method());
        }
        sections.extend(list("Regressed:", &self.regressed()));
        sections.push(wrap(&self.verdict_line(), "", ""));
        sections.join("\n\n")
    }

    /// One metric in all cells; `None` if there are none.
    fn table(&self, cells: &[&MetricComparison]) -> Option<String> {
        let metric = cells.first()?.metric;
        let is_long = cells.len() > MAX_ROWS;
        let is_listed = |cell: &&&MetricComparison| !is_long || cell.verdict != Verdict::Held;
        let listed: Vec<_> = cells.iter().filter(is_listed).collect();
        let held = match cells.len() - listed.len() {
            0 => String::new(),
            more => format!("\n… and {more} cells in which it held"),
        };
        let better = if metric.higher_is_better { "higher" } else { "lower" };
        let title = format!("{} ({better} is better; {} per side)", metric.title, trials(cells));
        if listed.is_empty() {
            let held = format!("{title}: held in all {} cells", cells.len());
            return Some(wrap(&held, "", "  "));
        }
        // With more than two axes, the columns do not fit: the outer axes get a table each.
        let (outer, inner) = self.axes.split_at(self.axes.len().saturating_sub(2));
        let mut tables: IndexMap<String, Table> = IndexMap::new();
        for cell in listed {
            let place = outer.iter().filter_map(|path| Some((&**path, cell.point.get(path)?)));
            let table =
                tables.entry(self.names.describe(place)).or_insert_with(|| self.empty_table(inner));
            table.rows.push(self.row(inner, cell));
        }
        let tables: Vec<_> = tables
            .into_iter()
            .map(|(place, table)| {
                let place = if place.is_empty() { place } else { format!("{place}:\n") };
                format!("{place}{}", table.wrapped())
            })
            .collect();
        Some(format!("{}\n{}{held}", wrap(&title, "", "  "), tables.join("\n")))
    }

    fn empty_table(&self, axes: &[String]) -> Table {
        let axes = axes.iter().map(|path| self.names.short(path));
        let columns = ["baseline", "new", "ratio (95 %)", "delta", "p", "verdict"];
        let head = axes.chain(columns).map(str::to_owned).collect();
        Table { title: String::new(), head, rows: Vec::new(), words: 0 }
    }

    fn row(&self, axes: &[String], cell: &MetricComparison) -> Vec<String> {
        let places =
            axes.iter().map(|path| cell.point.get(path).map_or(NONE.to_owned(), describe_value));
        let MetricComparison { baseline, new, .. } = cell;
        let ratio = median_ratio(baseline, new).map_or(NONE.to_owned(), |middle| {
            match ratio_interval(baseline, new, self.criteria.seed) {
                Some((low, high)) if low < high => {
                    format!("{} ({}–{})", ratio(middle), ratio(low), ratio(high))
                }
                _ => ratio(middle),
            }
        });
        places
            .chain(cell.medians())
            .chain([ratio, cell.delta(), p_value(cell.p), cell.verdict.to_string()])
            .collect()
    }
}

impl SuiteComparison {
    /// The whole comparison: the scenarios that did not hold in full, then a row for each.
    pub fn text(&self) -> String {
        let [baseline, new] = &self.suites;
        let mut sections = vec![format!("Baseline: {baseline}\nNew: {new}")];
        for member in self.members.iter().filter(|member| !member.held()) {
            let text = member.comparison.as_ref().map(Comparison::text);
            let text = text.or_else(|| member.problem.clone()).unwrap_or_default();
            sections.push(format!("── {} ──\n\n{text}", member.scenario));
        }
        let table = Table {
            title: String::new(),
            head: Self::HEAD.map(str::to_owned).into(),
            rows: self.members.iter().map(|member| member.row().into()).collect(),
            words: Self::HEAD.len(),
        };
        sections.push(table.drawn().to_string());
        sections.push(self.verdict_line());
        sections.join("\n\n")
    }
}

fn list(title: &str, lines: &[String]) -> Option<String> {
    let mut text = title.to_owned();
    for line in lines.iter().take(MAX_LINES) {
        text += &format!("\n{}", wrap(line, "  ", "    "));
    }
    if lines.len() > MAX_LINES {
        text += &format!("\n  … and {} more", lines.len() - MAX_LINES);
    }
    (!lines.is_empty()).then_some(text)
}
