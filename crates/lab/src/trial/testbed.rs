//! First stage: the hosts of a trial.

use run_record::SysctlValues;

use super::context::TrialContext;
use super::observe::Observed;
use crate::backend::{Purpose, Testbed, TestbedSpec};
use crate::error::{LabError, Result};

/// The hosts of a trial while it runs.
pub(super) struct TrialTestbed {
    spec: TestbedSpec,
    hosts: Box<dyn Testbed>,
}

/// A testbed whose hosts have been removed.
pub(super) struct ClosedTestbed {
    /// The request.
    pub(super) spec: TestbedSpec,
    /// The requested sysctls, as read back.
    pub(super) sysctls: SysctlValues,
}

/// Creates the testbed that the trial's cell requires.
///
/// # Errors
/// If the machine cannot create it, or the kernel refuses a sysctl.
pub(super) fn create(trial: &TrialContext<'_>) -> Result<TrialTestbed> {
    let spec = TestbedSpec::from_settings(&trial.cell.settings);
    let hosts = trial.backend.testbed(&spec, Purpose::Trial(trial.execution_id()))?;
    Ok(TrialTestbed { spec, hosts })
}

impl TrialTestbed {
    /// The trial's two hosts.
    pub(super) fn hosts(&self) -> &dyn Testbed {
        self.hosts.as_ref()
    }

    /// Fails if a host or the link broke: that explains every other failure, and
    /// measurements on such a testbed are invalid. Does not check after an interruption.
    pub(super) fn verify(&self, observed: &Result<Observed>) -> Result<()> {
        if matches!(observed, Err(LabError::Interrupted)) {
            return Ok(());
        }
        let is_complete = observed.as_ref().is_ok_and(|observed| observed.probed.is_ok());
        Ok(self.hosts.verify(!is_complete)?)
    }

    /// Removes the hosts.
    pub(super) fn close(self) -> ClosedTestbed {
        let sysctls = self.hosts.sysctls().clone();
        ClosedTestbed { spec: self.spec, sysctls }
    }
}
