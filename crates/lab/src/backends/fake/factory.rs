//! The backend: creates testbeds.

use std::sync::Arc;

use linux_net::TimerWheel;

use super::clock::FakeClock;
use super::script::{FakeScript, FakeTrial};
use super::testbed::FakeTestbed;
use crate::backend::{Backend, BackendError, Needs, Purpose, Result, Testbed, TestbedSpec};
use crate::clock::Clock;

/// Creates scripted testbeds.
#[derive(Debug)]
pub(super) struct Fake {
    script: FakeScript,
    build: Option<run_record::Build>,
    clock: Arc<FakeClock>,
}

impl Fake {
    /// A backend with this script; `build` is the other build, if its workers run here.
    pub(super) fn new(script: FakeScript, build: Option<run_record::Build>) -> Self {
        Self { script, build, clock: Arc::new(FakeClock::new()) }
    }
}

impl Backend for Fake {
    fn describe(&self) -> run_record::Backend {
        run_record::Backend {
            name: "fake".to_owned(),
            version: None,
            details: "scripted".to_owned(),
        }
    }

    fn build(&self) -> Option<run_record::Build> {
        self.build.clone()
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn timer_wheel(&self) -> Option<TimerWheel> {
        None
    }

    fn reserve(&self, needs: &Needs) -> Result<()> {
        match self.script.max_clients {
            Some(most) if needs.clients > most => Err(BackendError::from_message(&format!(
                "allow {} clients: the limit is {most}; use fewer",
                needs.clients
            ))),
            _ => Ok(()),
        }
    }

    fn testbed(&self, spec: &TestbedSpec, purpose: Purpose) -> Result<Box<dyn Testbed>> {
        let hosts = [("server", &spec.server_sysctls), ("client", &spec.client_sysctls)];
        for (host, sysctls) in hosts {
            for (name, value) in sysctls {
                if self.script.refused_sysctls.get(name) == Some(value) {
                    return Err(refused(host, name, value));
                }
            }
        }
        let events = match purpose {
            Purpose::Preflight => FakeTrial::default(),
            Purpose::Trial(id) => self.script.events(id, self.build.is_some()),
        };
        Ok(Box::new(FakeTestbed::new(spec, events, Arc::clone(&self.clock))))
    }
}

fn refused(host: &'static str, name: &str, value: &str) -> BackendError {
    let error = BackendError::from_message(&format!("set {name} to `{value}`: Invalid argument"));
    let reason = format!("failed to {error}");
    error.for_sysctl(host, name.to_owned(), reason)
}
