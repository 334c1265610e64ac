//! One run of the bench.

use std::env;
use std::io::{self, Write};
use std::time::Instant;

use chat_server::DESIGNS;
use linux_net::MachineUsage;
use run_record::{Machine, wall_time};

use crate::error::{BenchError, Result};
use crate::figure::Figure;
use crate::measurement::Measurement;
use crate::options::Options;
use crate::output::{Output, Report};
use crate::part::{Bench, Part, PartName};
use crate::program;
use crate::results::Results;
use crate::schedule::interleaved;
use crate::testbed::Testbed;

/// Rounds with `--quick`.
const QUICK_ROUNDS: u32 = 2;

/// Measures, prints the table and writes the files.
///
/// # Errors
/// If something cannot be measured or written.
pub(crate) fn run(options: &Options) -> Result<()> {
    // First: it needs a process of one thread.
    let testbed = Testbed::new()?;
    let bench = Bench::new(options, &testbed);
    let started = wall_time();
    let output = Output::create(&options.out, started)?;
    let mut report = Report {
        started,
        arguments: env::args().skip(1).collect(),
        quick: options.quick,
        profile: program::profile(),
        machine: Machine::current(),
        figures: Vec::new(),
        measurements: Vec::new(),
    };
    for (name, error) in
        DESIGNS.iter().filter_map(|one| Some((one.name, one.check_machine().err()?)))
    {
        eprintln!("{name} is left out unless --designs names it: failed to {error}");
    }
    for part in options.parts().map(PartName::part) {
        measure(&bench, part, &mut report.measurements)?;
        report.figures.extend(figures(part, &report.measurements));
        // Now, so that an interruption loses at most one part.
        output.write(&report)?;
    }
    print(&format!("\n{}\n{}", report.summary(), output.path().display()))
}

fn figures(part: &Part, measurements: &[Measurement]) -> Vec<Figure> {
    (part.figures)(Results::new(part.name, measurements))
}

/// Measures a part, and says what it does on standard error.
fn measure(bench: &Bench<'_>, part: &Part, measurements: &mut Vec<Measurement>) -> Result<()> {
    let options = bench.options;
    let usual = if options.quick { part.rounds.min(QUICK_ROUNDS) } else { part.rounds };
    let rounds = options.rounds.unwrap_or(usual);
    let contestants = (part.contestants)(options);
    for (round, contestant) in interleaved(&contestants, rounds) {
        eprintln!("{}, round {} of {rounds}: {contestant}", part.name, round + 1);
        let before = Usage::now();
        let began = Instant::now();
        let values = (part.measure)(bench, contestant)?;
        measurements.push(Measurement {
            part: part.name,
            contestant: contestant.to_owned(),
            round,
            took_seconds: began.elapsed().as_secs_f64(),
            others_share: Usage::now().zip(before).map(|(now, before)| now.others_since(&before)),
            values,
        });
    }
    Ok(())
}

/// CPU time that was used so far.
struct Usage {
    at: Instant,
    machine: MachineUsage,
    own_seconds: f64,
}

impl Usage {
    fn now() -> Option<Self> {
        let own_seconds = worker::cpu_seconds_with_children();
        Some(Self { at: Instant::now(), machine: MachineUsage::now()?, own_seconds })
    }

    /// CPU time of other processes as a part of that of all CPUs.
    fn others_since(&self, before: &Self) -> f64 {
        let busy = self.machine.busy_seconds - before.machine.busy_seconds;
        let stolen = self.machine.steal_seconds - before.machine.steal_seconds;
        let own = self.own_seconds - before.own_seconds;
        let all = (self.at - before.at).as_secs_f64() * f64::from(self.machine.cpus.max(1));
        ((busy + stolen - own) / all).clamp(0.0, 1.0)
    }
}

fn print(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}")
        .map_err(|source| BenchError::System { what: "print the results", source })
}
