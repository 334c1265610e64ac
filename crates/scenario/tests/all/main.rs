//! Tests of the public interface.

mod common;
mod destinations;
mod dialogues;
mod errors;
mod expectations;
mod files;
mod headline;
mod limits;
mod overrides;
mod places;
mod rates;
mod servers;
