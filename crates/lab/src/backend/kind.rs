//! A backend before anything is connected.

use super::error::Result;
use super::finding::Finding;
use super::leftovers::Leftovers;
use super::needs::Needs;
use super::testbed::Backend;
use crate::build::{Build, BuildError};

/// A kind of backend: an entry of the registry.
pub trait BackendKind: Sync {
    /// Its name, on the command line and in records.
    fn name(&self) -> &'static str;

    /// A short description of what it is and needs.
    fn description(&self) -> &'static str;

    /// Prepares this process, before it starts any thread.
    ///
    /// # Errors
    /// If this process cannot use the backend.
    fn prepare_process(&self) -> Result<()> {
        Ok(())
    }

    /// Checks what the machine provides for it, with hints for what is missing.
    /// `prepared` is the result of [`BackendKind::prepare_process`]; `needs` are those of
    /// the largest scenario.
    fn check(&self, prepared: Result<()>, needs: &Needs) -> Vec<Finding>;

    /// Whether a build can also be an image.
    fn runs_images(&self) -> bool {
        false
    }

    /// Why server and load get equal shares of the CPUs with it, on every machine; `None`
    /// if they may not.
    fn equal_cpu_shares(&self) -> Option<&'static str> {
        None
    }

    /// The build with this name.
    ///
    /// # Errors
    /// If it is not a build of this program.
    fn find_build(&self, name: &str) -> std::result::Result<Build, BuildError> {
        Build::find(name, self.runs_images())
    }

    /// Connects the backend. Its hosts run the workers of `build`, or of this program if
    /// it is `None`.
    ///
    /// # Errors
    /// If it does not exist, or this user may not use it.
    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>>;

    /// Removes the resources of killed runs; with `dry_run`, only finds them. With
    /// `images`, also unused images that this program built.
    ///
    /// # Errors
    /// If the backend cannot be reached.
    fn clean(&self, _images: bool, _dry_run: bool) -> Result<Leftovers> {
        Ok(Leftovers::default())
    }

    /// Whether it exists only for tests, and is hidden from users.
    fn is_for_tests(&self) -> bool {
        false
    }
}
