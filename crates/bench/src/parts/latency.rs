//! How late messages arrive while a design is half busy.

use std::time::Duration;

use chat_server::ServerSettings;
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
    rounds: 3,
    contestants,
    measure,
    figures,
};

/// How long the paced load sends, about.
const PACED: Duration = Duration::from_secs(3);

/// Deliveries per second at which every design is measured too: all can deliver them.
const SAME_RATE: f64 = 1e5;

/// How long its clients connect, at least: all of them are accepted before the first sends.
const CONNECTING: Duration = Duration::from_millis(200);

/// What the name of a contestant ends with if both sides set TCP_NODELAY.
const NODELAY: &str = ", TCP_NODELAY";

/// Each design with Nagle's algorithm, as in a trial unless its scenario sets `nodelay`, and
/// without: a small segment then waits for no acknowledgement.
fn contestants(options: &Options) -> Vec<String> {
    let both = |design: String| [design.clone(), design + NODELAY];
    options.designs().flat_map(both).collect()
}

/// The top rate of evenly spread messages first, and then a load that asks for half of it. As
/// many as the design delivers if all are sent at once are asked for to find the top rate: then
/// more messages share a write, so that this rate is higher.
fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let options = bench.options;
    let (design, nodelay) =
        contestant.strip_suffix(NODELAY).map_or((contestant, false), |design| (design, true));
    let time = options.scale(PACED, PACED / 3);
    let run = |settings: LoadSettings| -> Result<Values> {
        let place = bench.testbed.place()?;
        let mut server = place.server(ServerSettings { nodelay, ..load::design(design) })?;
        let settings = LoadSettings { threads: options.threads, nodelay, ..settings };
        load::chat_with(&place, &mut server, settings)
    };
    let at_once = run(load::chat(CLIENTS, options.scale(6, 1)))?[&Quantity::PerSecond];
    let top = run(paced(at_once, time / 3))?[&Quantity::PerSecond];
    let half = top / 2.0;
    let mut values = run(paced(half, time))?;
    values.insert(Quantity::AchievedPerSecond, values[&Quantity::PerSecond]);
    values.insert(Quantity::PacedPerSecond, half);
    values.insert(Quantity::PerSecond, top);
    let slow = run(paced(SAME_RATE, time))?;
    values.insert(Quantity::LatencyP99AtSameRate, slow[&Quantity::LatencyP99]);
    Ok(values)
}

/// A load that asks for this many deliveries a second for about this long. Its messages are
/// evenly spread: the clients connect evenly spread over some intervals, and each sends when all
/// have connected and an interval more is over.
fn paced(deliveries_per_second: f64, duration: Duration) -> LoadSettings {
    let pairs = f64::from(CLIENTS) * f64::from(CLIENTS - 1);
    let interval = Duration::from_secs_f64(pairs / deliveries_per_second);
    let messages = (duration.as_secs_f64() / interval.as_secs_f64()).ceil().max(2.0);
    let intervals = connecting_intervals(interval);
    let connecting = interval * intervals;
    LoadSettings {
        pattern: ConnectPattern::Rate,
        connect_rate: Some(ConnectRate::Constant(f64::from(CLIENTS) / connecting.as_secs_f64())),
        chat: ChatPhase::Overlapped,
        send_delay: connecting + interval,
        interval,
        ..load::chat(CLIENTS, messages as u32)
    }
}

/// Over how many intervals the clients connect. Its greatest common divisor with their number is
/// 1, so that no two of them send at the same time.
fn connecting_intervals(interval: Duration) -> u32 {
    let is_coprime = |number: &u32| gcd(*number, CLIENTS) == 1;
    let lasts = |number: &u32| interval.saturating_mul(*number) >= CONNECTING;
    (1..).filter(is_coprime).find(lasts).expect("an interval is not zero")
}

fn gcd(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { gcd(other, one % other) }
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    ["", NODELAY].into_iter().flat_map(|option| figures_with(results, option)).collect()
}

/// Those of the contestants whose name ends with this option.
fn figures_with(results: Results<'_>, option: &str) -> Vec<Figure> {
    let name = |design: &str| format!("{design}{option}");
    let new: Vec<_> = new_designs(results).map(|design| (design, name(design))).collect();
    let fastest = results.largest(new.iter().map(|(_, name)| &**name), Quantity::PerSecond);
    let figure = |(design, name): &(&str, String)| {
        let ratio = |rate: &str, which: &str, quantity| {
            let ratios = results.ratios(name, &format!("{SNAPSHOT}{option}"), quantity);
            let text = format!("latency (p99) at {rate}{option}, `{design}`{which} ÷ `snapshot`");
            Figure::ratio(text, ratios)
        };
        let is_fastest = fastest == Some(name);
        let which = if is_fastest { ", the fastest new design," } else { "" };
        let own = ratio("half of its own top rate", which, Quantity::LatencyP99)
            .note(limits_of_load(results, name));
        let own = if is_fastest { own.with_goal(Goal::AtMost(0.2)) } else { own };
        [own, ratio("100,000 deliveries/s", "", Quantity::LatencyP99AtSameRate)]
    };
    new.iter().flat_map(figure).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
            let Some(ConnectRate::Constant(rate)) = settings.connect_rate else { panic!("a rate") };
            let connecting = f64::from(CLIENTS) / rate;
            assert!(connecting >= CONNECTING.as_secs_f64() * 0.99, "{connecting}");
            let delay = settings.send_delay.as_secs_f64();
            assert!(delay - connecting > 0.99 * settings.interval.as_secs_f64(), "{delay}");
        }
    }

    #[test]
    fn the_messages_of_a_paced_load_are_evenly_spread() {
        for interval in [Duration::from_micros(700), Duration::from_millis(30), CONNECTING] {
            let intervals = connecting_intervals(interval);
            let phase = |client: u32| u64::from(client) * u64::from(intervals) % u64::from(CLIENTS);
            let phases: HashSet<_> = (0..CLIENTS).map(phase).collect();
            assert_eq!(phases.len() as u32, CLIENTS, "{intervals}");
        }
    }
}
