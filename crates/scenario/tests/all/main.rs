//! Tests of the public interface.

mod common;
mod errors;
mod expectations;
mod files;
mod headline;
mod overrides;
mod places;
