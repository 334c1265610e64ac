//! `queuelab check`: validates scenarios without running them.

use std::rc::Rc;

use clap::Args;
use clap_complete::ArgValueCompleter;
use command_output::{CheckedFile, Checks, FileKind, FileProblem};
use lab::{KernelFacts, Needs, RunningKernel};
use miette::Diagnostic;
use report::several;
use scenario::{
    Document, Overrides, Plan, Planner, ScenarioErrors, ScenarioFile, ScenarioWarnings,
};

use super::{plan, print_document, print_output};
use crate::completion;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Arguments of `queuelab check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Names of scenarios or suites, or paths of their files [default: all].
    #[arg(add = ArgValueCompleter::new(completion::documents))]
    scenarios: Vec<String>,
    /// Allow more cells, trials, clients, messages and time than a mistake should cost.
    #[arg(long)]
    allow_large: bool,
    /// Print JSON; `queuelab schema check` describes it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Validates each file and prints every problem.
pub(crate) fn check(arguments: &CheckArguments) -> Result {
    plan::prepare_checks();
    let documents = match arguments.scenarios.as_slice() {
        [] => scenario::catalogue(),
        names => names
            .iter()
            .map(|name| scenario::load(name))
            .collect::<std::result::Result<Vec<_>, _>>()?,
    };
    let read = scenario::scenarios_of(&documents);
    let mut planner = Planner::new(&RunningKernel);
    let mut exit = Exit::Held;
    let mut files = Vec::new();
    for document in &documents {
        let result = validate(document, &read, &mut planner, arguments.allow_large);
        // An invalid file is the more serious problem: it is so on every machine.
        if let Err(error) = &result
            && !matches!(exit, Exit::Usage)
        {
            exit = error.exit();
        }
        match arguments.json {
            true => files.push(checked_file(document, &result)),
            false => print_result(document, result)?,
        }
    }
    if arguments.json {
        print_document(&Checks { valid: files.iter().all(|file| file.valid), files })?;
    }
    Ok(exit)
}

/// The size of a valid file, and what is doubtful about it.
struct Size {
    /// Of a suite.
    scenarios: Option<u64>,
    cells: u64,
    trials: u64,
    /// About a scenario; a suite's are those of its scenarios.
    warnings: Option<ScenarioWarnings>,
}

/// Whether an error is about the machine, not about the file.
fn is_of_machine(error: &CommandError) -> bool {
    matches!(error, CommandError::OpenFiles(_) | CommandError::Threads(_))
}

fn print_result(document: &Document, result: Result<Size>) -> Result<()> {
    let name = document.name();
    match result {
        Ok(Size { scenarios: Some(scenarios), trials, .. }) => {
            let [scenarios, trials] = [several(scenarios, "scenario"), several(trials, "trial")];
            print_output(&format!("{name}: valid; a suite of {scenarios}, {trials}"))?;
        }
        Ok(Size { cells, trials, warnings, .. }) => {
            let size = plan::describe_counts(cells, trials);
            print_output(&format!("{name}: valid; {size}"))?;
            plan::print_warnings(warnings.as_ref());
        }
        Err(error) => {
            if is_of_machine(&error) {
                print_output(&format!("{name}: valid, but this machine's limits are too low"))?;
            }
            error.print();
        }
    }
    Ok(())
}

fn checked_file(document: &Document, result: &Result<Size>) -> CheckedFile {
    let size = result.as_ref().ok();
    let error = result.as_ref().err();
    let problems = match error {
        Some(CommandError::Scenario(errors)) => problems(errors),
        _ => Vec::new(),
    };
    CheckedFile {
        name: document.name().to_owned(),
        path: document.source().path.clone(),
        kind: match document {
            Document::Scenario(_) => FileKind::Scenario,
            Document::Suite(_) => FileKind::Suite,
        },
        valid: error.is_none_or(is_of_machine),
        scenarios: size.and_then(|size| size.scenarios),
        cells: size.map(|size| size.cells),
        trials: size.map(|size| size.trials),
        problems,
        warnings: plan::warnings(size.and_then(|size| size.warnings.as_ref())),
        machine_limit: error.filter(|error| is_of_machine(error)).map(ToString::to_string),
    }
}

/// The problems of a file, each with its place.
pub(crate) fn problems(errors: &ScenarioErrors) -> Vec<FileProblem> {
    let problem = |problem: &scenario::Problem| {
        let place = errors.position(problem);
        FileProblem {
            line: place.map(|(line, _)| line as u64),
            column: place.map(|(_, column)| column as u64),
            message: problem.to_string(),
            help: Diagnostic::help(problem).map(|help| help.to_string()),
        }
    };
    errors.problems().iter().map(problem).collect()
}

/// Validates a file and counts its content. `read` are scenarios that need not be read again.
fn validate(
    document: &Document,
    read: &[ScenarioFile],
    planner: &mut Planner<'_>,
    allow_large: bool,
) -> Result<Size> {
    let (scenarios, plans) = match document {
        Document::Scenario(file) => {
            let overrides = Overrides { allow_large, ..Overrides::default() };
            (None, vec![planner.plan(file, &overrides)?])
        }
        Document::Suite(file) => {
            let suite = file.load_among(read)?;
            (Some(suite.scenarios.len() as u64), suite.plans(allow_large, planner)?)
        }
    };
    require_limits(&plans)?;
    let sum = |of: fn(&Plan) -> usize| plans.iter().map(|plan| of(plan) as u64).sum();
    let warnings = match (scenarios, plans.as_slice()) {
        (None, [plan]) => lab::warnings(plan, &KernelFacts::default()),
        _ => None,
    };
    Ok(Size {
        warnings,
        scenarios,
        cells: sum(|plan| plan.cells.len()),
        trials: sum(|plan| plan.trials.len()),
    })
}

/// Requires the open files that the default backend requires before the first trial of a run,
/// and the threads that the trials may start at the same time. A run is not refused if threads
/// are missing: its server turns clients away, and the report says so. Containers have limits of
/// their own, which `run --backend docker` sets and compares.
fn require_limits(plans: &[Rc<Plan>]) -> Result<()> {
    let needs: Vec<_> = plans.iter().map(|plan| Needs::from_plan(plan)).collect();
    linux_net::raise_open_files(needs.iter().map(Needs::open_files).max().unwrap_or(0))?;
    linux_net::require_threads(needs.iter().map(|needs| needs.threads).max().unwrap_or(0))?;
    Ok(())
}
