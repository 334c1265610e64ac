//! The reader of scenarios and suites. A file is planned or has problems that can be shown;
//! what is recorded of a plan can be planned again, as `--resume` does, and is the same plan.

#![no_main]

use libfuzzer_sys::fuzz_target;
use miette::{GraphicalReportHandler, GraphicalTheme};
use scenario::{
    AnyKernel, Document, Overrides, Plan, Planner, ScenarioErrors, ScenarioFile, Source,
};

fuzz_target!(|text: &str| {
    match Document::from(source("fuzzed", text)) {
        Document::Scenario(file) => {
            for quick in [false, true] {
                let overrides = Overrides { quick, seed: Some(7), ..Overrides::default() };
                match file.plan(&overrides, &AnyKernel) {
                    Ok(plan) => check_record(&plan),
                    Err(errors) => show(&errors),
                }
            }
        }
        // The members with a path are files of this machine.
        Document::Suite(_) if text.contains(['/', '\\']) || text.contains(".y") => {}
        Document::Suite(file) => {
            let mut planner = Planner::new(&AnyKernel);
            match file.load().and_then(|suite| suite.plans(false, &mut planner)) {
                Ok(plans) => plans.iter().for_each(|plan| check_record(plan)),
                Err(errors) => show(&errors),
            }
        }
    }
});

fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), path: format!("{name}.yaml"), text: text.to_owned() }
}

/// What a person sees of the problems.
fn show(errors: &ScenarioErrors) {
    assert!(!errors.problems().is_empty(), "a refusal has a reason");
    for problem in errors.problems() {
        assert!(!problem.to_string().is_empty());
        errors.position(problem);
    }
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut shown = String::new();
    handler.render_report(&mut shown, errors).expect("it is shown");
}

fn check_record(plan: &Plan) {
    let recorded = plan.resolved.to_string();
    let file = ScenarioFile::from_source(source(&plan.scenario.name, &recorded));
    let overrides = Overrides { seed: Some(plan.seed), ..Overrides::default() };
    let again = match file.plan(&overrides, &AnyKernel) {
        Ok(again) => again,
        Err(errors) => panic!("{recorded} cannot be planned again: {:?}", errors.problems()),
    };
    assert_eq!(again.resolved, plan.resolved);
    assert_eq!(again.axes, plan.axes);
    assert_eq!(again.cells, plan.cells);
    assert_eq!(again.trials, plan.trials);
}
