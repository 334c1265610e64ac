//! Backends and their names, from the lab's registry.

use clap::builder::{PossibleValue, PossibleValuesParser};
use lab::BackendKind;

/// Accepts the name of any backend; the help describes each.
pub(crate) fn parser() -> PossibleValuesParser {
    let value = |backend: &&'static dyn BackendKind| {
        PossibleValue::new(backend.name()).help(backend.description()).hide(backend.is_for_tests())
    };
    PossibleValuesParser::new(lab::backends().iter().map(value))
}

/// The backends for users, without those for tests.
pub(crate) fn user_backends() -> impl Iterator<Item = &'static dyn BackendKind> {
    lab::selected_backends(None)
}

/// The name of the default backend.
pub(crate) fn default_name() -> &'static str {
    lab::default_backend().name()
}
