//! Two hosts that share the state of a trial.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ::worker::Worker;
use linux_net::{Counters, MachineUsage, StateCounts};
use run_record::{AcceptQueue, SysctlValues};
use serde::de::DeserializeOwned;

use super::clock::FakeClock;
use super::load::FakeLoad;
use super::probe::FakeProbe;
use super::script::FakeTrial;
use super::server::FakeServer;
use super::state::{CLIENT, PORT, SERVER, Shared, State, lock};
use super::worker;
use crate::backend::{Addresses, BackendError, Result, Role, Testbed, TestbedSpec, TestbedUsage};
use crate::clock::Clock;

/// net.core.somaxconn of a new network namespace.
const SOMAXCONN: u32 = 4096;

/// Two scripted hosts.
#[derive(Debug)]
pub(super) struct FakeTestbed {
    addresses: Addresses,
    sysctls: SysctlValues,
    state: Shared,
}

impl FakeTestbed {
    /// Hosts with these sysctls and events.
    pub(super) fn new(spec: &TestbedSpec, events: FakeTrial, clock: Arc<FakeClock>) -> Self {
        let values = |sysctls: &indexmap::IndexMap<String, String>| {
            sysctls.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        Self {
            addresses: Addresses { server: SERVER, client: vec![CLIENT] },
            sysctls: SysctlValues {
                server: values(&spec.server_sysctls),
                client: values(&spec.client_sysctls),
            },
            state: Arc::new(Mutex::new(State::new(events, clock))),
        }
    }

    fn somaxconn(&self) -> u32 {
        let set = self.sysctls.server.get(linux_net::Sysctl::Somaxconn.name());
        set.and_then(|value| value.parse().ok()).unwrap_or(SOMAXCONN)
    }
}

impl Testbed for FakeTestbed {
    fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn sysctls(&self) -> &SysctlValues {
        &self.sysctls
    }

    fn effective_sysctls(&self) -> Result<SysctlValues> {
        let mut effective = self.sysctls.clone();
        let somaxconn = self.somaxconn().to_string();
        effective.server.insert(linux_net::Sysctl::Somaxconn.name().to_owned(), somaxconn);
        Ok(effective)
    }

    fn counters(&self, role: Role) -> Result<Counters> {
        let state = lock(&self.state);
        // Every counter is a thousand before the load, so that it can decrease.
        let mut values: BTreeMap<String, i64> =
            state.events.counters.keys().map(|name| (name.clone(), 1_000)).collect();
        if role == Role::Server && state.is_loaded {
            for (name, change) in &state.events.counters {
                *values.entry(name.clone()).or_default() += change;
            }
        }
        let values = serde_json::to_value(values).expect("counters are plain data");
        Ok(serde_json::from_value(values).expect("counters are a map of numbers"))
    }

    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>> {
        let state = lock(&self.state);
        let limit =
            state.server.as_ref().filter(|_| port == PORT).map(|server| {
                u32::try_from(server.backlog).unwrap_or(u32::MAX).min(self.somaxconn())
            });
        Ok(limit.map(|limit| AcceptQueue { depth: 0, limit }))
    }

    fn sockets(&self, _role: Role) -> Result<StateCounts> {
        Ok(StateCounts::default())
    }

    fn usage(&self) -> Option<TestbedUsage> {
        let state = lock(&self.state);
        let seconds = state.clock.now().as_secs_f64();
        let busy_seconds = seconds * state.events.other_cpus;
        let machine = MachineUsage { booted: 1, cpus: 2, busy_seconds, ..MachineUsage::default() };
        Some(TestbedUsage { machine, own_cpu_seconds: 0.0 })
    }

    fn start(&self, _role: Role, name: &'static str, arguments: &[String]) -> Result<Worker> {
        let state = Arc::clone(&self.state);
        Ok(match name {
            "server" => {
                let settings = config(arguments)?;
                worker::start(|output| FakeServer::new(state, settings, output))
            }
            "load" => {
                let settings = config(arguments)?;
                worker::start(|output| FakeLoad::new(state, &settings, output))
            }
            "probe" => worker::start(|output| FakeProbe::new(state, output)),
            other => {
                let message = format!("start the {other}: there is no such worker");
                return Err(BackendError::from_message(&message));
            }
        })
    }

    fn verify(&self, _in_doubt: bool) -> Result<()> {
        match &lock(&self.state).events.host_fails {
            None => Ok(()),
            Some(reason) => {
                Err(BackendError::from_message(&format!("keep the hosts running: {reason}")))
            }
        }
    }
}

/// The configuration in a worker's arguments: the last of them, as JSON.
fn config<T: DeserializeOwned>(arguments: &[String]) -> Result<T> {
    let json = arguments.last().map_or("", String::as_str);
    serde_json::from_str(json)
        .map_err(|error| BackendError::from_message(&format!("read the configuration: {error}")))
}
