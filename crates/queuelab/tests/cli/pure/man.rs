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
