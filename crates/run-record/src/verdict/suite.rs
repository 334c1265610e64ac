//! The verdict on a suite.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RunVerdict, Verdict};
use crate::suite_member::MemberRecord;
use crate::suite_member::MemberVerdict;

/// The verdict on a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteVerdict {
    /// The verdict in one word: `held`, `held-on-retry`, `inconclusive` or `failed`. A suite
    /// fails if a member was not run to its end, or without members; it is inconclusive if a
    /// member is.
    pub verdict: Verdict,
    /// Its scenarios, in their order.
    pub members: Vec<SuiteMember>,
}

/// The verdict on a scenario of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteMember {
    /// The scenario's name.
    pub scenario: String,
    /// Whether it held.
    pub state: MemberState,
    /// The number of its trials that held only on a retry.
    pub held_on_retry: u64,
    /// Why it has no complete run.
    pub problem: Option<String>,
    /// The verdict on its run in a line; none without a run.
    pub headline: Option<String>,
    /// The first violation in its run; none if nothing failed.
    pub first_violation: Option<String>,
}

/// Whether a scenario of a suite held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// Everything that was checked held.
    Held,
    /// Everything held, but some trials only on a retry.
    HeldOnRetry,
    /// A check failed.
    Failed,
    /// No check failed, but most trials were disturbed.
    Inconclusive,
    /// It was recorded as held, but its run directory is not complete.
    Incomplete,
    /// It was not run, or not to its end.
    NotRun,
    /// The machine does not have the server that it tests.
    Skipped,
    /// It was recorded as held, but its run directory cannot be read.
    RunMissing,
}

impl MemberState {
    /// Whether it counts as held.
    pub fn is_passed(self) -> bool {
        matches!(self, Self::Held | Self::HeldOnRetry)
    }

    /// Whether a check failed, it was not run to its end, or its run is missing.
    pub fn is_failed(self) -> bool {
        !self.is_passed() && !matches!(self, Self::Inconclusive | Self::Skipped)
    }

    /// Its text in a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::HeldOnRetry => "held, run again",
            Self::Failed => "FAILED",
            Self::Inconclusive => "inconclusive",
            Self::Incomplete => "not finished",
            Self::NotRun => "not run",
            Self::Skipped => "skipped",
            Self::RunMissing => "run is missing",
        }
    }
}

impl SuiteVerdict {
    /// The verdict on a suite's members. `runs` contains, for each member, the verdict on
    /// its run directory or why that cannot be read; `None` without a directory.
    pub fn new(members: &[MemberRecord], runs: &[Option<Result<&RunVerdict, &str>>]) -> Self {
        let members: Vec<_> = members
            .iter()
            .zip(runs.iter().copied().chain(std::iter::repeat(None)))
            .map(|(member, run)| SuiteMember::new(member, run))
            .collect();
        let nothing_run = members.iter().all(|member| member.state == MemberState::Skipped);
        let verdict = if nothing_run || members.iter().any(SuiteMember::failed) {
            Verdict::Failed
        } else if members.iter().any(SuiteMember::is_inconclusive) {
            Verdict::Inconclusive
        } else if members.iter().any(|member| member.held_on_retry > 0) {
            Verdict::HeldOnRetry
        } else {
            Verdict::Held
        };
        Self { verdict, members }
    }

