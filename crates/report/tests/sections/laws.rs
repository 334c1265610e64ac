//! The tables of laws.

use queue_model::law::{Tolerance, Unit};
use report::{Detail, Run, summary, terminal};

use crate::fixture::Made;
use run_record::{Disturbance, DisturbanceCause, LawCheck, LawNotApplied, TrialRecord};
use run_view::Screen;
use serde_json::json;

use crate::fixture::Fixture;

const EXACT: &str = "accept queue holds min(backlog, somaxconn) + 1";
const TIMED: &str = "connect(2) gives up, s";

fn law(name: &str, predicted: f64, measured: Option<f64>, latest: Option<f64>) -> LawCheck {
    let deviation = measured.map(|measured| measured - predicted);
    let late = latest.map_or(0.0, |latest| latest - predicted);
    let held = deviation.map(|deviation| (0.0..=late).contains(&deviation));
    let (unit, tolerance) = match latest {
        Some(_) => (Unit::Seconds, Tolerance::Timer),
        None => (Unit::Connections, Tolerance::Exact),
    };
    LawCheck {
        id: name.to_owned(),
        title: name.to_owned(),
        unit,
        tolerance,
        predicted,
        measured,
        deviation,
        latest,
        held,
    }
}

/// A run with that many cells: backlog 0, 1, 2 and so on. The law fails in the cells of
/// `wrong`.
fn capacities(cells: i64, wrong: &[i64]) -> Made {
    let cell = |fixture: Fixture, backlog: i64| {
        fixture.cell([("server.backlog", json!(backlog))], |trial| {
            let predicted = (backlog + 1) as f64;
            let measured = predicted - f64::from(u8::from(wrong.contains(&backlog)));
            trial.laws.push(law(EXACT, predicted, Some(measured), None));
            let seconds = 3.0 + 0.001 * backlog as f64;
            trial.laws.push(law(TIMED, 3.0, Some(seconds), Some(3.24)));
        })
    };
    (0..cells).fold(Fixture::new(json!({})), cell).run()
}

/// The rows of a law's table without the heading.
fn table(run: &Run, name: &str) -> Vec<Vec<String>> {
    let text = summary(run);
    let from = text.split(&format!("\n{name}\n")).nth(1).expect("the law has a table");
    let rows = from.lines().take_while(|line| !line.is_empty()).filter(|line| line.contains('│'));
    let cells = |line: &str| {
        let cells = line.trim_matches('│').split('│').map(|cell| cell.trim().to_owned());
        cells.collect()
    };
    rows.skip(1).map(cells).collect()
}

#[test]
fn every_cell_has_a_row_for_each_law() {
    let run = capacities(120, &[7]);
    let rows = table(&run, EXACT);
    assert_eq!(rows.len(), 120);
    assert_eq!(rows[5], ["5", "6", "6", "0", "yes"]);
    assert_eq!(rows[7], ["7", "8", "7", "-1", "no"]);
    assert_eq!(table(&run, TIMED)[30], ["30", "3", "3.03", "+0.03 s, +1.0 %", "+0.24 s", "yes"]);
}

#[test]
fn many_cells_with_the_same_deviation_share_a_row_and_violations_do_not() {
    let run = capacities(200, &[7, 199]);
    assert_eq!(
        table(&run, EXACT),
        [
            ["0 … 198", "198", "1 … 199", "1 … 199", "0", "yes"],
            ["7", "1", "8", "7", "-1", "no"],
            ["199", "1", "200", "199", "-1", "no"],
        ]
    );
    let timed = table(&run, TIMED);
    assert_eq!(timed.len(), 1, "{timed:?}");
    assert_eq!(
        timed[0][1..],
        ["200", "3", "3 … 3.199", "0 … +0.199 s, +0.0 … +6.6 %", "+0.24 s", "yes"]
    );
}

