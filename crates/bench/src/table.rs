//! The tables of a run, as Markdown, which a terminal shows as well.

use tabled::builder::Builder;
use tabled::settings::Style;

use crate::figure::Figure;
use crate::measurement::{Measurement, Quantity};
use crate::part::PARTS;
use crate::results::Results;
use crate::spread::Spread;

/// The table of figures.
pub(crate) fn figures(figures: &[Figure]) -> String {
    let mut table = Builder::default();
    table.push_record(["figure", "min", "median", "max", "rounds", "to reach", "reached"]);
    for figure in figures {
        let [min, median, max] = match figure.spread() {
            Some(Spread { min, median, max }) => {
                [min, median, max].map(|it| figure.unit.describe(it))
            }
            None => ["–", "–", "–"].map(str::to_owned),
        };
        let reached = match figure.is_reached() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let goal = figure.goal.map_or(String::new(), |goal| goal.describe(figure.unit).to_string());
        let rounds = figure.rounds.len().to_string();
        table.push_record([&figure.name, &min, &median, &max, &rounds, &goal, reached]);
    }
    let mut text = markdown(table);
    for figure in figures {
        for note in &figure.notes {
            text += &format!("\n- {}: {note}", figure.name);
        }
    }
    text
}

/// The medians of all that was measured.
pub(crate) fn measurements(all: &[Measurement]) -> String {
    let mut table = Builder::default();
    table.push_record(["part", "of", "what", "min", "median", "max"]);
    for part in PARTS {
        let results = Results::new(part.name, all);
        for contestant in results.contestants() {
            for quantity in Quantity::ALL {
                let values = results.values(contestant, quantity);
                let Some(Spread { min, median, max }) = Spread::of(&values) else { continue };
                let [min, median, max] =
                    [min, median, max].map(|value| quantity.unit().describe(value));
                table.push_record([part.name, contestant, quantity.name(), &min, &median, &max]);
            }
        }
    }
    markdown(table)
}

fn markdown(table: Builder) -> String {
    table.build().with(Style::markdown()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Unit;
    use crate::goal::Goal;
    use crate::measurement::Values;

    #[test]
    fn a_line_has_the_spread_and_what_is_to_reach() {
        let table = figures(&[
            Figure::ratio("a ÷ b", vec![0.7, 0.91, 0.82])
                .with_goal(Goal::AtLeast(0.8))
                .note("busy".to_owned()),
            Figure::new("time", Unit::Seconds, vec![0.03]).with_goal(Goal::AtMost(0.02)),
            Figure::ratio("none", Vec::new()),
        ]);
        let lines: Vec<Vec<_>> = table
            .lines()
            .map(|line| line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .collect();
        assert_eq!(lines[2], ["a ÷ b", "0.70", "0.82", "0.91", "3", "≥ 0.80", "yes"]);
        assert_eq!(lines[3], ["time", "30.0 ms", "30.0 ms", "30.0 ms", "1", "≤ 20.0 ms", "no"]);
        assert_eq!(lines[4], ["none", "–", "–", "–", "0"]);
        assert_eq!(lines[5], ["- a ÷ b: busy"]);
    }

    #[test]
    fn measurements_are_summarised_by_what_was_measured() {
        let measured = |rate: f64| Measurement {
            part: PARTS[0].name,
            contestant: "a".to_owned(),
            round: 0,
            took_seconds: 1.0,
            others_share: None,
            values: Values::from([(Quantity::PerSecond, rate)]),
        };
        let table = measurements(&[measured(1000.0), measured(3000.0)]);
        let last: Vec<_> = table.lines().last().unwrap().split('|').map(str::trim).collect();
        assert_eq!(last[1..7], [PARTS[0].name, "a", "rate", "1.00 k/s", "2.00 k/s", "3.00 k/s"]);
    }
}
