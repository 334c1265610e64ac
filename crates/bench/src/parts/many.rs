//! What 9,000 clients cost.

use load_generator::LoadSettings;

use crate::error::Result;
use crate::figure::{Figure, Unit};
use crate::goal::Goal;
use crate::load;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::parts::deliveries::bare_fan_out;
use crate::parts::designs::{is_faithful, limits_of_load, new_designs};
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "many",
    summary: "9,000 clients, of which 100 send 5 messages: memory, and deliveries a second",
    rounds: 3,
    contestants,
    measure,
    figures,
};

const BARE: &str = "bare fan-out, one send each";
const GIB: f64 = (1 << 30) as f64;

fn contestants(options: &Options) -> Vec<String> {
    [BARE.to_owned()].into_iter().chain(options.designs()).collect()
}

fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let options = bench.options;
    let (clients, talkers, messages) = options.scale((9000, 100, 5), (2000, 20, 2));
    let place = bench.testbed.place()?;
    if contestant == BARE {
        // A fifth of the messages: its rate does not depend on their number.
        return bare_fan_out(&place, clients, talkers, 1);
    }
    let mut server = place.server(load::design(contestant))?;
    let settings = LoadSettings {
        senders: Some(talkers),
        threads: options.threads,
        ..load::chat(clients, messages)
    };
    let mut values = load::chat_with(&place, &mut server, settings)?;
    values.insert(Quantity::PeakMemory, server.peak_memory()?);
    Ok(values)
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let new: Vec<_> = new_designs(results).collect();
    let fastest = results.largest(new.iter().copied(), Quantity::PerSecond);
    let mut figures = Vec::new();
    for design in results.contestants().into_iter().filter(|name| *name != BARE) {
        let missing = results.values(design, Quantity::Missing);
        figures.push(
            Figure::new(
                format!("many clients, `{design}`: attempts and deliveries missing"),
                Unit::Count,
                missing,
            )
            .with_goal(Goal::AtMost(0.0)),
        );
        let memory = results.values(design, Quantity::PeakMemory);
        figures.push(
            Figure::new(format!("many clients, `{design}`: server's memory"), Unit::Bytes, memory)
                .with_goal(Goal::AtMost(GIB)),
        );
        let goal = match design {
            _ if is_faithful(design) => Some(Goal::AtLeast(0.8)),
            _ if fastest == Some(design) => Some(Goal::AtLeast(4.0)),
            _ => None,
        };
        let which = if fastest == Some(design) { ", the fastest new design," } else { "" };
        let figure = Figure::ratio(
            format!("many clients, deliveries/s `{design}`{which} ÷ bare fan-out"),
            results.ratios(design, BARE, Quantity::PerSecond),
        )
        .note(limits_of_load(results, design));
        figures.push(Figure { goal, ..figure });
    }
    figures
}
