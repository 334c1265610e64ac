//! The commands and messages of the agent.

use std::net::IpAddr;
use std::time::Duration;

use linux_net::{MachineUsage, StateCounts};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::{Protocol, WorkerEnd};

/// Interval at which the lab sends a heartbeat if it has nothing else to send.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// The protocol of the agent.
#[derive(Debug)]
pub(crate) struct AgentProtocol;

impl Protocol for AgentProtocol {
    const NAME: &'static str = "host";
    type Command = AgentCommand;
    type Response = AgentResponse;
    type Event = AgentEvent;
}

/// A command, on the agent's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum AgentCommand {
    /// Allow this number of open files. Result: null.
    AllowFiles { needed: u64 },
    /// Read these sysctls and those that affect how connections queue. Result: a map.
    Sysctls { names: Vec<String> },
    /// Result: [`linux_net::Counters`].
    Counters,
    /// Result: the [`run_record::AcceptQueue`] of a port, or null.
    AcceptQueue { port: u16 },
    /// Result: [`HostConnections`].
    Connections,
    /// Result: the listeners of the host, a list of [`linux_net::Listener`].
    Listeners,
    /// Result: the [`program_server::ProgramStatus`] of a port.
    PortConnections { port: u16 },
    /// Result: the memory of a server without a limit of its own, bytes.
    DefaultMemory,
    /// Result: [`JoinedProcesses`].
    Joined,
    /// Stop the processes of a container that has joined this host (SIGSTOP). Result: null.
    StopJoined,
    /// Continue them (SIGCONT). Result: null.
    ContinueJoined,
    /// Result: number of processes that the memory limit has killed; null if that
    /// cannot be read.
    MemoryKills,
    /// Result: [`HostUsage`].
    Usage,
    /// Add addresses to an interface. Result: null.
    AddAddresses { interface: String, addresses: Vec<IpAddr>, prefix: u8 },
    /// Exchange a datagram with each target from each source, so that no
    /// connection waits for the neighbours' link addresses. Result: null.
    Reach { sources: Vec<IpAddr>, targets: Vec<IpAddr> },
    /// Start `queuelab <arguments>`. Result: null; [`AgentEvent`]s with this
    /// number follow.
    Start { worker: u32, arguments: Vec<String> },
    /// Write a line to a worker's standard input. Result: null.
    Send { worker: u32, line: String },
    /// Kill a worker. Result: null.
    Kill { worker: u32 },
}

/// Connections in a host, also of earlier trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HostConnections {
    /// TCP sockets by state.
    pub(crate) sockets: StateCounts,
    /// Connections that its firewall tracks; `None` without a firewall.
    pub(crate) tracked: Option<u64>,
}

/// The processes of a container that has joined the PID namespace of a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct JoinedProcesses {
    /// How many there are.
    pub(crate) processes: u64,
    /// Their CPU time, with that of children that they have reaped, seconds.
    pub(crate) cpu_seconds: f64,
    /// The largest resident memory that one of them has had, bytes.
    pub(crate) most_memory_bytes: u64,
}

/// How busy a host has been so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HostUsage {
    /// Totals of its machine; `None` if they cannot be read.
    pub(crate) machine: Option<MachineUsage>,
    /// CPU time of the agent, its workers and the processes of a container that has joined the
    /// host, seconds.
    pub(crate) own_cpu_seconds: f64,
}

/// The response to an [`AgentCommand`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum AgentResponse {
    /// The command was carried out.
    Result {
        /// Of the type that the command documents.
        result: Value,
    },
}

/// An event of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum AgentEvent {
    /// A worker has written a line.
    Line { worker: u32, line: String },
    /// A worker has ended, after its last line.
    Ended { worker: u32, end: WorkerEnd },
}

#[cfg(test)]
mod tests {
    use worker::{Message, MessageOf, Request};

    use super::*;

    #[test]
    fn commands_and_events_are_flat_json_lines() {
        let command = AgentCommand::AcceptQueue { port: 8080 };
        let request = Request { id: Some(7), command };
        let line = serde_json::to_string(&request).unwrap();
        assert_eq!(line, r#"{"id":7,"command":"accept_queue","port":8080}"#);
        assert_eq!(serde_json::from_str::<Request<AgentCommand>>(&line).unwrap(), request);
        let line = "{\"event\":\"x\"}".to_owned();
        let event: MessageOf<AgentProtocol> = Message::Event(AgentEvent::Line { worker: 1, line });
        let line = serde_json::to_string(&event).unwrap();
        assert_eq!(line, r#"{"event":"line","worker":1,"line":"{\"event\":\"x\"}"}"#);
        assert_eq!(Message::parse(line.as_bytes()).unwrap(), event);
    }
}
