//! Backends and their testbeds.

use indexmap::IndexMap;
use linux_net::{Counters, MachineUsage, StateCounts, TimerWheel};
use program_server::ImageServer;
use run_record::{AcceptQueue, SysctlValues};
use scenario::Server;
use worker::Worker;

use super::error::{BackendError, Result};
use super::needs::Needs;
use super::no_server::NoServer;
use super::server_container::ServerContainer;
use super::spec::{Addresses, Purpose, Role, TestbedSpec};
use crate::clock::{Clock, SystemClock};

/// How busy the machine of a testbed has been so far.
#[derive(Debug, Clone, PartialEq)]
pub struct TestbedUsage {
    /// Totals of the machine.
    pub machine: MachineUsage,
    /// CPU time of the lab and of its processes on that machine, also of other trials, seconds.
    pub own_cpu_seconds: f64,
}

/// Creates testbeds; for several trials at once if they run side by side.
pub trait Backend: Sync {
    /// The backend for the record of a run.
    fn describe(&self) -> run_record::Backend;

    /// The build whose workers run in its hosts; `None` if it is the running program.
    fn build(&self) -> Option<run_record::Build> {
        None
    }

    /// The clock of its hosts.
    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }

    /// The timer wheel of the hosts' kernel, for the simulation; `None` if it is not
    /// known.
    fn timer_wheel(&self) -> Option<TimerWheel> {
        TimerWheel::find()
    }

    /// Checks that a host of it can run this server.
    ///
    /// # Errors
    /// What is missing, for people; fits after "failed to".
    fn check_server(&self, server: &Server) -> std::result::Result<(), NoServer> {
        check_server(self, server)
    }

    /// Reserves what a run needs. Called once, before its first testbed.
    ///
    /// # Errors
    /// If the machine has too few resources.
    fn reserve(&self, needs: &Needs) -> Result<()>;

    /// Creates a testbed, or reuses one in the state of a new one: its sysctls are applied
    /// and read back, and no state of an earlier trial remains.
    ///
    /// # Errors
    /// If the machine cannot create it, or the kernel refuses a sysctl.
    fn testbed(&self, spec: &TestbedSpec, purpose: Purpose) -> Result<Box<dyn Testbed>>;

    /// Announces a testbed that will be needed when the running trial ends. What the
    /// backend does in advance must not disturb that trial.
    fn prepare(&self, _spec: &TestbedSpec, _purpose: Purpose) {}
}

/// The check of a server by a backend that has only the lab's own program in its hosts.
///
/// # Errors
/// What is missing, for people; fits after "failed to".
pub(crate) fn check_server<B: Backend + ?Sized>(
    backend: &B,
    server: &Server,
) -> std::result::Result<(), NoServer> {
    match server {
        Server::Chat(_) => Ok(()),
        Server::Command(_) => Err(NoServer::Missing(format!(
            "run a command as the server: the backend {} has only the lab's own program in its \
             hosts",
            backend.describe().name
        ))),
        Server::Image(_) => Err(NoServer::Missing(format!(
            "run an image as the server: the backend {} has no containers; use --backend \
             docker",
            backend.describe().name
        ))),
    }
}

/// Two hosts, joined by a link of their own. Dropping it removes them.
pub trait Testbed {
    /// The addresses of the hosts.
    fn addresses(&self) -> &Addresses;

    /// The requested sysctls, as read back.
    fn sysctls(&self) -> &SysctlValues;

    /// Every sysctl that affects how connections queue, requested or not.
    ///
    /// # Errors
    /// If they cannot be read.
    fn effective_sysctls(&self) -> Result<SysctlValues>;

    /// A host's kernel counters.
    ///
    /// # Errors
    /// If they cannot be read.
    fn counters(&self, role: Role) -> Result<Counters>;

    /// The accept queue of `port` in the server's host, if anything listens
    /// there: of several listeners, the sum of the depths and the limit of one.
    ///
    /// # Errors
    /// If it cannot be read.
    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>>;

    /// A host's TCP sockets by state.
    ///
    /// # Errors
    /// If they cannot be counted.
    fn sockets(&self, role: Role) -> Result<StateCounts>;

    /// Starts the worker `queuelab <arguments>` in a host.
    ///
    /// # Errors
    /// If it cannot be started.
    fn start(&self, role: Role, worker: &'static str, arguments: &[String]) -> Result<Worker>;

    /// Starts an image in the server's host; it is ready when
    /// [`ServerContainer::await_ready`] says so: on the port of its settings, or on any if that
    /// is 0, and on `more_ports`. `values` are those of placeholders.
    ///
    /// # Errors
    /// If the backend has no containers, or the image cannot be started.
    fn start_image(
        &self,
        settings: &ImageServer,
        _more_ports: &[u16],
        _values: &IndexMap<String, String>,
    ) -> Result<Box<dyn ServerContainer + '_>> {
        let message = format!("start the image {}: this backend has no containers", settings.image);
        Err(BackendError::from_message(&message).with_hint("use --backend docker"))
    }

    /// How busy the machine of the hosts has been so far, and the CPU time that the lab used on
    /// it; `None` if that is not known.
    fn usage(&self) -> Option<TestbedUsage> {
        None
    }

    /// Checks that both hosts are still alive and joined; otherwise the result of a trial
    /// is invalid. `in_doubt`, after a trial that failed, checks more thoroughly.
    ///
    /// # Errors
    /// What happened to a host or the link.
    fn verify(&self, _in_doubt: bool) -> Result<()> {
        Ok(())
    }
}
