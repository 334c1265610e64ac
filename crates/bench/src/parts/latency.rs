//! How late messages arrive while a design is half busy.

use std::time::Duration;

use load_generator::{ChatPhase, ConnectPattern, ConnectRate, LoadSettings};

use crate::error::Result;
use crate::figure::Figure;
use crate::goal::Goal;
use crate::load;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::parts::deliveries::CLIENTS;
use crate::parts::designs::{SNAPSHOT, limits_of_load, new_designs};
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "latency",
    summary: "99th percentile of the delivery latency at half of each design's own top rate",
    rounds: 5,
    contestants,
    measure,
    figures,
};

/// How long the paced load sends, about.
const PACED: Duration = Duration::from_secs(3);

fn contestants(options: &Options) -> Vec<String> {
    options.designs().collect()
}

/// The top rate first, and then a load that asks for half of it.
fn measure(bench: &Bench<'_>, design: &str) -> Result<Values> {
    let options = bench.options;
    let run = |settings: LoadSettings| -> Result<Values> {
        let place = bench.testbed.place()?;
        let mut server = place.server(load::design(design))?;
        let settings = LoadSettings { threads: options.threads, ..settings };
        load::chat_with(&place, &mut server, settings)
    };
    let top = run(load::chat(CLIENTS, options.scale(6, 1)))?[&Quantity::PerSecond];
    let half = top / 2.0;
    let mut values = run(paced(half, options.scale(PACED, PACED / 3)))?;
    values.insert(Quantity::AchievedPerSecond, values[&Quantity::PerSecond]);
    values.insert(Quantity::PacedPerSecond, half);
    values.insert(Quantity::PerSecond, top);
    Ok(values)
}

/// A load that asks for this many deliveries a second for about this long. Its messages are
/// evenly spread: the clients connect one after the other during one interval, and begin to chat
/// an interval later, when all have connected.
fn paced(deliveries_per_second: f64, duration: Duration) -> LoadSettings {
    let pairs = f64::from(CLIENTS) * f64::from(CLIENTS - 1);
    let interval = Duration::from_secs_f64(pairs / deliveries_per_second);
    let messages = (duration.as_secs_f64() / interval.as_secs_f64()).ceil().max(2.0);
    LoadSettings {
        pattern: ConnectPattern::Rate,
        connect_rate: Some(ConnectRate::Constant(f64::from(CLIENTS) / interval.as_secs_f64())),
        chat: ChatPhase::Overlapped,
        send_delay: interval,
        interval,
        ..load::chat(CLIENTS, messages as u32)
    }
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let new: Vec<_> = new_designs(results).collect();
    let fastest = results.largest(new.iter().copied(), Quantity::PerSecond);
    let figure = |design: &&str| {
        let ratios = results.ratios(design, SNAPSHOT, Quantity::LatencyP99);
        let is_fastest = fastest == Some(*design);
        let which = if is_fastest { ", the fastest new design," } else { "" };
        let figure = Figure::ratio(
            format!("latency (p99) at half of its own top rate, `{design}`{which} ÷ `snapshot`"),
            ratios,
        )
        .note(limits_of_load(results, design));
        if is_fastest { figure.with_goal(Goal::AtMost(0.2)) } else { figure }
    };
    new.iter().map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paced_load_asks_for_its_rate_for_its_time() {
        for rate in [1e4, 3e5, 2.5e6] {
            let settings = paced(rate, PACED);
            let pairs = f64::from(CLIENTS * (CLIENTS - 1));
            let asked = pairs / settings.interval.as_secs_f64();
            assert!((asked / rate - 1.0).abs() < 1e-6, "{rate}: {asked}");
            assert!(settings.messages >= 2);
            let seconds = settings.interval.as_secs_f64() * f64::from(settings.messages);
            assert!(seconds >= PACED.as_secs_f64() * 0.99, "{rate}: {seconds}");
            // All have connected when the first one sends.
            assert_eq!(settings.send_delay, settings.interval);
        }
    }
}
