//! Each rule reads only the settings of its list: over random cells, no other setting
//! changes its predictions or its reason. The list is also in docs/truth.md.

use std::path::Path;
use std::sync::LazyLock;

use chat_server::DesignName;
use linux_net::Sysctl;
use proptest::prelude::*;
use queue_model::kernel_rules::RuleSet;
use scenario::CellSettings;
use serde_json::{Value, json};

use super::super::condition::Inapplicable;
use super::super::inputs::Inputs;
use super::super::rule::{Applied, Rule};
use super::super::rules::{LawSettings, RULES, law_settings};
use crate::backend::Role;
use crate::kernel_facts::KernelFacts;

/// The settings and values that cells of this test have. `null` removes a setting.
fn settings() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("server.port", vec![json!(0), json!(8080)]),
        ("server.backlog", vec![json!(0), json!(1), json!(16), json!(128), json!(-1)]),
        ("server.listeners", vec![json!(1), json!(2), json!(4)]),
        ("server.defer_accept", vec![json!(0), json!(1), json!(3)]),
        ("server.hold_acks", vec![json!(false), json!(true)]),
        ("server.release_backlog", vec![Value::Null, json!(0), json!(3)]),
        ("server.reuse_address", vec![json!(false), json!(true)]),
        ("server.framing", vec![json!("ascii4"), json!("u32be")]),
        ("server.largest_body", vec![Value::Null, json!(100)]),
        ("server.design", DesignName::all().map(|design| json!(design)).collect()),
        ("server.thread_stack", vec![json!(65536), json!(1_u64 << 40)]),
        ("server.max_clients", vec![Value::Null, json!(1), json!(60)]),
        ("server.frame_timeout", vec![json!("0s"), json!("1ms"), json!("10s")]),
        ("server.idle_timeout", vec![json!("0s"), json!("1s"), json!("30s"), json!("10m")]),
        ("server.write_timeout", vec![json!("0s"), json!("1ms"), json!("10s")]),
        ("server.client_queue", vec![json!(65_540), json!(1 << 20), json!(1_u64 << 40)]),
        (
            "server.when_full",
            vec![json!("hold_sender"), json!("drop_message"), json!("close_client")],
        ),
        ("server.sigpipe", vec![json!("ignore"), json!("default")]),
        ("server.accept_paused", vec![json!(false), json!(true)]),
        ("server.accept_delay", vec![json!("0s"), json!("5ms"), json!("2s")]),
        ("server.closes_first", vec![json!("client"), json!("server")]),
        ("server.close_after", vec![json!(0), json!(1)]),
        ("server.drain", vec![json!("0s"), json!("2s")]),
        ("server.nodelay", vec![json!(false), json!(true)]),
        ("load.clients", vec![json!(1), json!(5), json!(60), json!(400)]),
        ("load.concurrency", vec![Value::Null, json!(1), json!(20)]),
        (
            "load.pattern",
            vec![json!("burst"), json!("rate"), json!("one_by_one"), json!("concurrent")],
        ),
        (
            "load.connect_rate",
            vec![
                json!(10.0),
                json!(400.0),
                json!(1e5),
                json!({ "from": 10, "to": 500, "over": "100ms" }),
            ],
        ),
        ("load.half_open", vec![json!(0), json!(3), json!(30)]),
        ("load.connect_deadline", vec![json!("1ms"), json!("300ms"), json!("2s"), json!("30s")]),
        (
            "load.dialogue",
            vec![
                json!("chat"),
                json!("none"),
                json!({ "http": {} }),
                json!({ "exchange": { "expect": "end_of_file" } }),
            ],
        ),
        ("load.chat", vec![json!("overlapped"), json!("after_connect")]),
        ("load.linger", vec![json!("0s"), json!("4s"), json!("17s"), json!("70s")]),
        ("load.slow_readers", vec![json!(0), json!(1)]),
        ("load.senders", vec![Value::Null, json!(2)]),
        ("load.messages", vec![json!(0), json!(1), json!(10)]),
        ("load.size", vec![json!(30), json!(9000), json!(1_000_000)]),
        ("load.send_delay", vec![json!("0s"), json!("20ms"), json!("5s")]),
        ("load.interval", vec![json!("5ms"), json!("3s")]),
        ("load.leave", vec![json!("together"), json!("after_sending"), json!("half_close")]),
        ("load.finish_deadline", vec![json!("500ms"), json!("20s")]),
        ("load.source_addresses", vec![json!(1), json!(3)]),
        ("load.threads", vec![json!(1), json!(2)]),
        ("load.nodelay", vec![json!(false), json!(true)]),
        ("after.restart_within", vec![json!("0s"), json!("1s"), json!("70s")]),
        ("after.restart_reuse_address", vec![Value::Null, json!(false), json!(true)]),
        ("after.watch_closing", vec![json!("0s"), json!("5s"), json!("70s")]),
    ]
}

