//! Runs each model under many schedules: `cargo run --release`, or with a number of
//! schedules for each. A failure prints its schedule.

mod chat_server;
mod lab;

use std::env;
use std::time::Instant;

/// A model: its name, and the run of one schedule.
type Model = (&'static str, fn());

const MODELS: [&[Model]; 2] = [lab::MODELS, chat_server::MODELS];

fn main() {
    let schedules = env::args().nth(1).map_or(2_000, |text| text.parse().expect("a number"));
    let mut passed = 0;
    for (name, model) in MODELS.into_iter().flatten() {
        let began = Instant::now();
        // Random orders, and orders that preempt rarely, which find other faults.
        shuttle::check_random(model, schedules);
        shuttle::check_pct(model, schedules, 3);
        println!("{name}: {} schedules in {:.1?}", 2 * schedules, began.elapsed());
        passed += 1;
    }
    println!("{passed} passed, 0 failed");
}
