//! `queuelab doctor`: what this machine can run, and what to do about the rest.
//!
//! | module | holds |
//! |---|---|
//! | `finding` | one thing that was looked at |
//! | `diagnosis` | all of them, and the verdict |
//! | `text` | a diagnosis as a person reads it |
//! | `machine`, `limits` | what both backends stand on |
//! | `netns`, `docker` | what each backend needs |

mod diagnosis;
mod docker;
mod finding;
mod limits;
mod machine;
mod netns;
mod text;

use clap::Args;
use lab::{Needs, TestbedSpec};

use self::diagnosis::Diagnosis;
use self::limits::Limits;
use super::{answer, plan};
use crate::backend_name;
use crate::error::Result;
use crate::exit::Exit;

/// Flags of `queuelab doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 if a backend can run scenarios, else 5.")]
pub(crate) struct DoctorArguments {
    /// Check only this backend: the exit code is its own.
    #[arg(long, value_name = "BACKEND", value_parser = backend_name::parser())]
    backend: Option<String>,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

/// Looks at the machine and says what was found.
pub(crate) fn doctor(arguments: &DoctorArguments) -> Result {
    let asked = |backend: &str| arguments.backend.as_ref().is_none_or(|only| only == backend);
    // As they are before a user namespace takes this process's capabilities.
    let limits = Limits::of_this_process();
    // Next, because it needs a process of one thread, and nearly all that
    // follows starts some. In there this process keeps its groups, and so its
    // right to the Docker engine's socket.
    let entered = asked("netns").then(linux_net::enter_user_namespace);
    let needs = needs_of_scenarios();
    let diagnosis = Diagnosis {
        machine: machine::findings(&limits, needs.clients),
        netns: entered.map(netns::findings),
        docker: asked("docker").then(|| docker::findings(needs)),
    };
    match arguments.json {
        true => answer(&diagnosis.json())?,
        false => answer(&text::text(&diagnosis))?,
    };
    Ok(if diagnosis.can_run() { Exit::Held } else { Exit::Machine })
}

/// What the scenarios of this machine need at most.
fn needs_of_scenarios() -> Needs {
    let plans = scenario::scenarios().into_iter().filter_map(|file| plan::plain_plan(&file).ok());
    plans.map(|plan| Needs::from_plan(&plan)).fold(Needs::default(), |most, needs| Needs {
        clients: most.clients.max(needs.clients),
        thread_stack: most.thread_stack.max(needs.thread_stack),
    })
}

/// A testbed with a sysctl of its own: a machine may give hosts and not let
/// their sysctls be set. The value is the kernel's default.
fn testbed_spec() -> TestbedSpec {
    TestbedSpec {
        server_sysctls: [("net.core.somaxconn".to_owned(), "4096".to_owned())].into(),
        ..TestbedSpec::default()
    }
}