/// The values that a sysctl has in cells of this test; an empty one removes it.
fn values_of(sysctl: Sysctl) -> &'static [&'static str] {
    match sysctl {
        Sysctl::Somaxconn => &["", "0", "4", "4096"],
        Sysctl::IpLocalPortRange => &["", "20000 20002", "20000 20011", "20000 20039"],
        Sysctl::IpLocalReservedPorts => &["", "20003", "1-65535"],
        Sysctl::TcpFastopen => &["", "0", "3", "1027"],
        Sysctl::TcpFinTimeout => &["", "0", "2", "5", "61", "65"],
        Sysctl::TcpMaxSynBacklog => &["", "-2", "-1", "0", "16", "4096"],
        Sysctl::TcpMaxTwBuckets => &["", "0", "10", "4096"],
        Sysctl::TcpRmem | Sysctl::TcpWmem => &["", "1 1 1", "4096 131072 6291456"],
        Sysctl::TcpRtoMaxMs => &["", "1000", "120000"],
        Sysctl::TcpRtoMinUs => &["", "1", "1000000"],
        Sysctl::TcpSynLinearTimeouts => &["", "0", "4"],
        Sysctl::TcpSynRetries => &["", "1", "2", "6"],
        Sysctl::TcpSynackRetries => &["", "0", "1", "5"],
        Sysctl::TcpTwReuseDelay => &["", "1", "1000"],
        Sysctl::TcpSyncookies | Sysctl::TcpTwReuse => &["", "0", "1", "2"],
        Sysctl::IpUnprivilegedPortStart => &["", "0", "1024"],
        Sysctl::IpNonlocalBind
        | Sysctl::TcpAbortOnOverflow
        | Sysctl::TcpMigrateReq
        | Sysctl::TcpNoMetricsSave
        | Sysctl::TcpOrphanRetries
        | Sysctl::TcpRfc1337
        | Sysctl::TcpTimestamps => &["", "0", "1"],
    }
}

/// Something that a cell sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    Path(&'static str),
    Sysctl(Role, Sysctl),
}

impl Setting {
    /// Everything that a cell can set.
    fn all() -> Vec<Self> {
        let paths = settings().into_iter().map(|(path, _)| Self::Path(path));
        let sysctls = [Role::Server, Role::Client]
            .into_iter()
            .flat_map(|role| Sysctl::ALL.iter().map(move |sysctl| Self::Sysctl(role, *sysctl)));
        paths.chain(sysctls).collect()
    }

    fn is_read_by(self, rule: &Rule) -> bool {
        rule.reads.iter().any(|reads| match self {
            Self::Path(path) => reads.settings.contains(&path),
            Self::Sysctl(Role::Server, sysctl) => reads.server.contains(&sysctl),
            Self::Sysctl(Role::Client, sysctl) => reads.client.contains(&sysctl),
        })
    }

    /// Sets it in a cell to the value that `choice` selects.
    fn change(self, cell: &mut Value, choice: usize) {
        match self {
            Self::Path(path) => {
                let values = settings().into_iter().find(|(known, _)| *known == path);
                let values = values.expect("it is from the list").1;
                let (section, field) = path.split_once('.').expect("it is in a section");
                let section = cell[section].as_object_mut().expect("a section");
                match &values[choice % values.len()] {
                    Value::Null => drop(section.remove(field)),
                    value => drop(section.insert(field.to_owned(), value.clone())),
                }
            }
            Self::Sysctl(role, sysctl) => {
                let values = values_of(sysctl);
                let set = cell["hosts"][role.name()]["sysctls"].as_object_mut().expect("a map");
                match values[choice % values.len()] {
                    "" => drop(set.remove(sysctl.name())),
                    value => drop(set.insert(sysctl.name().to_owned(), json!(value))),
                }
            }
        }
    }
}

/// What a rule says of a cell.
fn outcome(rule: &Rule, cell: &CellSettings) -> Result<Vec<(f64, Option<f64>)>, Inapplicable> {
    let kernel = KernelFacts::assumed(RuleSet::Since2025);
    let applied: Applied = rule.apply(&Inputs::new(cell, &kernel));
    let values = |law: super::super::rule::Prediction| (law.predicted, law.latest);
    applied.map(|laws| laws.into_iter().map(values).collect())
}

fn settings_of(cell: &Value) -> CellSettings {
    serde_json::from_value(cell.clone()).expect("the values are valid")
}

