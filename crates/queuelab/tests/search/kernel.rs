//! The search, on network namespaces.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use lab::RunningKernel;
use scenario::Kernel;

use crate::combination::Combination;
use crate::coverage::Coverage;
use crate::generator::Generator;
use crate::shrink::{CounterExample, RUNS, repeated, shrunk};
use crate::trial::{self, Violation, run};

/// Trials that run at the same time for each CPU: nearly all of their time they wait.
const AT_ONCE_PER_CPU: usize = 6;

/// After how many combinations a line of progress is printed.
const PROGRESS_INTERVAL: usize = 100;

/// At most so many counter-examples of the same law are shrunk: most have one cause.
const SHRUNK_OF_A_LAW: usize = 4;

/// Laws that no trial of a short search can measure: TIME_WAIT lasts a minute.
const LONG_LAWS: [&str; 2] = ["time-wait-length", "bind-free-again"];

/// From this longest time of a trial on, seconds, those laws are applied too.
const LONG_TRIAL: f64 = 80.0;

#[test]
fn laws_hold_or_are_not_applied_in_random_combinations_of_settings() {
    let seed = variable("QUEUELAB_SEARCH_SEED")
        .unwrap_or_else(|| RandomState::new().hash_one("seed") >> 32);
    let number: usize = variable("QUEUELAB_SEARCH_COMBINATIONS").unwrap_or(60);
    let longest: f64 = variable("QUEUELAB_SEARCH_LONGEST").unwrap_or(14.0);
    let template: String = variable("QUEUELAB_SEARCH_TEMPLATE").unwrap_or_default();
    let began = Instant::now();
    say(&format!("QUEUELAB_SEARCH_SEED={seed}: {number} combinations"));

    let search = Search::new(seed, number, longest, &template);
    std::thread::scope(|scope| {
        for _ in 0..at_once() {
            scope.spawn(|| search.work());
        }
    });

    let Progress { generator, coverage, failing, .. } = search.progress.into_inner().unwrap();
    eprintln!("{}", coverage.describe(generator.paths()));
    let seconds = began.elapsed().as_secs();
    say(&format!(
        "QUEUELAB_SEARCH_SEED={seed}: {number} combinations in {seconds} s, {} failed at first",
        failing.len()
    ));
    let proven = examine(failing, seed);
    assert_eq!(proven, 0, "counter-examples, which are printed above");
    if !template.is_empty() {
        return;
    }
    let laws = RunningKernel.law_ids().expect("the laws of this program");
    let measurable = |law: &&str| longest >= LONG_TRIAL || !LONG_LAWS.contains(law);
    let unapplied: BTreeSet<_> =
        laws.into_iter().filter(measurable).filter(|law| coverage.applied(law) == 0).collect();
    assert!(
        unapplied.is_empty(),
        "no combination applied {unapplied:?}: templates.yaml needs one for it"
    );
}

/// How many trials run at the same time: 2 to 24.
fn at_once() -> usize {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    variable("QUEUELAB_SEARCH_AT_ONCE").unwrap_or((AT_ONCE_PER_CPU * cpus).clamp(2, 24))
}

/// Prints a line also if the test passes: the harness captures only what the macros print.
fn say(line: &str) {
    std::io::stderr().write_all(format!("\n{line}\n").as_bytes()).unwrap();
}

/// The value of an environment variable.
fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a valid value")))
}

/// The search, shared by threads that run its trials.
struct Search {
    progress: Mutex<Progress>,
}

struct Progress {
    generator: Generator,
    /// Combinations that still have to run.
    left: usize,
    coverage: Coverage,
    /// Combinations that failed, with what was wrong.
    failing: Vec<(Combination, Vec<Violation>)>,
}

impl Search {
    fn new(seed: u64, number: usize, longest: f64, template: &str) -> Self {
        let generator = Generator::new(seed, longest, template);
        let (coverage, failing) = (Coverage::default(), Vec::new());
        Self { progress: Mutex::new(Progress { generator, left: number, coverage, failing }) }
    }

    /// Runs combinations until none is left.
    fn work(&self) {
        while let Some(combination) = self.next() {
            let trial = run(&combination);
            let violations = trial.violations();
            let mut progress = self.progress.lock().unwrap();
            progress.coverage.add(&combination, &trial);
            let ended = progress.coverage.ended();
            if ended.is_multiple_of(PROGRESS_INTERVAL) {
                eprintln!("{ended} ended");
            }
            if !violations.is_empty() {
                let what: Vec<_> = violations.iter().map(|v| v.subject.as_str()).collect();
                eprintln!("failed: {what:?} in {combination}");
                progress.failing.push((combination, violations));
            }
        }
    }

    fn next(&self) -> Option<Combination> {
        let mut progress = self.progress.lock().unwrap();
        progress.left = progress.left.checked_sub(1)?;
        Some(progress.generator.next())
    }
}

/// Repeats all failing combinations, shrinks some of each law, and prints them. Returns how
/// many failed each time.
fn examine(failing: Vec<(Combination, Vec<Violation>)>, seed: u64) -> usize {
    let left = Mutex::new(failing.into_iter());
    let shrunk_laws = Mutex::new(Vec::<String>::new());
    let proven = AtomicUsize::new(0);
    let work = || {
        loop {
            let next = left.lock().unwrap().next();
            let Some((combination, violations)) = next else { return };
            let mut run = |combination: &Combination| run(combination).violations();
            let mut found = repeated(&combination, violations, &mut run);
            if found.held == 0 && is_among_first(&shrunk_laws, &found.violations[0].subject) {
                found = shrunk(found, &mut run);
            }
            proven.fetch_add(usize::from(found.held == 0), Ordering::Relaxed);
            let text = describe(&found, seed);
            eprintln!("\n{text}");
            keep(&found, &text);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once() {
            scope.spawn(work);
        }
    });
    proven.into_inner()
}

/// Whether a counter-example is one of the first [`SHRUNK_OF_A_LAW`] of its law.
fn is_among_first(laws: &Mutex<Vec<String>>, law: &str) -> bool {
    let mut laws = laws.lock().unwrap();
    laws.push(law.to_owned());
    laws.iter().filter(|other| *other == law).count() <= SHRUNK_OF_A_LAW
}

/// A counter-example as a scenario file, with what was wrong as its comment.
fn describe(found: &CounterExample, seed: u64) -> String {
    let mut text = format!("# Held in {} of {RUNS} trials. Seed {seed}.\n", found.held);
    for Violation { subject, predicted, measured } in &found.violations {
        let measured = measured.trim_end().replace('\n', "\n#   ");
        writeln!(text, "# {subject}: predicted {predicted}, measured {measured}").unwrap();
    }
    text + &found.combination.scenario(trial::NAME)
}

/// Writes a counter-example to `QUEUELAB_SEARCH_FOUND`.
fn keep(found: &CounterExample, text: &str) {
    let Some(folder) = std::env::var_os("QUEUELAB_SEARCH_FOUND").map(PathBuf::from) else { return };
    let subject = found.violations[0].subject.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    for number in 1.. {
        let folder = folder.join(format!("{subject}-held-{}-{number}", found.held));
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        if fs::create_dir(&folder).is_ok() {
            fs::write(folder.join(format!("{}.yaml", trial::NAME)), text).unwrap();
            return;
        }
    }
}
