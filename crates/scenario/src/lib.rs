//! From YAML to a validated plan of cells.
//!
//! [`load`] finds, reads and parses a file once and returns a [`Document`]: a scenario or
//! a suite. [`ScenarioFile::plan`] makes the cells and trials to run, or reports every
//! problem of the file at once, each at its line and column. The only I/O of this crate
//! is reading the files.
//!
//! | module | content |
//! |---|---|
//! | `source` | finding and reading a file: a path, `./scenarios`, or built in |
//! | `tree`, `place` | YAML as a tree with the place of each node |
//! | `file`, `document` | a file read and parsed once: a scenario or a suite |
//! | `model`, `scenario_file` | the types of a scenario file, and its plan |
//! | `server`, `server_form`, `placeholders` | the server: chat server, program or image |
//! | `name` | what can be the name of a scenario or suite |
//! | `headline`, `headline_check` | what answers a scenario's question, and in which words |
//! | `law_id` | the id of a law, with the port of one of several destinations |
//! | `suite`, `suite_file` | several scenarios under one name |
//! | `strict` | from the tree to a type, with all problems |
//! | `axis` | axes: lists and ranges, checked against their setting |
//! | `cell`, `cells` | the points of the matrix, and the check of their settings |
//! | `kernel` | which sysctls and counters exist, from the caller |
//! | `overrides` | `--quick`, `--set`, `--repeat`, `--only` |
//! | `form`, `plan`, `planner`, `trials` | a form of the scenario, the plan, the plans of many, and the order of the trials |
//! | `compiled` | what is compiled once: expressions and patterns |
//! | `expect`, `expression`, `references`, `cost`, `deep_stack`, `samples`, `facts` | expectations in CEL |
//! | `fact_expression` | a number of a trial in CEL, for others than scenarios |
//! | `limits`, `size` | how much work a scenario may ask for |
//! | `problem`, `name_hint`, `text` | errors for people |
//! | `schema` | the JSON Schema of a scenario file |
//!
//! # The facts of a trial
//!
//! [`Expectations::evaluate`] takes one JSON object with these members, the
//! variables of an expectation:
//!
//! | variable | content |
//! |---|---|
//! | `hosts`, `server`, `load`, `after` | the cell's settings, as in the scenario; times are strings (`seconds(load.connect_deadline)`) |
//! | `attempts` | connection attempts |
//! | `outcomes` | attempts by outcome: `ok`, `refused`, `timed_out`, `reset`, `phantom`, `no_port`, `incomplete`, `server_down`, `self_connected`, `unconfirmed` |
//! | `success_rate`, `first_try_rate` | `ok` ÷ attempts; the same without any SYN retransmission; 0 to 1 |
//! | `rates` | `offered`, `ingested`, `delivered`, per second |
//! | `integrity` | deliveries `lost`, `doubled`, `reordered`, `echoed`, `foreign`; `broken_streams` |
//! | `dropped` | messages that the server dropped for a client whose queue was full |
//! | `counters` | `server` and `client`: changes of the kernel counters; a missing one is 0 |
//! | `queue` | the listener's accept queue when every attempt was decided: `depth`, `limit`; and `drops`, the segments that the listeners dropped themselves (`sk_drops`), missing if they are not known. With several destinations, only the drops of all |
//! | `destinations` | with several destinations, by port (`destinations["8081"]`): `attempts`, `outcomes`, `success_rate`, `queue`, `connect` and `response` of each; empty if there is only one |
//! | `accept_wait` | from connect(2) to accept(2), seconds: `median_s`, `worst_s` |
//! | `held_bytes` | bytes that clients had written when a paused server began to accept |
//! | `restart` | `refused` starts, and `seconds` until the server listened again |
//! | `server_died` | the signal or exit code that ended the server; empty if it did not die |
//! | `probe` | the highest samples: `deepest` accept queue, sockets in `syn_recv`, `established`, `time_wait`, `fin_wait_2`; 0 without a probe |
//! | `connect` | `worst_s`: the longest successful connect, seconds |
//!
//! In addition to CEL's own functions there are `min(a, b)`, `max(a, b)` and
//! `seconds("2s")`.

mod axis;
mod cell;
mod cells;
mod compiled;
mod cost;
mod deep_stack;
mod document;
mod expect;
mod expression;
mod fact_expression;
mod facts;
mod file;
mod form;
mod headline;
mod headline_check;
mod kernel;
mod law_id;
mod limits;
mod model;
mod name;
mod name_hint;
mod overrides;
mod place;
mod placeholders;
mod plan;
mod planner;
mod problem;
mod references;
mod samples;
mod scenario_file;
mod schema;
mod server;
mod server_form;
mod size;
mod source;
mod strict;

mod suite;
mod suite_file;
mod text;
mod tree;
mod trials;

pub use axis::Axis;
pub use cell::Cell;
pub use document::{Document, catalogue, load, scenarios, scenarios_of, suites};
pub use expect::{ExpectationResult, Expectations};
pub use fact_expression::FactExpression;
pub use headline::{Headline, HeadlineMetric, Piece, Statement, Texts, pieces};
pub use kernel::{AnyKernel, Kernel, RefusedValue, SysctlKind, SysctlList};
pub use law_id::{law_and_port, law_id_on};
pub use limits::MAX_CELLS;
pub use model::{
    After, AxisValues, CellSettings, Expectation, Host, Hosts, Quick, Range, Record, Scenario,
    SysctlValue,
};
pub use overrides::Overrides;
pub use plan::{Plan, PlanWarning};
pub use planner::Planner;
pub use problem::{Problem, ScenarioErrors, ScenarioWarnings};
pub use scenario_file::ScenarioFile;
pub use schema::json_schema;
pub use server::Server;
pub use source::{FindError, Source};
pub use suite::{Suite, SuiteMember};
pub use suite_file::{LoadedSuite, SuiteFile};
pub use trials::PlannedTrial;
