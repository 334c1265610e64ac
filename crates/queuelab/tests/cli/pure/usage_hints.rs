//! The suggestion for a mistyped command, flag, value, scenario or topic: a visible name.

use crate::support::{all_output, in_one_line, queuelab, text};

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = text(&queuelab(&["--help"]).output().unwrap().stdout);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let lines = commands.lines().take_while(|line| !line.is_empty());
    // Lines that continue a description are indented further.
    lines
        .filter_map(|line| line.strip_prefix("  ").filter(|name| !name.starts_with(' ')))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// The message about wrong arguments.
fn message(arguments: &[&str]) -> String {
    let output = queuelab(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", all_output(&output));
    assert!(output.stdout.is_empty(), "{}", all_output(&output));
    text(&output.stderr)
}

/// Two letters swapped, one left out, one doubled, one wrong.
fn typos(name: &str) -> [String; 4] {
    let letters: Vec<char> = name.chars().collect();
    let of = |letters: &[char]| letters.iter().collect::<String>();
    let last = letters.len() - 1;
    let mut swapped = letters.clone();
    swapped.swap(last - 1, last);
    let mut wrong = letters.clone();
    wrong[last - 1] = 'x';
    let missing = [&letters[..last - 1], &letters[last..]].concat();
    let doubled = [&letters[..1], &letters].concat();
    [of(&swapped), of(&missing), of(&doubled), of(&wrong)]
}

#[test]
fn each_typo_of_a_command_finds_it_and_no_other() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for command in &commands {
        for typo in typos(command) {
            assert!(!commands.contains(&typo), "{typo} is a command");
            let message = message(&[&typo]);
            let tip = format!("  tip: a similar subcommand exists: '{command}'\n");
            assert!(message.contains(&tip), "{typo}: {message}");
        }
    }
}

#[test]
fn hidden_commands_are_never_suggested() {
    for typo in ["hosst", "listning", "lst", "hst", "listenin"] {
        let message = message(&[typo]);
        for hidden in ["'host'", "'listening'"] {
            assert!(!message.contains(hidden), "{typo}: {message}");
        }
        assert!(!message.contains("\n\n\n"), "{message}");
    }
}

#[test]
fn subcommands_flags_and_values_have_suggestions() {
    for (arguments, tip) in [
        (&["image", "biuld"][..], "a similar subcommand exists: 'build'"),
        (&["ci", "comapre"], "a similar subcommand exists: 'compare'"),
        (&["help", "rnu"], "a similar subcommand exists: 'run'"),
        (&["com"], "some similar subcommands exist: 'compare', 'completions'"),
        (&["run", "--onyl", "a=1"], "a similar argument exists: '--only'"),
        (&["run", "--onyl=a=1"], "a similar argument exists: '--only'"),
        (&["ci", "--hepl"], "a similar argument exists: '--help'"),
        (&["run", "laws", "--backend", "dokcer"], "a similar value exists: 'docker'"),
        (&["schema", "trail"], "a similar value exists: 'trial'"),
        (&["completions", "zhs"], "a similar value exists: 'zsh'"),
        (&["server", "--framing", "ascii"], "a similar value exists: 'ascii4'"),
        (&["--jsno", "list"], "'list --json' exists"),
        (&["run", "bakclog-sweep"], "did you mean `backlog-sweep`?"),
        (&["run", "backlog"], "did you mean `backlog-sweep`?"),
        (&["check", "lawss"], "did you mean `laws`?"),
        (&["explain", "soxmaxcon"], "did you mean net.core.somaxconn?"),
        (&["man", "rnu"], "did you mean `run`?"),
        (&["man", "ci", "comapre"], "did you mean `compare`?"),
    ] {
        let message = in_one_line(&message(arguments));
        assert!(message.contains(tip), "{arguments:?}: {message}");
        assert!(message.matches("tip:").count() <= 1, "{arguments:?}: {message}");
    }
}

/// The fake backend is hidden.
#[test]
fn what_is_similar_to_nothing_has_no_suggestion() {
    for arguments in [
        &["xyzzy"][..],
        &["run", "--xyzzy"],
        &["run", "laws", "--backend", "fkae"],
        &["schema", "q"],
    ] {
        let message = message(arguments);
        assert!(!message.contains("similar"), "{arguments:?}: {message}");
    }
}
