//! Tests that need a Docker engine:
//! `cargo test --package queuelab --test cli docker -- --ignored`.

mod compose;
mod containers;
mod faults;
