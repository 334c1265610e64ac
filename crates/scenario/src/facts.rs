//! The facts of a trial as CEL values.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, ExecutionError};
use serde_json::{Map, Value, json};

/// The variable in which missing keys have the value 0.
pub(crate) const COUNTERS: &str = "counters";

/// The accept queue of the only destination, and the facts of each of several: an empty map if
/// there is only one.
pub(crate) const QUEUE: &str = "queue";
pub(crate) const DESTINATIONS: &str = "destinations";

/// Every fact except the settings, with sample values.
pub(crate) fn sample() -> Value {
    json!({
        "attempts": 1,
        "outcomes": {
            "ok": 1, "refused": 1, "timed_out": 1, "reset": 1,
            "phantom": 1, "no_port": 1, "incomplete": 1, "server_down": 1,
            "self_connected": 1, "unconfirmed": 1,
        },
        "success_rate": 1.0,
        "first_try_rate": 1.0,
        "rates": { "offered": 1.0, "ingested": 1.0, "delivered": 1.0, "responses": 1.0 },
        "integrity": {
            "lost": 1, "doubled": 1, "reordered": 1,
            "echoed": 1, "foreign": 1, "broken_streams": 1,
        },
        "dropped": 1,
        "closed": {
            "max_clients": 1, "no_thread": 1, "no_memory": 1, "frame_timeout": 1,
            "idle_timeout": 1, "write_timeout": 1, "queue_full": 1,
        },
        COUNTERS: { "server": {}, "client": {} },
        QUEUE: { "depth": 1, "limit": 1, "drops": 1 },
        DESTINATIONS: {},
        "accept_wait": { "median_s": 1.0, "worst_s": 1.0 },
        "held_bytes": 1,
        "restart": { "refused": 1, "seconds": 1.0 },
        "server_died": "SIGPIPE",
        "probe": {
            "deepest": 1, "syn_recv": 1, "established": 1, "time_wait": 1, "fin_wait_2": 1,
        },
        "connect": { "worst_s": 1.0 },
        "response": { "answers": 1, "median_s": 1.0, "p99_s": 1.0, "worst_s": 1.0 },
    })
}

/// Adds what a load with these destinations has, `always` or in some cells: facts of each of them,
/// and no queue that is the only one.
pub(crate) fn add_destinations(
    sample: &mut Value,
    ports: impl IntoIterator<Item = u16>,
    always: bool,
) {
    let names = ["attempts", "outcomes", "success_rate", QUEUE, "connect", "response"];
    let facts: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), sample[*name].clone())).collect();
    let of_port = |port: u16| (port.to_string(), Value::Object(facts.clone()));
    let destinations: Map<String, Value> = ports.into_iter().map(of_port).collect();
    sample[DESTINATIONS] = Value::Object(destinations);
    if always {
        sample[QUEUE] = json!({ "drops": 1 });
    }
}

/// CEL's own functions.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A context with the facts as variables, and with the lab's functions.
pub(crate) fn context(facts: &Value) -> Context<'static, 'static> {
    let mut context = Context::with_env(STANDARD.clone());
    for (name, value) in facts.as_object().into_iter().flatten() {
        context.add_variable_from_value(name.as_str(), to_cel(value));
    }
    let functions = [
        context.add_function("min", |a: cel::Value, b: cel::Value| pick("min", a, b)),
        context.add_function("max", |a: cel::Value, b: cel::Value| pick("max", a, b)),
        context.add_function("seconds", seconds),
    ];
    debug_assert!(functions.iter().all(Result::is_ok), "CEL has a function of that name");
    context
}

/// Whole numbers become `int`, never CEL's `uint`: `attempts - 1` must work.
fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(truth) => cel::Value::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => cel::Value::Int(integer),
            None => cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(to_cel).collect::<Vec<_>>().into(),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| (key.as_str(), to_cel(value)))
            .collect::<HashMap<_, _>>()
            .into(),
    }
}

fn pick(name: &str, a: cel::Value, b: cel::Value) -> Result<cel::Value, ExecutionError> {
    let number = |value: &cel::Value| match value {
        cel::Value::Int(integer) => Ok(*integer as f64),
        cel::Value::Float(number) => Ok(*number),
        _ => Err(ExecutionError::function_error(name, "it takes two numbers")),
    };
    let a_is_less = number(&a)? <= number(&b)?;
    Ok(if a_is_less == (name == "min") { a } else { b })
}

/// A time such as `load.connect_deadline`, in seconds.
fn seconds(time: Arc<String>) -> Result<f64, ExecutionError> {
    humantime::parse_duration(&time)
        .map(|time| time.as_secs_f64())
        .map_err(|error| ExecutionError::function_error("seconds", error))
}

/// The path of a fact as a CEL expression.
pub(crate) fn path_text(path: &[String]) -> String {
    let mut text = String::new();
    for step in path {
        let is_number = step.starts_with(|c: char| c.is_ascii_digit());
        let plain = !is_number && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match (plain, text.is_empty()) {
            (_, true) => text.push_str(step),
            (true, false) => text.extend([".", step]),
            (false, false) => text.extend(["[\"", step, "\"]"]),
        }
    }
    text
}
