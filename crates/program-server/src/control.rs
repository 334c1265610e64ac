//! The commands and messages of a worker that runs a program.

use std::net::SocketAddr;

use linux_net::{Listener, ServerSocket};
use serde::{Deserialize, Serialize};
use worker::metrics::ProgramReport;
use worker::{MessageOf, Protocol};

use crate::ready::is_reachable;

/// The protocol of the worker.
#[derive(Debug)]
pub struct ProgramProtocol;

impl Protocol for ProgramProtocol {
    const NAME: &'static str = "program";
    type Command = ProgramCommand;
    type Response = ProgramResponse;
    type Event = ProgramEvent;
}

/// A line on the worker's standard output.
pub type ProgramMessage = MessageOf<ProgramProtocol>;

/// A command, on the worker's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum ProgramCommand {
    /// Continue the program if it is paused. No response.
    Resume,
    /// Response: [`ProgramResponse::Status`].
    Status,
    /// Stop the program, and end with [`ProgramEvent::Ended`]. No response.
    Stop,
}

/// The response to a [`ProgramCommand`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProgramResponse {
    /// The connections of the port now.
    Status(ProgramStatus),
}

/// The connections of the server's port, as the kernel lists them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramStatus {
    /// Sockets that accept(2) has taken and that a process has open.
    pub open: u64,
    /// Connections that no accept(2) has taken.
    pub waiting: u64,
}

impl ProgramStatus {
    /// Counts the sockets of a port that have a peer.
    pub fn of(sockets: &[ServerSocket]) -> Self {
        let mut status = Self::default();
        for socket in sockets {
            match socket.is_accepted() {
                // Without an inode the program has closed it: it is the kernel's.
                true => status.open += u64::from(socket.inode != 0),
                false => status.waiting += 1,
            }
        }
        status
    }
}

/// A socket that a program listens on, and that clients can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramListener {
    /// Its address.
    pub local: SocketAddr,
    /// Its limit, min(backlog, somaxconn).
    pub limit: u32,
}

impl ProgramListener {
    /// Those of a host's listeners that clients can reach.
    pub fn reachable(listeners: &[Listener]) -> Vec<Self> {
        let reachable = listeners.iter().filter(|listener| is_reachable(listener));
        reachable.map(|listener| Self { local: listener.local, limit: listener.limit }).collect()
    }
}

/// An event of the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProgramEvent {
    /// The program is ready and, if that was requested, paused.
    Listening {
        /// The address that it listens on.
        address: SocketAddr,
        /// All of its host's listeners that clients can reach.
        #[serde(default)]
        reachable: Vec<ProgramListener>,
    },
    /// The last line: no process of it is left.
    Ended(Box<ProgramReport>),
}
