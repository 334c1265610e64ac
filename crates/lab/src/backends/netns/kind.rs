//! The entry of the registry.

use linux_net::in_initial_user_namespace;

use super::error;
use super::factory::Netns;
use super::name::NAME;
use crate::backend::{Backend, BackendError, BackendKind, Finding, Needs, Result};
use crate::backends::check::{sysctls_finding, try_testbed};
use crate::build::Build;

/// Plain network namespaces.
pub(in crate::backends) struct NetnsKind;

impl BackendKind for NetnsKind {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "plain network namespaces; needs no Docker, and no root if the machine allows user \
         namespaces"
    }

    fn prepare_process(&self) -> Result<()> {
        // Only a process with one thread can enter a user namespace.
        linux_net::enter_user_namespace().map_err(|error| error::namespace(&error))
    }

    fn check(&self, prepared: Result<()>, _needs: &Needs) -> Vec<Finding> {
        if let Err(error) = prepared {
            return vec![Finding::missing(what_is_missing(&error), &error)];
        }
        let rights = match in_initial_user_namespace() {
            true => "not needed: this is root, who may create network namespaces",
            false => "allowed: this user is root of one, and of the network namespaces in it",
        };
        let rights = Finding::ok("user namespaces", rights);
        match Netns::new(None).and_then(|backend| try_testbed(&backend)) {
            Ok(tried) => {
                let created = format!(
                    "two hosts joined by a veth pair, a sysctl set and read back: {} ms",
                    tried.duration.as_millis().max(1)
                );
                vec![rights, Finding::ok("testbed", created), sysctls_finding(&tried.sysctls)]
            }
            Err(error) => vec![rights, Finding::missing("testbed", &error)],
        }
    }

    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>> {
        let build = match build {
            None => None,
            Some(Build::File(file)) => Some(file),
            Some(Build::Image(_)) => unreachable!("only containers run images"),
        };
        Ok(Box::new(Netns::new(build)?))
    }
}

/// Which kind of namespace this process may not have.
fn what_is_missing(error: &BackendError) -> &'static str {
    match error.intent.contains("network namespace") {
        true => "network namespaces",
        false => "user namespaces",
    }
}
