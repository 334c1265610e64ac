//! Links and anchors.

use std::path::{Component, Path, PathBuf};

use crate::page::{Page, repository};

/// What is wrong with the links of a page, each with its line.
pub(crate) fn problems(page: &Page, pages: &[Page]) -> Vec<String> {
    let broken = page.links.iter().filter_map(|link| {
        let problem = problem(page, pages, &link.text)?;
        Some(format!("{}:{}: `{}`: {problem}", page.path, link.line, link.text))
    });
    broken.collect()
}

fn problem(page: &Page, pages: &[Page], link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let folder = Path::new(&page.path).parent().unwrap();
    let target = if path.is_empty() { page.path.clone() } else { normal(&folder.join(path)) };
    let file = repository().join(&target);
    if !file.exists() {
        return Some(format!("there is no {target}"));
    }
    if anchor.is_empty() {
        return None;
    }
    let read = || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        Page::parse(&target, &text).anchors
    };
    let known = pages.iter().find(|page| page.path == target).map(|page| page.anchors.clone());
    let anchors = known.unwrap_or_else(read);
    let has = anchors.iter().any(|other| other == anchor);
    (!has).then(|| format!("{target} has no heading `#{anchor}`, only {anchors:?}"))
}

/// A path without `..`.
fn normal(path: &Path) -> String {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal.to_str().unwrap().to_owned()
}
