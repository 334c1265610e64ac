//! Connections that find the accept queue full.

use std::time::Duration;

use linux_net::Sysctl;
use load_generator::ConnectPattern;
use queue_model::accept_queue;
use queue_model::simulator::AttemptResult;
use scenario::{Cell, Plan, PlanWarning};

use super::place;
use crate::backend::Role;
use crate::kernel_facts::{KernelFacts, UnstatedValue};
use crate::simulated_cell::{
    ACCEPT_ESTIMATE, CONNECT_INTERVAL, accept_delay_cost, simulate_connects,
};
use crate::sysctls_in_force::SysctlsInForce;

/// A client whose SYN is dropped sends it again after this time (`TCP_TIMEOUT_INIT`,
/// include/net/tcp.h, Linux 6.18).
const RETRANSMISSION: Duration = Duration::from_secs(1);

/// A cell whose load overflows the accept queue of the lab's server at its usual pace.
struct Overflow<'a> {
    cell: &'a Cell,
    backlog: i32,
    somaxconn: u32,
    /// From the first connect(2) to the last.
    connecting: Duration,
    service: Duration,
    /// How many connections too many come while the load connects, estimated.
    excess: f64,
}

/// Warns if clients find the accept queue full although their server accepts.
///
/// There is no warning of a server that accepts nothing meanwhile, or whose limit is an axis:
/// those are experiments with a full queue. The pace of a program is not known.
pub(super) fn warning(plan: &Plan, kernel: &KernelFacts) -> Option<PlanWarning> {
    if plan.axes.iter().any(|axis| decides_limit(&axis.path)) {
        return None;
    }
    let found: Vec<_> = plan.cells.iter().filter_map(|cell| overflow(cell, kernel)).collect();
    let worst = found.iter().max_by(|a, b| a.excess.total_cmp(&b.excess))?;
    describe(worst, kernel, &place(plan, found.len()))
}

fn decides_limit(axis: &str) -> bool {
    axis == "server.backlog" || axis.ends_with(Sysctl::Somaxconn.name())
}

/// The overflow of a cell, by how many come and how many are accepted on average.
fn overflow<'a>(cell: &'a Cell, kernel: &KernelFacts) -> Option<Overflow<'a>> {
    let (server, load) = (cell.settings.server.chat()?, &cell.settings.load);
    if server.accept_paused || load.half_open > 0 || load.is_closed_loop() {
        return None;
    }
    let sysctls = SysctlsInForce::of_cell(&cell.settings, kernel);
    let UnstatedValue::Value(somaxconn) = sysctls.get(Role::Server, Sysctl::Somaxconn) else {
        return None;
    };
    let (backlog, somaxconn) = (server.backlog, somaxconn.parse().ok()?);
    let at_rate = load.connect_rate.filter(|_| load.pattern == ConnectPattern::Rate);
    let due = at_rate.map_or(Duration::ZERO, |rate| rate.due_after(load.clients));
    let connecting = due.max(CONNECT_INTERVAL.saturating_mul(load.clients));
    let service = ACCEPT_ESTIMATE + accept_delay_cost(server);
    let holds = f64::from(accept_queue::listen_limit(backlog, somaxconn)) + 1.0;
    let accepted = connecting.as_secs_f64() / service.as_secs_f64();
    let excess = f64::from(load.clients) - holds - accepted;
    (excess > 0.0).then_some(Overflow { cell, backlog, somaxconn, connecting, service, excess })
}

/// The warning, with the figures of a simulation; `None` if that does not cover the cell, or
/// nothing overflows in it.
fn describe(overflow: &Overflow<'_>, kernel: &KernelFacts, place: &str) -> Option<PlanWarning> {
    let &Overflow { cell, backlog, somaxconn, connecting, service, .. } = overflow;
    let simulation = simulate_connects(&cell.settings, kernel, service).ok()?;
    if simulation.counters.listen_overflows == 0 {
        return None;
    }
    let is_first_try =
        |attempt: &&AttemptResult| attempt.connect_ns.is_some() && attempt.syn_retransmits == 0;
    let load = &cell.settings.load;
    let connected = simulation.attempts.iter().filter(is_first_try).count();
    let dropped = simulation.attempts.len() - connected;
    let somaxconn_path = format!("hosts.server.sysctls.{}", Sysctl::Somaxconn);
    let limit = accept_queue::listen_limit(backlog, somaxconn);
    let (decides, path) = match u32::try_from(backlog).is_ok_and(|backlog| backlog <= somaxconn) {
        true => ("server.backlog", "server.backlog".to_owned()),
        false => (Sysctl::Somaxconn.name(), somaxconn_path),
    };
    let holds = format!("{} ({decides} {limit}, and one more)", u64::from(limit) + 1);
    let how = match load.pattern {
        ConnectPattern::Rate => format!("within {}", rounded(connecting)),
        _ => "at once".to_owned(),
    };
    let then = match load.connect_deadline <= RETRANSMISSION {
        true => "and these time out (load.connect_deadline)",
        false => "and they are all sent again after 1 s",
    };
    let message = format!(
        "{} clients connect {how}, and the accept queue holds {holds}: if the server accepts one \
         connection in {} meanwhile, an estimate, about {} connect at the first try; the SYNs of \
         about {} are dropped, {then}{place}",
        load.clients,
        humantime::format_duration(service),
        about(connected),
        about(dropped),
    );
    let enough = load.clients - 1;
    let help = match enough > somaxconn {
        true => format!("set server.backlog and {} of the server to {enough}", Sysctl::Somaxconn),
        false => format!("set server.backlog to {enough}"),
    };
    let help = format!("{help}, or let clients connect more slowly (load.connect_rate)");
    Some(PlanWarning {
        cell: cell.index,
        paths: vec![path, "load.clients".to_owned()],
        message,
        help,
    })
}

/// A count with two significant digits.
fn about(count: usize) -> usize {
    let step = 10_usize.pow((count.max(1).ilog10()).saturating_sub(1));
    count.saturating_add(step / 2) / step * step
}

/// A time in whole milliseconds, or in whole seconds if it is long.
fn rounded(time: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(match time.as_secs() {
        0..10 => Duration::from_millis(time.as_millis() as u64),
        seconds => Duration::from_secs(seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_rounded_to_two_digits() {
        let rounded = [0, 9, 96, 994, 996, 2_136, 7_864].map(about);
        assert_eq!(rounded, [0, 9, 96, 990, 1_000, 2_100, 7_900]);
    }
}
