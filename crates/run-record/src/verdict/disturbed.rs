//! Trials that the machine disturbed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::disturbance::DisturbanceCause;

/// A planned trial of which at least one execution was disturbed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisturbedTrial {
    /// The trial's number in the plan.
    pub trial: u32,
    /// Its cell's position in the order of the cells; none if it is not in the run's matrix.
    pub cell: Option<u32>,
    /// Its place in the matrix, as text.
    pub place: String,
    /// Whether another of its executions was not disturbed: then the trial has rates and
    /// shares.
    pub is_measured: bool,
    /// The executions that were disturbed, in their order.
    pub executions: Vec<DisturbedExecution>,
}

/// A disturbed execution of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisturbedExecution {
    /// The number of the retry; 0 for the first run.
    pub retry: u32,
    /// What disturbed it.
    pub causes: Vec<DisturbanceCause>,
    /// The causes with their measurements, as text.
    pub description: String,
}
