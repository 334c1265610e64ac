//! What the fuzz targets call: the reader of what an agent and the lab write to each other.

use linux_net::{Counters, Listener};
use program_server::ProgramStatus;
use run_record::AcceptQueue;
use serde::de::DeserializeOwned;
use serde_json::Value;
use worker::{Message, MessageOf};

use crate::agent::{AgentProtocol, AgentResponse, HostConnections, HostUsage, JoinedProcesses};

/// Reads a line as a message and as a request of the agent's protocol, and a result as each type
/// that a command may have.
///
/// # Panics
/// If one that is accepted is not written as an equal line.
pub fn check_agent_line(line: &[u8]) {
    worker::fuzzing::check_line::<AgentProtocol>(line);
    if let Ok(Message::Response { response: AgentResponse::Result { result }, .. }) =
        MessageOf::<AgentProtocol>::parse(line)
    {
        read::<Counters>(&result);
        read::<Option<AcceptQueue>>(&result);
        read::<HostConnections>(&result);
        read::<Vec<Listener>>(&result);
        read::<ProgramStatus>(&result);
        read::<JoinedProcesses>(&result);
        read::<HostUsage>(&result);
    }
}

fn read<T: DeserializeOwned>(result: &Value) {
    if let Err(error) = T::deserialize(result) {
        assert!(!error.to_string().is_empty());
    }
}
