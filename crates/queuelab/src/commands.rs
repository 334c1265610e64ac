//! One module for each command.

pub(crate) mod accept_pace;
pub(crate) mod bind_error;
pub(crate) mod chat;
pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod clean;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod host;
pub(crate) mod image;
pub(crate) mod kernel_rules;
pub(crate) mod lesson;
pub(crate) mod list;
pub(crate) mod listening;
pub(crate) mod load;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod probe;
pub(crate) mod program;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod run_result;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod server;
pub(crate) mod show;
pub(crate) mod size;
pub(crate) mod standalone;
pub(crate) mod target;
pub(crate) mod try_server;
pub(crate) mod watch;

pub(crate) use crate::output::{
    print_annotation, print_document, print_for_program, print_json, print_line, print_message,
    print_output, print_text, print_yaml, screen,
};
pub(crate) use config::parse_config;
