//! The list of decisions has each of them, with its title.

use std::fs;

use crate::support::repository;

#[test]
fn the_list_of_decisions_has_each_with_its_title() {
    let folder = repository().join("docs/decisions");
    let list = fs::read_to_string(folder.join("README.md")).unwrap();
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    files.retain(|name| name != "README.md");
    files.sort();
    assert!(files.len() >= 30, "{files:?}");
    let line = |file: &String| {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let title = text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap();
        format!("- [{title}]({file})")
    };
    let expected: Vec<_> = files.iter().map(line).collect();
    let listed: Vec<_> = list.lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(listed, expected);
}
