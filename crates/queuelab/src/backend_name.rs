//! The values of `--backend`: the names in the lab's registry.

use clap::builder::{PossibleValue, PossibleValuesParser};

/// Accepts the name of any backend; the help describes each.
pub(crate) fn parser() -> PossibleValuesParser {
    let value = |backend: &&'static dyn lab::BackendKind| {
        PossibleValue::new(backend.name()).help(backend.description()).hide(backend.is_for_tests())
    };
    PossibleValuesParser::new(lab::backends().iter().map(value))
}
