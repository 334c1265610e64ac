//! Sessions on the fake backend: no kernel, no process, no real time. Each test has a
//! script, a request, and the expected result.

mod bench;
mod interruption;
mod order;
mod pair;
mod refusal;
mod resume;
mod retries;
mod suite;
mod tampering;
