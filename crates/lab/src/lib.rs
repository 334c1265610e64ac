//! Sessions, trials and backends: from a request to finished run directories.
//!
//! ```text
//! session ─ schedule ─ executor ─ trial ─ writer
//!                                   │
//!                                backend ─ netns, docker, fake
//! ```
//!
//! | module | contents |
//! |---|---|
//! | [`session`](Session) | from a request to events and run directories |
//! | `schedule` | which trials run, in which order; pure |
//! | `executor`, `start_barrier` | runs a schedule, serially or side by side |
//! | `active_run`, [`finished_run`](FinishedRun) | a run in progress, and at its end |
//! | `writer` | the only writer of records |
//! | `trial` | one trial in stages: testbed, observe, join, judge, record |
//! | [`backend`](Backend) | what a backend must provide: testbeds of two hosts |
//! | [`backends`](backends()) | the registry: `netns`, `docker`, and `fake` for tests |
//! | [`clock`](Clock) | the clock of a trial |
//! | `live` | `live.json`: the current state of a run |
//! | `build` | another build of the program, whose workers run in the hosts |
//! | `running` | the running executable |
//! | `running_kernel` | the sysctls, counters and laws of this kernel |
//! | `agent` | the first process of a container |
//! | `probe_client` | the probe of a trial |
//! | `server` | the server of a trial |
//! | [`standalone`](run_standalone) | a standalone load as a run of one trial |
//! | `outcome_join` | both sides' reports joined: the outcome of each attempt |
//! | [`kernel_facts`](KernelFacts) | what predictions need to know of the kernel |
//! | `namespace_defaults` | the values of sysctls that a scenario does not set |
//! | `kernel_rules` | the rules that differ between kernels, determined by experiment |
//! | `ledger_evidence` | how good that ledger is, and whether it agrees with the server |
//! | `ledger_join` | the attempts joined with the kernel's ledger of accepts |
//! | `laws` | the kernel's laws that apply to a cell |
//! | `simulated`, `simulated_cell` | the simulation of a trial, and of a cell before any trial |
//! | `phantoms` | whether the simulator covers what phantoms send |
//! | `listen_path` | the simulator's input for a cell, or why the simulator does not cover it |
//! | `sysctls_in_force` | the sysctls of both hosts, as far as they are known |
//! | `invariants` | what must hold in every trial |
//! | `queue_timeline` | the readings of a trial's accept queue, and whether they agree |
//! | `metrics` | a trial's metrics, from the reports of server and load |
//! | [`warnings`](warnings()) | what a plan will not do as its author may expect |
//! | `usage_window` | how busy the machine was while a load ran |
//! | `machine` | the sysctls of the machine itself |
//! | `error` | [`LabError`] |
//!
//! The lab does not create reports, only run directories. A new backend is a module that
//! implements [`BackendKind`], [`Backend`] and [`Testbed`], and one line in `backends`.

mod active_run;
mod agent;
mod backend;
mod backends;
mod build;
mod clock;
mod connected_address;
mod destinations;
mod error;
mod executor;
mod finished_run;
#[doc(hidden)]
pub mod fuzzing;
mod invariants;
mod kernel_facts;
mod kernel_rules;
mod laws;
mod ledger_evidence;
mod ledger_join;
mod listen_path;
mod live;
mod machine;
mod metrics;
mod namespace_defaults;
mod outcome_join;
mod phantoms;
mod probe_client;
mod queue_timeline;
mod running;
mod running_kernel;
mod schedule;
mod server;
mod session;
mod simulated;
mod simulated_cell;
mod standalone;
mod start_barrier;
mod sysctls_in_force;
#[cfg(test)]
mod testing;
mod trial;
mod usage_window;
mod warnings;
mod writer;

pub use agent::{AgentError, run_worker as run_agent};
pub use backend::{
    Addresses, Backend, BackendError, BackendErrorKind, BackendKind, Filters, Finding,
    FindingState, Leftovers, Needs, NoServer, Purpose, RefusedSysctl, Role, Testbed, TestbedSpec,
};
#[cfg(feature = "fake")]
pub use backends::{FakeKind, FakeScript, FakeTrial, ScriptedTrial};
pub use backends::{
    Image, all as backends, build_image, default as default_backend, find as find_backend,
    selected as selected_backends,
};
pub use build::{Build, BuildError, BuildFile};
pub use clock::{Clock, SystemClock};
pub use error::LabError;
pub use finished_run::FinishedRun;
pub use kernel_facts::{KernelFacts, describe_kernel};
pub use kernel_rules::recorded_rules;
pub use laws::{CellPredictions, LawSettings, law_settings, predictions};
pub use running::name_process;
pub use running_kernel::RunningKernel;
pub use server::server_listeners;
pub use session::{
    Against, Finished, FinishedSuite, Notice, Observer, RunRequest, Session, SessionError,
    SessionEvent, StoppedRun, Target,
};
pub use simulated_cell::{
    ACCEPT_ESTIMATE, CONNECT_INTERVAL, DELAY_OVERHEAD, accept_delay_cost, simulate_cell,
};
pub use standalone::{FinishedLoad, StandaloneError, StandaloneRequest, run_standalone};
pub use warnings::warnings;
pub use worker::{Worker, WorkerControl, WorkerEnd, WorkerError};
