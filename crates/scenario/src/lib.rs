//! YAML to a checked plan of cells.
//!
//! A scenario file is read whole: [`plan`] gives either the cells and trials to
//! run, or every problem of the file at once, each at its line and column.
//!
//! | module | holds |
//! |---|---|
//! | `source` | finding a scenario: a path, `./scenarios`, or built in |
//! | `tree` | YAML as a tree that knows where each node was written |
//! | `suite` | several scenarios under one name |
//! | `model` | the types of a scenario file |
//! | `strict` | from the tree to a type, every problem found |
//! | `axis` | axes: lists and steps, checked against their setting |
//! | `cells` | the points of the matrix, and whether their settings fit |
//! | `sysctl` | which sysctls exist and belong to a namespace: asked of the caller |
//! | `overrides` | `--quick`, `--set`, `--repeat`, `--only` |
//! | `plan` | all of it together, and the order of the trials |
//! | `expect`, `references`, `facts` | expectations in CEL |
//! | `problem`, `suggest` | what a person sees |
//! | `schema` | the JSON schema of a scenario file |
//!
//! # The facts of a trial
//!
//! [`Expectations::evaluate`] takes one JSON object with these members, which
//! are the variables of an expectation:
//!
//! | variable | what it is |
//! |---|---|
//! | `hosts`, `server`, `load`, `after` | the cell's settings, as in the scenario; times are texts (`seconds(load.connect_deadline)`) |
//! | `attempts` | connections tried |
//! | `outcomes` | attempts by outcome: `ok`, `refused`, `timed_out`, `reset`, `phantom`, `no_port`, `incomplete`, `server_down` |
//! | `success_rate`, `first_try_rate` | `ok` ÷ attempts; the same without any SYN retransmission; 0 to 1 |
//! | `rates` | `offered`, `ingested`, `delivered`, a second |
//! | `integrity` | deliveries `lost`, `doubled`, `reordered`, `echoed`, `foreign`; `broken_streams` |
//! | `counters` | `server` and `client`: kernel counters, after less before; an absent one is 0 |
//! | `queue` | the listener's accept queue when every attempt was decided: `depth`, `limit` |
//! | `accept_wait` | from connect(2) to accept(2), seconds: `median_s`, `worst_s` |
//! | `held_bytes` | bytes that clients had written when a paused server began to accept |
//! | `restart` | `refused` starts, and `seconds` until the server listened again |
//! | `server_died` | the signal or exit code that the server died of; empty where it did not |
//! | `connect` | `worst_s`: the longest connect that succeeded, seconds |
//!
//! Beside CEL's own functions there are `min(a, b)`, `max(a, b)` and
//! `seconds("2s")`.

mod axis;
mod cells;
mod expect;
mod facts;
mod model;
mod overrides;
mod plan;
mod problem;
mod references;
mod schema;
mod source;
mod strict;
mod suggest;
mod suite;
mod sysctl;
mod tree;

pub use axis::Axis;
pub use expect::{ExpectationResult, Expectations};
pub use model::{
    After, AxisValues, CellSettings, Expectation, Host, Hosts, Quick, Range, Record, Scenario,
    SysctlValue,
};
pub use overrides::Overrides;
pub use plan::{Cell, Plan, PlannedTrial, plan};
pub use problem::{Problem, ScenarioErrors};
pub use schema::json_schema;
pub use source::{FindError, Source, all, find, suites};
pub use suite::{Suite, SuiteMember};
pub use sysctl::{AnyKernel, Kernel, SysctlKind};
