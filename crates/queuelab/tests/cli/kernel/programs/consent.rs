//! A file from elsewhere starts programs only if that is allowed.

use super::{SERVER, Scenario};
use crate::support::{all_output, binary, queuelab, text};
use std::process::Command;

#[test]
fn a_file_from_elsewhere_needs_consent_and_other_commands_start_nothing() {
    let mark = tempfile::tempdir().unwrap();
    let path = mark.path().join("started");
    let program = format!("open('{}', 'w')\n{SERVER}", path.display());
    let scenario = Scenario::new(&program, "", "load: { clients: 1, messages: 0 }");
    let file = scenario.file();
    let file = file.to_str().unwrap();
    let out = scenario.out.path().to_str().unwrap();
    let output = queuelab(&["run", file, "--out", out]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let error = text(&output.stderr);
    assert!(error.contains("python3 server.py") && error.contains("--allow-commands"), "{error}");
    for command in ["check", "show", "predict"] {
        let output = queuelab(&[command, file]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    }
    assert!(!path.exists(), "nothing was started");

    let output = scenario.run(&[]);
    assert!(text(&output.stderr).contains("starts: python3 server.py"), "{}", all_output(&output));
    assert!(path.exists(), "{}", all_output(&output));
}

#[test]
fn a_file_of_the_folder_of_scenarios_needs_none() {
    let scenario = Scenario::new(SERVER, "", "load: { clients: 1, messages: 0 }");
    let folder = scenario.folder.path();
    std::fs::create_dir(folder.join("scenarios")).unwrap();
    std::fs::rename(scenario.file(), folder.join("scenarios/program.yaml")).unwrap();
    for name in ["program", "scenarios/program.yaml"] {
        let mut command = Command::new(binary());
        command.args(["run", name, "--out"]).arg(scenario.out.path()).current_dir(folder);
        let output = command.output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 6)), "{}", all_output(&output));
    }
}

#[test]
fn the_name_of_a_built_in_file_is_no_consent() {
    let scenario = Scenario::new(SERVER, "", "load: { clients: 1, messages: 0 }");
    let named = scenario.folder.path().join("program.yaml (built in)");
    std::fs::rename(scenario.file(), &named).unwrap();
    let out = scenario.out.path().to_str().unwrap();
    let output = queuelab(&["run", named.to_str().unwrap(), "--out", out]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("--allow-commands"), "{}", all_output(&output));
}

#[test]
fn a_program_reads_no_variable_of_its_user() {
    let program = format!("print(open('/proc/1/environ').read(), flush=True)\n{SERVER}");
    let scenario = Scenario::new(&program, "", "load: { clients: 1, messages: 0 }");
    let mut command = scenario.command(&[]);
    let output = command.env("A_SECRET", "of-the-user").output().unwrap();
    let trials = scenario.trials();
    let printed = &trials[0].program.as_ref().unwrap().output.head;
    assert!(printed.contains("PATH="), "{printed:?} {}", all_output(&output));
    assert!(!printed.contains("of-the-user"), "{printed:?}");
}
