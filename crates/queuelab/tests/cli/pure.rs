//! Tests that need no network namespace.

mod action;
mod against;
mod chat;
mod ci;
mod compare;
mod decisions;
mod disturbed;
mod explain;
mod full_streams;
mod hostile_text;
mod limits;
mod man;
mod named_tests;
mod original_protocol;
mod predict;
mod report;
mod retries;
mod run_directory;
mod runs;
mod schemas;
mod serve;
mod server;
mod size;
mod suite;
