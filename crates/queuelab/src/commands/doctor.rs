//! `queuelab doctor`: checks what this machine can run, and how to fix the rest.
//!
//! | module | holds |
//! |---|---|
//! | `arguments` | flags |
//! | `diagnosis` | all findings, and the verdict |
//! | `text` | a diagnosis for a terminal |
//! | `machine`, `limits` | what every backend relies on |
//!
//! What a backend needs, it checks itself (`lab::BackendKind::check`).

mod arguments;
mod diagnosis;
mod limits;
mod machine;
mod text;

pub(crate) use arguments::DoctorArguments;
use lab::{BackendKind, Needs};

use self::diagnosis::{BackendDiagnosis, Diagnosis};
use self::limits::Limits;
use super::{answer, plan};
use crate::error::Result;
use crate::exit::Exit;

/// Checks the machine and prints the findings.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result {
    // Before a user namespace takes this process's capabilities.
    let limits = Limits::of_this_process();
    // Next, because it needs a process of one thread, and nearly everything below
    // starts some. In a user namespace this process keeps its groups, and so its right
    // to the Docker engine's socket.
    let prepared: Vec<_> =
        asked(arguments).map(|backend| (backend, backend.prepare_process())).collect();
    let needs = needs_of_scenarios();
    let check = |(backend, prepared): (&dyn BackendKind, _)| BackendDiagnosis {
        name: backend.name(),
        findings: backend.check(prepared, &needs),
    };
    let diagnosis = Diagnosis {
        machine: machine::findings(&limits, needs.clients),
        backends: prepared.into_iter().map(check).collect(),
    };
    match arguments.json {
        true => answer(&diagnosis.json())?,
        false => answer(&text::text(&diagnosis))?,
    };
    Ok(if diagnosis.can_run() { Exit::Held } else { Exit::Machine })
}

/// The backend that was asked for, or all that are not for tests.
fn asked(arguments: &DoctorArguments) -> impl Iterator<Item = &'static dyn BackendKind> {
    let only = arguments.backend.clone();
    lab::backends().iter().copied().filter(move |backend| match &only {
        Some(only) => backend.name() == only,
        None => !backend.is_for_tests(),
    })
}

/// The most that this machine's scenarios need.
fn needs_of_scenarios() -> Needs {
    let plans = scenario::scenarios().into_iter().filter_map(|file| plan::plain_plan(&file).ok());
    plans.map(|plan| Needs::from_plan(&plan)).fold(Needs::default(), |most, needs| Needs {
        clients: most.clients.max(needs.clients),
        thread_stack: most.thread_stack.max(needs.thread_stack),
    })
}
