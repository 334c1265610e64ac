//! The parts, one file each; `designs` is what several have in common.

pub(crate) mod connects;
pub(crate) mod deliveries;
mod designs;
pub(crate) mod generator;
pub(crate) mod latency;
pub(crate) mod many;
pub(crate) mod served;
pub(crate) mod size;
pub(crate) mod sweep;
pub(crate) mod trial;
