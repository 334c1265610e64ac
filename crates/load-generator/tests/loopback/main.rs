//! The load generator against small servers on loopback.

mod concurrent;
mod deliveries;
mod destinations;
mod dialogues;
mod endings;
mod exchange;
mod half_open;
mod http;
mod linger;
mod load;
mod one_by_one;
mod phases;
mod relay;
mod roles;
mod threads;
