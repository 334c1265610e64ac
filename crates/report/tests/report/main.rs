//! Reports of recorded runs and of changed ones. The tests that need a browser are in
//! `pure::files::browser`; nothing here needs the kernel or Docker.

#[path = "../runs/axes.rs"]
mod axes;
#[path = "../runs/extreme.rs"]
mod extreme;
mod pure;
#[path = "../runs/retried.rs"]
mod retried;
#[path = "../runs/mod.rs"]
mod runs;
#[path = "../runs/suites.rs"]
mod suites;
mod watches;
