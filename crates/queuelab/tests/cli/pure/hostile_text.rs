//! Text from files and peers that would control a terminal, in every field that has text.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};

use run_record::RunDirectory;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{all_output, fake_command, queuelab, runs, suite_directory, text};

/// Moves the cursor, sets the title and the colour, rings, reverses, hides, splits the line and
/// gives a command to GitHub.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{9d}8;;http://x\u{9c}\u{7f}\u{8}\r\
                       \u{202e}\u{2066}\u{200e}\u{200f}\u{200b}\u{ad}\u{feff}\u{2028}\u{85}\
                       \u{e0041}\n::error ::forged\nHeld: all checks\t<b>|`";

/// Asserts that an output has no character that controls how others are shown.
fn assert_safe(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("{what} is not UTF-8"));
    let controls = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(
                c,
                '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                    | '\u{e0000}'..='\u{e007f}'
            )
    };
    if let Some(at) = text.find(controls) {
        let start = text.floor_char_boundary(at.saturating_sub(60));
        let end = text.floor_char_boundary(at + 20);
        panic!("{what}: {:?}", &text[start..end]);
    }
}

fn assert_output_is_safe(what: &str, output: &Output) {
    assert!(output.status.code().is_some_and(|code| code != 1), "{what}: {}", all_output(output));
    assert_safe(&format!("stdout of {what}"), &output.stdout);
    assert_safe(&format!("stderr of {what}"), &output.stderr);
    let printed = all_output(output);
    let forged = printed.lines().find(|line| line.trim_start().starts_with("::error ::"));
    assert_eq!(forged, None, "{what}: a text became a command to GitHub: {printed}");
}

/// Every document that is written for people.
const DOCUMENTS: &[&str] = &["html", "md", "xml", "svg", "csv"];
/// With what is written for programs, which a person may print with `cat`.
const ALL_FILES: &[&str] = &["html", "md", "xml", "svg", "csv", "json", "jsonl"];

/// Checks the files of a run or suite with these endings.
fn assert_files_are_safe(folder: &Path, endings: &[&str]) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        match ending.as_str() {
            _ if path.is_dir() => assert_files_are_safe(&path, endings),
            ending if endings.contains(&ending) => {
                assert_safe(&path.display().to_string(), &fs::read(&path).unwrap());
            }
            _ => {}
        }
    }
}

/// A text as YAML, with escapes for what YAML must escape.
fn yaml(text: &str) -> String {
    let escaped = |c: char| match c {
        ' ' | '0'..='9' | 'A'..='Z' | 'a'..='z' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// A scenario with such text wherever YAML allows text.
fn scenario(name: &str) -> String {
    let text = yaml(HOSTILE);
    format!(
        "name: {name}\nquestion: {text}\ndescription: {text}\nheadline: {{ metric: success, over: \
         server.backlog }}\nload: {{ clients: 3, messages: 0 }}\nmatrix:\n  server.backlog: [8, 9]\n\
         expect:\n  - that: outcomes.ok == 2\n    because: {text}\n  - that: \
         server_died == {text}\n    when: server_died != {text}\n    because: {text}\n"
    )
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = folder.path().join("scenarios");
    fs::create_dir(&scenarios).unwrap();
    let file = |name: &str, text: &str| fs::write(scenarios.join(name), text).unwrap();
    let scenario = scenario("hostile");
    file("hostile.yaml", &scenario);
    file("\u{1b}[2J\u{202e}.yaml", "name: x\nquestion: y\n");
    let text = yaml(HOSTILE);
    file(
        "many.yaml",
        &format!("name: many\nquestion: {text}\ndescription: {text}\nsuite: [hostile]\n"),
    );
    file("unknown.yaml", &format!("name: unknown\nquestion: q\nsuite: [{text}]\n"));
    file("key.yaml", &format!("name: key\nquestion: q\n{text}: 1\nserver: {{ design: {text} }}\n"));
    file("axis.yaml", &format!("name: axis\nquestion: q\nmatrix: {{ {text}: [{text}] }}\n"));
    file(
        "sysctl.yaml",
        &format!(
            "name: sysctl\nquestion: q\nhosts: {{ server: {{ sysctls: {{ {text}: {text}, \
             net.core.somaxconn: {text} }} }} }}\n"
        ),
    );
    file("raw.yaml", "name: raw\nquestion: \u{202e}q\u{2066}\nnope\u{202e}: 1\n# \u{1b}[2J\n");
    file("control.yaml", "name: control\u{1b}[2J\nquestion: \u{9b}31m\u{7f}\n");
    file(
        "expression.yaml",
        "name: expression\nquestion: q\nexpect:\n  - that: \"a \\e[2J + \\u202e\"\n",
    );
    folder
}

/// The output of a command in a folder, which must be safe.
fn safe_output(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = fake_command(arguments, "{}");
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_output_is_safe(&arguments.join(" "), &output);
    output
}

#[test]
fn no_command_prints_what_a_scenario_file_would_do_to_the_terminal() {
    let folder = folder();
    let run = |arguments: &[&str]| safe_output(&folder, arguments);
    run(&["list"]);
    run(&["explain"]);
    for name in [
        "hostile",
        "many",
        "unknown",
        "key",
        "axis",
        "sysctl",
        "raw",
        "control",
        "expression",
        "\u{1b}[2J\u{202e}",
        "scenarios/\u{1b}[2J\u{202e}.yaml",
        "missing\u{1b}[2J",
        "missing\u{202e}.yaml",
        HOSTILE,
    ] {
        for command in ["check", "show", "predict", "explain", "report", "run"] {
            run(&[command, name]);
        }
        run(&["predict", "--simulate", name]);
        run(&["compare", name, name]);
        run(&["serve", name]);
    }
    for flag in ["--set", "--only"] {
        for pair in [format!("{HOSTILE}=1"), format!("server.{HOSTILE}={HOSTILE}")] {
            run(&["show", "hostile", flag, &pair]);
        }
    }
    run(&[HOSTILE]);
    run(&["show", &format!("--{HOSTILE}")]);
    run(&["list", "--backend", HOSTILE]);
    run(&["chat", &format!("{HOSTILE}:80")]);
    run(&["load", &format!("{HOSTILE}:80")]);
}

/// Both a person and a program can read it.
#[test]
fn what_show_prints_of_such_a_scenario_is_that_scenario() {
    let folder = folder();
    let shown = safe_output(&folder, &["show", "hostile"]);
    assert!(shown.status.success(), "{}", all_output(&shown));
    let again = folder.path().join("again");
    fs::create_dir(&again).unwrap();
    let copy = again.join("hostile.yaml");
    fs::write(&copy, &shown.stdout).unwrap();
    let copy = copy.to_str().unwrap();
    let shown_again = safe_output(&folder, &["show", copy]);
    assert_eq!(text(&shown_again.stdout), text(&shown.stdout));
    assert_eq!(safe_output(&folder, &["check", copy]).status.code(), Some(0));
    for scenario in ["hostile", copy] {
        let out = tempfile::tempdir().unwrap();
        let run = ["run", scenario, "--backend", "fake", "--no-report", "--out"];
        safe_output(&folder, &[&run[..], &[out.path().to_str().unwrap()]].concat());
        let (record, _) = RunDirectory::read(&runs(out.path()).remove(0)).unwrap();
        assert_eq!(record.scenario.question, HOSTILE);
        assert_eq!(record.scenario.resolved["expect"][0]["because"], HOSTILE);
        assert_eq!(record.planned_trials, 2);
    }
}

#[test]
fn a_run_of_such_a_scenario_prints_and_writes_nothing_that_controls() {
    let folder = folder();
    let run = |arguments: &[&str]| safe_output(&folder, arguments);
    let output = run(&["run", "hostile", "--backend", "fake"]);
    assert_eq!(output.status.code(), Some(3), "its expectation fails: {}", all_output(&output));
    let out = folder.path().join("reports/runs");
    let first = runs(&out).remove(0);
    assert_files_are_safe(&first, ALL_FILES);
    let output = run(&["run", "many", "--backend", "fake"]);
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let suite = suite_directory(&out, "many");
    for directory in [&first, &suite] {
        let path = directory.to_str().unwrap();
        run(&["report", path]);
        run(&["report", "--annotate", path]);
        for format in ["text", "markdown", "json"] {
            let output = run(&["compare", path, path, "--format", format]);
            if format == "json" {
                serde_json::from_slice::<Value>(&output.stdout).unwrap();
            }
        }
        assert_files_are_safe(directory, ALL_FILES);
    }
}

/// Calls a function for every string of a JSON value, one after the other.
fn for_each_text(value: &mut Value, change: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(values) => values.iter_mut().for_each(|value| for_each_text(value, change)),
        Value::Object(entries) => {
            entries.values_mut().for_each(|value| for_each_text(value, change));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The same record, with hostile text after each text where the type allows any text.
fn hostile(record: &Value, is_readable: impl Fn(&Value) -> bool) -> Value {
    let mut texts = 0;
    for_each_text(&mut record.clone(), &mut |_| texts += 1);
    let mut changed = record.clone();
    for position in 0..texts {
        let mut candidate = changed.clone();
        let mut number = 0;
        for_each_text(&mut candidate, &mut |text| {
            if number == position {
                *text += HOSTILE;
            }
            number += 1;
        });
        if is_readable(&candidate) {
            changed = candidate;
        }
    }
    changed
}

#[test]
fn no_text_of_a_run_directory_controls_the_terminal_or_a_document() {
    let folder = folder();
    let output = fake_command(&["run", "hostile", "--backend", "fake", "--no-report"], "{}")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let path = runs(&folder.path().join("reports/runs")).remove(0);
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    let record: Value = serde_json::from_str(&read("run.json")).unwrap();
    let trials: Vec<Value> =
        read("trials.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let write = |record: &Value, trials: &[Value]| {
        fs::write(path.join("run.json"), record.to_string()).unwrap();
        let lines: String = trials.iter().map(|trial| format!("{trial}\n")).collect();
        fs::write(path.join("trials.jsonl"), lines).unwrap();
    };
    let is_readable = |record: &Value, trials: &[Value]| {
        write(record, trials);
        RunDirectory::read(&path).is_ok()
    };
    let record = hostile(&record, |record| is_readable(record, &trials));
    assert!(record.to_string().matches("owned").count() > 20, "{record}");
    let trials: Vec<_> = (0..trials.len())
        .map(|position| {
            let with = |trial: &Value| {
                let mut changed = trials.clone();
                changed[position] = trial.clone();
                changed
            };
            hostile(&trials[position], |trial| is_readable(&record, &with(trial)))
        })
        .collect();
    assert!(trials[0].to_string().matches("owned").count() > 10, "{}", trials[0]);
    write(&record, &trials);
    let run = path.to_str().unwrap();
    let annotated = ["report", "--annotate", run];
    let simulated = ["predict", "hostile", "--simulate", "--from", run];
    let resumed = ["run", "--resume", run];
    for arguments in
        [&["report", run][..], &annotated, &["compare", run, run], &simulated, &resumed]
    {
        let output = queuelab(arguments).current_dir(folder.path()).output().unwrap();
        assert_output_is_safe(&arguments.join(" "), &output);
    }
    assert_files_are_safe(&path, DOCUMENTS);

    // What cannot be read is quoted in the error.
    let mut unreadable = record.clone();
    for_each_text(&mut unreadable, &mut |text| *text += HOSTILE);
    let raw = format!("{{\"schema_version\": 1, \"{HOSTILE}\": \u{1b}[2J\u{202e}");
    for (record, trials) in
        [(unreadable.to_string(), "{}"), (raw.clone(), "{}"), (record.to_string(), &raw)]
    {
        fs::write(path.join("run.json"), record).unwrap();
        fs::write(path.join("trials.jsonl"), format!("{trials}\n")).unwrap();
        for arguments in [&["report", run][..], &["compare", run, run], &resumed] {
            let output = queuelab(arguments).current_dir(folder.path()).output().unwrap();
            assert_output_is_safe(&arguments.join(" "), &output);
        }
    }
}

#[test]
fn a_message_of_a_peer_is_one_safe_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(&u32::try_from(HOSTILE.len()).unwrap().to_be_bytes()).unwrap();
        client.write_all(HOSTILE.as_bytes()).unwrap();
    });
    let chat = queuelab(&["chat", "--framing", "u32be", &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    server.join().unwrap();
    let output = chat.wait_with_output().unwrap();
    assert_output_is_safe("chat", &output);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("\\u{1b}[2J") && printed.lines().count() == 1, "{printed}");
}
