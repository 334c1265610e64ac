//! The commands of each page.

use crate::command::commands;
use crate::execution;
use crate::page::pages;
use crate::place::Place;
use crate::rules::Rules;

/// A test for each page that has commands.
macro_rules! pages {
    ($($test:ident: $path:literal,)*) => {
        /// The pages that have a test.
        pub(crate) const PAGES: &[&str] = &[$($path),*];
        $(
            #[test]
            fn $test() {
                run_all($path);
            }
        )*
    };
}

pages! {
    readme: "README.md",
    your_server: "docs/your-server.md",
    wrong_beliefs: "docs/lessons/wrong-beliefs.md",
    commands_by_example: "docs/commands.md",
    contributing: "CONTRIBUTING.md",
    security_policy: "SECURITY.md",
    architecture: "docs/architecture.md",
    ci: "docs/ci.md",
    designs: "docs/designs.md",
    lesson_2: "docs/lessons/02-somaxconn.md",
    lesson_11: "docs/lessons/11-deferred-accept.md",
    lesson_12: "docs/lessons/12-several-listeners.md",
    lesson_13: "docs/lessons/13-lock.md",
    lesson_14: "docs/lessons/14-slow-reader.md",
    lesson_18: "docs/lessons/18-your-server.md",
    lesson_19: "docs/lessons/19-your-machine.md",
    performance: "docs/performance.md",
    reliability: "docs/reliability.md",
    run_directory: "docs/run-directory.md",
    scenarios: "docs/scenarios.md",
    security: "docs/security.md",
    truth: "docs/truth.md",
    course: "docs/course.md",
    two_queues: "docs/two-queues.md",
    lessons: "docs/lessons.md",
    watch: "docs/watch.md",
    watch_metrics: "docs/watch-metrics.md",
}

/// Runs the commands of a page one after the other, as a reader does.
fn run_all(path: &str) {
    let pages = pages();
    let page = pages.iter().find(|page| page.path == path).expect("the page");
    let rules = Rules::read();
    let place = Place::new(&pages);
    let commands = commands(page).unwrap_or_else(|error| panic!("{error}"));
    let failed =
        commands.iter().filter_map(|command| execution::run(command, &rules, &place).err());
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "{} commands failed:\n\n{}", failed.len(), failed.join("\n\n"));
}
