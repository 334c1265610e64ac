//! The name of a scenario or suite, which is also that of the directory of its runs.

use crate::place::Place;
use crate::problem::Problem;

/// The maximum length in bytes: a file name has at most 255, and some get a suffix.
const MAX_BYTES: usize = 200;

/// Adds a problem if a name cannot be that of a directory.
pub(crate) fn check(name: &str, place: Place, problems: &mut Vec<Problem>) {
    let shown = name.escape_debug();
    let message = if name.is_empty() {
        "the name is empty".to_owned()
    } else if matches!(name, "." | "..") || name.contains('/') {
        format!("`{shown}` is a path, not a name")
    } else if name.starts_with(['.', '-']) {
        // `serve` does not list what is hidden, and `rm *` takes the other as its option.
        format!(
            "the name `{shown}` begins with a {}",
            if name.starts_with('.') { "dot" } else { "hyphen" }
        )
    } else if name.contains(visible::is_unsafe) {
        format!("the name `{shown}` has an invisible character")
    } else if name.len() > MAX_BYTES {
        format!("the name has {} bytes, but at most {MAX_BYTES} are allowed", name.len())
    } else {
        return;
    };
    let help = "runs are stored in a directory of that name: use letters, digits and hyphens";
    problems.push(Problem::new(place, message).help(help));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(name: &str) -> Option<String> {
        let mut problems = Vec::new();
        check(name, Place::Nowhere, &mut problems);
        problems.pop().map(|problem| problem.message)
    }

    #[test]
    fn a_name_is_one_directory_and_is_visible() {
        for name in ["smoke", "Größe 2.1", "a..", "a-", "a".repeat(MAX_BYTES).as_str()] {
            assert_eq!(problem(name), None, "{name}");
        }
        for name in [".", "..", "/", "a/b", "../x", "/etc"] {
            assert!(problem(name).unwrap().contains("is a path"), "{name}");
        }
        for name in ["a\u{1b}[2J", "a\nb", "\0", "a\u{202e}b", "\u{2066}", "\u{9b}1m", "a\u{e0041}"]
        {
            let problem = problem(name).unwrap();
            assert!(problem.contains("invisible"), "{problem}");
            assert!(!problem.contains(visible::is_unsafe), "{problem:?}");
        }
        for name in ["..a", ".hidden", "-rf", "-"] {
            assert!(problem(name).unwrap().contains("begins with a "), "{name}");
        }
        assert!(problem("").unwrap().contains("empty"));
        assert!(problem(&"a".repeat(MAX_BYTES + 1)).unwrap().contains("201 bytes"));
    }
}
