//! A testbed: two joined namespaces.

use linux_net::{Counters, MachineUsage, NetworkNamespace, SocketDiag, StateCounts};
use program_server::ProgramProtocol;
use run_record::{AcceptQueue, SysctlValues};
use worker::{Protocol, Worker, WorkerError};

use super::error;
use crate::backend::{Addresses, Result, Role, Testbed, TestbedUsage, accept_queue_of};
use crate::backends::sysctl_error;
use crate::build::BuildFile;
use crate::running;

/// Two joined namespaces.
pub(super) struct Namespaces {
    pub(super) server: NetworkNamespace,
    pub(super) client: NetworkNamespace,
    pub(super) addresses: Addresses,
    /// The requested sysctls, as read back.
    pub(super) sysctls: SysctlValues,
    /// The build whose workers run in them, if it is not this program.
    pub(super) build: Option<BuildFile>,
}

impl Namespaces {
    fn host(&self, role: Role) -> &NetworkNamespace {
        match role {
            Role::Server => &self.server,
            Role::Client => &self.client,
        }
    }
}

impl Testbed for Namespaces {
    fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn sysctls(&self) -> &SysctlValues {
        &self.sysctls
    }

    fn effective_sysctls(&self) -> Result<SysctlValues> {
        let read = |role: Role| {
            let effective = self.host(role).deciding_sysctls();
            effective
                .map(|values| values.into_iter().map(|(k, v)| (k.to_string(), v)).collect())
                .map_err(|error| sysctl_error::sysctl(role, &error))
        };
        Ok(SysctlValues { server: read(Role::Server)?, client: read(Role::Client)? })
    }

    fn counters(&self, role: Role) -> Result<Counters> {
        self.host(role).counters().map_err(|error| error::in_host(role, error))
    }

    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>> {
        let listeners = SocketDiag::open_in(&self.server).and_then(|mut diag| diag.listeners());
        Ok(accept_queue_of(port, &listeners.map_err(error::failed)?))
    }

    fn sockets(&self, role: Role) -> Result<StateCounts> {
        let counted =
            SocketDiag::open_in(self.host(role)).and_then(|mut diag| diag.count_by_state(None));
        counted.map_err(error::failed)
    }

    fn usage(&self) -> Option<TestbedUsage> {
        // All workers are children of this process.
        let own_cpu_seconds = worker::cpu_seconds_with_children();
        Some(TestbedUsage { machine: MachineUsage::now()?, own_cpu_seconds })
    }

    fn start(&self, role: Role, worker: &'static str, arguments: &[String]) -> Result<Worker> {
        let command = match &self.build {
            Some(build) => build.command(),
            None => Ok(running::command()),
        };
        let mut command =
            command.map_err(|source| error::failed(WorkerError::Start { worker, source }))?;
        command.args(arguments);
        if worker == ProgramProtocol::NAME {
            // A program could read the environment of its worker, which is its user's own.
            let path = std::env::var_os("PATH");
            command.env_clear().envs(path.map(|path| ("PATH", path)));
        }
        self.host(role).enter_on_exec(&mut command);
        worker::spawn(worker, command).map_err(error::failed)
    }
}
