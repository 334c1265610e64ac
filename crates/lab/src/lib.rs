//! Backends, and the life of a trial.
//!
//! | module | holds |
//! |---|---|
//! | `backend` | what a backend must give: testbeds of two hosts |
//! | `build` | another build of the program, whose parts run in the hosts |
//! | `netns` | the backend of plain network namespaces |
//! | `docker` | the backend of containers |
//! | `agent` | the first process of a container: the lab's hands inside it |
//! | `idle` | when the machine is idle |
//! | `run` | the life of a run: trials in order, each appended as it ends |
//! | `under_way` | a run that is under way: each trial kept as it ends |
//! | `running` | the running executable, by whatever name |
//! | `retries` | which trials are run again |
//! | `turns` | which trials run when |
//! | `live` | what a run does now, for whoever watches |
//! | `trial` | the life of a trial, from testbed to record |
//! | `aftermath` | what a trial does after its load |
//! | `probe` | the probe: a part that looks at the queues again and again |
//! | `server` | the server of a trial: started, asked, stopped, or found dead |
//! | `by_hand` | the record of a load that somebody ran by hand |
//! | `ledger` | client's and server's ledgers joined: the outcome of each attempt |
//! | `kernel_rules` | the kernel's rules that differ between kernels, found by trying |
//! | `laws` | which of the kernel's laws decide a cell |
//! | `simulated` | a trial as the simulator plays it |
//! | `invariants` | what must hold in every trial |
//! | `facts` | what a scenario's expectations can speak of |
//! | `figures` | reports of server and load as a trial's figures |
//! | `machine` | the machine, and its own sysctls |
//!
//! The lab knows nothing of reports: it leaves a run directory. A new backend
//! is a module that implements [`Backend`] and [`Testbed`], and one line where
//! the command line chooses.

mod aftermath;
mod agent;
mod backend;
mod build;
mod by_hand;
mod docker;
mod error;
mod facts;
mod figures;
mod idle;
mod invariants;
mod kernel_rules;
mod laws;
mod ledger;
mod live;
mod machine;
mod netns;
mod probe;
mod retries;
mod run;
mod running;
mod server;
mod simulated;
mod trial;
mod turns;
mod under_way;

pub use agent::serve_host;
pub use backend::{Addresses, Backend, Filters, Needs, Role, Testbed, TestbedSpec};
pub use build::{Build, BuildError, BuildFile};
pub use by_hand::{LoadByHand, by_hand_backend, by_hand_sysctls};
pub use docker::{AboutDocker, Docker, DockerError, Image, Leftovers};
pub use error::LabError;
pub use laws::predictions;
pub use machine::machine;
pub use netns::Netns;
pub use probe::{
    Connections, ProbeCommand, ProbeConfig, ProbeError, ProbeEvent, ProbeReport, ProbeStatus,
    probe_part, probe_telling,
};
pub use run::{Begun, Progress, Run, RunEnd};
pub use running::name_process;
pub use simulated::listen_path;
pub use worker::{Worker, WorkerControl, WorkerEnd, WorkerError};
