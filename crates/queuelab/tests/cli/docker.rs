//! Tests that need a Docker engine:
//! `cargo test --workspace docker -- --ignored`.

mod against;
mod compose;
mod containers;
mod doctor;
mod faults;
mod image_server;
mod kills;
mod machine;
mod scenarios;
mod tried;
mod watch;
