//! Scenarios through the crate's public face.

mod common;
mod errors;
mod expectations;
mod files;
mod overrides;
mod places;
