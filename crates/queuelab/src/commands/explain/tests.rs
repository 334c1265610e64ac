//! Checks the topics against everything that the lab names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use diagnosis::{ScenarioUse, Topic, TopicKind};
use linux_net::Sysctl;
use run_record::Outcome;
use scenario::{AnyKernel, Document, Overrides, ScenarioFile, Source};

use super::*;

/// Common misconceptions; a topic corrects each of them.
const MISCONCEPTIONS: [&str; 11] = [
    "backlog N holds N",
    "tcp_max_syn_backlog sizes the SYN queue",
    "an accept-queue overflow only drops final ACKs",
    "an overflow refuses the client",
    "connect() succeeded, so the server has a socket",
    "SYN cookies save a full accept queue",
    "ListenDrops = ListenOverflows",
    "a SYN is retried at 1, 3, 7 s",
    "tcp_fin_timeout sets TIME_WAIT",
    "SO_REUSEADDR skips TIME_WAIT",
    "tcp_tw_reuse helps servers",
];

/// Built once, because it reads all scenarios.
fn every_topic() -> &'static Topics {
    static TOPICS: LazyLock<Topics> = LazyLock::new(|| topics(&scenario::catalogue()));
    &TOPICS
}

fn names(topics: &Topics, kind: TopicKind) -> BTreeSet<String> {
    topics.of_kind(kind).map(|topic| topic.name.clone()).collect()
}

/// The full text of a topic.
fn full_text(topic: &Topic) -> String {
    let pairs = [&topic.kernel, &topic.misconceptions].into_iter().flatten();
    let pairs = pairs.flat_map(|(of, what)| [of, what]);
    let all: Vec<_> = [&topic.summary, &topic.text].into_iter().chain(pairs).cloned().collect();
    all.join("\n")
}

