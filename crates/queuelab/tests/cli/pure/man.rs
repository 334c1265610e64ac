//! `queuelab man`.

use std::fs;
use std::process::Command;

use crate::support::{all_output, binary, out_directory, text};

#[test]
fn each_command_has_a_manual_page() {
    let place = out_directory();
    let pages = place.path().join("man1");
    let written = Command::new(binary()).args(["man", "--out"]).arg(&pages).output().unwrap();
    assert_eq!(written.status.code(), Some(0), "{}", all_output(&written));
    let help = text(&Command::new(binary()).arg("--help").output().unwrap().stdout);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let names = commands.lines().take_while(|line| !line.is_empty());
    // Lines that continue a description are indented further.
    let names: Vec<_> = names
        .filter_map(|line| line.strip_prefix("  ").filter(|name| !name.starts_with(' ')))
        .filter_map(|line| line.split(' ').next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.contains(&"run") && names.contains(&"man"), "{names:?}");
    for name in names {
        let page = fs::read_to_string(pages.join(format!("queuelab-{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH queuelab-{name} 1")), "{page}");
    }
    let printed = Command::new(binary()).arg("man").output().unwrap();
    for page in [fs::read_to_string(pages.join("queuelab.1")).unwrap(), text(&printed.stdout)] {
        let heading = format!(".TH queuelab 1  \"queuelab {}\"", env!("CARGO_PKG_VERSION"));
        assert!(page.contains(&heading), "{page}");
    }
}

#[test]
fn the_page_of_a_command_is_printed() {
    let place = out_directory();
    let pages = place.path().join("man1");
    let written = Command::new(binary()).args(["man", "--out"]).arg(&pages).output().unwrap();
    assert_eq!(written.status.code(), Some(0), "{}", all_output(&written));
    for (names, page) in [
        (&["run"][..], "queuelab-run.1"),
        (&["ci"], "queuelab-ci.1"),
        (&["ci", "compare"], "queuelab-ci-compare.1"),
    ] {
        // A page is not a text whose lines may be wrapped.
        let mut printed = Command::new(binary());
        let printed = printed.arg("man").args(names).env("COLUMNS", "60").output().unwrap();
        assert_eq!(printed.status.code(), Some(0), "{}", all_output(&printed));
        let page = fs::read_to_string(pages.join(page)).unwrap();
        assert_eq!(text(&printed.stdout).trim_end(), page.trim_end());
    }
}

#[test]
fn an_unknown_command_has_no_page() {
    let printed = Command::new(binary()).args(["man", "xyzzy"]).output().unwrap();
    assert_eq!(printed.status.code(), Some(2), "{}", all_output(&printed));
    let message = "`queuelab` has no command `xyzzy`; `queuelab --help` lists all";
    assert!(text(&printed.stderr).contains(message), "{}", all_output(&printed));
}
