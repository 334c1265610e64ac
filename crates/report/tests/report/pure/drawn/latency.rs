//! The chart of connect latencies.

use roxmltree::{Document, Node};
use run_record::{RunRecord, TrialRecord};
use serde_json::json;

use super::super::{files_of, load_run};

const CHART: &str = "charts/connect-latency.svg";
const RESPONSES: &str = "charts/response-time.svg";

fn chart(record: RunRecord, trials: Vec<TrialRecord>) -> String {
    files_of(record, trials).remove(CHART).unwrap()
}

fn classed<'a>(
    of: Node<'a, 'a>,
    tag: &'static str,
    class: &'static str,
) -> impl Iterator<Item = Node<'a, 'a>> {
    let is = move |class_of: &str| class_of.split(' ').any(|it| it == class);
    of.descendants()
        .filter(move |it| it.tag_name().name() == tag && it.attribute("class").is_some_and(is))
}

fn titles(of: Node<'_, '_>) -> Vec<String> {
    let titles =
        of.descendants().filter(|it| it.has_tag_name(("http://www.w3.org/2000/svg", "title")));
    titles.filter_map(|it| it.text()).map(str::to_owned).collect()
}

/// The strip of a cell.
fn strip<'a>(document: &'a Document<'a>, cell: usize) -> Node<'a, 'a> {
    let link = format!("../report.html#cell-{cell}");
    document.descendants().find(|it| it.attribute("href") == Some(link.as_str())).unwrap()
}

