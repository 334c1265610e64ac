//! The command line of the standard test harness, for a binary with one test that runs in
//! the main thread.
#![expect(clippy::print_stdout, reason = "the output of a test harness")]

/// Options of the standard harness that have a value.
const WITH_VALUE: [&str; 6] =
    ["--color", "--format", "--logfile", "--shuffle-seed", "--test-threads", "-Z"];

/// What the arguments of the process select.
#[derive(Default)]
struct Arguments {
    filters: Vec<String>,
    skip: Vec<String>,
    exact: bool,
    ignored: bool,
    list: bool,
    terse: bool,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Self {
        let mut parsed = Self::default();
        // `--option=value` is the same as `--option value`.
        let mut words = arguments.flat_map(|argument| match argument.split_once('=') {
            Some((option, value)) if option.starts_with('-') => {
                vec![option.to_owned(), value.to_owned()]
            }
            _ => vec![argument],
        });
        while let Some(word) = words.next() {
            match word.as_str() {
                "--exact" => parsed.exact = true,
                "--ignored" => parsed.ignored = true,
                "--list" => parsed.list = true,
                "-q" | "--quiet" => parsed.terse = true,
                "--skip" => parsed.skip.extend(words.next()),
                "--format" => parsed.terse = words.next().as_deref() == Some("terse"),
                option if WITH_VALUE.contains(&option) => {
                    words.next();
                }
                option if option.starts_with('-') => {}
                _ => parsed.filters.push(word),
            }
        }
        parsed
    }

    /// Whether the test is selected, which is not an ignored one.
    fn selects(&self, name: &str) -> bool {
        let matches =
            |filter: &String| if self.exact { name == filter } else { name.contains(filter) };
        !self.ignored
            && (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skip.iter().any(matches)
    }
}

/// Lists or runs the test, as the arguments of the process request. A test that panics ends
/// the process, which cargo reports as a failed binary.
pub(crate) fn run(name: &str, test: impl FnOnce()) {
    let arguments = Arguments::parse(std::env::args().skip(1));
    let selected = u32::from(arguments.selects(name));
    let count = if selected == 1 { "1 test" } else { "0 tests" };
    if arguments.list {
        if selected == 1 {
            println!("{name}: test");
        }
        if !arguments.terse {
            println!("\n{count}, 0 benchmarks");
        }
        return;
    }
    println!("\nrunning {count}");
    if selected == 1 {
        test();
        println!("test {name} ... ok");
    }
    println!(
        "\ntest result: ok. {selected} passed; 0 failed; 0 ignored; 0 measured; {} filtered out\n",
        1 - selected
    );
}
