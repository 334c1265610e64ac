//! The registry of backends. A new backend is a module here and one line in [`all`]. They
//! share `check` and `sysctl_error`.

mod check;
mod docker;
#[cfg(any(test, feature = "fake"))]
mod fake;
mod netns;
mod sysctl_error;

pub use docker::{Image, build_image};
#[cfg(any(test, feature = "fake"))]
pub use fake::{FakeKind, FakeScript, FakeTrial, ScriptedTrial};

use crate::backend::BackendKind;

static ALL: &[&dyn BackendKind] = &[
    &netns::NetnsKind,
    &docker::DockerKind,
    #[cfg(any(test, feature = "fake"))]
    &fake::FAKE,
];

/// Every backend; the first is the default.
pub fn all() -> &'static [&'static dyn BackendKind] {
    ALL
}

/// The backend of that name.
pub fn find(name: &str) -> Option<&'static dyn BackendKind> {
    all().iter().copied().find(|backend| backend.name() == name)
}

/// The backend that is used by default.
pub fn default() -> &'static dyn BackendKind {
    all()[0]
}
