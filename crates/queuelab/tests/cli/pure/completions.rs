//! Completions: the program called as a shell calls it, and Bash with the script.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::{all_output, binary, out_directory, queuelab, repository, text};

/// The candidates for the last word, as Bash asks for them.
fn complete(words: &[&str]) -> Vec<String> {
    let mut command = queuelab(&[&["--", "queuelab"], words].concat());
    let output = command.env("COMPLETE", "bash").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", all_output(&output));
    assert!(output.stderr.is_empty(), "{words:?}: {}", all_output(&output));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn names_and_values_are_completed() {
    for (words, candidates) in [
        (&["pred"][..], &["predict"][..]),
        (&["run", "backlog"], &["backlog-sweep"]),
        (&["run", "--quick", "la"], &["laws"]),
        (&["check", "laws", "nigh"], &["nightly"]),
        (&["show", "time-wait-r"], &["time-wait-restart"]),
        // A suite cannot be predicted.
        (&["predict", "nigh"], &[]),
        (&["explain", "somax"], &["somaxconn"]),
        (&["explain", "net.core.somax"], &["net.core.somaxconn"]),
        (&["explain", "slow-"], &["slow-reader"]),
        (&["run", "laws", "--backend", ""], &["netns", "docker"]),
        (&["run", "laws", "--backend", "=", "net"], &["netns"]),
        (&["doctor", "--backend", "d"], &["docker"]),
        (&["schema", "sui"], &["suite"]),
        (&["lesson", "som"], &["somaxconn"]),
        (&["man", "comp"], &["compare", "completions"]),
        (&["report", "reports/basel"], &["reports/baseline/"]),
        (&["server", "--framing", "a"], &["ascii4"]),
        (&["run", "--onl"], &["--only"]),
        // `listening` is hidden.
        (&["lis"], &["list"]),
    ] {
        assert_eq!(complete(words), candidates, "{words:?}");
    }
}

#[test]
fn axes_and_settings_are_those_of_the_scenario() {
    let axes = ["server.design=", "server.backlog=", "load.clients="];
    assert_eq!(complete(&["run", "backlog-sweep", "--only", ""]), axes);
    let quick = ["run", "backlog-sweep", "--quick", "--only"];
    // After `=`, Bash replaces only the value.
    for (words, values) in [
        (&["server.backlog", "="][..], &["10", "138", "300"][..]),
        (&["server.backlog", "=", "1"], &["10", "138"]),
        (&["server.des"], &["server.design=global-lock", "server.design=snapshot"]),
        (&["load.xyzzy", "="], &[]),
    ] {
        assert_eq!(complete(&[&quick, words].concat()), values, "{words:?}");
    }
    let set = ["show", "slow-reader", "--set"];
    for (words, values) in [
        (&["server.defer"][..], &["server.defer_accept=0"][..]),
        (&["server.accept_"], &["server.accept_paused=", "server.accept_delay="]),
        (&["server.accept_paused", "=", "t"], &["true"]),
        (&["load.chat", "=", ""], &["overlapped"]),
        (
            &["hosts.client.sysctls.net.ipv4.tcp_syn_"],
            &[
                "hosts.client.sysctls.net.ipv4.tcp_syn_retries=",
                "hosts.client.sysctls.net.ipv4.tcp_syn_linear_timeouts=",
            ],
        ),
    ] {
        let found = complete(&[&set, words].concat());
        assert!(values.iter().all(|value| found.contains(&(*value).to_owned())), "{found:?}");
    }
    // Without a scenario there are no axes.
    assert!(complete(&["run", "--only", "server."]).is_empty());
}

#[test]
fn runs_and_scenario_files_of_the_current_directory_are_completed() {
    let place = out_directory();
    for run in ["laws/2026-01-01T00-00-00Z", "sigpipe/2026-01-02T00-00-00Z"] {
        fs::create_dir_all(place.path().join("reports/runs").join(run)).unwrap();
    }
    fs::create_dir(place.path().join("scenarios")).unwrap();
    let scenario = |name: &str, text: &str| {
        fs::write(place.path().join(format!("scenarios/{name}.yaml")), text).unwrap();
    };
    scenario("my-own", "name: my-own\nquestion: What does mine do?\n");
    scenario("my-broken", "name: [");
    // A shell would run it.
    scenario("my-$(touch pwned)", "name: x\n");
    let complete = |shell: &str, words: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["--", "queuelab"]).args(words).current_dir(place.path());
        command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        let output = command.env("COMPLETE", shell).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        text(&output.stdout)
    };
    let runs =
        "reports/runs/sigpipe/2026-01-02T00-00-00Z\nreports/runs/laws/2026-01-01T00-00-00Z\n";
    assert!(complete("bash", &["report", ""]).starts_with(runs));
    assert_eq!(
        complete("bash", &["compare", "reports/runs/l"]),
        &runs[runs.find('\n').unwrap() + 1..]
    );
    assert_eq!(complete("bash", &["run", "my-"]), "my-broken\nmy-own\n");
    assert_eq!(complete("bash", &["run", "scenarios/my-o"]), "scenarios/my-own.yaml\n");
    // Shells that can show it get the question.
    assert_eq!(complete("zsh", &["run", "my-o"]), "my-own:What does mine do?");
    assert_eq!(complete("fish", &["run", "my-o"]), "my-own\tWhat does mine do?\n");
}

/// Bash splits `--only server.backlog=1` into four words; the script passes them on.
#[test]
fn bash_completes_with_the_script() {
    let session = r#"
        source <("$QUEUELAB" completions bash)
        ask() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            local current=${COMP_WORDS[COMP_CWORD]}
            [[ $current == = ]] && current=
            _queuelab "$QUEUELAB" "$current" 2>&1
            echo "${COMPREPLY[*]}"
        }
        complete -p queuelab
        ask queuelab run backlog
        ask queuelab run backlog-sweep --quick --only server.backlog =
        ask queuelab run backlog-sweep --quick --only server.backlog = 13
        ask queuelab xyzzy ""
    "#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", session]).env("QUEUELAB", binary()).current_dir(repository());
    let output = bash.stdin(Stdio::null()).output().unwrap();
    let printed = text(&output.stdout);
    let lines: Vec<_> = printed.lines().collect();
    assert!(lines[0].ends_with("-F _queuelab queuelab"), "{}", all_output(&output));
    assert_eq!(lines[1..4], ["backlog-sweep", "10 138 300", "138"], "{}", all_output(&output));
}

#[test]
fn each_shell_has_a_script_that_calls_the_program() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        // A script is not a text whose lines may be wrapped.
        let output = queuelab(&["completions", shell]).env("COLUMNS", "60").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        let script = text(&output.stdout);
        assert!(script.contains("COMPLETE") && script.contains("queuelab"), "{script}");
        // It is loaded from anywhere, and by users of an installed program.
        assert!(!script.contains(binary()), "{script}");
        let wide = queuelab(&["completions", shell]).env("COLUMNS", "500").output().unwrap();
        assert_eq!(text(&wide.stdout), script);
    }
}
