//! A suite: each of its scenarios, run one after the other.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use jiff::Timestamp;
use lab::LabError;
use run_record::{
    MemberRecord, MemberVerdict, RunDirectory, SCHEMA_VERSION, SuiteDirectory, SuiteRecord,
    all_held,
};
use scenario::{Source, Suite, SuiteMember};

use super::{BrokenOff, one, tool};
use crate::cli::{BackendName, Changes, RunArguments};
use crate::commands::{answer, plan};
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Runs each, whatever became of the ones before, unless the user wants an end.
/// Each leaves a run directory of its own; what became of all is in the suite's
/// directory from the beginning on, so that a crash hides none.
pub(super) fn run(
    suite: &Suite,
    source: &Source,
    arguments: &RunArguments,
    backend: BackendName,
    interrupted: &AtomicBool,
) -> Result {
    if arguments.against.is_some() {
        return Err(CommandError::Usage(format!(
            "failed to run {} against another build: it is a suite; name one of its scenarios: {}",
            suite.name,
            suite.names().join(", ")
        )));
    }
    let Changes { set, only, .. } = &arguments.changes;
    if !set.is_empty() || !only.is_empty() {
        return Err(CommandError::Usage(format!(
            "failed to run {}: it is a suite, and --set and --only are of one scenario; its \
             scenarios are {}",
            suite.name,
            suite.names().join(", ")
        )));
    }
    // What is wrong with its last scenario is told before the first is run.
    plan::suite_plans(suite, source)?;
    let mut record = begun(suite, backend);
    let directory = SuiteDirectory::create(&arguments.out, &record)?;
    let (mut exits, mut interruption) = (Vec::new(), None);
    for (position, member) in suite.suite.iter().enumerate() {
        anstream::eprintln!("{} of {}: {}", position + 1, suite.suite.len(), member.scenario);
        let began = Instant::now();
        let end = one(&of_member(member, suite, arguments, backend), backend, interrupted);
        let ended = &mut record.members[position];
        ended.seconds = (began.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        ended.problem = None;
        match end {
            Err(BrokenOff { error, path }) => {
                let is_interruption = matches!(*error, CommandError::Lab(LabError::Interrupted));
                ended.problem = Some(match is_interruption {
                    true => "interrupted".to_owned(),
                    false => error.to_string(),
                });
                if let Some(path) = &path {
                    // What failed in it before is no less a failure.
                    let trials = RunDirectory::read(path).map_or(Vec::new(), |(_, trials)| trials);
                    ended.run = Some(SuiteDirectory::way_to(path));
                    ended.trials = trials.len() as u32;
                    exits.extend((!all_held(&trials)).then_some(Exit::Failed));
                }
                directory.write(&record)?;
                if is_interruption {
                    interruption = Some(*error);
                    break;
                }
                exits.push(error.exit());
                anstream::eprintln!("{:?}", miette::Report::new(*error));
            }
            Ok(end) => {
                let held = all_held(&end.trials);
                ended.verdict = if held { MemberVerdict::Held } else { MemberVerdict::Failed };
                ended.trials = end.trials.len() as u32;
                ended.run = Some(SuiteDirectory::way_to(&end.path));
                record.backend = end.record.backend.clone();
                directory.write(&record)?;
                let run = report::Run::new(end.record, end.trials);
                if !held {
                    answer(&report::summary(&run))?;
                }
                if let Err(error) = crate::commands::report::write(&run, &end.path) {
                    // The trials are there: `queuelab report` makes it from them.
                    anstream::eprintln!("{:?}", miette::Report::new(error));
                }
                exits.push(if held { Exit::Held } else { Exit::Failed });
            }
        }
    }
    if interruption.is_none() {
        record.ended = Some(Timestamp::now());
    }
    directory.write(&record)?;
    let written = report::Suite::read(directory.path())?;
    answer(&written.summary())?;
    crate::commands::report::write_suite(&written, directory.path())?;
    match interruption {
        Some(error) => Err(error),
        None => Ok(worst(&exits)),
    }
}

/// A suite of which nothing has been run yet.
fn begun(suite: &Suite, backend: BackendName) -> SuiteRecord {
    let not_begun = |member: &SuiteMember| MemberRecord {
        scenario: member.scenario.clone(),
        verdict: MemberVerdict::NotRun,
        run: None,
        problem: Some("it was not begun".to_owned()),
        seconds: 0.0,
        trials: 0,
    };
    SuiteRecord {
        schema_version: SCHEMA_VERSION,
        suite: suite.name.clone(),
        question: suite.question.clone(),
        started: Timestamp::now(),
        ended: None,
        tool: tool(),
        machine: lab::machine(),
        backend: run_record::Backend {
            name: backend.to_string(),
            version: None,
            details: String::new(),
        },
        members: suite.suite.iter().map(not_begun).collect(),
    }
}

/// A scenario as the suite has it. The command line's changes are of all
/// scenarios, and go before the suite's own.
fn of_member(
    member: &SuiteMember,
    suite: &Suite,
    arguments: &RunArguments,
    backend: BackendName,
) -> RunArguments {
    let own = member.overrides(suite);
    let Changes { quick, repeat, seed, .. } = &arguments.changes;
    RunArguments {
        scenario: Some(member.scenario.clone()),
        changes: Changes {
            quick: own.quick || *quick,
            set: own.set,
            only: own.only,
            repeat: repeat.or(own.repeat),
            seed: *seed,
        },
        out: arguments.out.clone(),
        resume: None,
        retry: arguments.retry,
        against: None,
        criteria: arguments.criteria,
        backend: Some(backend),
    }
}

/// What did not hold tells more than what could not be run.
fn worst(exits: &[Exit]) -> Exit {
    [Exit::Internal, Exit::Failed, Exit::Machine, Exit::Usage]
        .into_iter()
        .find(|exit| exits.contains(exit))
        .unwrap_or(Exit::Held)
}
