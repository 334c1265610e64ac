//! The load generator against small servers on loopback.

mod deliveries;
mod endings;
mod half_open;
mod linger;
mod load;
mod one_by_one;
mod phases;
mod relay;
mod roles;
