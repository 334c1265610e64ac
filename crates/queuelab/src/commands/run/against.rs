//! Two builds of the program in one run, trial by trial in turn: the trustworthy
//! way to compare them.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ::compare::FEWEST_TRIALS;
use lab::{Backend, Begun, Build, BuildError, BuildFile, Docker, LabError, Netns, Run};
use run_record::{Interleaved, InterleavedRole, RunDirectory, Tries};
use scenario::Plan;

use super::{new_record, resumed, sum_up, tell_what_is_kept};
use crate::cli::{BackendName, RunArguments};
use crate::commands::{answer, compare, plan};
use crate::error::{CommandError, Result};
use crate::progress;

/// The other build, and where it comes from.
pub(super) struct Asked {
    /// The path of its executable, or its image.
    build: String,
    /// Both runs' directories, where they are to go on: this build's, and the
    /// other's.
    resumed: Option<[PathBuf; 2]>,
}

/// Whether another build is asked for. A run that goes on must name the one that
/// it ran against: a run directory, which may be somebody else's, has no program
/// started.
pub(super) fn asked(arguments: &RunArguments) -> Result<Option<Asked>> {
    let build = arguments.against.clone();
    let Some(path) = &arguments.resume else {
        return Ok(build.map(|build| Asked { build, resumed: None }));
    };
    let record = RunDirectory::read(path)?.0;
    let refuse = |why: String| {
        Err(CommandError::Usage(format!("failed to resume {}: {why}", path.display())))
    };
    let Some(Interleaved { role, with }) = &record.interleaved else {
        return match build {
            Some(_) => refuse("it ran against no other build; leave --against out".to_owned()),
            None => Ok(None),
        };
    };
    // `.` has no parent of its own.
    let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
    let path = if path.file_name().is_some() { path } else { &whole };
    let other = path.parent().unwrap_or(Path::new("")).join(with);
    let (new, base) = match role {
        InterleavedRole::New => (path, &other),
        InterleavedRole::Baseline => (&other, path),
    };
    let base_record = RunDirectory::read(base)?.0;
    let ran = base_record.build.map_or_else(|| "BINARY_OR_IMAGE".to_owned(), |build| build.name);
    let way = format!("go on with `queuelab run --resume {} --against {ran}`", new.display());
    match (role, build) {
        (InterleavedRole::Baseline, _) => refuse(format!(
            "it is the baseline of another run, with which its trials take turns; {way}"
        )),
        (InterleavedRole::New, None) => {
            refuse(format!("its trials take turns with those of another build; {way}"))
        }
        (InterleavedRole::New, Some(build)) => {
            Ok(Some(Asked { build, resumed: Some([path.clone(), other]) }))
        }
    }
}

/// Runs both, sums this build's run up, and holds it against the other's.
pub(super) fn run(
    arguments: &RunArguments,
    asked: &Asked,
    backend: BackendName,
    interrupted: &AtomicBool,
) -> Result {
    let images = backend == BackendName::Docker;
    let build = Build::find(&asked.build, images).map_err(|error| way_out(error, images))?;
    let [own, other] = backends(backend, build)?;
    let (plan, [new, base]) = match &asked.resumed {
        Some(paths) => go_on(arguments, paths, [own.as_ref(), other.as_ref()])?,
        None => begin(arguments, [own.as_ref(), other.as_ref()], interrupted)?,
    };
    let paths = [&new, &base].map(|begun| begun.directory.path().to_owned());
    let planned = 2 * plan.trials.len() as u64;
    let before: usize = [&new, &base].map(|begun| Tries::of(&begun.done).len()).iter().sum();
    let mut progress = progress::progress(planned, before as u64);
    let [own, other] =
        [&own, &other].map(|backend| Run { plan: &plan, backend: backend.as_ref(), interrupted });
    let ends = own.execute_beside(new, &other, base, progress.as_mut());
    drop(progress);
    let [new, base] = ends.inspect_err(|error| {
        let again = format!(" --against {}", asked.build);
        tell_what_is_kept(error, &[paths[0].as_path(), &paths[1]], planned, &again);
    })?;
    let base = report::Run::new(base.record, base.trials);
    crate::commands::report::write(&base, &paths[1])?;
    let new = sum_up(new)?;
    answer(&format!("Its baseline: {}\n", paths[1].display()))?;
    compare::judge(&base, &new, &arguments.criteria.criteria())
}

