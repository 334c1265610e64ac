//! `queuelab predict`: the laws alone.

use scenario::{Cell, Plan};
use serde_json::Value;
use tabled::builder::Builder;
use tabled::settings::Style;

use super::{answer, plan};
use crate::cli::PlanArguments;
use crate::error::Result;

/// `net.core.somaxconn` of a new namespace since Linux 5.4 (SOMAXCONN in
/// include/linux/socket.h).
const DEFAULT_SOMAXCONN: u32 = 4096;

/// Prints what the laws predict of each cell.
pub(crate) fn predict(arguments: &PlanArguments) -> Result {
    let overrides = plan::overrides(&arguments.changes);
    let plan = plan::plan(&arguments.scenario, &overrides, arguments.changes.seed)?;
    answer(&format!("{}: {}\n\n{}", plan.scenario.name, plan.scenario.question, predicted(&plan)))
}

/// A row for each combination of the axes that the laws tell apart.
fn predicted(plan: &Plan) -> String {
    let rows: Vec<(&Cell, Vec<(&str, f64)>)> = plan
        .cells
        .iter()
        .map(|cell| (cell, lab::predictions(&cell.settings, DEFAULT_SOMAXCONN)))
        .collect();
    if rows.iter().all(|(_, laws)| laws.is_empty()) {
        return "No law decides a cell of it: it is measured.".to_owned();
    }
    let mut builder = Builder::default();
    let names =
        plan.axes.iter().map(|axis| axis.path.rsplit('.').next().unwrap_or_default().to_owned());
    builder.push_record(names.chain(["law".to_owned(), "predicted".to_owned()]));
    for (cell, laws) in &rows {
        for (law, predicted) in laws {
            let place = plan.axes.iter().map(|axis| match &cell.point[&axis.path] {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            });
            builder.push_record(place.chain([(*law).to_owned(), predicted.to_string()]));
        }
    }
    builder.build().with(Style::rounded()).to_string()
}
