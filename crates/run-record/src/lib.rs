//! The run directory: its types, and writing and reading it.
//!
//! | module | holds |
//! |---|---|
//! | [`run`](RunRecord) | `run.json`: the scenario, the machine and the program |
//! | [`machine`](Machine) | the machine that a run ran on |
//! | [`axis`](Axis) | an axis of the matrix |
//! | [`sysctl_values`](SysctlValues) | the sysctls of both hosts |
//! | [`trial`](TrialRecord) | a line of `trials.jsonl`: the results of one trial |
//! | [`simulated`](Simulated) | simulations of a trial |
//! | [`destination`](DestinationRecord) | what happened at one destination of a load |
//! | [`standalone`](StandaloneView) | what a standalone load knows |
//! | [`law`](LawCheck) | a law's prediction with its measurement |
//! | [`law_verdict`](LawVerdict) | whether a law held in a cell |
//! | [`facts`](facts()) | the facts of a trial for expressions |
//! | [`ledger`](LedgerEvidence) | what the kernel showed of a server's accepts |
//! | [`execution_id`](ExecutionId) | identifies one execution of a trial |
//! | [`trial_executions`](TrialExecutions) | a planned trial with its first run and its retries |
//! | [`violation`](Violation) | a failed check |
//! | [`verdict`](RunVerdict) | the verdicts on trials, cells, a run and a suite |
//! | [`disturbance`](Disturbance) | what else the machine did while a trial ran |
//! | `judge` ([`Judge`]) | computes the verdict on a run and its trials, and what disturbed a trial |
//! | [`axis_names`](AxisNames) | short, distinct names of a run's axes |
//! | [`suite`](SuiteRecord), [`suite_member`](MemberRecord) | `suite.json`: the result of each scenario of a suite |
//! | [`outcome`](Outcome) | the outcomes of an attempt |
//! | [`attempt`](AttemptRow) | a row of `attempts/*.csv` |
//! | [`agreement`](Agreement) | how well the simulator agrees with the measurements |
//! | [`observed_queue`](QueueRows) | the rows of a trial as observations of its accept queue |
//! | [`queue_peak`](QueuePeak) | the deepest accept queue of a trial, and how it is known |
//! | `worker::metrics` | the measurements of the workers, such as [`TimelineRow`] |
//! | [`directory`](RunDirectory) | the directory: create, append, resume, read |
//! | [`suite_directory`](SuiteDirectory) | the same for a suite |
//! | [`folder`](Folder) | an open directory, in which no link is followed |
//! | `file_kind` | kinds of files |
//! | [`file_name`](check_file_name()) | names of files, as distinct from paths |
//! | `new_folder` | a directory that appears with its files, or not at all |
//! | `unfinished` | such directories of runs that were killed as they began |
//! | [`run_name`](run_order()) | the names of the directories, in the order of the runs |
//! | `trials_file`, `rows` | the files with the trials, and with their rows |
//! | [`lines`](read_lines()) | files with one JSON document in each line |
//! | [`watch_file`](WATCH_FILE) | the file by which the record of a watch is known |
//! | [`followed_trials`](FollowedTrials) | the trials of a run that is read while it grows |
//! | `planned` | whether the trials are those that the run plans |
//! | [`error`](RunDirectoryError) | errors of both directories |
//! | [`text_file`](read_text_file()) | text files of others, read with a bound |
//! | [`version`](read_versioned()) | the schema version, checked before anything else is read |
//! | [`wall_clock`](wall_time()) | the time in names and records |
//! | [`lock`](try_lock()) | the lock of a run directory, which has one writer |
//! | [`live`](Live) | `live.json`: the current state of a run; not part of its record |
//!
//! All output for people (tables, reports, charts) is made only from these files. This
//! crate does not depend on how they were produced.

mod agreement;
mod attempt;
mod axis;
mod axis_names;
mod destination;
mod directory;
mod disturbance;
mod error;
mod execution_id;
mod facts;
mod file_kind;
mod file_name;
mod folder;
mod followed_trials;
mod judge;
mod law;
mod law_verdict;
mod ledger;
mod lines;
mod live;
mod load_use;
mod lock;
mod machine;
mod new_folder;
mod observed_queue;
mod outcome;
mod planned;
mod queue_peak;
mod rows;
mod run;
mod run_name;
mod simulated;
mod standalone;
mod suite;
mod suite_directory;
mod suite_member;
mod sysctl_values;
mod text_file;
mod trial;
mod trial_executions;
mod trials_file;
mod unfinished;
mod verdict;
mod version;
mod violation;
mod wall_clock;
mod watch_file;

pub use agreement::Agreement;
pub use attempt::AttemptRow;
pub use axis::{Axis, cell_at};
pub use axis_names::{AxisNames, describe_value};
pub use destination::DestinationRecord;
pub use directory::{JudgedRun, RunDirectory};
pub use disturbance::{Disturbance, DisturbanceCause};
pub use error::RunDirectoryError;
pub use execution_id::ExecutionId;
pub use facts::facts;
pub use file_name::check_file_name;
pub use folder::Folder;
pub use followed_trials::FollowedTrials;
pub use judge::{DisturbanceThresholds, Judge};
pub use law::{LawCheck, LawNotApplied};
pub use law_verdict::LawVerdict;
pub use ledger::{LedgerAgreement, LedgerEvidence};
pub use lines::read_lines;
pub use live::{Live, LivePhase, LiveQueues, LiveTrial};
pub use load_use::LoadUse;
pub use lock::{is_locked, try_lock};
pub use machine::Machine;
pub use observed_queue::{QueueRows, Unobserved};
pub use outcome::{Outcome, OutcomeCounts};
pub use queue_peak::{PeakSource, QueuePeak};
pub use run::{
    Backend, Build, Interleaved, InterleavedRole, KernelReport, KernelRules, MAX_CELLS, Overrides,
    RunRecord, SCHEMA_VERSION, ScenarioRecord, Tool,
};
pub use run_name::run_order;
pub use simulated::{PaceSimulation, Simulated};
pub use standalone::StandaloneView;
pub use suite::SuiteRecord;
pub use suite_directory::SuiteDirectory;
pub use suite_member::{MemberRecord, MemberVerdict};
pub use sysctl_values::SysctlValues;
pub use text_file::read_text_file;
pub use trial::{Check, Evidence, LeftSockets, Rates, Restart, TrialRecord};
pub use trial_executions::{RetryReason, TrialExecutions};
pub use unfinished::remove_unfinished;
pub use verdict::{
    CellVerdict, CheckVerdict, DisturbedExecution, DisturbedTrial, ExecutionVerdict, MemberState,
    RunVerdict, SuiteMember, SuiteVerdict, TrialVerdict, Verdict,
};
pub use version::read_versioned;
pub use violation::{CheckKind, Violation};
pub use wall_clock::wall_time;
pub use watch_file::WATCH_FILE;
pub use worker::metrics::{
    AcceptPace, AcceptQueue, ClientLimit, ClosedBecause, DeliveryCost, DepthSource,
    DurationSummary, EndedBy, Integrity, LatencyBin, LatencyHistogram, LatencySummary,
    ListenerSummary, ProbeSummary, ProgramEnd, ProgramOutput, ProgramReport, ResourceUsage,
    ServerMetrics, StateSummary, TimelineRow, UnframedAnswer,
};