    /// The verdict in a line.
    pub fn headline(&self) -> String {
        let names = |is_named: fn(&SuiteMember) -> bool| -> Vec<&str> {
            let named = self.members.iter().filter(|member| is_named(member));
            named.map(|member| member.scenario.as_str()).collect()
        };
        let (failed, inconclusive) =
            (names(SuiteMember::failed), names(SuiteMember::is_inconclusive));
        let on_retry = self.members.iter().map(|member| member.held_on_retry);
        let on_retry = match on_retry.fold(0, u64::saturating_add) {
            0 => String::new(),
            1 => "1 trial only when run again".to_owned(),
            n => format!("{n} trials only when run again"),
        };
        let with = |before: &str| match on_retry.as_str() {
            "" => String::new(),
            text => format!("{before}{text}"),
        };
        let all = self.members.len();
        let scenarios = if all == 1 { "scenario" } else { "scenarios" };
        let disturbed = match inconclusive.as_slice() {
            [] => String::new(),
            names => format!(
                "Inconclusive: {} of {all} {scenarios}, because most of their trials were disturbed: \
                 {}",
                names.len(),
                names.join(", ")
            ),
        };
        if failed.is_empty() && !disturbed.is_empty() {
            return format!("{disturbed}{}.", with("; held: "));
        }
        if failed.is_empty() {
            let skipped = names(|member| member.state == MemberState::Skipped);
            return match (all, skipped.len()) {
                (1.., count) if count == all => {
                    format!("FAILED: no scenario could be run; skipped: {}.", skipped.join(", "))
                }
                (0, _) => "FAILED: it has no scenarios.".to_owned(),
                (1, 0) => format!("Held: its one scenario{}.", with(", ")),
                (_, 0) => format!("Held: all {all} scenarios{}.", with(", ")),
                (_, count) => format!(
                    "Held: {} of {all} scenarios{}; skipped: {}.",
                    all - count,
                    with(", "),
                    skipped.join(", ")
                ),
            };
        }
        let failed = format!(
            "FAILED: {} of {all} {scenarios}: {}{}.",
            failed.len(),
            failed.join(", "),
            with("; held: ")
        );
        if disturbed.is_empty() { failed } else { format!("{failed} {disturbed}.") }
    }
}

impl SuiteMember {
    fn new(record: &MemberRecord, run: Option<Result<&RunVerdict, &str>>) -> Self {
        let verdict = run.and_then(Result::ok);
        let unreadable = run.and_then(Result::err);
        let unfinished = verdict.and_then(|verdict| match verdict.trials {
            0 => Some("no trial was run".to_owned()),
            _ => verdict.unfinished(),
        });
        let state = match (record.verdict, verdict) {
            (MemberVerdict::NotRun, _) => MemberState::NotRun,
            (MemberVerdict::Skipped, _) => MemberState::Skipped,
            (MemberVerdict::Failed, _) => MemberState::Failed,
            (MemberVerdict::Held | MemberVerdict::Inconclusive, None) => MemberState::RunMissing,
            // The contents of its run take precedence over the suite's record.
            (_, Some(_)) if unfinished.is_some() => MemberState::Incomplete,
            (_, Some(verdict)) => match verdict.verdict {
                Verdict::Failed => MemberState::Failed,
                Verdict::HeldOnRetry => MemberState::HeldOnRetry,
                Verdict::Incomplete => MemberState::Incomplete,
                Verdict::Inconclusive => MemberState::Inconclusive,
                Verdict::Held | Verdict::NotChecked => MemberState::Held,
            },
        };
        let problem = record.problem.clone().or(unreadable.map(str::to_owned)).or(unfinished);
        let has_violation = |verdict: &&RunVerdict| {
            !verdict.unheld.is_empty() || !verdict.run_violations.is_empty()
        };
        Self {
            scenario: record.scenario.clone(),
            state,
            held_on_retry: verdict.map_or(0, |verdict| verdict.held_on_retry().count() as u64),
            problem,
            headline: verdict.map(RunVerdict::headline),
            first_violation: verdict.filter(has_violation).map(RunVerdict::first_violation),
        }
    }

    /// Whether a check failed, it was not run to its end, or its run directory is missing.
    pub fn failed(&self) -> bool {
        self.state.is_failed()
    }

    /// Whether no check failed, but most of its trials were disturbed.
    pub fn is_inconclusive(&self) -> bool {
        self.state == MemberState::Inconclusive
    }

    /// Why it has no complete run, or else the verdict on its run, in a line.
    pub fn describe(&self) -> &str {
        match (&self.problem, &self.headline) {
            (Some(problem), _) => problem.lines().next().unwrap_or_default(),
            (None, Some(headline)) => headline,
            (None, None) => "it has no run directory",
        }
    }

    /// Why it failed, in a line: why it has no complete run, or else the first violation in
    /// it.
    pub fn failure(&self) -> &str {
        match (&self.problem, &self.first_violation) {
            (None, Some(violation)) => violation,
            _ => self.describe(),
        }
    }
}
