//! How many deliveries a second a design reaches while all clients send.

use load_generator::LoadSettings;

use crate::bare::BareLoop;
use crate::error::Result;
use crate::figure::Figure;
use crate::goal::Goal;
use crate::load;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::parts::designs::{SNAPSHOT, is_faithful, limits_of_load, new_designs};
use crate::results::Results;
use crate::testbed::Place;

pub(crate) const PART: Part = Part {
    name: "deliveries",
    summary: "deliveries a second of each design, 400 clients that all send",
    rounds: 5,
    contestants,
    measure,
    figures,
};

const ONE: &str = "bare fan-out, one send each";
const COALESCED: &str = "bare fan-out, 64 in a send";

pub(crate) const CLIENTS: u32 = 400;

/// Messages of each client: `snapshot` takes one to three seconds.
fn messages(options: &Options) -> u32 {
    options.scale(6, 1)
}

fn contestants(options: &Options) -> Vec<String> {
    [ONE, COALESCED].map(str::to_owned).into_iter().chain(options.designs()).collect()
}

fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let place = bench.testbed.place()?;
    let messages = messages(bench.options);
    match contestant {
        ONE => bare_fan_out(&place, CLIENTS, CLIENTS * messages, 1),
        // So that it takes about as long.
        COALESCED => bare_fan_out(&place, CLIENTS, 10 * CLIENTS * messages, 64),
        design => {
            let mut server = place.server(load::design(design))?;
            let threads = bench.options.threads;
            let settings = LoadSettings { threads, ..load::chat(CLIENTS, messages) };
            load::chat_with(&place, &mut server, settings)
        }
    }
}

/// From the first send(2) to the last read(2).
pub(crate) fn bare_fan_out(
    place: &Place<'_>,
    sockets: u32,
    messages: u32,
    at_once: u32,
) -> Result<Values> {
    let server = place.bare_server(&BareLoop::FanOut { sockets, messages, at_once })?;
    let expect = u64::from(messages) * u64::from(sockets - 1);
    let reader = BareLoop::Reader { target: server.address, sockets, send: 0, expect };
    let reader = place.bare_client(&reader)?;
    let sent = server.client.report()?;
    let read = reader.report()?;
    let seconds = read.ended_ns.saturating_sub(sent.began_ns) as f64 / 1e9;
    let deliveries = read.count as f64;
    Ok(Values::from([
        (Quantity::PerSecond, deliveries / seconds),
        (Quantity::CpuPerDelivery, read.usage.cpu_seconds() / deliveries),
    ]))
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    let ratios = |one: &str, other: &str| results.ratios(one, other, Quantity::PerSecond);
    for design in results.contestants().into_iter().filter(|name| is_faithful(name)) {
        let name = format!("deliveries/s `{design}` ÷ bare fan-out, one send each");
        figures.push(
            Figure::ratio(name, ratios(design, ONE))
                .with_goal(Goal::AtLeast(0.8))
                .note(limits_of_load(results, design)),
        );
    }
    let new: Vec<_> = new_designs(results).collect();
    let fastest = results.largest(new.iter().copied(), Quantity::PerSecond);
    for (base, name, goal) in [
        (SNAPSHOT, "`snapshot`", Goal::AtLeast(10.0)),
        (COALESCED, "bare fan-out, 64 in a send", Goal::AtLeast(0.5)),
    ] {
        for design in &new {
            let is_fastest = fastest == Some(*design);
            let which = if is_fastest { ", the fastest new design," } else { "" };
            let figure = Figure::ratio(
                format!("deliveries/s `{design}`{which} ÷ {name}"),
                ratios(design, base),
            )
            .note(limits_of_load(results, design));
            figures.push(if is_fastest { figure.with_goal(goal) } else { figure });
        }
    }
    figures
}
