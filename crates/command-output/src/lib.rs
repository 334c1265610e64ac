//! The JSON documents that the commands print with `--json`.
//!
//! `queuelab schema COMMAND` prints the schema of each. Names are in snake_case and end with
//! their unit, as in the records of a run.
//!
//! | module | holds |
//! |---|---|
//! | [`list`](Catalogue) | `list` |
//! | [`check`](Checks) | `check` |
//! | [`result`](Shown) | `run` and `show` |
//! | [`predict`](Predictions) | `predict` |
//! | [`explain`](Explanation) | `explain` |
//! | [`size`](Sizing) | `size` |
//! | [`tried`](TryResult) | `try` |
//! | [`lesson`](LessonDocument) | `lesson` |
//! | [`failure`](Failure) | any of them, if it fails |

mod check;
mod explain;
mod failure;
mod lesson;
mod list;
mod predict;
mod result;
mod size;
mod tried;

pub use check::{CheckedFile, Checks, FileKind, FileProblem};
pub use explain::{Explanation, ListedTopic, TopicPage};
pub use failure::{Failure, FailureDetail};
pub use lesson::{
    LessonCounter, LessonDocument, LessonQuestion, LessonQuestionKind, ListedLesson, WalkedLesson,
};
pub use list::{Catalogue, ListedScenario, ListedSuite};
pub use predict::{CellPrediction, Predictions, SimulatedCell};
pub use result::{
    MemberResult, PairResult, RunCounts, RunResult, RunViolation, Shown, ShownScenario, SuiteResult,
};
pub use size::{AcceptBounds, BacklogRow, Sizing, Unprotected};
pub use tried::{AcceptTime, BacklogNeeded, CountRange, OutcomeRange, TryResult};
