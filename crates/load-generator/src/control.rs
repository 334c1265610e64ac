//! The commands and messages of a load worker, and its report.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use worker::metrics::{
    EndedBy, Integrity, LatencyHistogram, LatencySummary, ResourceUsage, UnframedAnswer,
};
use worker::{MessageOf, Protocol};

use crate::thread_use::ThreadUse;

/// The protocol of the load.
#[derive(Debug)]
pub struct LoadProtocol;

impl Protocol for LoadProtocol {
    const NAME: &'static str = "load";
    type Command = LoadCommand;
    type Response = LoadResponse;
    type Event = LoadEvent;
}

/// A line on the load's standard output.
pub type LoadMessage = MessageOf<LoadProtocol>;

/// A command, on the load's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum LoadCommand {
    /// Continue after [`LoadEvent::Decided`]; ignored before it. No response.
    Go,
    /// Response: [`LoadResponse::Status`], at any time before the report.
    Status,
    /// Give up: end every connection and report. No response; the last event is
    /// [`LoadEvent::Done`].
    Stop,
}

/// The response to a [`LoadCommand`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LoadResponse {
    /// Totals so far.
    Status(LoadStatus),
}

/// Totals of a running load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadStatus {
    /// Connections established at the client so far, ended ones included.
    pub established: u64,
    /// Bytes that the clients' sockets have accepted so far, headers included.
    pub bytes_written: u64,
    /// Messages written completely so far.
    pub messages_written: u64,
}

/// An event of the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LoadEvent {
    /// Every attempt has been decided: it is established, or it has failed.
    Decided {
        /// Connections established at the client.
        established: u64,
        /// Attempts that were not.
        failed: u64,
    },
    /// The last line.
    Done(Box<LoadReport>),
}

/// How an attempt ended, from the client's side. Joined with the server's
/// connections, it becomes the attempt's outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Everything written and received as planned, closed cleanly.
    Finished,
    /// ECONNREFUSED.
    Refused,
    /// The connect deadline passed, or ETIMEDOUT.
    TimedOut,
    /// ECONNRESET or EPIPE, at the connect or after it.
    Reset,
    /// EADDRNOTAVAIL, or EADDRINUSE from bind.
    NoPort,
    /// Established, but not done by the finish deadline; or its stream broke
    /// ([`Integrity::broken_streams`]); or it is a slow reader, and data sent to it was
    /// discarded; or the load was stopped, in any state.
    Unfinished,
    /// The server ended the connection before everything was done.
    ClosedByServer,
    /// The client's own address and port are the target's, and nothing listens there: the
    /// socket completed the handshake with itself (`tcp_rcv_synsent_state_process`, a
    /// simultaneous open).
    SelfConnected,
}

/// One attempt, as observed by the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Position in the order of the starts, from 0.
    pub index: u32,
    /// The client's own address, if it has one: known from connect(2) on.
    pub local: Option<SocketAddr>,
    /// Where it went; `None` if all attempts went to the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<SocketAddr>,
    /// CLOCK_MONOTONIC when connect(2) was called, nanoseconds.
    pub start_ns: u64,
    /// From `start_ns` until the load observed ESTABLISHED, nanoseconds; `None` if it
    /// never did, or its peer was itself. In a burst nothing is observed before the last connect(2) has returned.
    pub connect_ns: Option<u64>,
    /// CLOCK_MONOTONIC when it ended, nanoseconds.
    pub end_ns: u64,
    /// SYN retransmissions (TCP_INFO's total at the moment of the decision).
    pub syn_retransmits: Option<u32>,
    /// How it ended.
    pub ending: Ending,
    /// Who ended it; `None` from an earlier build.
    #[serde(default)]
    pub ended_by: Option<EndedBy>,
    /// The errno of a failure, if a system call returned one.
    pub errno: Option<i32>,
    /// Messages written completely.
    pub messages_written: u32,
    /// Messages of other clients that arrived, doubled ones included.
    pub deliveries: u64,
    /// Expected answers to its requests; 0 in reports of older builds.
    #[serde(default)]
    pub answers: u32,
    /// The peer sent data or its end of file, so a program there had accepted the
    /// connection: the kernel sends neither for one in an accept queue. Data that the load
    /// did not read counts too. False in reports of older builds.
    #[serde(default)]
    pub answered: bool,
}

/// Everything a load measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Every attempt, in order of `index`.
    pub attempts: Vec<Attempt>,
    /// Messages that the clients wrote completely.
    pub messages_written: u64,
    /// Deliveries that arrived at clients.
    pub deliveries: u64,
    /// With `leave: together`, deliveries outstanding at the finish deadline: late or
    /// lost, which cannot be distinguished.
    pub undelivered: u64,
    /// Bytes written, headers included.
    pub bytes_out: u64,
    /// Bytes read, headers included.
    pub bytes_in: u64,
    /// CLOCK_MONOTONIC of the first attempt's start, nanoseconds.
    pub started_ns: u64,
    /// CLOCK_MONOTONIC when the last client had left, nanoseconds.
    pub ended_ns: u64,
    /// CLOCK_MONOTONIC of the first write and of the last write, delivery or read of an
    /// answer, nanoseconds; `None` if nothing was written or requested.
    pub chat_window_ns: Option<(u64, u64)>,
    /// From a message's intended send time to its delivery.
    pub delivery_latency: LatencySummary,
    /// From a request's intended start to the end of its answer, only expected answers.
    #[serde(default)]
    pub response_latency: LatencySummary,
    /// The histogram of these latencies; empty in reports of older builds.
    #[serde(default)]
    pub response_histogram: LatencyHistogram,
    /// The same of each destination; empty if all attempts went to the same address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_latencies: Vec<(SocketAddr, LatencySummary)>,
    /// From an attempt's start to ESTABLISHED, of established attempts only.
    pub connect_latency: LatencySummary,
    /// How late the generator itself wrote, compared with its schedule, without messages
    /// that waited for room in their socket.
    pub send_lateness: LatencySummary,
    /// Errors in the deliveries.
    pub integrity: Integrity,
    /// Data that was not in the framing, or not the expected answer; `None` if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unframed: Option<UnframedAnswer>,
    /// Failures by errno name.
    pub errors: BTreeMap<String, u64>,
    /// Why attempts did not get the answers of their dialogue, such as `HTTP 503`.
    #[serde(default)]
    pub incomplete_causes: BTreeMap<String, u64>,
    /// Resources used by the load's process.
    pub usage: ResourceUsage,
    /// What its threads used: that of the event loop, and then those that read, if there are any;
    /// empty in reports of older builds.
    #[serde(default)]
    pub threads: Vec<ThreadUse>,
    /// Time for which a thread of the load waited for a CPU although it could go on, of the one
    /// that waited longest, seconds; none if the kernel does not count it.
    #[serde(default)]
    pub run_delay_seconds: Option<f64>,
}
