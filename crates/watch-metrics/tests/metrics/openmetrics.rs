//! Reads a text by the rules of OpenMetrics 1.0, strictly: what breaks one of them fails the
//! test.

use std::collections::{BTreeMap, HashSet};

/// The samples of a text.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// Names of samples, in order, each once.
    pub(crate) names: Vec<String>,
    /// Values by name and labels, such as `a_total{b="c"}`.
    pub(crate) values: BTreeMap<String, f64>,
    /// The help of each metric family.
    pub(crate) help: BTreeMap<String, String>,
}

impl Samples {
    /// The value of a sample, by its name and labels as they are written.
    pub(crate) fn get(&self, series: &str) -> Option<f64> {
        self.values.get(series).copied()
    }

    /// The series of a metric.
    pub(crate) fn of(&self, name: &str) -> Vec<&str> {
        let is_it = |series: &&String| series.split('{').next() == Some(name);
        self.values.keys().filter(is_it).map(String::as_str).collect()
    }
}

#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: String,
    unit: Option<String>,
}

/// Reads a text of gauges, counters and infos.
pub(crate) fn parse(text: &str) -> Samples {
    let body = text.strip_suffix("# EOF\n").expect("the text ends with # EOF");
    let mut samples = Samples::default();
    let mut families = HashSet::new();
    let mut family = Family::default();
    for line in body.split_terminator('\n') {
        assert!(!line.is_empty() && !line.contains('\r'), "{line:?}");
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect(line);
            assert!(families.insert(name.to_owned()), "{name} is interrupted");
            assert!(!help.contains(['\\', '"']) && help.ends_with('.'), "{line}");
            samples.help.insert(name.to_owned(), help.to_owned());
            family = Family { name: name.to_owned(), ..Family::default() };
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect(line);
            assert!(name == family.name && family.kind.is_empty(), "{line}");
            assert!(["gauge", "counter", "info"].contains(&kind), "{line}");
            family.kind = kind.to_owned();
        } else if let Some(unit) = line.strip_prefix("# UNIT ") {
            let (name, unit) = unit.split_once(' ').expect(line);
            assert!(name == family.name && family.unit.is_none(), "{line}");
            assert!(name.ends_with(&format!("_{unit}")), "{line}");
            family.unit = Some(unit.to_owned());
        } else {
            sample(line, &family, &mut samples);
        }
    }
    let with_samples: HashSet<&str> =
        samples.names.iter().map(|name| family_of(name, &families)).collect();
    assert_eq!(with_samples.len(), families.len(), "a family has no samples");
    samples
}

/// The family of a sample.
fn family_of<'a>(name: &'a str, families: &HashSet<String>) -> &'a str {
    ["_total", "_info", ""]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix).filter(|name| families.contains(*name)))
        .expect(name)
}

fn sample(line: &str, family: &Family, samples: &mut Samples) {
    assert!(!line.starts_with('#'), "{line}");
    let name_end = line.find(['{', ' ']).expect(line);
    let (name, rest) = line.split_at(name_end);
    let suffix = name.strip_prefix(&family.name).expect(line);
    let expected = match family.kind.as_str() {
        "gauge" => "",
        "counter" => "_total",
        _ => "_info",
    };
    assert_eq!(suffix, expected, "{line}");
    let is_name = |name: &str| {
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && name.starts_with(|first: char| first.is_ascii_lowercase())
    };
    assert!(is_name(name), "{line}");
    let after = match rest.strip_prefix('{') {
        Some(labels) => labels_end(labels, is_name).expect(line),
        None => rest,
    };
    let number = after.strip_prefix(' ').expect(line);
    let value: f64 = number.parse().expect(line);
    assert!(value.is_finite(), "{line}");
    assert!(expected != "_total" || value >= 0.0, "{line}");
    if samples.names.last().map(String::as_str) != Some(name) {
        samples.names.push(name.to_owned());
    }
    let series = line.strip_suffix(after).expect(line).to_owned();
    assert!(samples.values.insert(series, value).is_none(), "twice: {line}");
}

/// What follows the labels; `None` if they break a rule.
fn labels_end(labels: &str, is_name: impl Fn(&str) -> bool) -> Option<&str> {
    let mut rest = labels;
    let mut names = HashSet::new();
    loop {
        let (name, value) = rest.split_once("=\"")?;
        if !is_name(name) || !names.insert(name) {
            return None;
        }
        let mut characters = value.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, '\\') if !matches!(characters.next()?.1, '\\' | '"' | 'n') => return None,
                _ => {}
            }
        };
        rest = &value[end + 1..];
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return rest.strip_prefix('}'),
        }
    }
}

#[test]
#[should_panic(expected = "twice")]
fn a_series_that_is_there_twice_is_found() {
    parse("# HELP a A.\n# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\"} 2\n# EOF\n");
}

#[test]
fn labels_with_escapes_are_read() {
    let text = "# HELP a A.\n# TYPE a counter\na_total{b=\"\\\"}\\n\\\\\",c=\"d\"} 1.5\n# EOF\n";
    assert_eq!(parse(text).get("a_total{b=\"\\\"}\\n\\\\\",c=\"d\"}"), Some(1.5));
}
