//! How long `size` takes for a large burst, and the simulation of one run of it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use queue_model::simulator::{Accepts, ListenPath, Listener, burst, simulate};

use crate::error::Result;
use crate::figure::{Figure, Unit};
use crate::goal::Goal;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "size",
    summary: "time of `queuelab size` for a burst of a million, and of one simulated run",
    rounds: 3,
    contestants,
    measure,
    figures,
};

const PROGRAM: &str = "queuelab size";
/// One run in the simulator, without the search, with a queue that has room for the burst.
const FITS: &str = "simulated run that fits";
/// The same with the kernel's default limit, which the burst overflows.
const OVERFLOWS: &str = "simulated run that overflows";

const ARRIVALS_PER_SECOND: u32 = 50_000;
const ACCEPTS_PER_SECOND: u32 = 30_000;

fn contestants(_: &Options) -> Vec<String> {
    [PROGRAM, FITS, OVERFLOWS].map(str::to_owned).into()
}

fn measure(bench: &Bench<'_>, contestant: &str) -> Result<Values> {
    let connections = bench.options.scale(1_000_000, 20_000);
    let took = match contestant {
        FITS => simulated(Listener { limit: connections, ..Listener::default() }, connections),
        OVERFLOWS => simulated(Listener::default(), connections),
        _ => bench.program()?.time(&[
            "size",
            &format!("--burst={connections}"),
            &format!("--arrivals={ARRIVALS_PER_SECOND}/s"),
            &format!("--accept={ACCEPTS_PER_SECOND}/s"),
        ])?,
    };
    Ok(Values::from([(Quantity::Seconds, took.as_secs_f64())]))
}

/// The time to simulate an evenly spaced burst.
fn simulated(listener: Listener, connections: u32) -> Duration {
    let pace = |per_second| Duration::from_secs(1) / per_second;
    let accepts = Accepts::Every { service: pace(ACCEPTS_PER_SECOND), from_ns: 0 };
    let path = ListenPath { listener, accepts, ..ListenPath::default() };
    let arrivals = burst(connections, pace(ARRIVALS_PER_SECOND));
    let began = Instant::now();
    black_box(simulate(&path, &arrivals));
    began.elapsed()
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let figure = |name: &str, contestant, most| {
        let times = results.values(contestant, Quantity::Seconds);
        Figure::new(name, Unit::Seconds, times).with_goal(Goal::AtMost(most))
    };
    vec![
        figure("`size` for a burst of a million", PROGRAM, 10.0),
        figure("one simulated run of a million arrivals that fits", FITS, 0.3),
        figure("the same with a limit of 4,096, which it overflows", OVERFLOWS, 0.3),
    ]
}
