//! One point of the search: the settings that differ from the lab's defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use load_generator::ConnectRate;
use scenario::{AnyKernel, CellSettings, Overrides, ScenarioFile, Source};
use serde_json::{Map, Value, json};

/// What a path of a sysctl has between its host and the sysctl's name.
const SYSCTLS: &str = ".sysctls.";

/// The settings that a combination states, by path, as in `--set`. All others have the
/// lab's default.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Combination {
    /// The template that it was made from.
    pub(crate) template: String,
    settings: BTreeMap<String, Value>,
    /// The paths that were changed in the template.
    pub(crate) varied: Vec<String>,
}

impl Combination {
    /// The settings of a template, which has the sections of a scenario.
    pub(crate) fn from_template(name: &str, template: &Value) -> Self {
        let mut settings = BTreeMap::new();
        for (section, fields) in template.as_object().expect("a template is a mapping") {
            for (field, value) in fields.as_object().expect("a section is a mapping") {
                let path = format!("{section}.{field}");
                match value.get("sysctls") {
                    None => drop(settings.insert(path, value.clone())),
                    Some(sysctls) => {
                        settings.extend(
                            sysctls.as_object().expect("sysctls are a mapping").iter().map(
                                |(name, value)| (format!("{path}{SYSCTLS}{name}"), value.clone()),
                            ),
                        )
                    }
                }
            }
        }
        Self { template: name.to_owned(), settings, varied: Vec::new() }
    }

    /// The paths of the stated settings.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.settings.keys().map(String::as_str)
    }

    /// States the value of a setting.
    pub(crate) fn vary(&mut self, path: &str, value: Value) {
        self.settings.insert(path.to_owned(), value);
        self.varied.push(path.to_owned());
    }

    /// The combination with another value of a setting; with its default if that is `None`.
    pub(crate) fn with(&self, path: &str, value: Option<Value>) -> Self {
        let mut changed = self.clone();
        match value {
            Some(value) => drop(changed.settings.insert(path.to_owned(), value)),
            None => drop(changed.settings.remove(path)),
        }
        changed
    }

    /// A stated number, or the default.
    pub(crate) fn number(&self, path: &str, default: i64) -> i64 {
        self.settings.get(path).and_then(Value::as_i64).unwrap_or(default)
    }

    fn is_true(&self, path: &str) -> bool {
        self.settings.get(path).and_then(Value::as_bool) == Some(true)
    }

    /// A stated text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.settings.get(path).and_then(Value::as_str)
    }

    /// A stated time in seconds, or the default.
    fn seconds(&self, path: &str, default: f64) -> f64 {
        let parsed = self.text(path).and_then(|text| humantime::parse_duration(text).ok());
        parsed.as_ref().map_or(default, Duration::as_secs_f64)
    }

    /// The longest time that its trial should take, seconds.
    pub(crate) fn longest(&self) -> f64 {
        let clients = self.number("load.clients", 50) as f64;
        let rate = self.settings.get("load.connect_rate");
        let rate: Option<ConnectRate> =
            rate.and_then(|rate| serde_json::from_value(rate.clone()).ok());
        let spread = rate.map_or(0.0, |rate| rate.due_after(clients as u32).as_secs_f64());
        let messages = self.number("load.messages", 10) as f64;
        // In a closed loop, each client may wait for a server that does not accept.
        let in_a_loop = matches!(self.text("load.pattern"), Some("one_by_one" | "concurrent"));
        let waits = ["server.accept_paused", "server.hold_acks"].map(|path| self.is_true(path));
        let in_turn = if in_a_loop && waits.contains(&true) { clients } else { 1.0 };
        let deadlines =
            self.seconds("load.connect_deadline", 2.0) + self.seconds("load.finish_deadline", 20.0);
        spread
            + in_turn * deadlines
            + self.seconds("load.linger", 0.0) * self.rounds(clients)
            + self.seconds("load.send_delay", 0.02)
            + messages * self.seconds("load.interval", 0.005)
            + clients * self.seconds("server.accept_delay", 0.0)
            + self.seconds("after.restart_within", 0.0)
            + self.seconds("after.watch_closing", 0.0)
    }

    /// How many of its attempts follow one another, each with its own linger.
    fn rounds(&self, clients: f64) -> f64 {
        match self.text("load.pattern") {
            Some("one_by_one") => clients,
            Some("concurrent") => {
                (clients / self.number("load.concurrency", 1).max(1) as f64).ceil()
            }
            _ => 1.0,
        }
    }

    /// The settings of its cell; `None` if the lab does not accept them, as far as that does
    /// not depend on the kernel.
    pub(crate) fn cell(&self) -> Option<CellSettings> {
        let (name, path) = ("combination".to_owned(), "combination.yaml".to_owned());
        let source = Source { text: self.scenario(&name), name, path };
        let plan = ScenarioFile::from_source(source).plan(&Overrides::default(), &AnyKernel);
        plan.ok()?.cells.pop().map(|cell| cell.settings)
    }

    /// A scenario file of one cell.
    pub(crate) fn scenario(&self, name: &str) -> String {
        let mut root = json!({
            "name": name,
            "question": format!("Does every law hold in a change of `{}`?", self.template),
        });
        for (path, value) in &self.settings {
            let (steps, last) = match path.split_once(SYSCTLS) {
                Some((host, sysctl)) => {
                    (host.split('.').chain(["sysctls"]).collect::<Vec<_>>(), sysctl)
                }
                None => {
                    let (section, field) = path.split_once('.').expect("a section and a field");
                    (vec![section], field)
                }
            };
            let mut node = &mut root;
            for step in steps {
                let fields = node.as_object_mut().expect("a mapping");
                node = fields.entry(step).or_insert_with(|| Value::Object(Map::new()));
            }
            node[last] = value.clone();
        }
        serde_saphyr::to_string(&root).expect("JSON is YAML")
    }
}

/// The template, and what was changed in it.
impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.template)?;
        for path in &self.varied {
            write!(f, ", {path}={}", self.settings.get(path).unwrap_or(&Value::Null))?;
        }
        Ok(())
    }
}
