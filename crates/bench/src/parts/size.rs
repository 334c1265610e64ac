//! How long `size` takes for a large burst.

use crate::error::Result;
use crate::figure::{Figure, Unit};
use crate::goal::Goal;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::results::Results;

pub(crate) const PART: Part = Part {
    name: "size",
    summary: "time of `queuelab size` for a burst of a million",
    rounds: 3,
    contestants,
    measure,
    figures,
};

const PROGRAM: &str = "queuelab size";

fn contestants(_: &Options) -> Vec<String> {
    vec![PROGRAM.to_owned()]
}

fn measure(bench: &Bench<'_>, _: &str) -> Result<Values> {
    let burst = bench.options.scale("--burst=1000000", "--burst=20000");
    let arguments = ["size", burst, "--arrivals=50000/s", "--accept=30000/s"];
    let took = bench.program()?.time(&arguments)?;
    Ok(Values::from([(Quantity::Seconds, took.as_secs_f64())]))
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let times = results.values(PROGRAM, Quantity::Seconds);
    let name = "`size` for a burst of a million";
    vec![Figure::new(name, Unit::Seconds, times).with_goal(Goal::AtMost(10.0))]
}
