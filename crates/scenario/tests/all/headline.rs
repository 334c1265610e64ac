//! The declared answer of a scenario.

use crate::common::{rendered, try_plan};
use scenario::{HeadlineMetric, Overrides};

fn text(headline: &str) -> String {
    format!(
        "name: test\nquestion: What is it?\nheadline: {headline}\nmatrix:\n  server.backlog: [1, 2]\n"
    )
}

fn error(headline: &str) -> String {
    rendered(&try_plan(&text(headline), &Overrides::default()).expect_err("the headline is wrong"))
}

#[test]
fn a_headline_is_part_of_the_plan_and_of_its_record() {
    let text = text("{ metric: first-try, over: server.backlog }");
    let plan = try_plan(&text, &Overrides::default()).unwrap();
    let headline = plan.scenario.headline.unwrap();
    assert_eq!(headline.metric, Some(HeadlineMetric::FirstTry));
    assert_eq!(plan.resolved["headline"]["over"], "server.backlog");
    assert_eq!(plan.resolved["headline"]["metric"], "first-try");
}

#[test]
fn an_axis_that_the_matrix_does_not_have_is_named_with_its_line() {
    let error = error("{ metric: success, over: server.backlogs }");
    assert!(error.contains("`server.backlogs` is not an axis of the matrix"), "{error}");
    assert!(error.contains("did you mean `server.backlog`?"), "{error}");
    assert!(error.contains("test.yaml:3:"), "{error}");
}

#[test]
fn an_unknown_metric_offers_the_known_ones_with_its_line() {
    let error = error("{ metric: sucess }");
    assert!(error.contains("sucess") && error.contains("did you mean `success`?"), "{error}");
    assert!(error.contains("test.yaml:3:"), "{error}");
}

#[test]
fn a_headline_has_a_metric_or_a_law_and_not_both() {
    for headline in ["{ over: server.backlog }", "{ metric: success, law: local-ports }"] {
        let error = error(headline);
        assert!(error.contains("either a `metric` or a `law`"), "{error}");
    }
    let of_law = text("{ law: local-ports }");
    try_plan(&of_law, &Overrides::default()).unwrap();
}

#[test]
fn an_unknown_law_suggests_a_known_one_with_its_line() {
    let mistyped = error("{ law: local-port }");
    assert!(mistyped.contains("there is no law `local-port`"), "{mistyped}");
    assert!(mistyped.contains("did you mean `local-ports`?"), "{mistyped}");
    assert!(mistyped.contains("test.yaml:3:"), "{mistyped}");
    let unrelated = error("{ law: gravity }");
    assert!(unrelated.contains("use one of accept-queue-capacity, local-ports"), "{unrelated}");
}

#[test]
fn an_axis_that_an_override_fixes_is_left_out_of_the_headline() {
    let text = text("{ metric: success, over: server.backlog }");
    let set = vec![("server.backlog".to_owned(), "7".to_owned())];
    let plan = try_plan(&text, &Overrides { set, ..Overrides::default() }).unwrap();
    let varies = plan.axes.iter().any(|axis| axis.path == "server.backlog");
    let over = plan.scenario.headline.unwrap().over;
    assert_eq!(over.is_some(), varies, "{over:?}");
}
