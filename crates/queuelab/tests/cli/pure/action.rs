//! The steps of `action.yml`, as GitHub's runner runs them, without GitHub.

mod definition;
mod job;
mod release;
mod suite;
