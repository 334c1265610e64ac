//! What a sentence claims about each of its trials, for programs.

use linux_net::{Counter, Sysctl};
use run_record::{ClosedBecause, EndedBy, Outcome};

/// A claim that a sentence makes about each of its trials, or advice that it gives for them.
///
/// A test with arbitrary evidence compares every claim with the records; the sentences'
/// conditions do not read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This counter of the server's host increased.
    ServerCounted(Counter),
    /// The counters of the server's host were read, and this one did not increase.
    ServerCountedNone(Counter),
    /// This counter of the client's host increased.
    ClientCounted(Counter),
    /// Attempts ended in this way.
    Ended(Outcome),
    /// No attempt ended in this way.
    NoneEnded(Outcome),
    /// Incomplete attempts were ended by this.
    IncompleteBy(EndedBy),
    /// The record does not state what ended its incomplete attempts.
    IncompleteByUnknown,
    /// Attempts other than the half-open ones retransmitted their SYN.
    SynRetransmitted,
    /// No attempt other than the half-open ones retransmitted its SYN.
    NoSynRetransmitted,
    /// Sockets of the server's host were observed in this state.
    Observed(&'static str),
    /// When the clients had left, sockets of the server's host were in CLOSE_WAIT.
    CloseWait,
    /// The server's process died.
    ServerDied,
    /// accept(2) failed with this errno.
    AcceptFailed(&'static str),
    /// A client's thread could not be started.
    ThreadFailed,
    /// The server gave up clients because of this.
    Closed(ClosedBecause),
    /// The server dropped messages for clients whose queue was full.
    Dropped,
    /// No failure of the server's process is recorded.
    NoAcceptFailed,
    /// A sysctl in force at the server's host has this value.
    ServerSysctl(Sysctl, i64),
    /// A sysctl in force at the server's host has another value: advice to set it to this.
    SetServerSysctl(Sysctl, i64),
    /// Advice to raise a sysctl of the server's host, to at least this.
    RaiseServerSysctl(Sysctl, u64),
    /// Advice to raise the argument of listen(2), to at least this.
    RaiseBacklog(u64),
    /// Advice to raise min(backlog, somaxconn), to at least this.
    RaiseLimit(u64),
    /// Advice to raise min(backlog, somaxconn) and tcp_max_syn_backlog together.
    RaiseLimitAndMaxSynBacklog,
    /// A setting of the scenario has another value: advice to set it to this.
    Set(&'static str, &'static str),
    /// Advice to use more ports than the client's range has.
    WidenPortRange,
}
