//! The charts of two runs next to each other: one scale for both.

use charts::Chart;
use report::{Run, charts_side_by_side};
use run_record::{Axis, TrialRecord};

use crate::runs::load_run;

/// Twelve trials of a matrix of backlog and clients, each changed by its number.
fn run(backlogs: [u32; 3], change: impl Fn(usize, &mut TrialRecord)) -> Run {
    let (mut record, recorded) = load_run("sweep");
    let clients = [50_u32, 100, 200, 400];
    let axis = |path: &str, values: &[u32]| Axis {
        path: path.to_owned(),
        values: values.iter().copied().map(Into::into).collect(),
    };
    record.axes = vec![axis("load.clients", &clients), axis("server.backlog", &backlogs)];
    record.planned_trials = 12;
    record.verdict = None;
    let trial = |number: usize| {
        let mut trial = recorded[0].clone();
        (trial.id, trial.cell, trial.repetition) = (number as u32, number as u32, 0);
        let point =
            [("load.clients", clients[number / 3]), ("server.backlog", backlogs[number % 3])];
        let point = point.into_iter().map(|(path, value)| (path.to_owned(), value.into()));
        trial.point = point.collect();
        change(number, &mut trial);
        trial
    };
    Run::new(record, (0..12).map(trial).collect())
}

fn chart<'a>(charts: &'a [Chart], name: &str) -> &'a str {
    let names: Vec<_> = charts.iter().map(|chart| &chart.name).collect();
    let found = charts.iter().find(|chart| chart.name == name);
    &found.unwrap_or_else(|| panic!("{name} in {names:?}")).body.0
}

/// The colour of a cell of a heat map, and its text.
fn colour_of(map: &str, cell: usize) -> (String, String) {
    let (_, link) = map.split_once(&format!("href=\"#cell-{cell}\"")).unwrap();
    let (_, colour) = link.split_once("fill=\"#").unwrap();
    let (_, text) = colour.split_once("<text").unwrap();
    let text = text.split(['>', '<']).nth(1).unwrap();
    (colour[..6].to_owned(), text.to_owned())
}

/// The texts of a chart with a class.
fn texts(chart: &str, class: &str) -> Vec<String> {
    let texts = chart.split("<text ").skip(1).filter(|text| text.starts_with(class));
    texts.map(|text| text.split(['>', '<']).nth(1).unwrap().to_owned()).collect()
}

#[test]
fn equal_values_have_equal_colours_and_positions_in_both_runs() {
    let delivered = |rates: [f64; 2]| {
        move |number: usize, trial: &mut TrialRecord| {
            trial.disturbance = None;
            let rate = rates[usize::from(number == 5)];
            (trial.rates.delivered, trial.rates.original_throughput) = (rate, rate);
        }
    };
    let slow = run([10, 100, 300], delivered([1_000.0, 2_000.0]));
    let fast = run([10, 100, 900], delivered([2_000.0, 8_000.0]));
    let [of_slow, of_fast] = charts_side_by_side(&slow, &fast);

    let maps = [&of_slow, &of_fast].map(|charts| chart(charts, "heat-delivered"));
    // 2.00k is the largest value of one run, and the smallest of the other.
    let [(largest, text), (smallest, other_text)] = [colour_of(maps[0], 5), colour_of(maps[1], 0)];
    assert_eq!(text, other_text);
    assert_eq!(largest, smallest, "equal values");
    assert_ne!(colour_of(maps[1], 5).0, largest);
    let ends = maps.map(|map| texts(map, "class=\"quiet small end\""));
    assert_eq!(ends[0], ends[1], "the end of the scale");
    // Not side by side, each has its own scale.
    let separate =
        charts_side_by_side(&slow, &slow).map(|charts| chart(&charts, "heat-delivered").to_owned());
    assert_ne!(colour_of(&separate[0], 5).0, largest);

    let lines = [&of_slow, &of_fast].map(|charts| {
        let chart = chart(charts, "lines-throughput");
        let mut labels = texts(chart, "class=\"end quiet\"");
        labels.extend(texts(chart, "class=\"middle quiet\""));
        labels
    });
    assert_eq!(lines[0], lines[1], "both axes have the same values");
    assert!(["300", "900"].iter().all(|at| lines[0].iter().any(|label| label == at)));
}

#[test]
fn latencies_of_both_runs_have_one_axis() {
    let waited = |ns: u64| {
        move |_: usize, trial: &mut TrialRecord| {
            trial.connect_histogram = None;
            trial.connect_latency.max_ns = ns;
        }
    };
    let runs =
        [run([10, 100, 300], waited(5_000_000)), run([10, 100, 300], waited(90_000_000_000))];
    let charts = charts_side_by_side(&runs[0], &runs[1]);
    let ticks =
        charts.map(|charts| texts(chart(&charts, "connect-latency"), "class=\"quiet middle\""));
    assert_eq!(ticks[0], ticks[1]);
    assert!(ticks[0].contains(&"10 s".to_owned()), "{ticks:?}");
}
