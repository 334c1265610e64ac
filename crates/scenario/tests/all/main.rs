//! Tests of the public interface.

mod common;
mod errors;
mod expectations;
mod files;
mod overrides;
mod places;
