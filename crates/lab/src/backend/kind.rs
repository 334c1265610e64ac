//! A backend before anything is connected.

use super::error::Result;
use super::finding::Finding;
use super::leftovers::Leftovers;
use super::spec::Needs;
use super::testbed::Backend;
use crate::build::{Build, BuildError};

/// A kind of backend, as the registry has it.
pub trait BackendKind: Sync {
    /// Its name, on the command line and in records.
    fn name(&self) -> &'static str;

    /// What it is and needs, in a few words.
    fn description(&self) -> &'static str;

    /// Prepares this process, before it starts any thread.
    ///
    /// # Errors
    /// When this process cannot use the backend.
    fn prepare_process(&self) -> Result<()> {
        Ok(())
    }

    /// Checks what the machine provides for it, and how to get the rest. `prepared` is
    /// the result of [`BackendKind::prepare_process`]; `needs` are those of the largest
    /// scenario.
    fn check(&self, prepared: Result<()>, needs: &Needs) -> Vec<Finding>;

    /// Whether a build can be an image, beside an executable file.
    fn runs_images(&self) -> bool {
        false
    }

    /// The build that a person names.
    ///
    /// # Errors
    /// When it is no build of this program.
    fn find_build(&self, name: &str) -> std::result::Result<Build, BuildError> {
        Build::find(name, self.runs_images())
    }

    /// Connects to what creates the hosts. The workers in them are those of `build`, or
    /// of this program if it is `None`.
    ///
    /// # Errors
    /// When it is not there, or this user may not use it.
    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>>;

    /// Removes what killed runs have left behind; with `dry_run`, only finds it. With
    /// `images`, also images that this program made and that nothing uses.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    fn clean(&self, _images: bool, _dry_run: bool) -> Result<Leftovers> {
        Ok(Leftovers::default())
    }

    /// Whether it exists for tests only, and is hidden from users.
    fn is_for_tests(&self) -> bool {
        false
    }
}
