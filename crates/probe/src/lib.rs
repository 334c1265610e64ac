//! The probe: `queuelab probe`, a worker that samples the queues of its host.
//!
//! Each tick it reads the accept queues of a port's listeners, which is cheap; less often
//! it scans all sockets and counts them by state, so that it keeps to its share of CPU
//! time.
//!
//! | module | contents |
//! |---|---|
//! | `config` | [`ProbeConfig`] |
//! | `control` | its commands and messages |
//! | `worker` | [`run_worker`], [`run`]: the probe as a process |
//! | `prober` | takes samples: what, when and what to skip |
//! | `ticks` | when a sample is due, and which were missed |
//! | `allowance` | the CPU time that samples and scans may use |
//! | `sockets` | reads the kernel's sockets |
//! | `accepts` | what it records of accepts, if configured |
//! | `ledger` | [`Ledger`]: which connections the sockets showed, accepted or not |
//! | `recorder` | [`LedgerRecorder`]: makes a ledger from scans, in any process |
//! | `pace` | how fast the server accepts while connections wait |
//! | `summary` | the samples as a trial's record stores them |
//! | `timeline` | the samples as rows, without unchanged periods |
//! | `error` | [`ProbeError`] |

mod accepts;
mod allowance;
mod config;
mod control;
mod error;
mod ledger;
mod pace;
mod prober;
mod recorder;
mod sockets;
mod summary;
mod ticks;
mod timeline;
mod worker;

pub use self::worker::{run, run_worker};
pub use config::{Families, ProbeConfig};
pub use control::{
    Connections, ProbeCommand, ProbeEvent, ProbeMessage, ProbeProtocol, ProbeReport, ProbeResponse,
    ProbeStatus,
};
pub use error::ProbeError;
pub use ledger::{Ledger, ScanTime, Scans, SeenConnection, Waited};
pub use recorder::LedgerRecorder;
