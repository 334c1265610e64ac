//! The dashboard, the alert rules and the documentation name metrics that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;
use serde_json::Value;
use watch_record::TroubleKind;

use crate::snapshots::{everything, scrape};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path)).unwrap()
}

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\bqueuelab_(?:listener|netns|watch|build)_[a-z_]+").unwrap();
    name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

fn metrics() -> BTreeSet<String> {
    scrape(everything()).names.into_iter().collect()
}

#[test]
fn the_documentation_has_every_metric() {
    assert_eq!(named(&read("watch-metrics.md")), metrics());
}

#[test]
fn every_alert_names_metrics_that_there_are_and_says_what_to_do() {
    let text = read("prometheus/alerts.yml");
    assert_eq!(named(&text).difference(&metrics()).collect::<Vec<_>>(), [] as [&String; 0]);
    let rules: Value = serde_saphyr::from_str(&text).unwrap();
    let rules: Vec<&Value> = rules["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|it| it["rules"].as_array().unwrap())
        .collect();
    assert!(rules.len() >= 10);
    let kind = Regex::new("kind=\"([^\"]*)\"").unwrap();
    for kind in kind.captures_iter(&text) {
        let kind: TroubleKind = serde_json::from_value(kind[1].into()).unwrap();
        assert_ne!(kind, TroubleKind::PortsInUse, "it is of namespaces");
    }
    let documentation = read("watch-metrics.md");
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        let is_ours = !named(rule["expr"].as_str().unwrap()).is_empty();
        assert!(is_ours || name == "QueuelabWatchDown", "{name}");
        for text in [
            &rule["for"],
            &rule["labels"]["severity"],
            &rule["annotations"]["summary"],
            &rule["annotations"]["description"],
        ] {
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{name}: {rule}");
        }
        assert!(documentation.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_panel_of_the_dashboard_names_metrics_that_there_are() {
    let dashboard: Value = serde_json::from_str(&read("grafana/queuelab-watch.json")).unwrap();
    assert!(dashboard["id"].is_null() && dashboard["schemaVersion"].as_u64().unwrap() >= 39);
    let metrics = metrics();
    let mut places = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = &panel["gridPos"];
        assert!(places.insert((place["x"].as_u64(), place["y"].as_u64())), "{panel}");
        if panel["type"] == "row" {
            continue;
        }
        assert!(!panel["description"].as_str().unwrap().is_empty(), "{panel}");
        // No data source of one Grafana.
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
        for target in panel["targets"].as_array().unwrap() {
            let names = named(target["expr"].as_str().unwrap());
            assert!(!names.is_empty() && names.is_subset(&metrics), "{target}");
            assert_eq!(target["datasource"]["uid"], "${datasource}");
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        assert!(named(&variable.to_string()).is_subset(&metrics), "{variable}");
    }
}
