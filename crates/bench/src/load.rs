//! Loads of the measurements.

use std::net::SocketAddr;
use std::time::Duration;

use chat_server::ServerSettings;
use load_generator::{
    ChatPhase, Ending, LoadCommand, LoadConfig, LoadEvent, LoadReport, LoadSettings,
};
use run_record::LoadUse;

use crate::bare::BODY;
use crate::error::Result;
use crate::measurement::{Quantity, Values};
use crate::testbed::{ChatServer, PATIENCE, Place};

/// From this part of its busiest thread's time on, the load may be what limits a measurement.
pub(crate) const BUSY: f64 = LoadUse::BUSY_SHARE;

/// A chat of this many clients, which starts when all have connected: each sends its messages as
/// fast as it can.
pub(crate) fn chat(clients: u32, messages: u32) -> LoadSettings {
    LoadSettings {
        clients,
        messages,
        size: BODY,
        chat: ChatPhase::AfterConnect,
        connect_deadline: Duration::from_secs(60),
        send_delay: Duration::ZERO,
        interval: Duration::ZERO,
        finish_deadline: Duration::from_secs(600),
        ..LoadSettings::default()
    }
}

/// Runs a load to its end; `before_chat` when every attempt is decided.
///
/// # Errors
/// If it cannot run. Attempts that fail are in the report.
pub(crate) fn run(
    place: &Place<'_>,
    config: &LoadConfig,
    before_chat: impl FnOnce() -> Result<()>,
) -> Result<LoadReport> {
    // It waits for Go.
    let config = LoadConfig { hold: true, ..config.clone() };
    let mut load = place.load(&config)?;
    load.await_event("decision of all attempts", PATIENCE, |event| {
        matches!(event, LoadEvent::Decided { .. }).then_some(Ok(()))
    })?;
    before_chat()?;
    load.send(LoadCommand::Go);
    let report = load.await_event("report", PATIENCE, |event| match event {
        LoadEvent::Done(report) => Some(Ok(report)),
        LoadEvent::Decided { .. } => None,
    })?;
    Ok(*report)
}

/// The settings of a server of this design.
pub(crate) fn design(name: &str) -> ServerSettings {
    let design = name.parse().expect("contestants are designs, or handled before");
    ServerSettings { design, ..ServerSettings::default() }
}

/// Runs a load of a chat on a server of a design, and returns what it measured.
pub(crate) fn chat_with(
    place: &Place<'_>,
    server: &mut ChatServer,
    settings: LoadSettings,
) -> Result<Values> {
    let config = LoadConfig::new(settings, server.address);
    let clients = config.settings.clients;
    let report = run(place, &config, || server.await_clients(clients))?;
    Ok(values(&config.settings, &report))
}

/// Runs a load of a chat on a bare relay, which accepts all clients before it reads.
pub(crate) fn chat_over(
    place: &Place<'_>,
    relay: SocketAddr,
    settings: LoadSettings,
) -> Result<Values> {
    let config = LoadConfig::new(settings, relay);
    let report = run(place, &config, || Ok(()))?;
    Ok(values(&config.settings, &report))
}

fn values(settings: &LoadSettings, report: &LoadReport) -> Values {
    let window = report.chat_seconds().unwrap_or(0.0);
    let deliveries = report.deliveries as f64;
    let cpu = report.usage.cpu_seconds();
    let senders = settings.senders.unwrap_or(settings.clients);
    let expected = u64::from(senders)
        * u64::from(settings.messages)
        * u64::from(settings.clients.saturating_sub(1));
    let failed = report.attempts.iter().filter(|one| one.ending != Ending::Finished).count();
    let missing = expected.abs_diff(report.deliveries) + failed as u64;
    Values::from([
        (Quantity::PerSecond, deliveries / window),
        (Quantity::CpuPerDelivery, cpu / deliveries),
        (Quantity::LoadUse, report.busiest_share().unwrap_or(0.0)),
        (Quantity::LatencyP99, report.delivery_latency.p99_ns as f64 / 1e9),
        (Quantity::Missing, missing as f64),
    ])
}

#[cfg(test)]
mod tests {
    use load_generator::ThreadUse;
    use worker::metrics::ResourceUsage;

    use super::*;

    #[test]
    fn a_rate_and_a_use_are_of_the_time_of_the_chat() {
        let settings = chat(3, 5);
        let usage = ResourceUsage { user_seconds: 0.5, system_seconds: 1.0, ..Default::default() };
        let thread = |cpu_seconds| ThreadUse { cpu_seconds, run_delay_seconds: None };
        let report = LoadReport {
            deliveries: 28,
            chat_window_ns: Some((1_000_000_000, 3_000_000_000)),
            usage,
            threads: [0.5, 0.8].map(thread).into(),
            ..LoadReport::default()
        };
        let values = values(&settings, &report);
        assert_eq!(values[&Quantity::PerSecond], 14.0);
        assert_eq!(values[&Quantity::CpuPerDelivery], 1.5 / 28.0);
        assert_eq!(values[&Quantity::LoadUse], 0.4, "of the busiest thread, without connecting");
        assert_eq!(values[&Quantity::Missing], 2.0);
    }
}
