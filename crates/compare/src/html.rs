//! The comparison for a page: what there is to know first, and the rest where it
//! can be opened.

use maud::{Markup, html};

use crate::comparison::{Compared, Comparison};
use crate::judge::{FEWEST_TRIALS, Verdict};
use crate::markdown::{table, worst_first};
use crate::sameness::Difference;
use crate::table::trials;
use run_view::prose::{sentence, several};

/// Rows of figures that held before they are only counted at first.
const HELD: usize = 20;

impl Comparison {
    /// How it ends, in a sentence or two: what is wrong comes first.
    pub fn told(&self) -> String {
        let mut told = self.unfinished.clone();
        if !self.all_held {
            told.push(format!("in the new run, {}", self.checks.headline().trim_end_matches('.')));
        }
        if !self.baseline_held {
            told.push("not everything held in the baseline itself".to_owned());
        }
        told.extend(self.told_of_laws());
        let faults = match told.is_empty() {
            true => None,
            false => Some(sentence(&format!("{}.", told.join("; ")))),
        };
        let figures = self.told_of_figures();
        match faults {
            Some(faults) => format!("{faults} {}.", sentence(&figures)),
            None => {
                let held = match self.laws.same {
                    0 => "everything that was checked held in both",
                    _ => "every law held in both",
                };
                sentence(&format!("{figures}; {held}."))
            }
        }
    }

    /// What of the laws is not as it was.
    fn told_of_laws(&self) -> Option<String> {
        let law = |number: usize| match number {
            1 => "1 law predicts".to_owned(),
            n => format!("{n} laws predict"),
        };
        let undecided = self.laws.undecided.len() as u64;
        match (self.laws.predicted.len(), undecided) {
            (0, 0) => None,
            (0, _) => Some(format!("{} could not be decided", several(undecided, "law"))),
            (changed, _) => Some(format!("{} something else than in the baseline", law(changed))),
        }
    }

    fn told_of_figures(&self) -> String {
        if self.figures.is_empty() {
            let what: Vec<_> = self.different().map(|apart| apart.what.as_str()).collect();
            return match what.is_empty() {
                true => "there are no measured figures to compare".to_owned(),
                false => format!(
                    "measured figures cannot be compared, as these differ: {}",
                    what.join(", ")
                ),
            };
        }
        if !self.figures.iter().any(Compared::has_enough_trials) {
            let figures: Vec<_> = self.figures.iter().collect();
            return format!(
                "{} a side in each cell: nothing can be decided about rates, which takes {FEWEST_TRIALS}",
                trials(&figures)
            );
        }
        let counted = [Verdict::Regressed, Verdict::Improved, Verdict::Held, Verdict::Inconclusive]
            .map(|verdict| (self.figures.iter().filter(|f| f.verdict == verdict).count(), verdict));
        let counted: Vec<_> = counted
            .into_iter()
            .filter(|(figures, _)| *figures > 0)
            .map(|(figures, verdict)| format!("{figures} {verdict}"))
            .collect();
        let all = several(self.figures.len() as u64, "measured figure");
        format!("of {all}, {}", counted.join(", "))
    }

    /// Why measured figures may not be compared; nothing where they may.
    pub fn different(&self) -> impl Iterator<Item = &Difference> {
        self.differences.scenario.iter().chain(&self.differences.machine)
    }

    /// What failed and what changed, and below it everything else, closed.
    pub fn html(&self) -> Markup {
        let laws = &self.laws;
        let same = several(laws.same as u64, "prediction");
        let cells = several(laws.cells as u64, "cell");
        html! {
            @if !self.all_held {
                h2 { "What failed in the new run" }
                ul.failed { @for breach in self.checks.violation_lines() { li { (breach) } } }
            }
            h2 { "Laws that changed" }
            @if laws.predicted.is_empty() && laws.undecided.is_empty() {
                @if laws.cells == 0 { p { "There is no cell that both have." } }
                @else { p { "None: " (same) " of the kernel's laws, in " (cells) ", as in the baseline." } }
            }
            (listed("They predict something else:", &laws.predicted))
            (listed("They could not be held against the baseline:", &laws.undecided))
            (listed("Cells that were not run:", &laws.not_run))
            h2 { "Measured figures" }
            (self.figures_html())
            details {
                summary { "The whole comparison, as " code { "queuelab compare" } " writes it" }
                pre { (self.written()) }
            }
        }
    }

    fn figures_html(&self) -> Markup {
        let sorted = |of: &dyn Fn(Verdict) -> bool| {
            let mut figures: Vec<_> = self.figures.iter().filter(|f| of(f.verdict)).collect();
            figures.sort_by(|one, other| worst_first(one, other));
            figures
        };
        let changed = sorted(&|verdict| matches!(verdict, Verdict::Regressed | Verdict::Improved));
        let held = sorted(&|verdict| verdict == Verdict::Held);
        let open = sorted(&|v| matches!(v, Verdict::Inconclusive | Verdict::NoBaseline));
        let is_long = held.len() > HELD;
        html! {
            @if self.figures.is_empty() {
                p { (sentence(&self.told_of_figures())) "." }
            } @else if changed.is_empty() {
                p { "None is known to have changed." }
            } @else { (rows(&changed)) }
            @if !held.is_empty() {
                details open[!is_long] {
                    summary { (several(held.len() as u64, "figure")) " held" }
                    (rows(&held))
                }
            }
            @if !open.is_empty() {
                details {
                    summary { (several(open.len() as u64, "figure")) " not decided" }
                    (rows(&open))
                }
            }
            @if !self.figures.is_empty() {
                details { summary { "What the columns are" } p { (self.method().replace('\n', " ")) } }
            }
        }
    }
}

fn rows(figures: &[&Compared]) -> Markup {
    table(figures).html()
}

fn listed(title: &str, lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            p { (title) }
            ul { @for line in lines { li { (line) } } }
        }
    }
}