fn join_lines(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn resolve(file: &ScenarioFile, quick: bool) -> scenario::Scenario {
    let overrides = Overrides { quick, ..Overrides::default() };
    file.plan(&overrides, &AnyKernel).unwrap().scenario
}

#[test]
fn every_sysctl_that_the_lab_names_is_explained() {
    let mut named: BTreeSet<String> = Sysctl::NAMES.iter().map(|&name| name.to_owned()).collect();
    for file in scenario::scenarios() {
        for quick in [false, true] {
            let scenario = resolve(&file, quick);
            let hosts = [&scenario.hosts.server, &scenario.hosts.client];
            named.extend(hosts.iter().flat_map(|host| host.sysctls.keys().cloned()));
            let paths = scenario.matrix.keys();
            named.extend(paths.filter_map(|path| Some(path.split_once(".sysctls.")?.1.to_owned())));
        }
    }
    // No others are explained: a page without a scenario states that its value is recorded.
    let explained = names(every_topic(), TopicKind::Sysctl);
    let differ: Vec<_> = named.symmetric_difference(&explained).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
fn every_counter_that_the_lab_names_is_explained() {
    let mut named: BTreeSet<String> = report::counters_shown().map(str::to_owned).collect();
    for file in scenario::scenarios() {
        // The file's text: not only expectations may name one.
        named.extend(scenarios::named_counters(&file.source().text));
    }
    assert!(named.contains("TcpExt.ListenOverflows") && named.contains("TcpExt.TWRecycled"));
    let explained = names(every_topic(), TopicKind::Counter);
    let missing: Vec<_> = named.difference(&explained).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_explained_counter_exists_in_the_kernel() {
    let here = linux_net::Counters::here().unwrap();
    for name in names(every_topic(), TopicKind::Counter) {
        // Linux 5.14 and later count migrations.
        assert!(here.get(&name).is_some() || name.contains("Migrate"), "{name}");
    }
}

#[test]
fn every_outcome_and_every_scenario_is_explained() {
    let topics = every_topic();
    let outcomes = Outcome::ALL.map(|outcome| outcome.name().to_owned());
    assert_eq!(names(topics, TopicKind::Outcome), BTreeSet::from(outcomes));
    let catalogue = scenario::catalogue();
    let scenarios = catalogue.iter().map(|document| document.name().to_owned()).collect();
    assert_eq!(names(topics, TopicKind::Scenario), scenarios);
    for file in scenario::scenarios() {
        let page = join_lines(&topics.find(&file.source().name).unwrap().page(100));
        let scenario = resolve(&file, false);
        assert!(page.contains(&join_lines(&scenario.question)), "{page}");
        for expectation in &scenario.expect {
            assert!(page.contains(&join_lines(&expectation.that)), "{page}");
        }
    }
}

#[test]
fn every_reference_names_an_existing_topic() {
    let topics = every_topic();
    let scenarios = names(topics, TopicKind::Scenario);
    for topic in topics.iter() {
        for name in &topic.related {
            let other = topics.find(name).unwrap_or_else(|| panic!("{}: {name}", topic.name));
            assert_eq!(&other.name, name, "the full name, in {}", topic.name);
            assert_ne!(other, topic, "a reference to itself");
        }
        for name in topic.scenarios.keys() {
            assert!(scenarios.contains(name), "{}: {name}", topic.name);
        }
    }
}

#[test]
fn every_topic_is_complete() {
    for topic in every_topic().iter() {
        let name = &topic.name;
        assert!(!topic.summary.trim().is_empty() && !topic.text.trim().is_empty(), "{name}");
        assert!(!topic.related.is_empty(), "{name}");
        assert!(!full_text(topic).contains("TODO"), "{name}");
        if topic.kind != TopicKind::Scenario {
            assert!(topic.text.len() > 80 && !topic.summary.ends_with('.'), "{name}");
        }
        if !matches!(topic.kind, TopicKind::Server | TopicKind::Design | TopicKind::Scenario) {
            assert!(!topic.misconceptions.is_empty(), "{name}");
        }
        if matches!(topic.kind, TopicKind::Sysctl | TopicKind::Counter | TopicKind::Concept) {
            assert!(!topic.kernel.is_empty(), "{name}");
        }
        for (place, what) in &topic.kernel {
            let sources = [" (net/", " (include/net/", " (kernel/"];
            assert!(sources.iter().any(|source| place.contains(source)), "{name}: {place}");
            assert!(place.ends_with(')') && !what.trim().is_empty(), "{name}: {place}");
        }
        assert!(topic.misconceptions.values().all(|holds| !holds.trim().is_empty()), "{name}");
        assert_eq!(topic.default.is_some(), topic.kind == TopicKind::Sysctl, "{name}");
    }
}

#[test]
fn every_page_is_plain_text_in_100_columns_that_ends_with_see_also() {
    let topics = every_topic();
    for page in topics.iter().map(|topic| topic.page(100)).chain([topics.list(100)]) {
        for line in page.lines() {
            assert!(line.chars().count() <= 100, "{line}");
            assert!(!line.contains('\u{1b}') && !line.contains('\t'), "{line}");
            assert_eq!(line, line.trim_end(), "{page}");
        }
    }
    for topic in topics.iter() {
        let page = topic.page(100);
        assert!(page.rsplit("\n\n").next().unwrap().starts_with("See also: "), "{page}");
    }
}

#[test]
fn every_misconception_is_corrected() {
    let topics = every_topic();
    for misconception in MISCONCEPTIONS {
        assert!(
            topics.iter().any(|topic| topic.misconceptions.contains_key(misconception)),
            "{misconception}"
        );
    }
}

#[test]
fn a_scenario_and_the_topics_that_it_uses_refer_to_each_other() {
    let topics = every_topic();
    let scenario = topics.find("accept-queue-capacity").unwrap();
    for name in ["net.core.somaxconn", "backlog", "accept queue", "TcpExt.ListenOverflows", "ok"] {
        assert!(scenario.related.iter().any(|see| see == name), "{name}: {:?}", scenario.related);
        let topic = topics.find(name).unwrap();
        assert!(topic.scenarios.contains_key("accept-queue-capacity"), "{name}");
    }
    let somaxconn = topics.find("somaxconn").unwrap();
    let showing = &somaxconn.scenarios["accept-queue-capacity"];
    assert_eq!(*showing, ScenarioUse::Varied("4096, 64".to_owned()));
    assert_eq!(somaxconn.scenarios["smoke"], ScenarioUse::Fixed("4096".to_owned()));
    let page = somaxconn.page(100);
    assert!(page.contains("\n  varied (4096, 64): accept-queue-capacity\n"), "{page}");
    assert!(page.contains("\n  fixed at 4096: asyncio-backlog, backlog-sweep, "), "{page}");
}

#[test]
fn an_invalid_scenario_refers_to_check() {
    let source = Source {
        name: "broken".to_owned(),
        path: "broken.yaml".to_owned(),
        text: "name: other\n".to_owned(),
    };
    let topics = topics(&[Document::from(source)]);
    assert!(topics.find("broken").unwrap().page(100).contains("`queuelab check broken`"));
}

#[test]
fn an_unknown_topic_is_a_usage_error_with_similar_names() {
    let words = |text: &str| ExplainArguments {
        json: false,
        topic: text.split(' ').map(str::to_owned).collect(),
    };
    let error = explain(&words("somaxcon")).unwrap_err();
    assert_eq!(error.exit(), crate::exit::Exit::Usage);
    assert!(error.to_string().contains("did you mean net.core.somaxconn"), "{error}");
    let error = explain(&words("xyzzy plugh")).unwrap_err();
    assert!(error.to_string().contains("`xyzzy plugh`; `queuelab explain` lists"), "{error}");
}
