//! Sessions on the fake backend: no kernel, no process, no real time. Each test is a
//! script, a request, and what must be left.

mod bench;
mod interruption;
mod order;
mod pair;
mod refusal;
mod resume;
mod retries;
mod suite;
