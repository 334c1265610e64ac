//! Tests that need nothing but files.

mod answers;
mod axis_names;
mod disturbed;
mod extreme;
mod files;
mod junit;
mod png;
mod retries;
mod standalone;
mod suite;
mod summary;
