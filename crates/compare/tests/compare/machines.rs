//! Which runs have comparable metrics.

use compare::{Conclusion, Verdict};
use run_record::RunRecord;
use serde_json::json;

use crate::synthetic::{Synthetic, compared, judged, slower};

#[test]
fn metrics_are_only_compared_on_the_same_machine_and_scenario() {
    let baseline = Synthetic::new(1, 2, 10, 0.02);
    let with = |change: fn(&mut RunRecord)| Synthetic::new(2, 2, 10, 0.02).record(change);
    type Change = fn(&mut RunRecord);
    let unlike: [(Change, &str); 10] = [
        (|run| run.machine.kernel = "6.1.0".to_owned(), "kernel: 6.18.44-fc-v595 in the baseline"),
        (|run| run.machine.architecture = "aarch64".to_owned(), "architecture: x86_64"),
        (|run| run.machine.cpus = 8, "CPUs: 2 in the baseline, 8 in the new run"),
        (|run| run.machine.memory_bytes = run.machine.memory_bytes / 100 * 94, "memory: "),
        (|run| run.backend.name = "docker".to_owned(), "backend: netns in the baseline"),
        (|run| run.scenario.name = "other".to_owned(), "scenario: backlog-sweep in the baseline"),
        (
            |run| run.scenario.resolved["server"]["accept_delay"] = json!("5ms"),
            "server.accept_delay: 0s in the baseline, 5ms in the new run",
        ),
        (
            |run| run.scenario.resolved["server"]["idle_timeout"] = json!("1s"),
            "server.idle_timeout: 10m in the baseline, 1s in the new run",
        ),
        (
            |run| run.scenario.resolved["load"]["new_setting"] = json!([1, 2]),
            "load.new_setting: not set in the baseline, [1,2] in the new run",
        ),
        (|run| run.axes.truncate(2), "axes: load.clients, server.backlog, server.design in the"),
    ];
    for (change, line) in unlike {
        let comparison = compared(&baseline, &with(change).each_trial(slower));
        let text = comparison.text();
        assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::NoBaseline), "{text}");
        assert!(text.contains(line) && comparison.verdicts().next().is_none(), "{line}: {text}");
    }
    let alike: [fn(&mut RunRecord); 7] = [
        // Settings that only one of the builds has.
        |run| run.scenario.resolved["server"]["idle_timeout"] = json!("10m"),
        |run| {
            let server = run.scenario.resolved["server"].as_object_mut().unwrap();
            server.remove("nodelay").expect("the record states it");
        },
        |run| run.machine.memory_bytes = run.machine.memory_bytes / 100 * 96,
        |run| run.tool.commit = Some("another".to_owned()),
        |run| run.scenario.resolved["repeat"] = json!(10),
        |run| run.scenario.resolved["record"] = json!({ "attempts": true, "timelines": true }),
        |run| run.backend.details = "in an unprivileged user namespace".to_owned(),
    ];
    for change in alike {
        assert_eq!(judged(&baseline, &with(change)), Verdict::Held);
    }
}

#[test]
fn cpu_models_are_compared_if_both_records_have_one() {
    let with = |model: Option<&str>| {
        let model = model.map(str::to_owned);
        Synthetic::new(2, 2, 10, 0.02).record(|run| run.machine.cpu_model = model)
    };
    assert_eq!(judged(&with(Some("EPYC 7763")), &with(Some("EPYC 9V74"))), Verdict::NoBaseline);
    assert_eq!(judged(&with(Some("EPYC 7763")), &with(Some("EPYC 7763"))), Verdict::Held);
    assert_eq!(judged(&with(None), &with(Some("EPYC 9V74"))), Verdict::Held);
}
