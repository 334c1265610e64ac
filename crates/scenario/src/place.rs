//! Where something was written.

use std::ops::Range;
use std::sync::Arc;

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// In the scenario's file: bytes of its text.
    File(Range<usize>),
    /// In a flag of the command line, as it was typed.
    Flag(Arc<str>),
    /// Nowhere: it is about the whole scenario.
    Nowhere,
}

impl Place {
    pub(crate) fn start_of_file() -> Self {
        Place::File(0..0)
    }
}