/// Cells of the catalogue with the lab's server, whose settings the changes are, from which random
/// ones start.
static CATALOGUE: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let plans = scenario::scenarios().into_iter().map(|file| {
        file.plan(&scenario::Overrides::default(), &scenario::AnyKernel).expect("it is valid")
    });
    let cells = plans.flat_map(|plan| {
        let cells = plan.cells.into_iter().filter(|cell| cell.settings.server.chat().is_some());
        cells.step_by(5).map(|cell| serde_json::to_value(cell.settings))
    });
    cells.collect::<Result<_, _>>().expect("settings are plain data")
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_rule_depends_on_a_setting_outside_its_list(
        start: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize), 0..5),
        choice in 0..12_usize,
    ) {
        let all = Setting::all();
        let mut cell = start.get(&CATALOGUE).clone();
        for (which, choice) in changes {
            which.get(&all).change(&mut cell, choice);
        }
        let settings = settings_of(&cell);
        for setting in &all {
            let mut changed = cell.clone();
            setting.change(&mut changed, choice);
            if changed == cell {
                continue;
            }
            let changed = settings_of(&changed);
            for rule in RULES.iter().filter(|rule| !setting.is_read_by(rule)) {
                let (before, after) = (outcome(rule, &settings), outcome(rule, &changed));
                prop_assert_eq!(before, after, "{} and {:?}", rule.laws[0].id, setting);
            }
        }
    }
}

#[test]
fn every_setting_of_a_list_exists() {
    let all = Setting::all();
    for rule in RULES {
        for path in rule.reads.iter().flat_map(|reads| reads.settings) {
            assert!(all.contains(&Setting::Path(path)), "{path} of {}", rule.laws[0].id);
        }
    }
    let cell = serde_json::to_value(CellSettings::default()).expect("settings are plain data");
    for section in ["server", "load", "after"] {
        for field in cell[section].as_object().expect("a section").keys() {
            let path = format!("{section}.{field}");
            let known =
                |setting: &Setting| matches!(setting, Setting::Path(known) if *known == path);
            assert!(path == "server.address" || all.iter().any(known), "{path} is never changed");
        }
    }
}

/// The section of docs/truth.md between these lines is generated.
const BEGIN: &str =
    "<!-- laws: generated, update with UPDATE_TRUTH=1 cargo test --workspace --lib truth -->";
const END: &str = "<!-- laws: end -->";

fn section() -> String {
    let mut text = wrapped(
        "A law reads the settings of its list and the kernel's rules (`--kernel-rules`). Any other \
         setting changes neither its prediction nor the reason for which it is not applied; a \
         test changes each of them in random cells. In a scenario that sets a sysctl whose effects \
         are not known, no law is applied.",
        "",
    ) + "\n";
    for LawSettings { laws, settings } in law_settings() {
        let ids: Vec<_> = laws.iter().map(|law| format!("`{}`", law.id)).collect();
        let kernel = laws[0].kernel;
        let source = format!("(`{}`, {}).", kernel.function, kernel.file);
        text += &format!("\n- {}\n", wrapped(&format!("{} {source}", ids.join(", ")), "  "));
        for (title, prefix) in [
            ("Settings", ""),
            ("Sysctls of the server", "hosts.server.sysctls."),
            ("Sysctls of the client", "hosts.client.sysctls."),
        ] {
            let of_kind = settings.iter().filter_map(|path| match prefix {
                "" => (!path.starts_with("hosts.")).then_some(path.as_str()),
                _ => path.strip_prefix(prefix),
            });
            let names: Vec<_> = of_kind.collect();
            if !names.is_empty() {
                let line = format!("{title}: {}.", names.join(", "));
                text += &format!("  - {}\n", wrapped(&line, "    "));
            }
        }
    }
    text
}

/// The words in lines of at most 88 columns, the second and later ones indented.
fn wrapped(words: &str, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if line.is_empty() || line.len() + 1 + word.len() <= 84 {
            *line = format!("{line} {word}").trim_start().to_owned();
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{indent}"))
}

#[test]
fn truth_lists_the_settings_that_each_law_reads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/truth.md");
    let text = std::fs::read_to_string(&path).expect("docs/truth.md exists");
    let (before, rest) = text.split_once(BEGIN).expect("it has the line before the laws");
    let (committed, after) = rest.split_once(END).expect("it has the line after the laws");
    let expected = section();
    if std::env::var_os("UPDATE_TRUTH").is_some() {
        let text = format!("{before}{BEGIN}\n\n{expected}\n{END}{after}");
        std::fs::write(&path, text).expect("docs/truth.md can be written");
        return;
    }
    assert_eq!(
        committed.trim(),
        expected.trim(),
        "docs/truth.md is out of date: run UPDATE_TRUTH=1 cargo test --workspace --lib truth"
    );
}
