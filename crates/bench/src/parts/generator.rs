//! What the load generator itself costs and reaches.

use load_generator::LoadSettings;

use crate::bare::BareLoop;
use crate::error::Result;
use crate::figure::{Figure, Unit};
use crate::goal::Goal;
use crate::load::{self, BUSY};
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::parts::deliveries::CLIENTS;
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "generator",
    summary: "CPU time of the load generator a delivery, and the most that it receives",
    rounds: 5,
    contestants,
    measure,
    figures,
};

const READER: &str = "bare reader";
const GENERATOR: &str = "generator";
const READER_COALESCED: &str = "bare reader, 64 in a send";
const GENERATOR_COALESCED: &str = "generator, 64 in a send";
/// At most one for each CPU starts.
const MORE_THREADS: u32 = 64;
const THREADS_COALESCED: &str = "generator with more threads, 64 in a send";

fn contestants(_: &Options) -> Vec<String> {
    [READER, GENERATOR, READER_COALESCED, GENERATOR_COALESCED, THREADS_COALESCED]
        .map(str::to_owned)
        .to_vec()
}

/// All clients send, and a bare loop of one thread sends it to all others.
fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let (messages, at_once) = match contestant {
        READER | GENERATOR => (bench.options.scale(6, 1), 1),
        // It can coalesce what one client has sent.
        _ => (bench.options.scale(64, 8), 64),
    };
    let threads = if contestant == THREADS_COALESCED { MORE_THREADS } else { 1 };
    let place = bench.testbed.place()?;
    let relay = place.bare_server(&BareLoop::Relay { sockets: CLIENTS, at_once })?;
    if !matches!(contestant, READER | READER_COALESCED) {
        let settings = LoadSettings { threads, ..load::chat(CLIENTS, messages) };
        return load::chat_over(&place, relay.address, settings);
    }
    let expect = u64::from(CLIENTS) * u64::from(messages) * u64::from(CLIENTS - 1);
    let (target, sockets) = (relay.address, CLIENTS);
    let reader = BareLoop::Reader { target, sockets, send: messages, expect };
    let report = place.bare_client(&reader)?.report()?;
    let seconds = report.ended_ns.saturating_sub(report.began_ns) as f64 / 1e9;
    let (deliveries, cpu) = (report.count as f64, report.usage.cpu_seconds());
    Ok(Values::from([
        (Quantity::PerSecond, deliveries / seconds),
        (Quantity::CpuPerDelivery, cpu / deliveries),
    ]))
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let cpu = |one: &str, other: &str| results.ratios(one, other, Quantity::CpuPerDelivery);
    let ceiling = |contestant: &str| {
        let rates = results.values(contestant, Quantity::PerSecond);
        Figure::new(format!("what the {contestant}, receives a second"), Unit::PerSecond, rates)
            .note(idle(results, contestant))
    };
    vec![
        Figure::ratio("generator's CPU time a delivery ÷ bare reader's", cpu(GENERATOR, READER))
            .with_goal(Goal::AtMost(1.5)),
        Figure::ratio(
            "the same, 64 messages in a send",
            cpu(GENERATOR_COALESCED, READER_COALESCED),
        ),
        ceiling(GENERATOR_COALESCED),
        ceiling(THREADS_COALESCED),
    ]
}

/// Says in how many rounds the generator could receive more.
fn idle(results: Results<'_>, contestant: &str) -> Option<String> {
    let rounds = results.values(contestant, Quantity::LoadUse);
    let idle = rounds.iter().filter(|load| **load < BUSY).count();
    let limit = (BUSY * 100.0).round();
    (idle > 0).then(|| {
        format!(
            "its busiest thread was less than {limit} % busy in {idle} of {} rounds: it can \
             receive more than the relay sends",
            rounds.len()
        )
    })
}