#[test]
fn repetitions_share_a_row_and_missing_measurements_are_not_zero() {
    let run = Fixture::new(json!({}))
        .cell([("server.backlog", json!(4))], |trial| {
            trial.laws = vec![law(EXACT, 5.0, Some(5.0), None)];
        })
        .cell([("server.backlog", json!(4))], |trial| {
            trial.laws = vec![law(EXACT, 5.0, Some(6.0), None)];
        })
        .cell([("server.backlog", json!(9))], |trial| {
            trial.laws = vec![law(EXACT, 10.0, None, None)];
        })
        .run();
    assert_eq!(
        table(&run, EXACT),
        [["4", "5", "5 … 6", "0 … +1", "not always"], ["9", "10", "·", "·", "not decided"]]
    );
}

#[test]
fn the_tables_fit_the_terminal() {
    let name = "hosts.server.sysctls.net.ipv4.tcp_max_syn_backlog";
    let cell = |fixture: Fixture, n: i64| {
        let point = [
            (name, json!(n)),
            ("hosts.client.sysctls.net.ipv4.tcp_syn_linear_timeouts", json!(n)),
            ("hosts.client.sysctls.net.ipv4.ip_local_port_range", json!("32768 60999")),
            ("server.design", json!(if n == 0 { "global-lock" } else { "snapshot" })),
        ];
        fixture.cell(point, |trial| {
            trial.laws.push(law(TIMED, 131.0, Some(134.351), Some(137.123)));
        })
    };
    let run = (0..2).fold(Fixture::new(json!({})), cell).run();
    let text = terminal(&run, None, Screen::terminal(100, false), Detail::Full).body;
    let text = text.as_str();
    let laws = text.split("The kernel's laws").nth(1).expect("there are laws");
    for line in laws.lines().take_while(|line| !line.starts_with("Why")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_law_that_is_not_applied_is_shown_with_its_reason_and_the_number_of_trials() {
    let reason = "a reason of many words that is far wider than all other columns of this table \
                  together, and is wrapped";
    let not_applied = LawNotApplied {
        id: "capacity".to_owned(),
        title: EXACT.to_owned(),
        reason: reason.to_owned(),
    };
    let cell = |fixture: Fixture, backlog: i64| {
        fixture.cell([("server.backlog", json!(backlog))], |trial| {
            trial.laws_not_applied.push(not_applied.clone());
        })
    };
    let run = (0..3).fold(Fixture::new(json!({})), cell).run();
    let rows = table(&run, "Laws that were not applied");
    assert_eq!(rows[0][2], "3", "{rows:?}");
    assert_eq!(column(&rows, 0), EXACT);
    assert_eq!(column(&rows, 1), format!("not applied: {reason}"));
}

/// The words of a column whose rows are wrapped.
fn column(rows: &[Vec<String>], index: usize) -> String {
    let words = rows.iter().map(|row| row[index].as_str());
    words.collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[test]
fn a_law_that_is_not_decided_is_shown_with_its_reason() {
    let undecided = |measured| LawCheck { held: None, ..law(TIMED, 3.0, measured, Some(3.24)) };
    let cell = |change: fn(&mut TrialRecord), measured| {
        let run = Fixture::new(json!({})).cell([], |trial| {
            trial.laws.push(undecided(measured));
            change(trial);
        });
        run.run()
    };
    let disturb = |trial: &mut TrialRecord| {
        let causes = vec![DisturbanceCause::OtherProcesses];
        trial.disturbance = Some(Disturbance { causes, ..Disturbance::default() });
    };
    let die = |trial: &mut TrialRecord| trial.server_died = Some("SIGPIPE".to_owned());
    for (run, reason) in [
        (cell(disturb, Some(5.0)), "the trial was disturbed, which can have delayed it"),
        (cell(disturb, None), "the trial was disturbed, which can have delayed it"),
        (cell(die, None), "the server died before it could be measured"),
    ] {
        let rows = table(&run, "Laws that were not decided");
        assert_eq!(column(&rows, 0), TIMED);
        assert_eq!(column(&rows, 1), format!("not decided: {reason}"));
        assert_eq!(table(&run, TIMED)[0].last().unwrap(), "not decided");
    }
    assert!(!summary(&capacities(3, &[1])).contains("not decided"));
}
