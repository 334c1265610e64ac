//! The output of `queuelab predict`.

use indexmap::IndexMap;
use run_record::{LawCheck, LawNotApplied};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::check::FileProblem;

/// The predictions for a scenario.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Predictions {
    /// The scenario's name.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// The rules of another kernel that were applied; none if those of this machine were.
    pub kernel: Option<String>,
    /// The accept pace of a simulation, in a sentence; none with laws.
    pub accept_pace: Option<String>,
    /// Each cell, in the order of the matrix.
    pub cells: Vec<CellPrediction>,
    /// What will not go as the settings suggest, such as connections that find a full queue.
    pub warnings: Vec<FileProblem>,
}

/// The predictions for a cell.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CellPrediction {
    /// Its position in the order of the cells, from 0.
    pub cell: u64,
    /// Its value on each axis.
    pub point: IndexMap<String, Value>,
    /// The laws that predict a value; their measurements are null. Empty with --simulate.
    pub laws: Vec<LawCheck>,
    /// The laws that cannot decide the cell, with the reason.
    pub not_applied: Vec<LawNotApplied>,
    /// The results of a simulation: one for each position of the load among the slots of the
    /// kernel's timer wheel, and that for each bound of an accept pace with bounds. Empty without
    /// --simulate.
    pub simulated: Vec<SimulatedCell>,
    /// Why the cell is not simulated.
    pub not_simulated: Option<String>,
}

/// The result of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SimulatedCell {
    /// Share of the attempts that are established, 0 to 1.
    pub success_share: f64,
    /// Share of the attempts that are established without a retransmission, 0 to 1.
    pub first_try_share: f64,
    /// SYNs that are sent again.
    pub retransmissions: u64,
    /// The counter ListenOverflows.
    pub listen_overflows: u64,
    /// The counter ListenDrops.
    pub listen_drops: u64,
    /// The longest time of a successful connect, nanoseconds; none if no attempt is
    /// established.
    pub latest_connect_ns: Option<u64>,
}
