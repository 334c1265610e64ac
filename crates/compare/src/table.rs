//! The comparison as text: readable without colour, and without a terminal.

use indexmap::IndexMap;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style, Width};

use crate::comparison::{Compared, Comparison, Conclusion, Scope};
use crate::effect::{cliffs_delta, median, median_ratio, ratio_interval};
use crate::judge::{FEWEST_TRIALS, Verdict};
use crate::law_changes::LawChanges;
use crate::measure::MEASURES;
use crate::sameness::Difference;
use run_view::number::{percent, value};
use run_view::prose::{WIDTH, wrapped};
use run_view::{short_name, written_point};

/// Rows of a figure's table before the cells in which it held are only counted.
const ROWS: usize = 20;

/// Lines of a list before the rest is only counted.
const LISTED: usize = 10;

/// What is not there.
const NOTHING: &str = "·";

impl Comparison {
    /// The comparison as a person reads it: what failed in the new run first.
    pub fn written(&self) -> String {
        let [baseline, new] = &self.runs;
        let runs = [wrapped(baseline, "Baseline: ", "  "), wrapped(new, "Now: ", "  ")];
        let mut sections = vec![runs.join("\n")];
        if self.interleaved {
            let told = match self.side_by_side {
                true => {
                    "Their trials took turns, many side by side of one and then as many of the other."
                }
                false => "Their trials took turns: the machine's moods are in both.",
            };
            sections.push(told.to_owned());
        }
        sections.push(report::verdict_text(&self.checks));
        if !self.baseline_held {
            sections.push("Not everything held in the baseline itself.".to_owned());
        }
        sections.extend(list("Not finished:", &self.unfinished));
        let laws = &self.laws;
        sections.extend(list("The kernel's laws predict something else:", &laws.predicted));
        sections.extend(list("Laws that could not be held against the baseline:", &laws.undecided));
        match self.scope {
            Scope::All => {
                let apart = self.differences.lines();
                sections.extend(list("No baseline for measured figures, as these differ:", &apart));
            }
            Scope::Laws => {
                let apart: Vec<_> =
                    self.differences.scenario.iter().map(Difference::to_string).collect();
                sections.extend(list("No baseline for laws, as these differ:", &apart));
                sections.extend(list("Cells that were not run:", &laws.not_run));
                sections.push(self.laws_alone());
            }
        }
        sections.extend(MEASURES.iter().filter_map(|measure| {
            let figures = self.figures.iter().filter(|figure| figure.measure.name == measure.name);
            self.table(&figures.collect::<Vec<_>>())
        }));
        if !self.figures.is_empty() {
            sections.push(self.method());
        }
        sections.extend(list("Regressed:", &self.regressed()));
        sections.push(wrapped(&self.verdict(), "", ""));
        sections.join("\n\n")
    }

    /// What was looked at, where that is not everything.
    pub(crate) fn laws_alone(&self) -> String {
        let LawChanges { same, cells, .. } = self.laws;
        format!("Laws and checks alone: {same} predictions are the same, in {cells} cells.")
    }

    /// A figure in all cells; none of none.
    fn table(&self, figures: &[&Compared]) -> Option<String> {
        let measure = figures.first()?.measure;
        let is_long = figures.len() > ROWS;
        let is_shown = |figure: &&&Compared| !is_long || figure.verdict != Verdict::Held;
        let shown: Vec<_> = figures.iter().filter(is_shown).collect();
        let held = match figures.len() - shown.len() {
            0 => String::new(),
            more => format!("\n… and {more} cells in which it held"),
        };
        let better = if measure.higher_is_better { "more" } else { "less" };
        let title = format!("{} ({better} is better; {} a side)", measure.title, trials(figures));
        if shown.is_empty() {
            let held = format!("{title}: held in all {} cells", figures.len());
            return Some(wrapped(&held, "", "  "));
        }
        // More axes than two leave no room for the figures: the others head a
        // table of their own.
        let (outer, inner) = self.axes.split_at(self.axes.len().saturating_sub(2));
        let mut tables: IndexMap<String, Builder> = IndexMap::new();
        for figure in shown {
            let place = outer.iter().filter_map(|path| Some((&**path, figure.point.get(path)?)));
            let builder = tables.entry(written_point(place)).or_insert_with(|| heading(inner));
            builder.push_record(self.row(inner, figure));
        }
        let tables: Vec<_> = tables
            .into_iter()
            .map(|(place, builder)| {
                let place = if place.is_empty() { place } else { format!("{place}:\n") };
                let mut table = builder.build();
                table.with(Style::rounded()).modify(Columns::new(..), Alignment::right());
                table.with(Width::wrap(WIDTH).keep_words(true));
                format!("{place}{table}")
            })
            .collect();
        Some(format!("{title}\n{}{held}", tables.join("\n")))
    }

    fn row(&self, axes: &[String], figure: &Compared) -> Vec<String> {
        let Compared { measure, point, old, new, p, verdict, .. } = figure;
        let places = axes.iter().map(|path| point.get(path).map_or(NOTHING.to_owned(), value));
        let middle = |sample: &[f64]| median(sample).map_or(NOTHING.to_owned(), measure.write);
        let ratio =
            median_ratio(old, new).map_or(NOTHING.to_owned(), |middle| {
                match ratio_interval(old, new, self.criteria.seed) {
                    Some((low, high)) if low < high => {
                        format!("{} ({}–{})", ratio(middle), ratio(low), ratio(high))
                    }
                    _ => ratio(middle),
                }
            });
        let p = p.map_or(NOTHING.to_owned(), p_value);
        places
            .chain([middle(old), middle(new), ratio, delta(old, new), p, verdict.to_string()])
            .collect()
    }

