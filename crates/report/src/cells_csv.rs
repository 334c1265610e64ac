//! `cells.csv`: a row for each cell, for spreadsheets and data frames.

use linux_net::Counter;
use run_record::{EndedBy, Outcome};

use run_view::Cell;
use run_view::Run;
use run_view::Trial;
use run_view::number::total;

/// A value of a trial, with its name in the header.
type Column = (&'static str, fn(&Trial) -> Option<f64>);

/// Each becomes three columns: `_min`, `_median` and `_max` over the trials. Rates are per
/// second, times in nanoseconds, shares from 0 to 1.
const COLUMNS: [Column; 25] = [
    ("first_try_share", |trial| Some(trial.first_try_rate())),
    ("success_share", |trial| Some(trial.success_rate())),
    ("offered_rate", |trial| Some(trial.rates.offered)),
    ("ingested_rate", |trial| trial.rates.ingested),
    ("delivered_rate", |trial| Some(trial.rates.delivered)),
    ("response_rate", |trial| responses(trial, trial.rates.responses)),
    ("original_throughput", |trial| Some(trial.rates.original_throughput)),
    ("connect_p50_ns", |trial| measured(trial, trial.connect_latency.p50_ns)),
    ("connect_p99_ns", |trial| measured(trial, trial.connect_latency.p99_ns)),
    ("connect_max_ns", |trial| measured(trial, trial.connect_latency.max_ns)),
    ("response_p50_ns", |trial| responses(trial, trial.response_latency.p50_ns as f64)),
    ("response_p99_ns", |trial| responses(trial, trial.response_latency.p99_ns as f64)),
    ("response_max_ns", |trial| responses(trial, trial.response_latency.max_ns as f64)),
    ("accept_wait_max_ns", |trial| {
        (trial.accept_wait.count > 0).then_some(trial.accept_wait.max_ns as f64)
    }),
    ("held_bytes", |trial| trial.held_bytes.map(|bytes| bytes as f64)),
    ("deepest_queue", |trial| trial.deepest_queue().map(|(least, _)| f64::from(least))),
    ("listen_overflows", |trial| server_counter(trial, Counter::ListenOverflows)),
    ("listen_drops", |trial| server_counter(trial, Counter::ListenDrops)),
    ("req_queue_full_drops", |trial| server_counter(trial, Counter::TcpReqQFullDrop)),
    ("syn_retransmissions", |trial| {
        let sent = |(&times, &attempts): (&u32, &u64)| u64::from(times).saturating_mul(attempts);
        Some(total(trial.syn_retransmits.iter().map(sent)) as f64)
    }),
    ("duration_seconds", |trial| Some(trial.duration_seconds)),
    ("incomplete_by_server", |trial| incomplete_by(trial, EndedBy::Server)),
    ("incomplete_by_finish_deadline", |trial| incomplete_by(trial, EndedBy::FinishDeadline)),
    ("incomplete_by_late_load", |trial| incomplete_by(trial, EndedBy::LateLoad)),
    ("close_wait_left", |trial| Some(f64::from(trial.evidence.left?.close_wait))),
];

/// `None` if there are incomplete attempts and the record does not state who ended them.
fn incomplete_by(trial: &Trial, by: EndedBy) -> Option<f64> {
    let is_known = !trial.incomplete_by.is_empty() || trial.outcomes.get(Outcome::Incomplete) == 0;
    is_known.then(|| trial.incomplete_by.get(&by).copied().unwrap_or(0) as f64)
}

/// `None` if no request was answered.
fn responses(trial: &Trial, value: f64) -> Option<f64> {
    (trial.response_latency.count > 0).then_some(value)
}

/// `None` if nothing connected.
fn measured(trial: &Trial, ns: u64) -> Option<f64> {
    (trial.connect_latency.count > 0).then_some(ns as f64)
}

/// `None` if the host was not read. Counters that did not change are not recorded.
fn server_counter(trial: &Trial, counter: Counter) -> Option<f64> {
    let is_read = trial.evidence.server.are_read();
    is_read.then(|| trial.evidence.at_server(counter) as f64)
}

/// The contents of the file: the value on every axis, the numbers of trials, violations,
/// disturbed trials, attempts and outcomes, and the spread of each value, over the trials that
/// were not disturbed if there are any.
pub(crate) fn cells_csv(run: &Run) -> Vec<u8> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> = vec!["cell".to_owned()];
    header.extend(run.record.axes.iter().map(|axis| axis.path.clone()));
    header.extend(["trials", "breaches", "disturbed", "attempts"].map(str::to_owned));
    header.extend(Outcome::ALL.iter().map(|outcome| outcome.name().to_owned()));
    for (name, _) in COLUMNS {
        header.extend(["min", "median", "max"].map(|part| format!("{name}_{part}")));
    }
    write(&mut rows, &header);
    for cell in Cell::all(run) {
        let mut row = vec![cell.number.to_string()];
        row.extend(run.record.axes.iter().map(|axis| {
            let of_cell = cell.point.iter().find(|(path, _)| *path == axis.path);
            let at = of_cell.map(|(_, at)| *at).or_else(|| axis.values.first());
            at.map_or_else(String::new, run_record::describe_value)
        }));
        row.push(cell.trials.len().to_string());
        row.push(cell.count_violations().to_string());
        row.push(sum(&cell, |trial| u64::from(trial.is_disturbed())).to_string());
        row.push(sum(&cell, |trial| trial.attempts).to_string());
        row.extend(
            Outcome::ALL
                .iter()
                .map(|&outcome| sum(&cell, |trial| trial.outcomes.get(outcome)).to_string()),
        );
        for (_, of) in COLUMNS {
            match cell.spread(of) {
                Some(spread) => {
                    row.extend([spread.min, spread.median, spread.max].map(|n| n.to_string()));
                }
                None => row.extend([const { String::new() }; 3]),
            }
        }
        write(&mut rows, &row);
    }
    rows.into_inner().expect("a vector takes every byte")
}

fn sum(cell: &Cell<'_>, of: impl Fn(&Trial) -> u64) -> u64 {
    total(cell.trials.iter().map(|trial| of(trial)))
}

fn write(rows: &mut csv::Writer<Vec<u8>>, row: &[String]) {
    rows.write_record(row.iter().map(|cell| visible::csv_cell(cell).into_owned()))
        .expect("a vector takes every byte, and every row has all columns");
}
