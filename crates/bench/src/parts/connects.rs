//! How fast attempts are issued.

use load_generator::LoadConfig;

use crate::bare::BareLoop;
use crate::error::Result;
use crate::figure::Figure;
use crate::goal::Goal;
use crate::load;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "connects",
    summary: "attempts issued a second, in a burst of 4,000",
    rounds: 9,
    contestants,
    measure,
    figures,
};

const BARE: &str = "bare connect loop";
const GENERATOR: &str = "generator";

fn contestants(_: &Options) -> Vec<String> {
    [BARE, GENERATOR].map(str::to_owned).to_vec()
}

fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let connections = bench.options.scale(4000, 1000);
    let place = bench.testbed.place()?;
    let peer = place.bare_server(&BareLoop::Peer)?;
    let rate = if contestant == BARE {
        let loop_ = BareLoop::Connect { target: peer.address, connections };
        let report = place.bare_client(&loop_)?.report()?;
        per_second(report.count, report.began_ns, report.ended_ns)
    } else {
        let settings = load::chat(connections, 0);
        let config = LoadConfig::new(settings, peer.address);
        let report = load::run(&place, &config, || Ok(()))?;
        let starts = || report.attempts.iter().map(|attempt| attempt.start_ns);
        let (first, last) = (starts().min().unwrap_or(0), starts().max().unwrap_or(0));
        // The last one is issued after its start.
        per_second(report.attempts.len() as u64 - 1, first, last)
    };
    Ok(Values::from([(Quantity::PerSecond, rate)]))
}

fn per_second(count: u64, from_ns: u64, to_ns: u64) -> f64 {
    count as f64 * 1e9 / to_ns.saturating_sub(from_ns) as f64
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let ratios = results.ratios(GENERATOR, BARE, Quantity::PerSecond);
    vec![
        Figure::ratio("attempts issued a second, in a burst ÷ bare connect loop", ratios)
            .with_goal(Goal::AtLeast(0.9)),
    ]
}
