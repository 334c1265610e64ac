//! What a terminal shows of recorded runs.

use report::{Detail, Run, terminal};
use run_record::RunDirectory;
use run_view::Screen;

use crate::runs::{all_paths, load_run};

fn plain(columns: usize) -> Screen {
    Screen::terminal(columns, false)
}

/// Every recorded run, also those of the baseline.
fn runs() -> impl Iterator<Item = (String, Run)> {
    let baseline = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/baseline");
    let scenarios = std::fs::read_dir(baseline).unwrap().map(|entry| entry.unwrap().path());
    let scenarios = scenarios.filter(|path| path.is_dir() && !path.ends_with("laws"));
    let newest = scenarios.filter_map(|path| {
        let runs = path.read_dir().unwrap().map(|entry| entry.unwrap().path());
        runs.filter(|run| run.join("run.json").is_file()).max()
    });
    newest.chain(all_paths()).map(|path| {
        let (record, trials) = RunDirectory::read(&path).unwrap();
        (path.display().to_string(), Run::new(record, trials))
    })
}

#[test]
fn every_line_fits_the_terminal_and_no_word_is_broken() {
    for (name, run) in runs() {
        let whole = terminal(&run, None, plain(1000), Detail::Full);
        let words: Vec<_> = whole.body.as_str().split(|c: char| !c.is_alphanumeric()).collect();
        for columns in [60, 80, 100, 120] {
            for detail in [Detail::Answer, Detail::Short, Detail::Full] {
                let text = terminal(&run, None, plain(columns), detail);
                for line in text.body.as_str().lines().chain(text.end.as_str().lines()) {
                    let length = line.chars().count();
                    // A single word, such as the name of a sysctl, can be longer.
                    let is_word = !line.trim().contains(' ');
                    assert!(length <= columns || is_word, "{name}, {columns}: {line}");
                    for word in line.split(|c: char| !c.is_alphanumeric()) {
                        assert!(words.contains(&word), "{name}, {columns}: {word} in {line}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_short_form_has_at_most_40_lines_with_what_a_command_adds() {
    let mut shown = 0;
    for (name, run) in runs() {
        for columns in [60, 80, 120] {
            let text = terminal(&run, None, plain(columns), Detail::Short);
            let files = 4;
            let lines = text.body.height() + 1 + text.end.height() + files;
            // Failed checks are shown whatever their number.
            assert!(
                lines <= 40 || run.verdict.failed().count() > 0,
                "{name}, {columns}: {lines}\n{text:?}"
            );
        }
        shown += 1;
    }
    assert!(shown > 3, "{shown} runs were tried");
}

#[test]
fn the_answer_comes_first_and_last() {
    let (record, trials) = load_run("sweep");
    let run = Run::new(record, trials);
    let answer = report::answer(&run);
    for detail in [Detail::Short, Detail::Full] {
        let text = terminal(&run, None, plain(1000), detail);
        let mut paragraphs = text.body.as_str().split("\n\n");
        assert!(paragraphs.next().unwrap().ends_with(&run.record.scenario.question));
        assert_eq!(paragraphs.next().unwrap(), answer);
        assert!(text.end.as_str().starts_with(&answer), "{text:?}");
        assert!(text.end.as_str().ends_with(&run.verdict.headline()), "{text:?}");
    }
    let answered = terminal(&run, None, plain(1000), Detail::Answer);
    assert_eq!(answered.body.height(), 1);
}

#[test]
fn the_short_form_shows_the_metric_or_law_of_the_headline() {
    let (record, trials) = load_run("sweep");
    let text = terminal(&Run::new(record, trials), None, plain(100), Detail::Short);
    assert!(text.body.as_str().contains("Success within the deadline"), "{text:?}");
    assert!(!text.body.as_str().contains("Ingested"), "{text:?}");
}

#[test]
fn colours_show_what_held_and_the_size_of_values_and_change_no_text() {
    let (record, trials) = load_run("sweep");
    let run = Run::new(record, trials);
    let screen = Screen::terminal(100, true);
    let coloured = terminal(&run, None, screen, Detail::Full).body.as_str().to_owned();
    let plain = terminal(&run, None, plain(100), Detail::Full).body.as_str().to_owned();
    assert!(!plain.contains('\u{1b}'));
    assert!(coloured.contains("\u{1b}[32m"), "held is green: {coloured}");
    assert!(coloured.contains("\u{1b}[48;5;"), "a heat map: {coloured}");
    let mut without = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        without += before;
        rest = after.split_once('m').unwrap().1;
    }
    without += rest;
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&without), words(&plain));
}
