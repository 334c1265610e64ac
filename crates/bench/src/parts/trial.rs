//! What a trial takes besides its load.

use run_record::RunDirectory;

use crate::error::{BenchError, Result};
use crate::figure::{Figure, Unit};
use crate::goal::Goal;
use crate::measurement::{Quantity, Values};
use crate::options::Options;
use crate::part::{Bench, Part};
use crate::program::Runs;
use crate::results::Results;
use crate::spread::Spread;

pub(crate) const PART: Part = Part {
    name: "trial",
    summary: "a trial's time outside its own load and waits, netns, median of 20 trials",
    rounds: 5,
    contestants,
    measure,
    figures,
};

const PROGRAM: &str = "queuelab run";

/// One cell of the scenario whose trials are the most: with the rows of attempts and the timeline
/// of the queue.
const CELL: [&str; 4] = [
    "backlog-sweep",
    "--set=matrix.server.design=[snapshot]",
    "--set=matrix.server.backlog=[128]",
    "--set=matrix.load.clients=[50]",
];

fn contestants(_: &Options) -> Vec<String> {
    vec![PROGRAM.to_owned()]
}

fn measure(bench: &Bench<'_>, _: &str) -> Result<Values> {
    let runs = Runs::new()?;
    let trials = bench.options.scale(20, 5);
    let repeat = format!("--repeat={trials}");
    runs.time(bench.program()?, &[&CELL[..], &[&repeat, "--no-report"]].concat())?;
    let path = runs.only("backlog-sweep")?;
    let (_, trials) = RunDirectory::read(&path).map_err(|error| BenchError::Program {
        what: format!("read the run {}", path.display()),
        reason: error.to_string(),
    })?;
    let overheads: Vec<_> = trials.iter().map(|trial| trial.overhead_seconds).collect();
    let median = Spread::of(&overheads).map(|spread| spread.median);
    Ok(median.map(|median| (Quantity::Seconds, median)).into_iter().collect())
}

fn figures(results: Results<'_>) -> Vec<Figure> {
    let name = "a trial's time outside its own load and waits, `netns`, median of a run";
    let medians = results.values(PROGRAM, Quantity::Seconds);
    vec![Figure::new(name, Unit::Seconds, medians).with_goal(Goal::AtMost(0.02))]
}