/// A build that was not found as a file may be meant as an image.
fn way_out(error: BuildError, images: bool) -> CommandError {
    match (&error, images) {
        (BuildError::Unreadable { path, .. }, false) if !path.exists() => CommandError::Usage(
            format!("failed to {error}; an image, if it is one, needs `--backend docker`"),
        ),
        _ => LabError::from(error).into(),
    }
}

/// This program's backend, and the other build's.
fn backends(
    name: BackendName,
    build: Build,
) -> std::result::Result<[Box<dyn Backend>; 2], CommandError> {
    Ok(match (name, build) {
        (BackendName::Netns, Build::File(file)) => {
            [Box::new(Netns::new()?), Box::new(Netns::with_build(file)?)]
        }
        (BackendName::Netns, Build::Image(_)) => unreachable!("only containers have images"),
        (BackendName::Docker, build) => {
            let own = Docker::connect().map_err(LabError::Docker)?;
            let other = Docker::with_build(build).map_err(LabError::Docker)?;
            [Box::new(own), Box::new(other)]
        }
    })
}

fn begin(
    arguments: &RunArguments,
    [own, other]: [&dyn Backend; 2],
    interrupted: &AtomicBool,
) -> Result<(Plan, [Begun; 2])> {
    let name = arguments.scenario.as_deref().expect("clap requires it without --resume");
    let mut overrides = plan::overrides(&arguments.changes);
    let mut plan = plan::plan(name, &overrides, arguments.changes.seed)?;
    if overrides.repeat.is_none() && (plan.scenario.repeat.get() as usize) < FEWEST_TRIALS {
        let repeat = plan.scenario.repeat;
        overrides.repeat = Some(FEWEST_TRIALS as u32);
        plan = plan::plan(name, &overrides, Some(plan.seed))?;
        anstream::eprintln!(
            "each cell has {FEWEST_TRIALS} repetitions of each build, in place of {repeat}: {} trials \
             in all; fewer decide nothing (--repeat says otherwise)",
            2 * plan.trials.len()
        );
    }
    // This build's image first: making it takes others away that runs have made.
    let mut new = new_record(&plan, overrides.clone(), arguments.retry, own, interrupted)?;
    let mut base = new_record(&plan, overrides, arguments.retry, other, interrupted)?;
    // One run, and one kernel: what was found of it once holds for both.
    base.kernel_rules = new.kernel_rules.clone();
    new.build = Some(running()?);
    let [new_directory, base_directory] =
        RunDirectory::create_pair(&arguments.out, &mut new, &mut base)?;
    let begun = |directory, record| Begun { directory, record, done: Vec::new() };
    Ok((plan, [begun(new_directory, new), begun(base_directory, base)]))
}

fn go_on(
    arguments: &RunArguments,
    [new, base]: &[PathBuf; 2],
    [own, other]: [&dyn Backend; 2],
) -> Result<(Plan, [Begun; 2])> {
    for (path, is) in [(new, Some(running()?)), (base, other.build())] {
        let was = RunDirectory::read(path)?.0.build;
        let hash = |build: Option<run_record::Build>| build.and_then(|build| build.hash);
        if hash(was) != hash(is) {
            return Err(CommandError::Usage(format!(
                "failed to resume {}: the build that it ran is another one by now; run the \
                 scenario anew, without --resume",
                path.display()
            )));
        }
    }
    let name = arguments.scenario.as_deref();
    let (plan, new) = resumed(new, name, own)?;
    let (_, base) = resumed(base, name, other)?;
    Ok((plan, [new, base]))
}

/// This program, as what the other build is held against.
fn running() -> Result<run_record::Build> {
    Ok(BuildFile::running(env!("CARGO_PKG_VERSION")).map_err(LabError::from)?)
}
