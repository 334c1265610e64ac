//! The comparison as text: readable without colour, and without a terminal.

use indexmap::IndexMap;
use report::Table;
use run_record::describe_value;
use run_view::prose::{fit, wrap_to};
use run_view::statistics::{median_ratio, ratio_interval};
use run_view::{Emphasis, Printable, Screen};

use crate::comparison::{Comparison, Scope};
use crate::conclusion::Conclusion;
use crate::criteria::MIN_TRIALS;
use crate::differences::Difference;
use crate::format::{NONE, p_value, ratio, trials};
use crate::metric::METRICS;
use crate::metric_comparison::MetricComparison;
use crate::suite::{ComparedMember, SuiteComparison};
use crate::verdict::Verdict;

/// The rows of a metric's table from which on cells that held are only counted.
const MAX_ROWS: usize = 20;

/// The rows of a metric's table after which the rest is only counted; the worst come first.
const MAX_LISTED: usize = 100;

/// The lines of a list after which the rest is only counted.
const MAX_LINES: usize = 10;

impl Comparison {
    /// The whole comparison without colours, failed checks of the new run first.
    pub fn text(&self) -> String {
        self.text_for(Screen::FILE).as_str().to_owned()
    }

    /// The whole comparison for a screen, failed checks of the new run first.
    pub fn text_for(&self, screen: Screen) -> Printable {
        let wrap =
            |text: &str, first: &str| Printable::new(&wrap_to(screen.columns, text, first, "  "));
        let list = |title: &str, lines: &[String]| list(screen, title, lines);
        let [baseline, new] = &self.runs;
        let runs = [wrap(baseline, "Baseline: "), wrap(new, "New: ")];
        let mut sections = vec![Printable::joined(runs, "\n")];
        if self.is_interleaved {
            let order = match self.is_side_by_side {
                true => {
                    "Their trials were interleaved, in groups of the same run that ran side by side."
                }
                false => "Their trials were interleaved: noise of the machine affects both.",
            };
            sections.push(wrap(order, ""));
        }
        sections
            .push(Printable::new(&fit(screen.columns, &report::verdict_text(&self.new_verdict))));
        if self.baseline_verdict.verdict.is_failed() {
            sections.push(Printable::new("Some checks failed in the baseline."));
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
                sections.push(wrap(&self.describe_scope(), ""));
            }
        }
        if !self.metrics.is_empty() {
            sections.extend(self.metrics_text(screen));
        }
        sections.extend(list("Regressed:", &self.regressed()));
        let emphasis = match self.conclusion() {
            Conclusion::Failed | Conclusion::Judged(Verdict::Regressed) => Emphasis::Bad,
            Conclusion::Judged(Verdict::Held | Verdict::Improved) => Emphasis::Good,
            Conclusion::Judged(_) => Emphasis::Warning,
        };
        let verdict = wrap_to(screen.columns, &self.verdict_line(), "", "");
        sections.push(Printable::with(screen, emphasis, &verdict));
        Printable::joined(sections, "\n\n")
    }

    /// A table for each metric, and what their columns mean; a line if there is one trial a side.
    fn metrics_text(&self, screen: Screen) -> Vec<Printable> {
        let wrap = |text: &str| Printable::new(&wrap_to(screen.columns, text, "", "  "));
        let one_trial = |one: &MetricComparison| one.baseline.len() <= 1 && one.new.len() <= 1;
        if self.metrics.iter().all(one_trial) {
            return vec![wrap(&format!(
                "Metrics are not compared: {} per side in each cell, and it takes {MIN_TRIALS} \
                 (--repeat {MIN_TRIALS}). `compare --format json` has the values.",
                self.trials_per_side()
            ))];
        }
        let tables = METRICS.iter().filter_map(|metric| {
            let compared = self.metrics.iter().filter(|one| one.metric.name == metric.name);
            self.table(&compared.collect::<Vec<_>>(), screen)
        });
        tables.chain([wrap(&self.describe_method())]).collect()
    }

    /// One metric in all cells; `None` if there are none.
    fn table(&self, cells: &[&MetricComparison], screen: Screen) -> Option<Printable> {
        let metric = cells.first()?.metric;
        let is_long = cells.len() > MAX_ROWS;
        let is_listed = |cell: &&&MetricComparison| !is_long || cell.verdict != Verdict::Held;
        let mut listed: Vec<_> = cells.iter().filter(is_listed).collect();
        let mut more = match cells.len() - listed.len() {
            0 => Vec::new(),
            more => vec![Printable::new(&format!("… and {more} cells in which it held"))],
        };
        if listed.len() > MAX_LISTED {
            let others = listed.len() - MAX_LISTED;
            listed.sort_by(|one, other| one.worst_first(other));
            listed.truncate(MAX_LISTED);
            let others = format!("… and {others} other cells, which `--format json` has");
            more.push(Printable::new(&others));
        }
        let better = if metric.higher_is_better { "higher" } else { "lower" };
        let title = format!("{} ({better} is better; {} per side)", metric.title, trials(cells));
        if listed.is_empty() {
            let held = format!("{title}: held in all {} cells", cells.len());
            return Some(Printable::new(&wrap_to(screen.columns, &held, "", "  ")));
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
                let place = (!place.is_empty()).then(|| Printable::new(&format!("{place}:")));
                Printable::joined(place.into_iter().chain([table.text(screen)]), "\n")
            })
            .collect();
        let title =
            Printable::with(screen, Emphasis::Strong, &wrap_to(screen.columns, &title, "", "  "));
        let parts = [title].into_iter().chain(tables).chain(more);
        Some(Printable::joined(parts, "\n"))
    }

    fn empty_table(&self, axes: &[String]) -> Table {
        let axes_shown = axes.len();
        let axes = axes.iter().map(|path| self.names.short(path));
        let columns = ["baseline", "new", "ratio (95 %)", "delta", "p", "verdict"];
        let head = axes.chain(columns).map(str::to_owned).collect();
        Table { head, keys: axes_shown, ..Table::default() }
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
    /// The whole comparison without colours: the scenarios that did not hold in full, then a
    /// row for each.
    pub fn text(&self) -> String {
        self.text_for(Screen::FILE).as_str().to_owned()
    }

    /// The whole comparison for a screen.
    pub fn text_for(&self, screen: Screen) -> Printable {
        let [baseline, new] = &self.suites;
        let mut sections = vec![Printable::new(&format!("Baseline: {baseline}\nNew: {new}"))];
        let is_shown = |member: &&ComparedMember| !member.held() && !member.is_skipped;
        for member in self.members.iter().filter(is_shown) {
            let title = format!("── {} ──", member.scenario);
            sections.push(Printable::with(screen, Emphasis::Strong, &title));
            sections.push(match (&member.comparison, &member.problem) {
                (Some(comparison), _) => comparison.text_for(screen),
                (None, Some(problem)) => Printable::new(&fit(screen.columns, problem)),
                (None, None) => Printable::default(),
            });
        }
        let table = Table {
            head: Self::HEAD.map(str::to_owned).into(),
            rows: self.members.iter().map(|member| member.row().into()).collect(),
            words: Self::HEAD.len(),
            keys: 1,
            ..Table::default()
        };
        sections.push(table.text(screen));
        sections.push(Printable::new(&fit(screen.columns, &self.verdict_line())));
        Printable::joined(sections, "\n\n")
    }
}

fn list(screen: Screen, title: &str, lines: &[String]) -> Option<Printable> {
    let mut text = title.to_owned();
    for line in lines.iter().take(MAX_LINES) {
        text += &format!("\n{}", wrap_to(screen.columns, line, "  ", "    "));
    }
    if lines.len() > MAX_LINES {
        text += &format!("\n  … and {} more", lines.len() - MAX_LINES);
    }
    (!lines.is_empty()).then(|| Printable::new(&text))
}
