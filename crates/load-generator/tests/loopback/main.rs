//! The load generator against small servers on loopback.

mod deliveries;
mod endings;
mod load;
mod phases;
mod relay;
