//! A statement of a scenario's headline as a sentence about a run.

use std::collections::BTreeSet;

use run_view::number::Spread;
use run_view::prose::sentence;
use run_view::{Cell, Run, TrialView};
use run_view::{Executions, Law, Trial};
use scenario::{Headline, Statement, Texts};

use super::clause::{Clause, clauses};
use super::difference::MIN_TRIALS;
use super::finding::{DISTURBED, SOME_DISTURBED};
use super::measure::{Measure, law, span};
use super::words::{fill, in_all, setting};

/// What a run says about a statement.
enum Said {
    /// A law or an expectation failed.
    Failed(String),
    /// What was found.
    Found(String),
    /// It was not measured, in the scenario's words.
    Absent(String),
    /// Every trial that it is about was disturbed.
    Disturbed,
}

/// The sentences of a headline: first what failed. None if the run measured nothing of it.
pub(super) fn sentences(run: &Run, headline: &Headline) -> Vec<String> {
    let cells = Cell::all(run);
    let said: Vec<_> = headline.0.iter().filter_map(|it| say(run, &cells, it)).collect();
    let has_findings = said.iter().any(|said| !matches!(said, Said::Absent(_)));
    if !has_findings {
        return Vec::new();
    }
    let failed = said.iter().filter_map(|said| match said {
        Said::Failed(text) => Some(text.clone()),
        _ => None,
    });
    let found = said.iter().filter_map(|said| match said {
        Said::Found(text) | Said::Absent(text) => Some(text.clone()),
        _ => None,
    });
    let is_disturbed = said.iter().any(|said| matches!(said, Said::Disturbed));
    let are_all = run.trials.iter().all(Trial::is_disturbed);
    let disturbed = if are_all { DISTURBED } else { SOME_DISTURBED };
    failed.chain(found).chain(is_disturbed.then(|| disturbed.to_owned())).collect()
}

