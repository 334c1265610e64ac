//! The points of a matrix, and the check of their settings.

use std::collections::{HashMap, HashSet};

use chat_protocol::Codec;
use chat_server::ClosesFirst;
use indexmap::IndexMap;
use load_generator::{Dialogue, LoadSettings, check_settings};
use pattern::Patterns;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::axis::{PlacedAxis, path_steps};
use crate::cell::Cell;
use crate::limits::{Limits, MAX_PROBLEMS};
use crate::model::{CellSettings, Scenario};
use crate::overrides::plain;
use crate::place::Place;
use crate::placeholders::unknown;
use crate::problem::Problem;
use crate::server::Server;
use crate::tree::Node;

/// Every point of the matrix; the last axis varies fastest.
pub(crate) fn cells(
    scenario: &Scenario,
    axes: &[PlacedAxis],
    tree: &Node,
    limits: &Limits,
    patterns: &mut Patterns,
    problems: &mut Vec<Problem>,
) -> Vec<Cell> {
    let count = axes.iter().map(|axis| axis.values.len()).product();
    let mut hosts = Section::new("hosts", &scenario.hosts, axes);
    let mut server = Section::new("server", &scenario.server, axes);
    let mut load = Section::new("load", &scenario.load, axes);
    let mut after = Section::new("after", &scenario.after, axes);
    let mut reported = HashSet::new();
    let mut cells = Vec::with_capacity(count);
    for index in 0..count {
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
        let chosen = choose(index, axes);
        // Each value has already been checked against the type of its setting.
        let (Some(hosts), Some(server), Some(load), Some(after)) =
            (hosts.read(&chosen), server.read(&chosen), load.read(&chosen), after.read(&chosen))
        else {
            // Each value fits its setting, but not with the section or another axis: two
            // dialogues, for example.
            let place = tree.place_of(&["matrix"]);
            if reported.insert((place.clone(), String::new())) {
                let message = "the axes do not fit together, or not with the settings of a section";
                problems.push(Problem::new(place, message));
            }
            continue;
        };
        let written = load.clone();
        let load = load.without_unused_messages();
        let settings = CellSettings { hosts, server, load, after };
        let point: IndexMap<String, Value> = axes
            .iter()
            .zip(&chosen)
            .map(|(axis, (value, _))| (axis.path.clone(), value.clone()))
            .collect();
        for Misfit { path, because_of, reason, advice } in
            misfits(&settings, &written, limits, patterns)
        {
            let written = |path: &str| {
                let steps = path_steps(path);
                axis_place(path, axes, &chosen)
                    .or_else(|| tree.get(&steps).map(|_| tree.place_of(&steps)))
            };
            let place = written(&path)
                .or_else(|| because_of.iter().find_map(|path| written(path)))
                .unwrap_or_else(|| tree.place_of(&path_steps(&path)));
            // A value that fits in no cell is reported once, not once per cell.
            if reported.insert((place.clone(), path.clone())) {
                let first =
                    (!point.is_empty()).then(|| format!("first in the cell {}", named(&point)));
                let help: Vec<_> = advice.into_iter().chain(first).collect();
                let help = (!help.is_empty()).then(|| help.join("; "));
                let problem = Problem::new(place, format!("{path}: {reason}"));
                problems.push(problem.maybe_help(help));
            }
        }
        cells.push(Cell { index, point, settings });
    }
    cells
}

/// The values of cell `index`, whose digits are positions on the axes; the last axis is
/// the lowest digit.
pub(crate) fn choose(mut index: usize, axes: &[PlacedAxis]) -> Vec<&(Value, Place)> {
    let mut chosen: Vec<_> = axes
        .iter()
        .rev()
        .map(|axis| {
            let digit = index % axis.values.len();
            index /= axis.values.len();
            &axis.values[digit]
        })
        .collect();
    chosen.reverse();
    chosen
}

/// Where the value that a cell has on the axis `path` was written.
pub(crate) fn axis_place(
    path: &str,
    axes: &[PlacedAxis],
    chosen: &[&(Value, Place)],
) -> Option<Place> {
    let index = axes.iter().position(|axis| axis.path == path)?;
    chosen.get(index).map(|(_, place)| place.clone())
}

/// A section of the settings: read once for each combination of values on its own
/// axes, as there can be many more cells than these.
struct Section<T> {
    base: Value,
    /// Positions of its axes among all, and their paths in the section.
    axes: Vec<(usize, Vec<String>)>,
    read: HashMap<String, T>,
}

impl<T: Clone + Serialize + DeserializeOwned> Section<T> {
    fn new(name: &str, base: &T, axes: &[PlacedAxis]) -> Self {
        let own = axes.iter().enumerate().filter_map(|(position, axis)| {
            let steps = path_steps(&axis.path);
            let (first, rest) = steps.split_first()?;
            (first == name).then(|| (position, rest.to_vec()))
        });
        Self {
            base: serde_json::to_value(base).unwrap_or_default(),
            axes: own.collect(),
            read: HashMap::new(),
        }
    }

    /// The section of the cell with these values; `None` if they do not fit its type.
    fn read(&mut self, chosen: &[&(Value, Place)]) -> Option<T> {
        let values: Vec<_> = self.axes.iter().map(|(position, _)| &chosen[*position].0).collect();
        let key = format!("{values:?}");
        if let Some(section) = self.read.get(&key) {
            return Some(section.clone());
        }
        let mut section = self.base.clone();
        for ((_, steps), value) in self.axes.iter().zip(values) {
            put(&mut section, steps, value);
        }
        let section: T = serde_json::from_value(section).ok()?;
        self.read.insert(key, section.clone());
        Some(section)
    }
}

