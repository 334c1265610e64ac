//! Tests that need nothing but files.

mod answers;
mod axis_names;
mod catalogue;
mod disturbed;
mod extreme;
mod files;
mod junit;
mod large;
mod png;
mod retries;
mod side_by_side;
mod standalone;
mod statements;
mod suite;
mod summary;
mod terminal;