    /// What the columns are.
    pub(crate) fn method(&self) -> String {
        let tests = self.figures.iter().filter(|figure| figure.p.is_some()).count();
        let text = format!(
            "Medians over trials, of one that was run again its first try. Ratio: now ÷ baseline, with its bootstrap interval (trials drawn \
             again, seed {}). Delta: Cliff's, the share of pairs of trials with more now, less \
             that with less. p: two-sided Mann–Whitney, adjusted by Holm over {tests} {}. Changed \
             is what has p ≤ {} and a median that moved by {} % or more; with such a median and a \
             larger p it is inconclusive, as it is with fewer than {FEWEST_TRIALS} trials a side.",
            self.criteria.seed,
            if tests == 1 { "test" } else { "tests" },
            self.criteria.alpha,
            percent(self.criteria.floor),
        );
        wrapped(&text, "", "")
    }

    pub(crate) fn regressed(&self) -> Vec<String> {
        let regressed = self.verdicts().filter(|(_, _, verdict)| *verdict == Verdict::Regressed);
        regressed
            .map(|(name, place, _)| match place.is_empty() {
                true => name.to_owned(),
                false => format!("{name} ({place})"),
            })
            .collect()
    }

    pub(crate) fn verdict(&self) -> String {
        let counted = [
            Verdict::Regressed,
            Verdict::Inconclusive,
            Verdict::NoBaseline,
            Verdict::Improved,
            Verdict::Held,
        ]
        .map(|verdict| (self.figures.iter().filter(|f| f.verdict == verdict).count(), verdict));
        let laws = [
            (self.laws.predicted.len(), "law", "changed".to_owned()),
            (self.laws.undecided.len(), "law", "undecided".to_owned()),
        ];
        let figures = counted.map(|(figures, verdict)| (figures, "figure", verdict.to_string()));
        let counted: Vec<_> = (laws.into_iter().chain(figures))
            .filter(|(times, ..)| *times > 0)
            .map(|(times, what, is)| {
                format!("{times} {what}{} {is}", if times == 1 { "" } else { "s" })
            })
            .collect();
        let counted = match counted.is_empty() {
            true => String::new(),
            false => format!(" ({})", counted.join(", ")),
        };
        let (word, then) = match self.conclusion() {
            Conclusion::Failed => ("FAILED".to_owned(), "; what failed is at the top"),
            Conclusion::Judged(verdict) => (verdict.to_string(), self.advice(verdict)),
        };
        format!("Verdict: {word}{counted}{then}.")
    }

    /// What to do about a verdict.
    fn advice(&self, verdict: Verdict) -> &'static str {
        match (verdict, self.scope) {
            (Verdict::Inconclusive, _) if !self.unfinished.is_empty() => {
                "; go on with what is not finished: queuelab run --resume RUN"
            }
            (Verdict::Held | Verdict::Regressed, _) => "",
            (Verdict::Improved, _) => "; if that was meant, this run is the next baseline",
            (Verdict::Inconclusive, Scope::All) => "; more repetitions (--repeat) may decide it",
            (Verdict::Inconclusive, Scope::Laws) => "; not all of the baseline was looked at",
            (Verdict::NoBaseline, Scope::All) => {
                "; a run of the same scenario on the same machine is one"
            }
            (Verdict::NoBaseline, Scope::Laws) => "; a run of the same scenario is one",
        }
    }
}

fn heading(axes: &[String]) -> Builder {
    let axes = axes.iter().map(|path| short_name(path));
    let columns = ["baseline", "now", "ratio (95 %)", "delta", "p", "verdict"];
    let mut builder = Builder::default();
    builder.push_record(axes.chain(columns));
    builder
}

/// How many trials each side of each figure has.
pub(crate) fn trials(figures: &[&Compared]) -> String {
    let sides = figures.iter().flat_map(|figure| [figure.old.len(), figure.new.len()]);
    match (sides.clone().min().unwrap_or(0), sides.max().unwrap_or(0)) {
        (1, 1) => "1 trial".to_owned(),
        (least, most) if least == most => format!("{most} trials"),
        (least, most) => format!("{least} to {most} trials"),
    }
}

pub(crate) fn list(title: &str, lines: &[String]) -> Option<String> {
    let mut text = title.to_owned();
    for line in lines.iter().take(LISTED) {
        text += &format!("\n{}", wrapped(line, "  ", "    "));
    }
    if lines.len() > LISTED {
        text += &format!("\n  … and {} more", lines.len() - LISTED);
    }
    (!lines.is_empty()).then_some(text)
}

/// A ratio with three significant digits, about: `0.75`, `12.3`, `1030`.
pub(crate) fn ratio(ratio: f64) -> String {
    match ratio {
        r if r.is_infinite() => "∞".to_owned(),
        r if r >= 99.95 => format!("{r:.0}"),
        r if r >= 9.995 => format!("{r:.1}"),
        r => format!("{r:.2}"),
    }
}

/// Cliff's delta of what is now against what was: `+0.43`; a dot where one of them
/// is not there.
pub(crate) fn delta(old: &[f64], new: &[f64]) -> String {
    match old.is_empty() || new.is_empty() {
        true => NOTHING.to_owned(),
        false => format!("{:+.2}", cliffs_delta(old, new)),
    }
}

/// A probability: `1`, `0.043`, `1.1e-5`.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if p >= 0.9995 => "1".to_owned(),
        p if p >= 0.000_95 => format!("{p:.3}"),
        p => format!("{p:.1e}"),
    }
}
