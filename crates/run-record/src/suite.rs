//! `suite.json`: the results of a suite.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::run::Backend;
use crate::run::Tool;
use crate::suite_member::MemberRecord;
use crate::verdict::SuiteVerdict;

/// The contents of `suite.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteRecord {
    /// The schema version of this directory.
    pub schema_version: u32,
    /// The suite's name.
    pub suite: String,
    /// The question that its scenarios answer together.
    pub question: String,
    /// When its first scenario started.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// When its last scenario ended; none while it runs, and after an interruption or a
    /// crash.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// The program that ran it.
    pub tool: Tool,
    /// The machine that it ran on.
    pub machine: Machine,
    /// The backend that created the hosts; only its name until the first run.
    pub backend: Backend,
    /// Its scenarios, in their order.
    pub members: Vec<MemberRecord>,
    /// The verdict; none until the suite has ended, and in records of version 2 and before:
    /// [`SuiteVerdict::new`] computes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<SuiteVerdict>,
}
