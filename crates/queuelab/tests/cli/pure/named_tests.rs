//! The documents that say which test keeps a promise name tests that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::repository;

/// Documents with tables whose last column names tests.
const DOCUMENTS: [&str; 2] = ["security.md", "reliability.md"];
/// What stands for the rest of a long name.
const REST: char = '…';

#[test]
fn tests_that_documents_name_exist() {
    let mut functions = BTreeSet::new();
    read_functions(&repository().join("crates"), &mut functions);
    for document in DOCUMENTS {
        let text = fs::read_to_string(repository().join("docs").join(document)).unwrap();
        let names = tests_named_in(&text);
        assert!(names.len() >= 10, "{document} names tests: {names:?}");
        for name in names {
            let part = name.trim_matches(REST);
            let exists = match name.contains(REST) {
                true => functions.iter().any(|function| function.contains(part)),
                false => functions.contains(name),
            };
            assert!(exists, "{document}: there is no test {name}");
        }
    }
}

/// The names in backticks in the last cells of tables that look like names of tests.
fn tests_named_in(document: &str) -> Vec<&str> {
    let rows = document.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    let cells = rows.filter_map(|row| row.rsplit('|').next());
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names = quoted.map(|name| name.rsplit("::").next().unwrap_or(name));
    names.filter(|name| is_name_of_a_test(name)).collect()
}

/// Whether it is a name in snake case of three words or more.
fn is_name_of_a_test(name: &str) -> bool {
    let allowed = |c| matches!(c, 'a'..='z' | '0'..='9' | '_' | REST);
    name.chars().all(allowed) && name.matches('_').count() >= 2
}

/// Adds the names of the functions in every Rust file below `folder`.
fn read_functions(folder: &Path, functions: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_functions(&path, functions);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let after = text.split("fn ").skip(1).filter_map(|after| after.split_once('('));
            functions.extend(after.map(|(name, _)| name.to_owned()));
        }
    }
}

#[test]
fn names_of_tests_are_found_in_the_last_cells_of_tables() {
    let text = "| tried | kept by |\n|---|---|\n| `not_this_one` | `it_holds_here`, \
                `module::it_holds_there…`; `just chaos`, `mappings` |\n`nor_this_one_here`\n";
    assert_eq!(tests_named_in(text), ["it_holds_here", "it_holds_there…"]);
}
