//! The registry of backends. They share `check` and `sysctl_error`.
//!
//! A new backend is a file in `backends/` with a constant `KIND`, and its name in the list
//! below. The command line, `doctor` and the hints of errors then have it.

mod check;
mod sysctl_error;

pub use docker::{Image, build_image};
#[cfg(any(test, feature = "fake"))]
pub use fake::{FakeKind, FakeScript, FakeTrial, ScriptedTrial};

use crate::backend::BackendKind;

/// Declares the modules of the backends, and lists their kinds in the same order.
macro_rules! backends {
    ($($(#[$attribute:meta])* $name:ident,)+) => {
        $($(#[$attribute])* mod $name;)+

        static ALL: &[&dyn BackendKind] = &[$($(#[$attribute])* $name::KIND),+];
    };
}

// `cargo fmt` does not find these files: `.ci/run` and `just lint` check them by name.
backends! {
    netns,
    docker,
    #[cfg(any(test, feature = "fake"))]
    fake,
}

/// Every backend; the first is the default.
pub fn all() -> &'static [&'static dyn BackendKind] {
    ALL
}

/// The backend of that name.
pub fn find(name: &str) -> Option<&'static dyn BackendKind> {
    all().iter().copied().find(|backend| backend.name() == name)
}

/// The backend of that name; without a name, every backend for users.
pub fn selected(name: Option<&str>) -> impl Iterator<Item = &'static dyn BackendKind> {
    all().iter().copied().filter(move |backend| match name {
        Some(name) => backend.name() == name,
        None => !backend.is_for_tests(),
    })
}

/// The backend that is used by default.
pub fn default() -> &'static dyn BackendKind {
    all()[0]
}
