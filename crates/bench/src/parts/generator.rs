//! What the load generator itself costs and reaches.

use crate::bare::BareLoop;
use crate::error::Result;
use crate::figure::{Figure, Unit};
use crate::goal::Goal;
use crate::load;
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

fn contestants(_: &Options) -> Vec<String> {
    [READER, GENERATOR, READER_COALESCED, GENERATOR_COALESCED].map(str::to_owned).to_vec()
}

/// All clients send, and a bare loop of one thread sends it to all others.
fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let coalesces = matches!(contestant, READER_COALESCED | GENERATOR_COALESCED);
    let (messages, at_once) = match coalesces {
        // It can coalesce what one client has sent.
        true => (bench.options.scale(64, 8), 64),
        false => (bench.options.scale(6, 1), 1),
    };
    let place = bench.testbed.place()?;
    let relay = place.bare_server(&BareLoop::Relay { sockets: CLIENTS, at_once })?;
    if matches!(contestant, GENERATOR | GENERATOR_COALESCED) {
        return load::chat_over(&place, relay.address, load::chat(CLIENTS, messages));
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
    let ceiling = results.values(GENERATOR_COALESCED, Quantity::PerSecond);
    vec![
        Figure::ratio("generator's CPU time a delivery ÷ bare reader's", cpu(GENERATOR, READER))
            .to_reach(Goal::AtMost(1.5)),
        Figure::ratio(
            "the same, 64 messages in a send",
            cpu(GENERATOR_COALESCED, READER_COALESCED),
        ),
        Figure::new("the most that the generator receives", Unit::PerSecond, ceiling),
    ]
}
