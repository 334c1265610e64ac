//! The Docker backend: its isolation, and the same results as with the netns backend.

use std::collections::{BTreeMap, HashSet};
use std::process::Command;

use crate::support::docker::{assert_nothing_left_of, container_in_use, docker, start};
use crate::support::test_engine::TestEngine;
use crate::support::{
    Background, all_output, assert_passed, out_directory, queuelab, run, runs, text,
};
use run_record::{Outcome, RunDirectory, TrialRecord};
use serde_json::Value;

/// Every attempt beyond the queue's capacity sends a SYN at 0 s and another one at 1 s; a load that
/// stalls lets its kernel send further ones.
const EXACT: &str = "load.connect_deadline=1500ms";

/// The results of a trial that the kernel's rules decide, without the SYNs that were sent again.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ExactResults {
    point: String,
    outcomes: Vec<u64>,
    /// Depth and limit.
    queue: Option<(u32, u32)>,
    /// First SYNs that met a full queue: by ListenOverflows, and by ListenDrops.
    dropped: [i64; 2],
    accepted: i64,
    attempted: i64,
}

fn exact_results(trial: &TrialRecord) -> ExactResults {
    let evidence = &trial.evidence;
    let count = |host: &BTreeMap<String, i64>, name: &str| host.get(name).copied().unwrap_or(0);
    let server = |name| count(&evidence.server, name);
    let client = |name| count(&evidence.client, name);
    let sent_again = client("TcpExt.TCPSynRetrans");
    assert_eq!(client("TcpExt.TCPTimeouts"), sent_again, "{:?}", evidence.client);
    let timed_out = trial.outcomes.get(Outcome::TimedOut);
    assert!(sent_again.unsigned_abs() >= timed_out, "each at least once: {:?}", evidence.client);
    ExactResults {
        point: format!("{:?}", trial.point),
        outcomes: Outcome::ALL.iter().map(|&outcome| trial.outcomes.get(outcome)).collect(),
        queue: evidence.accept_queue.map(|queue| (queue.depth, queue.limit)),
        dropped: ["TcpExt.ListenOverflows", "TcpExt.ListenDrops"]
            .map(|name| server(name) - sent_again),
        accepted: server("Tcp.PassiveOpens"),
        attempted: client("Tcp.ActiveOpens"),
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn both_backends_have_the_same_exact_results() {
    let arguments = [
        "accept-queue-capacity",
        "--set",
        EXACT,
        "--set",
        "load.clients=40",
        "--set",
        "matrix.server.backlog=[0,7,30]",
        "--set",
        "matrix.hosts.server.sysctls.net.core.somaxconn=[4096,5]",
    ];
    let found = ["netns", "docker"].map(|backend| {
        let out = out_directory();
        let all = [&arguments[..], &["--backend", backend]].concat();
        let (output, record, trials) = run(out.path(), &all);
        assert_passed(&output);
        assert_eq!(record.backend.name, backend);
        let mut found: Vec<_> = trials.iter().map(exact_results).collect();
        found.sort();
        found
    });
    assert_eq!(found[0].len(), 6);
    assert_eq!(found[0], found[1]);
    // 40 attempts, 31 places in the queue, and a dropped first SYN of each of the other 9.
    let largest = found[0].iter().find(|results| results.queue == Some((31, 30))).unwrap();
    let counts = (largest.dropped, largest.accepted, largest.attempted);
    assert_eq!(counts, ([9, 9], 31, 40), "{largest:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_probe_samples_the_queue_of_a_container() {
    let out = out_directory();
    let set = [
        // Longer than a probe stalls.
        "load.connect_deadline=5s",
        "record.timelines=true",
        "load.clients=20",
        "matrix.server.backlog=[7]",
        "matrix.hosts.server.sysctls.net.core.somaxconn=[4096]",
    ];
    let mut arguments = vec!["accept-queue-capacity", "--backend", "docker"];
    arguments.extend(set.iter().flat_map(|set| ["--set", set]));
    let (output, _, trials) = run(out.path(), &arguments);
    assert_passed(&output);
    let probe = trials[0].evidence.probe.as_ref().unwrap();
    let [listener] = &probe.listeners[..] else { panic!("{probe:?}") };
    assert_eq!((probe.deepest, listener.limit, listener.deepest), (8, 7, 8), "{probe:?}");
    assert!(probe.states["established"].most >= 8 && probe.samples > 100, "{probe:?}");
    let timeline = RunDirectory::read_timeline(&runs(out.path())[0], trials[0].id);
    let deepest = timeline.unwrap().unwrap().iter().filter_map(|row| row.depth).max();
    assert_eq!(deepest, Some(8));
}

#[test]
#[ignore = "needs a Docker engine"]
fn sysctls_of_both_hosts_are_applied_and_recorded() {
    let out = out_directory();
    let set = [
        "hosts.server.sysctls.net.core.somaxconn=77",
        "hosts.server.sysctls.net.ipv4.tcp_max_syn_backlog=99",
        "hosts.server.sysctls.net.ipv4.tcp_syncookies=1",
        "hosts.server.sysctls.net.ipv4.tcp_abort_on_overflow=1",
        "hosts.server.sysctls.net.ipv4.tcp_max_tw_buckets=123",
        "hosts.server.sysctls.net.ipv4.tcp_fin_timeout=7",
        "hosts.client.sysctls.net.ipv4.tcp_tw_reuse=0",
        "hosts.client.sysctls.net.ipv4.ip_local_port_range=[20000, 20999]",
    ];
    let mut arguments = vec!["smoke", "--backend", "docker"];
    arguments.extend(set.iter().flat_map(|set| ["--set", set]));
    let (output, record, trials) = run(out.path(), &arguments);
    assert_passed(&output);
    for trial in &trials {
        for set in set {
            let (path, value) = set.split_once('=').unwrap();
            let (host, name) = path["hosts.".len()..].split_once(".sysctls.").unwrap();
            let read = if host == "server" { &trial.sysctls.server } else { &trial.sysctls.client };
            let expected = value.trim_matches(['[', ']']).replace(',', "");
            assert_eq!(read.get(name), Some(&expected), "{name}");
        }
    }
    assert_eq!(record.sysctls.server["net.core.somaxconn"], "77");
    assert!(
        record.sysctls.client.contains_key("net.ipv4.tcp_syn_retries"),
        "recorded although not set"
    );
    assert!(record.backend.version.is_some() && record.backend.details.contains("queuelab:"));
}

#[test]
#[ignore = "needs a Docker engine"]
fn containers_have_only_the_privileges_that_their_scenario_needs() {
    let out = out_directory();
    let arguments = ["accept-queue-capacity", "--backend", "docker", "--set"];
    let run = start(out.path(), &[&arguments[..], &["load.source_addresses=3"]].concat());
    let pid = run.child.id();
    let inspected = ["-server-", "-client-"].map(|role| {
        let text = docker(&["inspect", &container_in_use(pid, role)]).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()[0].take()
    });
    for container in &inspected {
        let host = &container["HostConfig"];
        let is_client = container["Name"].as_str().unwrap().contains("-client-");
        assert_eq!(host["Privileged"], false);
        assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]));
        let added = if is_client { serde_json::json!(["NET_ADMIN"]) } else { Value::Null };
        assert_eq!(host["CapAdd"], added, "only needed to add addresses and filters");
        assert_eq!(host["SecurityOpt"], serde_json::json!(["no-new-privileges"]));
        assert_eq!(host["ReadonlyRootfs"], true);
        assert_eq!(host["PidsLimit"], 150 + 160);
        assert!(host["Memory"].as_i64().unwrap() > 256 << 20);
        assert_eq!(host["Memory"], host["MemorySwap"], "no swap");
        assert!(
            host["Binds"].is_null()
                && host["PortBindings"].as_object().is_none_or(|p| p.is_empty())
        );
        let labels = &container["Config"]["Labels"];
        assert!(labels["queuelab.run"].is_string() && labels["queuelab.trial"].is_string());
        let networks = container["NetworkSettings"]["Networks"].as_object().unwrap();
        assert_eq!(networks.len(), 1);
        let network = docker(&["network", "inspect", networks.keys().next().unwrap()]).unwrap();
        let network = serde_json::from_str::<Value>(&network).unwrap()[0].take();
        assert_eq!(network["Internal"], true);
        assert!(network["Labels"]["queuelab.run"].is_string());
        let subnet = network["IPAM"]["Config"][0]["Subnet"].as_str().unwrap();
        assert!(subnet.starts_with("198.18.") || subnet.starts_with("198.19."), "{subnet}");
    }
    let (output, _) = run.finish();
    assert_passed(&output);
    assert_nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_rejected_value_is_reported_with_its_line_before_anything_starts() {
    let out = out_directory();
    let scenario = out.path().join("refused.yaml");
    std::fs::write(
        &scenario,
        "name: refused\nquestion: What does a negative limit do?\nhosts:\n  server:\n    \
         sysctls:\n      net.core.somaxconn: -5\nserver:\n  backlog: 5\nload:\n  clients: 2\n",
    )
    .unwrap();
    let path = scenario.to_str().unwrap();
    let output = queuelab(&["run", path, "--backend", "docker", "--out"])
        .arg(out.path().join("runs"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let error = text(&output.stderr);
    assert!(error.contains("refused.yaml:6:"), "{error}");
    assert!(error.contains("net.core.somaxconn"), "{error}");
    assert!(!out.path().join("runs").exists(), "nothing was started");
}

/// Runs a scenario; returns the numbers of its server and client containers, and its trials.
fn count_containers(out: &std::path::Path, arguments: &[&str]) -> (usize, usize, Vec<TrialRecord>) {
    // The engine's own list: a look now and then would miss those that live for a short time.
    let now = || {
        let ns = run_record::wall_time().as_nanosecond();
        format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000)
    };
    let since = now();
    let created = |more: &[&str]| {
        let filters = ["type=container", "event=create", "label=queuelab.run"];
        let mut arguments = vec!["events", "--since", since.as_str()];
        arguments.extend(filters.iter().flat_map(|filter| ["--filter", filter]));
        arguments.extend(["--format", "{{.Actor.Attributes.name}}"]);
        arguments.extend(more);
        let mut command = Command::new("docker");
        command.args(arguments);
        command
    };
    // It keeps the last 256 events only, so that the first ones are read while it runs.
    let mut first = Background::start(created(&[]));
    let run = start(out, arguments);
    let pid = run.child.id().to_string();
    let (output, trials) = run.finish();
    assert_passed(&output);
    let last = created(&["--until", &now()]).output().unwrap();
    assert!(last.status.success(), "{}", all_output(&last));
    first.child.kill().unwrap();
    let names = first.remaining_output() + &text(&last.stdout);
    let of_run = names.lines().filter(|name| name.split('-').nth(2) == Some(&pid));
    let created: HashSet<_> = of_run.collect();
    let count = |role: &str| created.iter().filter(|name| name.contains(role)).count();
    (count("-server-"), count("-client-"), trials)
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_host_is_reused_only_if_a_trial_leaves_no_state_in_it() {
    let no_metrics = |host| format!("hosts.{host}.sysctls.net.ipv4.tcp_no_metrics_save=1");
    let (server, client) = (no_metrics("server"), no_metrics("client"));
    // The side that closes first has sockets in TIME_WAIT for 60 s; the other side has none.
    for closes_first in ["client", "server"] {
        let closes = format!("server.closes_first={closes_first}");
        let set = [
            server.as_str(),
            client.as_str(),
            closes.as_str(),
            "matrix.server.backlog=[64]",
            "load.messages=0",
            "server.close_after=0",
        ];
        let mut arguments = vec!["smoke", "--backend", "docker", "--repeat", "3"];
        arguments.extend(set.iter().flat_map(|set| ["--set", set]));
        let out = out_directory();
        let (servers, clients, trials) = count_containers(out.path(), &arguments);
        assert_eq!(trials.len(), 6);
        let client_closes = closes_first == "client";
        let (used_up, reused) = if client_closes { (clients, servers) } else { (servers, clients) };
        assert!(
            used_up >= 6,
            "{servers} servers, {clients} clients: TIME_WAIT at the {closes_first}"
        );
        assert!(
            reused <= 2,
            "{servers} servers, {clients} clients: TIME_WAIT at the {closes_first}"
        );
        for trial in &trials {
            let evidence = &trial.evidence;
            let host = if client_closes { &evidence.client } else { &evidence.server };
            // Fewer than 20 if both sides close at the same moment.
            assert!((1..=20).contains(&host["sockstat.TCP.tw"]), "{:?}", evidence);
        }
    }
    // A host that saves metrics of its peers is not reused.
    let out = out_directory();
    let saves = ["smoke", "--backend", "docker", "--set", &client, "--repeat", "1"];
    let (servers, _, trials) = count_containers(out.path(), &saves);
    assert!(servers >= trials.len(), "{servers} servers for {} trials", trials.len());
}

#[test]
#[ignore = "needs a Docker engine"]
fn concurrent_runs_do_not_collide() {
    let outs = [out_directory(), out_directory()];
    let arguments = ["accept-queue-capacity", "--backend", "docker", "--set", EXACT];
    let runs: Vec<_> = outs.iter().map(|out| start(out.path(), &arguments)).collect();
    for run in runs {
        let pid = run.child.id();
        let (output, trials) = run.finish();
        assert_passed(&output);
        assert_eq!(trials.len(), 8);
        assert_nothing_left_of(pid);
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn both_backends_accept_and_reject_the_same_dependent_sysctls() {
    // The kernel accepts the second only after the first; an engine applies them in random
    // order.
    let low = "hosts.client.sysctls.net.ipv4.ip_unprivileged_port_start=50";
    let range = "hosts.client.sysctls.net.ipv4.ip_local_port_range=[100, 2000]";
    for (set, code) in [(vec![low, range], 0), (vec![range], 2)] {
        for backend in ["netns", "docker"] {
            let out = out_directory();
            let mut command = queuelab(&["run", "smoke", "--backend", backend, "--out"]);
            command.arg(out.path()).args(set.iter().flat_map(|set| ["--set", set]));
            let output = command.output().unwrap();
            match code {
                0 => assert_passed(&output),
                _ => assert_eq!(output.status.code(), Some(code), "{}", all_output(&output)),
            }
        }
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn many_source_addresses_do_not_fill_the_machines_neighbour_table() {
    let out = out_directory();
    let set = [
        "load.source_addresses=250",
        "load.clients=250",
        "load.messages=0",
        "matrix.server.backlog=[300]",
        "matrix.hosts.server.sysctls.net.core.somaxconn=[301,302,303,304,305,306]",
    ];
    let mut arguments = vec!["smoke", "--backend", "docker"];
    arguments.extend(set.iter().flat_map(|set| ["--set", set]));
    let (output, _, trials) = run(out.path(), &arguments);
    assert_passed(&output);
    assert!(trials.iter().all(|trial| trial.outcomes.get(Outcome::Ok) == 250));
    assert_eq!(trials.len(), 12);
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_image_is_one_file_and_built_once() {
    // Not the machine's engine, whose `queuelab:latest` belongs to its user.
    let engine = TestEngine::start();
    let docker = |arguments: &[&str]| engine.docker(arguments).unwrap();
    let build = || {
        let built =
            queuelab(&["image", "build"]).env("DOCKER_HOST", engine.host()).output().unwrap();
        assert_eq!(built.status.code(), Some(0), "{}", all_output(&built));
        text(&built.stdout)
    };
    assert!(build().contains(" built, "));
    let again = build();
    assert!(again.contains(" exists, "), "{again}");
    let name = again.split_whitespace().next().unwrap();
    let inspected = docker(&["image", "inspect", name]);
    let image = serde_json::from_str::<Value>(&inspected).unwrap()[0].take();
    let executable = std::fs::metadata(crate::support::binary()).unwrap().len();
    assert_eq!(image["Size"].as_u64(), Some(executable), "only one file");
    assert!(image["RepoTags"].as_array().unwrap().contains(&"queuelab:latest".into()));
    let hash = name.strip_prefix("queuelab:").unwrap();
    assert_eq!(image["Config"]["Labels"]["queuelab.image"], hash);
    assert!(image["Config"]["Labels"].get("queuelab.run").is_none(), "containers inherit labels");
    let version = docker(&["run", "--rm", "--network", "none", name, "--version"]);
    assert!(version.starts_with("queuelab "), "{version}");

    let cleaned =
        queuelab(&["clean", "--images"]).env("DOCKER_HOST", engine.host()).output().unwrap();
    assert!(
        text(&cleaned.stdout).contains("removed image queuelab:latest"),
        "{}",
        all_output(&cleaned)
    );
    assert_eq!(docker(&["images", "--quiet"]), "");
}
