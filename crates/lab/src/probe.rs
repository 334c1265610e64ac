//! The probe: what `queuelab probe` is, a part that looks at the queues of its
//! host again and again.
//!
//! | module | holds |
//! |---|---|
//! | `config` | what a probe is told |
//! | `control` | the JSON lines between it and whoever started it |
//! | `worker` | the probe as a process of its own |
//! | `prober` | one sample after the other: what, when, and what is left out |
//! | `ticks` | when a sample is due, and which were missed |
//! | `allowance` | what CPU time looks and walks may use |
//! | `sockets` | a look at the kernel's sockets |
//! | `summary` | what was seen, as a trial's record has it |
//! | `timeline` | what was seen, as rows, unchanging stretches left out |
//! | `running` | a trial's probe: started, and stopped |

mod allowance;
mod config;
mod control;
mod error;
mod prober;
mod running;
mod sockets;
mod summary;
mod ticks;
mod timeline;
mod worker;

pub use self::worker::{run, run_worker};
pub use config::ProbeConfig;
pub use control::{
    Connections, ProbeCommand, ProbeEvent, ProbeMessage, ProbeProtocol, ProbeReport, ProbeResponse,
    ProbeStatus,
};
pub use error::ProbeError;
pub(crate) use running::Probe;
