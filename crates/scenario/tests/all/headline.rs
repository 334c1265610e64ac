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
    let headline = &plan.scenario.headline.unwrap().0[0];
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
        assert!(error.contains("either a `metric`, a `law` or an `expectation`"), "{error}");
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
    let over = plan.scenario.headline.unwrap().0.remove(0).over;
    assert_eq!(over.is_some(), varies, "{over:?}");
}

#[test]
fn a_statement_has_words_for_each_finding() {
    let text = text(
        "\n  metric: delivered\n  over: server.backlog\n  lead: { \"1\": small, same: none }\n  \
         say: \"{best} with {load.clients}, {phantoms}\"",
    );
    let plan = try_plan(&text, &Overrides::default()).unwrap();
    let statement = &plan.scenario.headline.unwrap().0[0];
    assert_eq!(statement.lead.as_ref().unwrap().of("1"), Some("small"));
    let say = "{best} with {load.clients}, {phantoms}";
    assert_eq!(statement.say.as_ref().unwrap().of_any(), Some(say));
    assert!(!statement.is_plain());
    assert_eq!(plan.resolved["headline"]["lead"]["same"], "none");
    assert_eq!(plan.resolved["headline"]["say"], say);
}

#[test]
fn several_statements_are_a_list() {
    let text = text("[{ metric: success }, { law: local-ports, over: server.backlog }]");
    let plan = try_plan(&text, &Overrides::default()).unwrap();
    assert_eq!(plan.resolved["headline"][1]["law"], "local-ports");
    let many = ["{ metric: success }"; 9].join(", ");
    assert!(error(&format!("[{many}]")).contains("9 statements; use 1 to 8"));
    assert!(error("[]").contains("0 statements; use 1 to 8"));
    let no_mapping = error("[success]");
    assert!(no_mapping.contains("a statement of the headline is a mapping"), "{no_mapping}");
}

#[test]
fn words_that_can_never_be_used_are_errors_with_their_line() {
    for (headline, message) in [
        ("{ metric: success, say: \"{value}\" }", "no placeholder is `{value}`"),
        ("{ metric: success, say: \"{values\" }", "a `{` without a `}` after it"),
        ("{ metric: success, over: server.backlog, lead: { \"3\": a } }", "no finding is `3`"),
        ("{ metric: success, at: { server.backlog: 3 } }", "`server.backlog` has no value 3"),
        ("{ metric: success, at: { server.backlog: [1, 3] } }", "`server.backlog` has no value 3"),
        ("{ metric: success, at: { server.backlog: [] } }", "`server.backlog` has no value []"),
        ("{ metric: success, at: { load.clients: 3 } }", "`load.clients` is not an axis"),
        ("{ metric: success, by: server.design }", "`server.design` is not an axis"),
        (
            "{ metric: success, over: server.backlog, by: server.backlog }",
            "`by` and `over` are the same axis",
        ),
        ("{ expectation: attempts > 1 }", "no expectation is `attempts > 1`"),
    ] {
        let error = error(headline);
        assert!(error.contains(message), "{headline}: {error}");
        assert!(error.contains("test.yaml:3:"), "{headline}: {error}");
    }
}

#[test]
fn an_expectation_can_be_stated() {
    let text = |headline: &str| {
        let headline = format!("headline: {headline}\n");
        format!("name: test\nquestion: What is it?\n{headline}expect: [{{ that: attempts > 0 }}]\n")
    };
    let plan = |headline: &str| try_plan(&text(headline), &Overrides::default());
    plan("{ expectation: attempts > 0, say: \"it tries, {trials}\" }").unwrap();
    let error = rendered(&plan("{ expectation: attempts > 1 }").unwrap_err());
    assert!(error.contains("did you mean `attempts > 0`?"), "{error}");
}

#[test]
fn a_statement_can_be_about_several_values_and_keeps_those_that_are_run() {
    let text = text("{ metric: success, at: { server.backlog: [2, last] } }");
    let at = |only: &[&str]| {
        let only = only.iter().map(|value| ("backlog".to_owned(), (*value).to_owned())).collect();
        let plan = try_plan(&text, &Overrides { only, ..Overrides::default() }).unwrap();
        plan.resolved["headline"]["at"].clone()
    };
    assert_eq!(at(&[]), serde_json::json!({ "server.backlog": [2, "last"] }));
    assert_eq!(at(&["1"]), serde_json::json!({ "server.backlog": ["last"] }));
}

#[test]
fn a_record_has_only_the_words_that_its_axes_allow() {
    let text = text(
        "\n  metric: delivered\n  over: server.backlog\n  lead: { \"1\": small, \"2\": large }\n  \
         at: { server.backlog: 2 }",
    );
    let only = vec![("backlog".to_owned(), "1".to_owned())];
    let plan = try_plan(&text, &Overrides { only, ..Overrides::default() }).unwrap();
    let headline = &plan.resolved["headline"];
    assert_eq!(headline["lead"], serde_json::json!({ "1": "small" }));
    assert_eq!(headline["at"], serde_json::Value::Null);
    let again = try_plan(&plan.resolved.to_string(), &Overrides::default()).unwrap();
    assert_eq!(again.resolved["headline"], *headline);
}
