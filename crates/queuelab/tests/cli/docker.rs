//! Tests that need a Docker engine:
//! `cargo test --package queuelab --test cli docker -- --ignored`.

mod against;
mod compose;
mod containers;
mod doctor;
mod faults;
