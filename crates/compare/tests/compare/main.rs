//! Comparisons of synthetic runs: made from a recorded run, with metrics that vary from
//! trial to trial as a seed determines.

#[path = "../../../report/tests/runs/axes.rs"]
mod axes;
#[path = "../../../report/tests/runs/extreme.rs"]
mod extreme;
#[path = "../../../report/tests/runs/retried.rs"]
mod retried;
#[path = "../../../report/tests/runs/mod.rs"]
mod runs;
#[path = "../../../report/tests/runs/suites.rs"]
mod suite_fixture;

mod axis_names;
mod disturbed;
mod laws;
mod machines;
mod rendering;
mod retries;
mod suites;
mod synthetic;
mod verdicts;
