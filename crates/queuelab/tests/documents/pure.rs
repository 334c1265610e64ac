//! Tests of links, of the table of commands, and of what compares outputs.

use std::collections::BTreeSet;

use crate::command::{Command, commands};
use crate::kernel::PAGES;
use crate::links;
use crate::page::{Page, pages};
use crate::pattern::Pattern;
use crate::rules::Rules;

fn all_commands(pages: &[Page]) -> Vec<Command> {
    let all = pages.iter().map(|page| commands(page).unwrap_or_else(|error| panic!("{error}")));
    all.flatten().collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let links: usize = pages.iter().map(|page| page.links.len()).sum();
    assert!(links > 50, "{links} links were found");
    let problems: Vec<_> = pages.iter().flat_map(|page| links::problems(page, &pages)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_page_with_commands_has_a_test() {
    let all = all_commands(&pages());
    let with_commands: BTreeSet<_> = all.iter().map(|command| command.page.as_str()).collect();
    let tested: BTreeSet<_> = PAGES.iter().copied().collect();
    let without: Vec<_> = with_commands.difference(&tested).collect();
    assert!(without.is_empty(), "add to `pages!` in kernel.rs: {without:?}");
    let needless: Vec<_> = tested.difference(&with_commands).collect();
    assert!(needless.is_empty(), "they have no commands: {needless:?}");
}

#[test]
fn every_entry_of_the_table_is_about_a_command() {
    let rules = Rules::read();
    for command in all_commands(&pages()) {
        rules.of(&command);
        rules.filled(&command);
    }
    let unused = rules.unused();
    assert!(unused.is_empty(), "remove from commands.yaml:\n{}", unused.join("\n"));
}

fn page(text: &str) -> Page {
    Page::parse("docs/page.md", text)
}

#[test]
fn commands_are_lines_of_blocks_and_code_in_sentences() {
    let text = "Say `queuelab list`, not `list`.\n\n    cargo lab run x \\\n        --quick   # or `just x y`\n\n\
                ```sh\nFOO=1 queuelab a | b\n```\n\n```yaml\nqueuelab: no\n```\n\n\
                ```text\n$ queuelab show\nfirst\n…\n$ queuelab two\n```\n";
    let found = commands(&page(text)).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.line, it.text.as_str(), it.is_inline, it.output.is_some()))
        .collect();
    assert_eq!(
        found,
        [
            (3, "cargo lab run x --quick", false, false),
            (3, "just x y", true, false),
            (7, "FOO=1 queuelab a | b", false, false),
            (15, "queuelab show", false, true),
            (18, "queuelab two", false, true),
            (1, "queuelab list", true, false),
        ]
    );
}

#[test]
fn a_block_of_output_belongs_to_a_command_before_it() {
    let text = "    queuelab list\n\n<!-- output of: queuelab list; numbers within 10 % -->\n```text\n100 names\n```\n";
    let found = commands(&page(text)).unwrap();
    let output = found[0].output.as_ref().unwrap();
    assert_eq!(output.compare("109 names\n"), Ok(()));
    assert!(output.compare("111 names\n").is_err());
    for wrong in [
        "```text\n1\n```\n",
        "<!-- output of: queuelab no -->\n```text\n1\n```\n",
        "<!-- output: numbers near 3 -->\n```text\n$ queuelab list\n```\n",
    ] {
        assert!(commands(&page(wrong)).is_err(), "{wrong}");
    }
}

fn compare(comment: &str, documented: &str, actual: &str) -> Result<(), String> {
    let notes = Pattern::notes(comment).unwrap();
    Pattern::new(&notes, documented, 1).compare(actual)
}

#[test]
fn words_are_equal_and_numbers_within_their_bounds() {
    let same = Ok(());
    assert_eq!(compare("", "a b\nc", "a\nb c\n"), same);
    assert!(compare("", "a b", "a c").is_err());
    assert!(compare("", "5 clients", "6 clients").is_err());
    let range = "output: numbers from 10 to 20";
    assert_eq!(compare(range, "12 of 5", "20 of 5"), same);
    assert!(compare(range, "12 of 5", "21 of 5").is_err());
    assert!(compare(range, "12 of 5", "12 of 6").is_err());
    let share = "output: numbers within 50 %";
    assert_eq!(compare(share, "4 (3–8) and 1,000 to 2,000", "5 and 1,500"), same);
    assert_eq!(compare(share, "3.71k/s", "4.21k/s"), same);
    assert!(compare(share, "4 (3–8)", "13").is_err());
    assert_eq!(compare("", "at 2026-11-30T12-30-26Z", "at 2027-01-01T00-00-00Z"), same);
}

#[test]
fn a_line_of_dots_stands_for_lines_that_are_left_out() {
    let same = Ok(());
    let actual = "one\ntwo\nthree\nfour\n";
    assert_eq!(compare("", "one\n…\nfour", actual), same);
    assert_eq!(compare("", "…\nthree\n…\n", actual), same);
    assert_eq!(compare("", "…\nfour\n", actual), same);
    assert!(compare("", "…\nthree\n", actual).is_err());
    assert!(compare("", "one\ntwo\n", actual).is_err());
    assert!(compare("", "two\n…\n", actual).is_err());
}

#[test]
fn of_a_disturbed_run_the_tables_are_compared() {
    let notes = Pattern::notes("output").unwrap();
    let pattern = Pattern::new(&notes, "All of 20 got in.\n\nshare, % ↓ clients →\n  10  90\n", 1);
    let disturbed = "Inconclusive.\n\nshare, % ↓ clients →\n  10  ⚠ 3\n";
    assert_eq!(pattern.compare_tables(disturbed), Ok(()));
    assert!(pattern.compare_tables("Inconclusive.\n\nshare ↓ clients →\n  10 3").is_err());
}

#[test]
fn a_broken_link_is_found() {
    let text = "# A page\n\n[a](#a-page) [b](#b) [c](../README.md#install) [d](nowhere.md)\n\
                <img src=\"images/no.png\">\n";
    let page = Page::parse("docs/README.md", text);
    let problems = links::problems(&page, &[]);
    // The last two, and both anchors: there is no such file that could have them.
    assert_eq!(problems.len(), 4, "{problems:?}");
    let page = Page::parse("CONTRIBUTING.md", "# A page\n\n[a](#a-page) [b](#b)\n");
    let problems = links::problems(&page, std::slice::from_ref(&page));
    assert_eq!(problems.len(), 1, "{problems:?}");
}