fn say(run: &Run, cells: &[Cell<'_>], statement: &Statement) -> Option<Said> {
    let measure = Measure::of(statement, run)?;
    let check = Checked::new(run, measure);
    if let Some(failed) = check.failure() {
        return Some(Said::Failed(failed));
    }
    let find = |name: &str| check.find(name);
    if let Measure::Expectation(_) = measure {
        return match (check.decided.is_empty(), check.is_disturbed) {
            (false, _) => expectation(statement, &find).map(Said::Found),
            (true, true) => Some(Said::Disturbed),
            (true, false) => absent(statement, &find),
        };
    }
    let (clauses, is_disturbed) = clauses(run, cells, statement, measure);
    if clauses.is_empty() {
        return if is_disturbed { Some(Said::Disturbed) } else { absent(statement, &find) };
    }
    let chosen = chosen(&clauses, &find);
    let shown: Vec<_> = chosen.iter().map(|(clause, _)| *clause).collect();
    let lead = statement.lead.as_ref().and_then(|lead| {
        let finding = finding(&shown).unwrap_or_default();
        let is_winner = !finding.is_empty() && !Texts::FINDINGS.contains(&finding.as_str());
        let differs = || lead.of(Texts::DIFFERS).filter(|_| is_winner);
        let setting = |name: &str| name.contains('.').then(|| shown[0].find(name)).flatten();
        let text = common_lead(lead, &shown).or_else(|| lead.of(&finding));
        let text = text.or_else(differs).or_else(|| lead.of_any())?;
        fill(text, |name| find(name).or_else(|| setting(name)))
    });
    let lead = lead.map_or(String::new(), |lead| format!("{lead}: "));
    let mut text = join(&chosen, &measure.title(run));
    if shown.iter().all(|clause| clause.is_single())
        && chosen.iter().all(|(_, (_, is_generic))| *is_generic)
    {
        let axis = run.axis_name(statement.over.as_deref().unwrap_or_default());
        text += &format!("; {axis} has only one value, so there is nothing to compare");
    }
    let note = match shown.iter().filter_map(|clause| clause.too_few_trials()).min() {
        None => String::new(),
        Some(1) => " (one trial per cell: variation unknown)".to_owned(),
        Some(trials) => format!(
            " ({trials} trials per cell: too few to tell a difference from variation, for which \
             {MIN_TRIALS} are enough)"
        ),
    };
    Some(Said::Found(closed(&format!("{lead}{text}{note}"))))
}

/// The clauses as one text. Those without the scenario's words need the name of what was
/// measured, the first of them at least.
fn join(chosen: &[(&Clause<'_>, (String, bool))], title: &str) -> String {
    let mut was_generic = false;
    let texts = chosen.iter().map(|(_, (text, is_generic))| {
        let needs_title = *is_generic && !was_generic;
        was_generic = *is_generic;
        if needs_title { format!("{title}: {text}") } else { text.clone() }
    });
    texts.collect::<Vec<_>>().join("; ")
}

/// The clauses that are said, with their texts: each value of the axis `by` has one. If the text
/// depends on axes that the statement does not name, it is that of the place where the values
/// differ most, with this place.
fn chosen<'c, 'a>(
    clauses: &'c [Clause<'a>],
    find: &dyn Fn(&str) -> Option<String>,
) -> Vec<(&'c Clause<'a>, (String, bool))> {
    let mut chosen = Vec::new();
    for group in clauses.chunk_by(|one, other| one.by() == other.by()) {
        let texts: Vec<_> = group.iter().map(|clause| clause.text(find)).collect();
        let more = |one: usize, other: usize| {
            if group[other].effect() > group[one].effect() { other } else { one }
        };
        let most = (0..group.len()).reduce(more).unwrap_or(0);
        let place = group[most].place();
        let is_same = texts.iter().all(|text| *text == texts[most]);
        let (text, is_generic) = texts[most].clone();
        let place = if is_same || place.is_empty() { String::new() } else { format!(" ({place})") };
        chosen.push((&group[most], (text + &place, is_generic)));
    }
    chosen
}

/// The finding of all clauses, for the lead: that of each, or of those that differ. `None` if
/// there is nothing to compare.
fn finding(clauses: &[&Clause<'_>]) -> Option<String> {
    let findings: BTreeSet<String> = clauses.iter().filter_map(|clause| clause.finding()).collect();
    if findings.contains(Texts::UNKNOWN) {
        return Some(Texts::UNKNOWN.to_owned());
    }
    let mut differing: Vec<_> = findings.iter().filter(|it| *it != Texts::SAME).collect();
    match (differing.len(), findings.is_empty()) {
        (0, true) => None,
        (0, false) => Some(Texts::SAME.to_owned()),
        (1, _) => differing.pop().cloned(),
        _ => Some(Texts::MIXED.to_owned()),
    }
}

/// The text for the best values of all clauses that differ, if it is the same for all of these.
fn common_lead<'a>(lead: &'a Texts, clauses: &[&Clause<'_>]) -> Option<&'a str> {
    let findings = clauses.iter().filter_map(|clause| Some((clause, clause.finding()?)));
    let mut differing = findings.filter(|(_, finding)| finding != Texts::SAME).peekable();
    differing.peek()?;
    let mut texts = Vec::new();
    for (clause, _) in differing {
        let leaders = clause.leaders();
        let of_leaders: Option<Vec<_>> = leaders.iter().map(|leader| lead.of(leader)).collect();
        texts.extend(of_leaders.filter(|texts| !texts.is_empty())?);
    }
    let first = texts.first().copied()?;
    texts.iter().all(|text| *text == first).then_some(first)
}

fn expectation(statement: &Statement, find: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let said = |texts: &Option<Texts>| fill(texts.as_ref()?.of_any()?, find);
    let expression = statement.expectation.as_deref().unwrap_or_default();
    let held = || format!("`{expression}` held {}", find("cells").unwrap_or_default());
    let text = said(&statement.say).unwrap_or_else(held);
    let lead = said(&statement.lead).map_or(String::new(), |lead| format!("{lead}: "));
    Some(closed(&format!("{lead}{text}")))
}

fn absent(statement: &Statement, find: &dyn Fn(&str) -> Option<String>) -> Option<Said> {
    let text = statement.say.as_ref()?.of(Texts::ABSENT)?;
    fill(text, find).map(|text| Said::Absent(closed(&text)))
}

/// A text as a sentence: with a capital letter, and with an end.
fn closed(text: &str) -> String {
    let text = sentence(text.trim());
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// How often a law or an expectation was decided.
struct Checked<'a> {
    run: &'a Run,
    measure: Measure<'a>,
    /// Planned trials that decided it.
    decided: Vec<Executions<'a>>,
    /// Their cells.
    cells: usize,
    /// The trials in which it failed.
    failed: Vec<Executions<'a>>,
    is_disturbed: bool,
}

impl<'a> Checked<'a> {
    fn new(run: &'a Run, measure: Measure<'a>) -> Self {
        let all = run.executions();
        let is_disturbed = all.iter().any(|trial| trial.measured().is_none());
        let decided: Vec<_> =
            all.into_iter().filter(|trial| measure.held(trial).is_some()).collect();
        let cells: BTreeSet<_> = decided.iter().map(|trial| trial.first().cell).collect();
        let failed = decided.iter().filter(|trial| measure.held(trial) == Some(false));
        let failed = failed.cloned().collect();
        Self { run, measure, cells: cells.len(), failed, decided, is_disturbed }
    }

    /// The value of a placeholder that does not depend on a place.
    fn find(&self, name: &str) -> Option<String> {
        match name {
            "cells" if self.cells > 0 => {
                Some(in_all(self.cells, self.run.verdict.cells.len(), "cell"))
            }
            "trials" if !self.decided.is_empty() => {
                Some(in_all(self.decided.len(), self.run.verdict.trials as usize, "trial"))
            }
            "measured" => self.range(self.measure),
            _ => self.metric(name).or_else(|| self.setting(name)),
        }
    }

    /// The range of a metric in the trials that decided it.
    fn metric(&self, name: &str) -> Option<String> {
        self.range(Measure::named(name)?)
    }

    fn range(&self, measure: Measure<'_>) -> Option<String> {
        let values = self.decided.iter().filter_map(|trial| measure.value(trial));
        Some(span(measure, Spread::from_values(values)?))
    }

    /// The value of a setting, if it is the same in all trials that decided it, or in all.
    fn setting(&self, path: &str) -> Option<String> {
        let decided = self.decided.iter().map(Executions::first);
        let trials: Vec<_> = match self.decided.is_empty() {
            true => self.run.trials.iter().collect(),
            false => decided.collect(),
        };
        let values = trials.into_iter().map(|trial| {
            let view = TrialView::new(&self.run.record, trial);
            view.setting(path).map(|value| setting(path, value))
        });
        let values: BTreeSet<_> = values.collect();
        if values.len() == 1 { values.into_iter().next().flatten() } else { None }
    }

    /// A sentence about the first trial in which it failed.
    fn failure(&self) -> Option<String> {
        let measure = self.measure;
        let trial = self.failed.first()?.last();
        let place = self.run.place(trial);
        let (failed, all) = (self.failed.len(), self.decided.len());
        let trials = if all == 1 {
            "its only trial".to_owned()
        } else {
            format!("{failed} of {all} trials")
        };
        let detail = match measure {
            Measure::Law(id, _) => {
                let check = trial_law(&self.failed[0], id)?;
                let measured =
                    check.measured.map_or("nothing".to_owned(), |value| measure.format(value));
                let predicted = measure.format(check.predicted);
                let law = &check.title;
                format!("“{law}” failed in {trials}: measured {measured} instead of {predicted}")
            }
            Measure::Expectation(expression) => format!("`{expression}` failed in {trials}"),
            Measure::Metric(_) => return None,
        };
        Some(format!("{detail} ({place})."))
    }
}

/// The check of a law in the last execution that decided it.
fn trial_law<'a>(trial: &Executions<'a>, id: &str) -> Option<&'a Law> {
    let decided = |trial: &&'a Trial| law(trial, id).filter(|law| law.held.is_some());
    trial.all().iter().rev().find_map(decided)
}
