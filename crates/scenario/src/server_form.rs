//! The forms in which a scenario names its server.

use crate::axis::PlacedAxis;
use crate::problem::Problem;
use crate::tree::Node;

/// The long form of a section of the chat server's settings.
const CHAT: &str = "chat";

/// The beginning of the paths of its settings, and that of the short form.
const CHAT_PATH: &str = "server.chat.";
const SHORT_PATH: &str = "server.";

/// The keys of other servers.
const OTHERS: [&str; 2] = ["command", "image"];

/// A path in the short form: `server.chat.backlog` is `server.backlog`.
pub(crate) fn short_path(path: &str) -> String {
    match path.strip_prefix(CHAT_PATH) {
        Some(setting) => format!("{SHORT_PATH}{setting}"),
        None => path.to_owned(),
    }
}

/// Turns the long form, `server: {chat: {…}}`, into the short one, in the scenario and in its
/// quick form, and the paths of axes.
pub(crate) fn shorten(tree: &mut Node, problems: &mut Vec<Problem>) {
    for parents in [&[][..], &["quick"][..]] {
        let path = |last: &[&str]| -> Vec<String> {
            parents.iter().chain(last).map(|&step| step.to_owned()).collect()
        };
        shorten_section(tree, &path(&["server"]), problems);
        rename_axes(tree, &path(&["matrix"]), problems);
    }
}

fn shorten_section(tree: &mut Node, server: &[String], problems: &mut Vec<Problem>) {
    let chat = [server, &[CHAT.to_owned()]].concat();
    let Some(entries) = tree.get(&chat).and_then(Node::entries).cloned() else { return };
    for (name, entry) in entries {
        let short = [server, std::slice::from_ref(&name)].concat();
        if tree.get(&short).is_some() {
            let message = format!("`{name}` is set twice: here and in `chat`");
            problems.push(Problem::new(tree.place_of(&short), message).help("remove one of them"));
        }
        tree.set(&short, entry);
    }
    tree.remove(&chat);
}

fn rename_axes(tree: &mut Node, matrix: &[String], problems: &mut Vec<Problem>) {
    let Some(axes) = tree.get(matrix).and_then(Node::entries).cloned() else { return };
    if !axes.keys().any(|path| path.starts_with(CHAT_PATH)) {
        return;
    }
    tree.remove(matrix);
    for (path, entry) in axes {
        let place = [matrix, &[short_path(&path)]].concat();
        if tree.get(&place).is_some() {
            let message = format!("`{path}` is an axis twice, in its long and in its short form");
            problems.push(Problem::new(entry.key.clone(), message).help("remove one of them"));
        }
        tree.set(&place, entry);
    }
}

/// Checks that each axis of a server's setting varies the server that the scenario has.
pub(crate) fn check_axes(tree: &Node, axes: &[PlacedAxis], problems: &mut Vec<Problem>) {
    let given = OTHERS.into_iter().find(|key| tree.get(&["server", key]).is_some());
    for PlacedAxis { path, .. } in axes {
        let Some(setting) = path.strip_prefix(SHORT_PATH) else { continue };
        let of = OTHERS.into_iter().find(|key| setting.starts_with(&format!("{key}.")));
        if of == given {
            continue;
        }
        let place = tree.key_place(&["matrix", path]).cloned();
        let place = place.unwrap_or_else(|| tree.place_of(&["matrix"]));
        let problem = match (of, given) {
            (Some(of), _) => {
                Problem::new(place, format!("`{path}` varies a server that the scenario has not"))
                    .help(format!("add a section `server.{of}`"))
            }
            (None, given) => {
                let given = given.unwrap_or(CHAT);
                let message = format!("`{path}` is a setting of the chat server");
                Problem::new(place, message).help(format!(
                    "the server of the scenario is a {given}: its settings are \
                     `server.{given}.…`"
                ))
            }
        };
        problems.push(problem);
    }
}
