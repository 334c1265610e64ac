//! What each command of the agent does.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::thread;

use linux_net::{Counters, MachineUsage, SocketDiag, SysctlName};
use nix::sys::signal::Signal;
use program_server::ProgramStatus;
use serde::Serialize;
use worker::{Output, ProcessControl, WorkerControl, WorkerProcess};

use super::control::{
    AgentCommand, AgentEvent, AgentProtocol, AgentResponse, HostConnections, HostUsage,
    JoinedProcesses,
};
use super::joined;
use super::reach::reach;
use crate::backend::accept_queue_of;
use crate::running;

/// Carries out commands in this host.
#[derive(Debug)]
pub(super) struct Handler {
    output: Output<AgentProtocol>,
    workers: HashMap<u32, ProcessControl>,
    diag: Option<SocketDiag>,
    /// The CPU time of processes that have joined this host, as far as it was seen, seconds.
    joined_cpu_seconds: f64,
}

impl Handler {
    /// Forwards the lines of the workers that it starts to `output`.
    pub(super) fn new(output: Output<AgentProtocol>) -> Self {
        Self { output, workers: HashMap::new(), diag: None, joined_cpu_seconds: 0.0 }
    }

    /// Carries out a command; an error is a fragment that fits after "failed to".
    pub(super) fn handle(&mut self, command: AgentCommand) -> Result<AgentResponse, String> {
        match command {
            AgentCommand::AllowFiles { needed } => {
                linux_net::raise_open_files(needed).map_err(text)?;
                done(())
            }
            AgentCommand::Sysctls { names } => sysctls(&names),
            AgentCommand::Counters => done(Counters::here().map_err(text)?),
            AgentCommand::AcceptQueue { port } => {
                let listeners = self.diag()?.listeners().map_err(text)?;
                done(accept_queue_of(port, &listeners))
            }
            AgentCommand::Connections => {
                let sockets = self.diag()?.count_by_state(None).map_err(text)?;
                done(HostConnections { sockets, tracked: tracked_connections() })
            }
            AgentCommand::Listeners => done(self.diag()?.listeners().map_err(text)?),
            AgentCommand::PortConnections { port } => {
                let sockets = self.diag()?.server_sockets(port).map_err(text)?;
                done(ProgramStatus::of(&sockets))
            }
            AgentCommand::DefaultMemory => done(program_server::default_memory_bytes()),
            AgentCommand::Joined => done(self.joined()),
            AgentCommand::StopJoined => {
                done(joined::signal(Signal::SIGSTOP, &self.worker_ids()).map_err(text)?)
            }
            AgentCommand::ContinueJoined => {
                done(joined::signal(Signal::SIGCONT, &self.worker_ids()).map_err(text)?)
            }
            AgentCommand::MemoryKills => done(memory_kills()),
            AgentCommand::Usage => {
                self.joined();
                done(HostUsage {
                    machine: MachineUsage::now(),
                    own_cpu_seconds: worker::cpu_seconds_with_children() + self.joined_cpu_seconds,
                })
            }
            AgentCommand::AddAddresses { interface, addresses, prefix } => {
                done(linux_net::add_addresses_here(&interface, &addresses, prefix).map_err(text)?)
            }
            AgentCommand::Reach { sources, targets } => done(reach(&sources, &targets)?),
            AgentCommand::Start { worker, arguments } => {
                done(self.start(worker, &arguments).map_err(text)?)
            }
            AgentCommand::Send { worker, line } => {
                if let Some(control) = self.workers.get_mut(&worker) {
                    control.send_line(line.as_bytes());
                }
                done(())
            }
            AgentCommand::Kill { worker } => {
                self.workers.remove(&worker);
                done(())
            }
        }
    }

    /// What the processes that have joined this host use.
    fn joined(&mut self) -> JoinedProcesses {
        let joined = joined::now(&self.worker_ids());
        self.joined_cpu_seconds = self.joined_cpu_seconds.max(joined.cpu_seconds);
        joined
    }

    fn worker_ids(&self) -> Vec<u32> {
        self.workers.values().map(ProcessControl::id).collect()
    }

    fn diag(&mut self) -> Result<&mut SocketDiag, String> {
        if self.diag.is_none() {
            self.diag = Some(SocketDiag::open().map_err(text)?);
        }
        Ok(self.diag.as_mut().expect("it was just opened"))
    }

    fn start(&mut self, worker: u32, arguments: &[String]) -> io::Result<()> {
        let mut command = running::command();
        command.args(arguments);
        linux_net::lead_session_on_exec(&mut command);
        let WorkerProcess { control, lines, ends } = WorkerProcess::start(command)?;
        self.workers.insert(worker, control);
        let output = self.output;
        thread::spawn(move || {
            for line in lines {
                let _ = output.event(AgentEvent::Line { worker, line });
            }
            if let Ok(end) = ends.recv() {
                let _ = output.event(AgentEvent::Ended { worker, end });
            }
        });
        Ok(())
    }
}

fn done(result: impl Serialize) -> Result<AgentResponse, String> {
    Ok(AgentResponse::Result { result: serde_json::to_value(result).map_err(text)? })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn sysctls(names: &[String]) -> Result<AgentResponse, String> {
    let names: Result<Vec<SysctlName>, _> = names.iter().map(|name| name.parse()).collect();
    let values = linux_net::read_sysctls_here(&names.map_err(text)?).map_err(text)?;
    done(
        values
            .into_iter()
            .map(|(name, value)| (name.to_string(), value))
            .collect::<BTreeMap<_, _>>(),
    )
}

/// Number of processes that the memory limit of this process's control group has
/// killed; `None` if the group is not visible.
fn memory_kills() -> Option<u64> {
    // Version 2 first; a container sees its own group at the root.
    let files = ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];
    files.iter().find_map(|file| {
        let text = std::fs::read_to_string(file).ok()?;
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "))?;
        count.trim().parse().ok()
    })
}

fn tracked_connections() -> Option<u64> {
    let count = std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_count").ok()?;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use linux_net::{Counter, Sysctl};

    use super::*;

    fn result(handler: &mut Handler, command: AgentCommand) -> Value {
        let AgentResponse::Result { result } = handler.handle(command).unwrap();
        result
    }

    #[test]
    fn kernel_the_agent_reads_its_own_host() {
        let mut agent = Handler::new(Output::new());
        let counters = result(&mut agent, AgentCommand::Counters);
        assert!(counters[Counter::ListenOverflows.name()].is_i64(), "{counters}");
        let names = vec![Sysctl::TcpTwReuse.name().to_owned()];
        let sysctls = result(&mut agent, AgentCommand::Sysctls { names });
        assert!(sysctls[Sysctl::Somaxconn.name()].is_string(), "{sysctls}");
        let missing = AgentCommand::Sysctls { names: vec!["net.ipv4.unknown".to_owned()] };
        assert!(agent.handle(missing).unwrap_err().contains("net.ipv4.unknown"));
        let memory = result(&mut agent, AgentCommand::DefaultMemory);
        assert!(memory.as_u64().is_some_and(|bytes| bytes > 1 << 20), "{memory}");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let queue = result(&mut agent, AgentCommand::AcceptQueue { port });
        assert_eq!(queue["depth"], 0, "{queue}");
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let connections: HostConnections =
            serde_json::from_value(result(&mut agent, AgentCommand::Connections)).unwrap();
        assert!(connections.sockets.established > 0);
    }
}
