//! More deliveries than a server has been seen to make in the time.

use std::time::Duration;

use chat_server::ServerSettings;
use load_generator::{ChatPhase, Dialogue, Leave, LoadSettings};
use scenario::{Cell, Plan, PlanWarning};

use super::place;

/// Deliveries per second that designs reached on two CPUs, busy with other work and idle, with
/// server and load on the same machine.
struct Measured {
    designs: &'static [&'static str],
    /// By the number of clients.
    rates: &'static [Rates],
}

/// Rates that were measured with one number of clients, deliveries per second.
#[derive(Clone, Copy)]
struct Rates {
    clients: u32,
    least: u64,
    median: u64,
    most: u64,
}

const MEASURED: Measured = Measured {
    designs: &["global-lock", "snapshot"],
    rates: &[
        Rates { clients: 400, least: 64_000, median: 400_000, most: 1_280_000 },
        Rates { clients: 9_000, least: 55_000, median: 180_000, most: 463_000 },
    ],
};

/// A cell that plans more deliveries than were usual in the time that it has for them.
struct TooMany<'a> {
    cell: &'a Cell,
    senders: u64,
    receivers: u64,
    deliveries: u64,
    /// Deliveries per second that are needed at least.
    needed: u64,
    measured: Rates,
}

/// Warns if the deliveries need a higher rate until their deadline than half of the measurements
/// of the design reached with as many clients, or with fewer.
pub(super) fn warning(plan: &Plan) -> Option<PlanWarning> {
    let found: Vec<_> = plan.cells.iter().filter_map(too_many).collect();
    let missing = |found: &TooMany<'_>| found.needed as f64 / found.measured.median as f64;
    let worst = found.iter().max_by(|a, b| missing(a).total_cmp(&missing(b)))?;
    Some(describe(worst, &place(plan, found.len())))
}

fn too_many(cell: &Cell) -> Option<TooMany<'_>> {
    let (server, load) = (cell.settings.server.chat()?, &cell.settings.load);
    // Otherwise clients do not wait for all messages, or are not there together.
    if load.dialogue != Dialogue::Chat || load.leave != Leave::Together || load.is_closed_loop() {
        return None;
    }
    let measured = measured(server, load.clients)?;
    // Half-open clients and slow readers receive nothing, and no one its own messages.
    let receivers = u64::from(load.clients.checked_sub(load.half_open + load.slow_readers)?);
    let senders = load.senders.map_or(receivers, |senders| receivers.min(senders.into()));
    let messages = senders.saturating_mul(load.messages.into());
    let deliveries = messages.saturating_mul(receivers.saturating_sub(1));
    let needed = (deliveries as f64 / time(load).as_secs_f64()).ceil() as u64;
    let is_more = needed > measured.median;
    is_more.then_some(TooMany { cell, senders, receivers, deliveries, needed, measured })
}

/// The time for all deliveries, at most: those of an overlapped chat begin while clients
/// connect.
fn time(load: &LoadSettings) -> Duration {
    let connecting = match load.chat {
        ChatPhase::AfterConnect => Duration::ZERO,
        ChatPhase::Overlapped => {
            let due = load.connect_rate.map(|rate| rate.due_after(load.clients));
            due.unwrap_or_default()
                .saturating_add(load.connect_deadline)
                .saturating_add(load.linger)
        }
    };
    load.finish_deadline.saturating_add(connecting)
}

/// What was measured with the most clients that are no more than these.
fn measured(server: &ServerSettings, clients: u32) -> Option<Rates> {
    let is_measured = MEASURED.designs.contains(&server.design.as_str());
    let fewer = MEASURED.rates.iter().rev().find(|rates| rates.clients <= clients);
    fewer.filter(|_| is_measured).copied()
}

fn describe(found: &TooMany<'_>, place: &str) -> PlanWarning {
    let &TooMany { cell, senders, receivers, deliveries, needed, measured } = found;
    let load = &cell.settings.load;
    let Rates { clients: with, least, median, most } = measured;
    let design = cell.settings.server.chat().map_or("", |server| server.design.as_str());
    let message = format!(
        "{} messages of each of {senders} clients to each of the {} others are {deliveries} \
         deliveries, and they need at least {needed} a second to end within {} \
         (load.finish_deadline); on two CPUs, {least} to {most} a second were measured of {design} \
         with {with} clients, and {median} or fewer in half of the measurements{place}",
        load.messages,
        receivers - 1,
        humantime::format_duration(time(load)),
    );
    let seconds = Duration::from_secs(deliveries.div_ceil(least));
    let help = format!(
        "use fewer messages, senders or clients, or a load.finish_deadline of {}: the time at {least} \
         a second",
        humantime::format_duration(seconds)
    );
    let paths = ["load.messages", "load.finish_deadline", "load.senders", "load.clients"];
    let paths = paths.map(str::to_owned).into();
    PlanWarning { cell: cell.index, paths, message, help }
}
