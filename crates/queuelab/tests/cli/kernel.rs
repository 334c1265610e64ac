//! Tests that need network namespaces.

pub(crate) mod against;
mod bursts;
mod disturbed;
pub(crate) mod doctor;
mod every_lesson;
mod kills;
mod ledger;
mod lessons;
mod lifecycle;
mod listening;
mod machine;
mod ordinary_user;
mod probe;
mod programs;
mod random_laws;
mod recorded_watch;
mod serve;
mod server_death;
mod simulated;
mod standalone;
mod standalone_load;
mod standalone_server;
mod suite;
mod watch;
mod watch_metrics;
