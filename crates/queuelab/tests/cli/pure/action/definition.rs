//! What `action.yml` says, and its expressions as far as it uses them.

use indexmap::IndexMap;
use serde::Deserialize;

use crate::support::repository;

#[derive(Debug, Deserialize)]
pub(super) struct Action {
    pub(super) inputs: IndexMap<String, Input>,
    pub(super) outputs: IndexMap<String, Output>,
    pub(super) runs: Runs,
}

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pub(super) default: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Output {
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Runs {
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Step {
    pub(super) id: Option<String>,
    #[serde(rename = "if")]
    pub(super) condition: Option<String>,
    pub(super) run: Option<String>,
    #[serde(default)]
    pub(super) env: IndexMap<String, String>,
}

impl Action {
    pub(super) fn read() -> Self {
        let text = std::fs::read_to_string(repository().join("action.yml")).unwrap();
        serde_saphyr::from_str(&text).unwrap()
    }
}

/// A text with its expressions replaced by their values.
pub(super) fn replace(text: &str, value: &dyn Fn(&str) -> String) -> String {
    let mut parts = text.split("${{");
    let mut replaced = parts.next().unwrap().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").unwrap();
        replaced += &evaluate(expression.trim(), value);
        replaced += rest;
    }
    replaced
}

/// The value of an expression of `||`, `&&`, `==`, `!=` and `!`, without parentheses; `value`
/// is that of a name.
fn evaluate(expression: &str, value: &dyn Fn(&str) -> String) -> String {
    if let Some((left, right)) = expression.rsplit_once(" || ") {
        let left = evaluate(left, value);
        return if is_true(&left) { left } else { evaluate(right, value) };
    }
    if let Some((left, right)) = expression.rsplit_once(" && ") {
        let left = evaluate(left, value);
        return if is_true(&left) { evaluate(right, value) } else { left };
    }
    for (operator, is_equal) in [(" == ", true), (" != ", false)] {
        if let Some((left, right)) = expression.split_once(operator) {
            let equal = evaluate(left, value) == evaluate(right, value);
            return (equal == is_equal).to_string();
        }
    }
    if let Some(negated) = expression.strip_prefix('!') {
        return (!is_true(&evaluate(negated, value))).to_string();
    }
    match expression.strip_prefix('\'') {
        Some(literal) => literal.trim_end_matches('\'').to_owned(),
        None => value(expression),
    }
}

pub(super) fn is_true(value: &str) -> bool {
    !value.is_empty() && value != "false"
}

#[test]
fn expressions_have_the_values_that_github_gives_them() {
    let value = |name: &str| if name == "inputs.a" { "x".to_owned() } else { String::new() };
    for (expression, expected) in [
        ("inputs.a", "x"),
        ("inputs.b || inputs.a", "x"),
        ("inputs.a == 'x' && '1' || ''", "1"),
        ("inputs.a == 'y' && '1' || ''", ""),
        ("inputs.b != ''", "false"),
        ("!inputs.b && inputs.a == 'x'", "true"),
    ] {
        assert_eq!(evaluate(expression, &value), expected, "{expression}");
    }
    assert_eq!(replace("<${{ inputs.a }}/${{ inputs.b }}>", &value), "<x/>");
}