fn put(section: &mut Value, steps: &[String], value: &Value) {
    let mut node = section;
    for step in steps {
        // A name such as `chat` is replaced by a mapping such as `{http: {…}}`.
        if !node.is_object() {
            *node = Value::Object(Map::new());
        }
        node = &mut node[step.as_str()];
    }
    *node = value.clone();
}

/// A setting that the server or load rejects.
struct Misfit {
    /// The setting.
    path: String,
    /// The settings that it conflicts with; the setting itself may be a default.
    because_of: &'static [&'static str],
    reason: String,
    /// What to do.
    advice: Option<String>,
}

/// The misfits of settings, whose load was `written` before unused settings were removed.
fn misfits(
    settings: &CellSettings,
    written: &LoadSettings,
    limits: &Limits,
    patterns: &mut Patterns,
) -> Vec<Misfit> {
    let CellSettings { server, load, .. } = settings;
    let mut misfits = Vec::new();
    let misfit = |path: &str, reason| Misfit {
        path: path.to_owned(),
        because_of: &[],
        reason,
        advice: None,
    };
    if let Some((path, reason, advice)) = limits.of_trial(settings) {
        misfits.push(Misfit { advice: Some(advice), ..misfit(path, reason) });
    }
    let (section, problems) = match server {
        Server::Chat(chat) => ("server", chat_server::check_settings(chat)),
        Server::Command(command) => {
            ("server.command", program_server::check_settings(command, patterns))
        }
        Server::Image(image) => ("server.image", program_server::check_image(image, patterns)),
    };
    misfits
        .extend(problems.into_iter().map(|p| misfit(&format!("{section}.{}", p.field), p.reason)));
    misfits.extend(unknown(settings).into_iter().map(|(path, reason)| misfit(&path, reason)));
    misfits.extend(other_dialogue(server, load));
    misfits.extend(other_port(server, load));
    let server = server.listening();
    if let Some(reason) = never_closed(server.closes_first, server.close_after, load.messages) {
        misfits.push(Misfit {
            because_of: &["server.closes_first", "load.messages"],
            ..misfit("server.close_after", reason)
        });
    }
    if let Err(error) = Codec::new(server.framing, server.largest_body) {
        misfits.push(misfit("server.largest_body", error.to_string()));
        // The size of the load is checked against it.
        return misfits;
    }
    let problems = check_settings(written, server.framing, server.largest_body, patterns);
    misfits.extend(problems.into_iter().map(|p| misfit(&format!("load.{}", p.field), p.reason)));
    misfits
}

/// A dialogue that the server does not speak.
fn other_dialogue(server: &Server, load: &LoadSettings) -> Option<Misfit> {
    let misfit = |because_of, reason: &str, advice: &str| Misfit {
        path: "load.dialogue".to_owned(),
        because_of,
        reason: reason.to_owned(),
        advice: Some(advice.to_owned()),
    };
    match server {
        Server::Chat(_) if load.dialogue.expects_answers() => Some(misfit(
            &["server"],
            "the lab's chat server answers neither HTTP requests nor an exchange",
            "use `dialogue: chat` or `dialogue: none`, or name the server under test in \
             `server.command` or `server.image`",
        )),
        Server::Command(_) | Server::Image(_)
            if load.dialogue == Dialogue::Chat && load.messages > 0 =>
        {
            Some(misfit(
                &["load.messages", "server"],
                "only the lab's chat server is known to speak the chat's protocol",
                "use `dialogue: none` to connect only, `http` or `exchange`",
            ))
        }
        _ => None,
    }
}

/// A destination on which the chat server does not listen.
fn other_port(server: &Server, load: &LoadSettings) -> Option<Misfit> {
    let own = server.chat()?.port;
    let other = load.ports().into_iter().find(|port| *port != own)?;
    Some(Misfit {
        path: "load.destinations".to_owned(),
        because_of: &["server.port", "server"],
        reason: format!(
            "the lab's chat server listens on one port, {own} (server.port), and not on {other}"
        ),
        advice: Some(
            "leave it out, or name a server that listens on several ports in `server.command` or \
             `server.image`"
                .to_owned(),
        ),
    })
}

/// Why a server that closes first would never close.
fn never_closed(closes_first: ClosesFirst, close_after: u32, messages: u32) -> Option<String> {
    if closes_first == ClosesFirst::Client {
        return None;
    }
    match (close_after, messages) {
        (0, 1..) => Some(format!(
            "the server closes as soon as it accepts, and does not read the {messages} messages \
             of load.messages: use load.messages 0, or a close_after from 1 to {messages}"
        )),
        (1.., 0) => Some(format!(
            "the server waits for {close_after} messages, but load.messages is 0, and \
             neither side would ever close: use close_after 0, or some messages"
        )),
        _ if close_after > messages => Some(format!(
            "the server waits for {close_after} messages, but a client sends {messages} \
             (load.messages), and neither side would ever close: use a close_after from 1 to \
             {messages}, or more messages"
        )),
        _ => None,
    }
}

fn named(point: &IndexMap<String, Value>) -> String {
    let values = point.iter().map(|(path, value)| format!("{path}={}", plain(value)));
    values.collect::<Vec<_>>().join(", ")
}
