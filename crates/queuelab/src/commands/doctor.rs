//! `queuelab doctor`: checks what this machine can run, and how to fix the rest.
//!
//! | module | holds |
//! |---|---|
//! | `arguments` | the flags |
//! | `diagnosis` | all findings, and the verdict |
//! | `text` | a diagnosis for a terminal |
//! | `machine`, `limits` | the requirements of every backend |
//!
//! A backend checks its own requirements (`lab::BackendKind::check`).

mod arguments;
mod diagnosis;
mod limits;
mod machine;
mod text;

pub(crate) use arguments::DoctorArguments;
use lab::{BackendKind, Finding, Needs};
use run_record::KernelReport;

use self::diagnosis::{BackendDiagnosis, Diagnosis};
use self::limits::Limits;
use super::{plan, print_json, print_output};
use crate::error::Result;
use crate::exit::Exit;

/// Checks the machine and prints the findings.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result {
    // Before a user namespace takes this process's capabilities.
    let limits = Limits::read();
    // Next, because this needs a single-threaded process, and most of the code below
    // starts threads. In a user namespace this process keeps its groups, and with them
    // its access to the Docker engine's socket.
    let prepared: Vec<_> = lab::selected_backends(arguments.backend.as_deref())
        .map(|backend| (backend, backend.prepare_process()))
        .collect();
    let needs = max_needs();
    let check = |(backend, prepared): (&dyn BackendKind, _)| BackendDiagnosis {
        name: backend.name(),
        findings: backend.check(prepared, &needs),
    };
    let mut diagnosis = Diagnosis {
        machine: machine::findings(&limits, &needs),
        backends: prepared.into_iter().map(check).collect(),
        kernel: None,
    };
    diagnosis.kernel = describe_kernel(&diagnosis);
    if let Some(KernelReport { rules: Some(rules), .. }) = &diagnosis.kernel {
        diagnosis.machine.push(Finding::ok("kernel rules", rules));
    }
    match arguments.json {
        true => print_json(&diagnosis.json())?,
        false => print_output(&text::text(&diagnosis))?,
    };
    Ok(if diagnosis.can_run() { Exit::Held } else { Exit::Machine })
}

/// Determines the kernel's rules with the first backend that is ready.
fn describe_kernel(diagnosis: &Diagnosis) -> Option<KernelReport> {
    let ready = diagnosis.backends.iter().find(|backend| diagnosis.is_ready(backend))?;
    let backend = lab::find_backend(ready.name)?.connect(None).ok()?;
    lab::describe_kernel(backend.as_ref()).ok()
}

/// The maximum needs of the scenarios on this machine.
fn max_needs() -> Needs {
    let plans =
        scenario::scenarios().into_iter().filter_map(|file| plan::default_plan(&file, false).ok());
    plans.map(|plan| Needs::from_plan(&plan)).fold(Needs::default(), |max, needs| Needs {
        clients: max.clients.max(needs.clients),
        threads_per_client: max.threads_per_client.max(needs.threads_per_client),
        thread_stack: max.thread_stack.max(needs.thread_stack),
        threads: max.threads.max(needs.threads),
    })
}
