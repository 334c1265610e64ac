//! How busy the machine of a run's containers is, and how much of that is the run itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use linux_net::MachineUsage;

use super::agent_line::AgentLine;
use crate::agent::{AgentCommand, HostUsage};
use crate::backend::TestbedUsage;

/// How long an agent may take to respond. Without its response the usage is not known, which
/// is no error of the trial.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The CPU time of every host of a run. Trials that run side by side share the machine: the
/// hosts of all of them are the run's own.
#[derive(Debug, Default)]
pub(super) struct RunUsage {
    hosts: Mutex<HashMap<String, HostTime>>,
}

/// A host, and its CPU time when it was last asked: its last one, if it has been removed.
#[derive(Debug)]
struct HostTime {
    line: Weak<AgentLine>,
    seconds: f64,
}

impl RunUsage {
    /// Adds a host that was started.
    pub(super) fn add(&self, id: &str, line: &Arc<AgentLine>) {
        let time = HostTime { line: Arc::downgrade(line), seconds: 0.0 };
        self.hosts.lock().expect("the map is never poisoned").insert(id.to_owned(), time);
    }

    /// The usage so far; `None` if an agent does not respond, or the machine does not show it.
    pub(super) fn now(&self) -> Option<TestbedUsage> {
        let mut hosts = self.hosts.lock().expect("the map is never poisoned");
        let asked: Vec<_> = hosts
            .values_mut()
            .filter_map(|host| {
                let replies = host.line.upgrade()?.request(AgentCommand::Usage);
                Some((host, replies))
            })
            .collect();
        let mut machine = None;
        for (host, replies) in asked {
            let reply = replies.recv_timeout(TIMEOUT).ok()?.ok()?;
            let usage: HostUsage = serde_json::from_value(reply).ok()?;
            host.seconds = usage.own_cpu_seconds;
            machine = usage.machine.or(machine);
        }
        let machine = machine?;
        let of_hosts: f64 = hosts.values().map(|host| host.seconds).sum();
        // The engine may be on another machine than the lab.
        let is_here = MachineUsage::now().is_some_and(|here| here.booted == machine.booted);
        let of_lab = if is_here { worker::cpu_seconds_with_children() } else { 0.0 };
        Some(TestbedUsage { machine, own_cpu_seconds: of_hosts + of_lab })
    }
}