/// The left, right, top and bottom of a bar.
fn corners(bar: Node<'_, '_>) -> [f64; 4] {
    let numbers = bar.attribute("d").unwrap().split(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers: Vec<f64> = numbers.filter_map(|number| number.parse().ok()).collect();
    let [left, top, right, bottom, ..] = numbers[..] else { panic!("{bar:?}") };
    [left, right, top, bottom]
}

/// The titles of the red marks.
fn marks(chart: &str) -> Vec<String> {
    let document = Document::parse(chart).unwrap();
    classed(document.root(), "line", "mark").flat_map(titles).collect()
}

#[test]
fn both_modes_of_a_cell_have_their_share_with_nothing_between_them() {
    let (record, trials) = load_run("bursts");
    let text = chart(record, trials);
    let document = Document::parse(&text).unwrap();
    let strip = strip(&document, 0);
    let titles = titles(strip);
    // In each trial 11 after a second; 11 in one and 13 in the other without a wait.
    assert!(
        titles.iter().any(|it| it.starts_with("1.000 s to 1.259 s: 22 of 46 connects, 48 %")),
        "{titles:?}"
    );
    let bars: Vec<_> = classed(strip, "path", "share").map(corners).collect();
    let height = |bar: &[f64; 4]| bar[3] - bar[2];
    let (late, quick) = bars.split_last().unwrap();
    let at_once: f64 = quick.iter().map(height).sum();
    assert!((at_once / height(late) - 24.0 / 22.0).abs() < 0.2, "{bars:?}");
    let last_quick = quick.iter().map(|bar| bar[1]).fold(0.0, f64::max);
    assert!(late[0] - last_quick > 100.0, "{bars:?}");
    assert_eq!(classed(strip, "line", "bar").count(), 0, "no line connects them");
}

#[test]
fn each_connect_is_in_one_bar_of_its_cell() {
    let (record, trials) = load_run("bursts");
    let connects: u64 = trials.iter().map(|trial| trial.connect_latency.count).sum();
    let text = chart(record, trials);
    let document = Document::parse(&text).unwrap();
    let titles = titles(document.root());
    let of_bars = titles.iter().filter_map(|it| it.split_once(": ")?.1.split_once(" of "));
    let counted: u64 = of_bars.filter_map(|(number, _)| number.parse::<u64>().ok()).sum();
    assert_eq!(counted, connects);
}

#[test]
fn the_median_of_a_cell_is_over_all_its_trials() {
    let (record, mut trials) = load_run("bursts");
    let text = chart(record.clone(), trials.clone());
    let medians = |text: &str| {
        let document = Document::parse(text).unwrap();
        classed(strip(&document, 0), "path", "median").flat_map(titles).collect::<Vec<_>>()
    };
    assert!(medians(&text)[0].starts_with("median: 398.1 µs to 501.2 µs"), "{:?}", medians(&text));
    trials.retain(|trial| trial.repetition == 0);
    let of_one = medians(&chart(record, trials));
    assert!(!of_one[0].contains(" to "), "the median of one trial is exact: {of_one:?}");
}

#[test]
fn attempts_that_never_connected_are_counted_beside_the_strip() {
    let (record, trials) = load_run("bursts");
    let text = chart(record.clone(), trials.clone());
    let has_text = |text: &str, what: &str| text.contains(&format!(">{what}<"));
    assert!(
        has_text(&text, "never") && has_text(&text, "connected") && has_text(&text, "130 of 176"),
        "{text}"
    );
    let document = Document::parse(&text).unwrap();
    assert!(titles(strip(&document, 0))[0].ends_with("130 of 176 never connected"));
    assert!(!titles(strip(&document, 3))[0].contains("never connected"));
    let all = trials.into_iter().filter(|trial| trial.point["server.backlog"] == json!(300));
    assert!(!chart(record, all.collect()).contains("never"));
}

#[test]
fn no_syn_is_marked_after_the_connect_deadline() {
    let (mut record, mut trials) = load_run("bursts");
    let again = |second: u32| format!("the SYN is retransmitted {second} s after connect(2)");
    let text = chart(record.clone(), trials.clone());
    assert_eq!(marks(&text), [again(1)]);
    assert!(text.contains("connect deadline, 2 s") && !text.contains(">10 s<"), "{text}");
    record.scenario.resolved["load"]["connect_deadline"] = json!("3500ms");
    let text = chart(record.clone(), trials.clone());
    assert_eq!(marks(&text), [again(1), again(2), again(3)]);
    assert!(text.contains("connect deadline, 3.5 s"), "{text}");
    // Without waits, the axis ends with the connects.
    trials.retain(|trial| trial.cell == 2);
    for trial in &mut trials {
        trial.syn_retransmits.retain(|&times, _| times == 0);
    }
    let text = chart(record, trials);
    assert_eq!(marks(&text), [""; 0]);
    assert!(!text.contains("connect deadline") && !text.contains(">1 s<"), "{text}");
}

#[test]
fn cells_with_other_retransmission_times_have_separate_marks() {
    let (mut record, mut trials) = load_run("bursts");
    record.scenario.resolved["load"]["connect_deadline"] = json!("3500ms");
    for trial in trials.iter_mut().filter(|trial| trial.cell == 1) {
        let sysctls = &mut trial.sysctls.client;
        sysctls.insert("net.ipv4.tcp_syn_linear_timeouts".to_owned(), "0".to_owned());
        trial.point.insert("load.connect_deadline".to_owned(), json!("3200ms"));
    }
    let text = chart(record, trials);
    let again = |second: u32| format!("the SYN is retransmitted {second} s after connect(2)");
    // The cell's are at 1 s and 3 s; another cell waited for 2 s too.
    assert_eq!(marks(&text), [again(1), again(3), again(2) + ", in this cell"]);
    let document = Document::parse(&text).unwrap();
    let deadlines: Vec<_> = classed(document.root(), "line", "limit").flat_map(titles).collect();
    let deadline = |at: &str| format!("the connect deadline: {at} s after connect(2)");
    assert_eq!(deadlines, [deadline("3.5"), deadline("3.2")]);
}

#[test]
fn a_deadline_after_the_client_gave_up_is_not_marked() {
    let (mut record, mut trials) = load_run("bursts");
    record.scenario.resolved["load"]["connect_deadline"] = json!("30s");
    for trial in &mut trials {
        let sysctls = &mut trial.sysctls.client;
        sysctls.insert("net.ipv4.tcp_syn_linear_timeouts".to_owned(), "0".to_owned());
        sysctls.insert("net.ipv4.tcp_syn_retries".to_owned(), "1".to_owned());
    }
    let text = chart(record, trials);
    assert_eq!(marks(&text), ["the SYN is retransmitted 1 s after connect(2)"]);
    assert!(!text.contains("connect deadline"), "{text}");
}

#[test]
fn a_mark_before_the_first_connect_is_on_the_axis() {
    let (record, mut trials) = load_run("bursts");
    trials.retain(|trial| trial.cell == 0);
    for trial in &mut trials {
        trial.connect_histogram = Some(std::iter::repeat_n(1_900_000_000, 11).collect());
        trial.connect_latency.count = 11;
    }
    let text = chart(record, trials);
    let document = Document::parse(&text).unwrap();
    let mark = classed(document.root(), "line", "mark").next().expect("1 s is marked");
    let at: f64 = mark.attribute("x1").unwrap().parse().unwrap();
    let [first, ..] = corners(classed(strip(&document, 0), "path", "share").next().unwrap());
    assert!((120.0..first).contains(&at), "{at}, {first}");
}

#[test]
fn without_a_recorded_histogram_only_quantiles_are_drawn() {
    let (record, trials) = load_run("sweep");
    assert!(trials.iter().all(|trial| trial.connect_histogram.is_none()));
    let text = chart(record, trials);
    let document = Document::parse(&text).unwrap();
    assert_eq!(classed(document.root(), "path", "share").count(), 0);
    let ticks: Vec<_> = classed(document.root(), "line", "bar").collect();
    assert!(ticks.len() > 10);
    assert!(ticks.iter().all(|tick| tick.attribute("x1") == tick.attribute("x2")));
    assert!(text.contains("was not recorded"), "{text}");
}

#[test]
fn a_cell_with_a_missing_histogram_is_not_drawn_from_the_others() {
    let (record, mut trials) = load_run("bursts");
    trials.iter_mut().find(|trial| trial.cell == 0).unwrap().connect_histogram = None;
    let text = chart(record, trials);
    let document = Document::parse(&text).unwrap();
    let bars = |cell| classed(strip(&document, cell), "path", "share").count();
    assert_eq!(bars(0), 0);
    assert!(bars(1) > 0 && text.contains("was not recorded"), "{text}");
}

#[test]
fn many_cells_have_shades_and_one_count_of_unconnected_attempts_per_group() {
    let (mut record, trials) = load_run("bursts");
    let clients: Vec<_> = (1..=50).map(|clients| json!(clients)).collect();
    let axis = record.axes.iter_mut().find(|axis| axis.path == "load.clients").unwrap();
    axis.values.clone_from(&clients);
    let firsts = trials.iter().filter(|trial| trial.repetition == 0 && trial.attempts == 88);
    let mut many = Vec::new();
    for (first, at) in firsts.flat_map(|first| clients.iter().map(move |at| (first, at))) {
        let mut trial = TrialRecord { id: many.len() as u32, ..first.clone() };
        trial.point.insert("load.clients".to_owned(), at.clone());
        many.push(trial);
    }
    let text = chart(record, many);
    let document = Document::parse(&text).unwrap();
    let shades: Vec<f64> = classed(strip(&document, 0), "path", "share")
        .map(|bin| bin.attribute("fill-opacity").unwrap().parse().unwrap())
        .collect();
    // 8, 2 and 1 without a wait, and 11 after a second.
    assert!(
        shades[3] == 1.0 && shades.iter().all(|shade| (0.3..=1.0).contains(shade)),
        "{shades:?}"
    );
    assert!(shades[0] > shades[1] && shades[1] > shades[2], "{shades:?}");
    let texts = document.descendants().filter(Node::is_text);
    let texts: Vec<_> = texts.filter_map(|it| it.text()).collect();
    let never: Vec<_> = texts.iter().filter(|text| text.contains(" of 4")).collect();
    assert_eq!(never, [&"3 300 of 4 400"], "50 times 66 of 88, and none of the other group");
    assert!(text.contains("the strongest colour is 50 %"), "{text}");
    let named = texts.iter().filter(|text| text.starts_with("clients ")).count();
    assert_eq!(named, 4, "the first and the last of each group");
}

#[test]
fn response_times_have_a_chart_of_their_own_without_marks_of_connects() {
    let (record, mut trials) = load_run("bursts");
    assert!(!files_of(record.clone(), trials.clone()).contains_key(RESPONSES));
    for trial in &mut trials {
        trial.response_latency = trial.connect_latency;
        trial.response_histogram = trial.connect_histogram.clone();
    }
    let answers: u64 = trials.iter().map(|trial| trial.response_latency.count).sum();
    let text = files_of(record, trials).remove(RESPONSES).unwrap();
    let document = Document::parse(&text).unwrap();
    let titles = titles(document.root());
    let of_bars = titles.iter().filter_map(|it| it.split_once(": ")?.1.split_once(" answers, "));
    let counts = of_bars.filter_map(|(counts, _)| counts.split_once(" of "));
    let counted: u64 = counts.filter_map(|(number, _)| number.parse::<u64>().ok()).sum();
    assert_eq!(counted, answers);
    assert_eq!(marks(&text), [""; 0]);
    assert!(!text.contains("connect"), "{text}");
}
