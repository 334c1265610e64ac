//! Second stage: server, probe and load at work, and the counters before and after.

use linux_net::TimerWheel;
use probe::{Families, ProbeConfig, ProbeReport};
use run_record::{LivePhase, Restart, SysctlValues};

use super::context::TrialContext;
use super::load::{Loaded, load};
use super::post_load;
use crate::backend::{Role, Testbed};
use crate::destinations;
use crate::error::Result;
use crate::kernel_facts::KernelFacts;
use crate::laws::{CellLaws, Inputs};
use crate::live::ShownTrial;
use crate::probe_client::Probe;
use crate::server::{RunningServer, ServerEnd};
use crate::start_barrier::StartBarrier;
use crate::usage_window::UsageWindow;

/// The counters of both hosts.
pub(super) struct HostCounters {
    pub(super) server: linux_net::Counters,
    pub(super) client: linux_net::Counters,
}

/// The observations on a testbed.
pub(super) struct Observed {
    /// Every sysctl in force that affects how connections queue.
    pub(super) effective: SysctlValues,
    /// The predictions of the laws before the load started.
    pub(super) laws: CellLaws,
    pub(super) before: HostCounters,
    pub(super) loaded: Loaded,
    /// The error if the probe did not run to its end.
    pub(super) probed: Result<ProbeReport>,
    pub(super) after: HostCounters,
    /// When `after` was read, nanoseconds of the trial's clock.
    pub(super) counted_ns: u64,
    pub(super) end: ServerEnd,
    /// How busy the machine was meanwhile; `None` if that is not known.
    pub(super) usage: Option<UsageWindow>,
    pub(super) restart: Option<Restart>,
    /// Seconds from the end of the load to the end of the observation, the server's
    /// stop included.
    pub(super) post_load_seconds: f64,
}

/// Runs server, probe and load on the hosts.
///
/// # Errors
/// If a host or a worker fails, or the trial must end.
pub(super) fn observe(
    trial: &TrialContext<'_>,
    testbed: &dyn Testbed,
    shown: &ShownTrial<'_>,
) -> Result<Observed> {
    let settings = &trial.cell.settings;
    let clock = trial.clock();
    let effective = testbed.effective_sysctls()?;
    let laws = predict(trial, &effective);

    let mut server = RunningServer::start(testbed, settings, &|| trial.check_interruption())?;
    // Workers of an earlier build do not know every request.
    let responds = trial.backend.build().is_none();
    if trial.timeline && responds {
        server.read_depths()?;
    }
    let at_once = trial.barrier.map_or(1, StartBarrier::trials);
    let family = match settings.server.chat() {
        Some(chat) => Families::of_address(chat.address),
        // A listener on [::] has clients over IPv4 too.
        None => Families::Both,
    };
    let mut ports = destinations::ports(settings, server.address().port());
    let config = ProbeConfig {
        port: ports.remove(0),
        more_ports: ports,
        family,
        timeline: trial.timeline,
        ledger: trial.keeps_ledger() && responds,
        ..ProbeConfig::default()
    };
    let probe = Probe::start(testbed, config, at_once)?;
    if let Some(barrier) = trial.barrier {
        barrier.wait();
    }
    let usage_before = testbed.usage();
    let before_ns = clock.now_ns();
    let before = counters(testbed)?;
    let mut watched = shown.watched(probe, responds);
    let loaded = load(trial, testbed, &mut server, &mut watched)?;
    let after = counters(testbed)?;
    let counted_ns = clock.now_ns();
    let usage = usage_before.zip(testbed.usage());
    let window_seconds = clock.now_ns().saturating_sub(before_ns) as f64 / 1e9;
    let loaded_at = clock.now();
    post_load::watch_closing(testbed, clock, settings.after.watch_closing, || {
        watched.poll();
        trial.check_interruption()
    })?;
    // Before the server, whose stop creates sockets that are not measured. Without the
    // probe's report the rest of the trial is still valid.
    let probed = watched.stop();
    let end = server.stop()?;
    shown.phase(LivePhase::Restarting);
    let check = || trial.check_interruption();
    let left_ns = loaded.report.ended_ns;
    let restart = match settings.server.chat() {
        Some(chat) => post_load::restart(testbed, clock, chat, &settings.after, left_ns, check)?,
        None => None,
    };
    Ok(Observed {
        effective,
        laws,
        before,
        loaded,
        probed,
        after,
        counted_ns,
        end,
        usage: usage.map(|(before, after)| UsageWindow { before, after, window_seconds }),
        restart,
        post_load_seconds: (clock.now() - loaded_at).as_secs_f64(),
    })
}

/// The predictions of the laws. Stated values are those of the scenario; only the others
/// are read from the hosts.
fn predict(trial: &TrialContext<'_>, effective: &SysctlValues) -> CellLaws {
    let kernel = KernelFacts::of_trial(trial.rules, trial.wheel.map(TimerWheel::hz), effective);
    CellLaws::predict(&Inputs::new(&trial.cell.settings, &kernel))
}

fn counters(testbed: &dyn Testbed) -> Result<HostCounters> {
    Ok(HostCounters {
        server: testbed.counters(Role::Server)?,
        client: testbed.counters(Role::Client)?,
    })
}
