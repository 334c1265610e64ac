//! The agent: `queuelab host`, the first process of a host that the lab itself cannot
//! enter.
//!
//! | module | contents |
//! |---|---|
//! | `control` | its commands and messages |
//! | `worker` | the agent as a process |
//! | `exit_turn` | when the hosts of a dead lab end, each at its time |
//! | `handler` | what each command does |
//! | `joined` | the processes of a container that has joined the host |
//! | `reach` | resolves the neighbours' link addresses |
//!
//! It reads the counters, sysctls and queues of its network namespace, starts the
//! workers of its host and forwards their lines. It exits at the end of its
//! standard input or without a heartbeat for a minute, and the kernel then kills
//! every other process of the host: nothing outlives a lab, or an engine, that was
//! killed.

mod control;
mod exit_turn;
mod handler;
mod joined;
mod reach;
mod worker;

pub(crate) use control::{
    AgentCommand, AgentEvent, AgentProtocol, AgentResponse, HEARTBEAT_INTERVAL, HostConnections,
    HostUsage, JoinedProcesses,
};
pub(crate) use exit_turn::{EXIT_TURN, exit_turn};
pub use worker::{AgentError, run_worker};
