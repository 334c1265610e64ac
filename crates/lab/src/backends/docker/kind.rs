//! The entry of the registry.

use super::backend::Docker;
use super::check;
use super::error::DockerError;
use super::name::NAME;
use crate::backend::{Backend, BackendKind, Finding, Leftovers, Needs, Result};
use crate::build::Build;

/// Containers of a Docker engine.
pub(in crate::backends) struct DockerKind;

impl BackendKind for DockerKind {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "containers; needs a Docker engine, and permission to use it, but no user namespace"
    }

    fn check(&self, _prepared: Result<()>, needs: &Needs) -> Vec<Finding> {
        check::check(needs)
    }

    fn runs_images(&self) -> bool {
        true
    }

    fn equal_cpu_shares(&self) -> Option<&'static str> {
        Some("containers get equal shares")
    }

    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>> {
        Ok(Box::new(Docker::connect(build)?))
    }

    fn clean(&self, images: bool, dry_run: bool) -> Result<Leftovers> {
        let found = Docker::connect(None)?.clean(images, dry_run)?;
        let with_kind = |kind: &'static str, names: Vec<String>| {
            names.into_iter().map(move |name| (kind, name))
        };
        let removed = with_kind("container", found.containers)
            .chain(with_kind("network", found.networks))
            .chain(with_kind("image", found.images));
        let held = found.held;
        Ok(Leftovers {
            removed: removed.collect(),
            alive: found.alive,
            problem: (!held.is_empty())
                .then(|| DockerError::NetworksInUse { networks: held }.into()),
        })
    }
}
