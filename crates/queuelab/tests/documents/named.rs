//! Checks what a command names, if no test can run it: flags, recipes, files, tests, versions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::command::without_prefix;
use crate::page::repository;
use crate::place::Place;

/// Checks a command without running it.
///
/// # Errors
/// What it names and does not exist.
pub(crate) fn check(text: &str, place: &Place) -> Result<(), String> {
    check_version(text)?;
    let text = without_prefix(text);
    // Only the first program of a pipe is ours.
    let end = [" | ", " > ", " && "].iter().filter_map(|end| text.find(end)).min();
    let text = &text[..end.unwrap_or(text.len())];
    let words: Vec<_> = text.split_whitespace().collect();
    match words[..] {
        ["cargo", "lab", ..] => parse(&text["cargo lab".len()..], place),
        ["queuelab", ..] => parse(&text["queuelab".len()..], place),
        [program, ..] if program.ends_with("/queuelab") => parse(&text[program.len()..], place),
        ["docker", "run", ..] => check_container(text, place),
        ["docker", "compose", ..] | ["docker-compose", ..] => exists("compose.yaml"),
        ["docker", "pull", _] | ["curl" | "tar" | "kill" | "cat", ..] => Ok(()),
        ["just", recipe, ref arguments @ ..] => check_recipe(recipe, arguments),
        ["bash", file] => exists(file),
        [".ci/release", step, ..] => {
            let script = fs::read_to_string(repository().join(".ci/release")).unwrap();
            let has = script.contains(&format!("{step})")) || script.contains(&format!("{step}()"));
            if has { Ok(()) } else { Err(format!(".ci/release has no step `{step}`")) }
        }
        ["cargo", ref arguments @ ..] => check_cargo(arguments),
        _ => {
            Err("what it names cannot be checked: `named.rs` does not know its program".to_owned())
        }
    }
}

/// Lets the program parse arguments: `--help` after them is reached only if all before it are
/// valid.
fn parse(arguments: &str, place: &Place) -> Result<(), String> {
    let line = match arguments.split_once(" -- ") {
        Some((own, others)) => format!("queuelab{own} --help -- {others}"),
        None => format!("queuelab{arguments} --help"),
    };
    let output = place.shell(&line, 100).output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{line}` fails: {}", String::from_utf8_lossy(&output.stderr)))
}

/// A container of the image: what follows its name are the program's arguments.
fn check_container(text: &str, place: &Place) -> Result<(), String> {
    match text.split_once("/queuelab:").and_then(|(_, rest)| rest.split_once(' ')) {
        Some((_version, arguments)) => parse(&format!(" {arguments}"), place),
        None => Ok(()),
    }
}

/// A version of the program is this one.
fn check_version(text: &str) -> Result<(), String> {
    static VERSION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:queuelab[-:@]v?|download/v)(\d+\.\d+\.\d+)").unwrap());
    let this = env!("CARGO_PKG_VERSION");
    match VERSION.captures_iter(text).find(|found| &found[1] != this) {
        Some(found) => Err(format!("it names version {}, and this is {this}", &found[1])),
        None => Ok(()),
    }
}

fn exists(file: &str) -> Result<(), String> {
    let is_there = repository().join(file).exists();
    if is_there { Ok(()) } else { Err(format!("there is no {file}")) }
}

/// A recipe of the Justfile takes so many arguments.
fn check_recipe(recipe: &str, arguments: &[&str]) -> Result<(), String> {
    let text = fs::read_to_string(repository().join("Justfile")).unwrap();
    let heads = text.lines().filter(|line| !line.starts_with([' ', '#']));
    let heads = heads.filter_map(|line| line.split_once(':'));
    let mut heads = heads.map(|(head, _)| head.split_whitespace().collect::<Vec<_>>());
    let head = heads.find(|head| head.first() == Some(&recipe));
    let head = head.ok_or_else(|| format!("the Justfile has no recipe `{recipe}`"))?;
    let takes_any = head.last().is_some_and(|last| last.starts_with(['*', '+']));
    let least = head[1..].iter().filter(|it| !it.contains('=') && !it.starts_with('*')).count();
    let is_so = arguments.len() >= least && (takes_any || arguments.len() < head.len());
    if is_so { Ok(()) } else { Err(format!("the recipe is `{}`", head.join(" "))) }
}

/// A command of cargo: files and tests that it names exist.
fn check_cargo(arguments: &[&str]) -> Result<(), String> {
    let own = arguments.split(|word| *word == "--").next().unwrap_or_default();
    let mut words = own.iter();
    let is_test = own.first() == Some(&"test");
    while let Some(word) = words.next() {
        match *word {
            "--manifest-path" | "--path" => exists(words.next().copied().unwrap_or_default())?,
            "-p" | "--package" => {
                exists(&format!("crates/{}", words.next().copied().unwrap_or_default()))?;
            }
            "--test" => {
                let name = words.next().copied().unwrap_or_default();
                let crates = fs::read_dir(repository().join("crates")).unwrap();
                let mut tests =
                    crates.map(|folder| folder.unwrap().path().join("tests").join(name));
                if !tests.any(|test| test.join("main.rs").exists()) {
                    return Err(format!("no crate has a test `{name}`"));
                }
            }
            "test" | "NAME" => {}
            name if is_test && !name.starts_with('-') => {
                let names = names_in_tests();
                for part in name.split("::") {
                    if !names.iter().any(|known| known.contains(part)) {
                        return Err(format!("no test or module has `{part}` in its name"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The names of all functions and modules.
fn names_in_tests() -> &'static BTreeSet<String> {
    static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut names = BTreeSet::new();
        add_names(&repository().join("crates"), &mut names);
        names
    });
    &NAMES
}

fn add_names(folder: &Path, names: &mut BTreeSet<String>) {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:fn|mod) (\w+)").unwrap());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_names(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            names.extend(NAME.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
}
