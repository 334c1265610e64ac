//! A network namespace.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::trouble::Trouble;

/// A network namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WatchedNamespace {
    /// Its number, as `ls -l /proc/PID/ns/net` shows it.
    pub inode: u64,
    /// It is that of the watch itself.
    pub is_own: bool,
    /// Its name in /run/netns, if it has one.
    pub name: Option<String>,
    /// The container of a process in it: its name, or the start of its ID.
    pub container: Option<String>,
    /// A process in it: its number and name; none for a namespace that only has a name.
    pub process: Option<(u32, String)>,
    /// The settings that decide about queues.
    pub sysctls: WatchedSysctls,
    /// Counters that changed since the watch began, and by how much.
    pub counters: BTreeMap<String, u64>,
    /// Counters that changed between the last two readings, and by how much.
    pub counters_last_second: BTreeMap<String, u64>,
    /// Seconds between these two readings: about one, more on a busy machine.
    pub counters_interval_seconds: f64,
    /// Drops, since the watch began, of listeners that have closed; 0 where only some listeners
    /// are shown.
    pub drops_of_closed: u64,
    /// Ports of clients that are in use, for the destination with most of them; none before
    /// the first walk of all sockets, or without connections to elsewhere.
    pub busiest_destination: Option<PortUsage>,
    /// What is wrong with the namespace rather than with one listener.
    pub troubles: Vec<Trouble>,
}

/// Settings that decide about queues; each is none if it cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WatchedSysctls {
    /// `net.core.somaxconn`.
    pub somaxconn: Option<u32>,
    /// `net.ipv4.tcp_max_syn_backlog`.
    pub tcp_max_syn_backlog: Option<i32>,
    /// `net.ipv4.tcp_syncookies`.
    pub tcp_syncookies: Option<u32>,
    /// `net.ipv4.tcp_abort_on_overflow`.
    pub tcp_abort_on_overflow: Option<u32>,
    /// Ports of `net.ipv4.ip_local_port_range`: the first and the last.
    pub ip_local_port_range: Option<(u16, u16)>,
}

/// Ports of clients of this namespace that one destination takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortUsage {
    /// The destination.
    pub destination: SocketAddr,
    /// Local ports of the range in use towards it, TIME_WAIT included, of the local address
    /// that uses most.
    pub ports: u32,
    /// Of these, those in TIME_WAIT.
    pub in_time_wait: u32,
    /// Ports of `ip_local_port_range`.
    pub range: u32,
}
