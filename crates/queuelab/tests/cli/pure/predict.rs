//! `queuelab predict`: the laws and the simulation of a scenario.

use crate::support::{all_output, in_one_line, queuelab, text};

/// The cells of a table's row.
fn cells(line: &str) -> Vec<&str> {
    line.split('│').map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn a_law_is_printed_for_each_cell_that_it_decides() {
    let set = ["--set", "matrix.server.backlog=[3,70]"];
    let output = queuelab(&["predict", "accept-queue-capacity"]).args(set).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let table = text(&output.stdout);
    let capacities: Vec<_> =
        table.lines().map(cells).filter(|cells| cells.iter().any(|c| c.contains("+ 1"))).collect();
    let law = "accept queue holds min(backlog, somaxconn) + 1";
    assert_eq!(
        capacities,
        [
            ["4096", "3", law, "4"],
            ["4096", "70", law, "71"],
            ["64", "3", law, "4"],
            ["64", "70", law, "65"],
        ]
    );
}

#[test]
fn the_kernels_default_somaxconn_is_used_if_none_is_set() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = directory.path().join("plain.yaml");
    std::fs::write(
        &scenario,
        "name: plain\nquestion: What does the default limit?\nserver:\n  backlog: 100000\n",
    )
    .unwrap();
    let output = queuelab(&["predict", scenario.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert!(text(&output.stdout).contains("4096"), "{}", all_output(&output));
}

#[test]
fn the_same_sysctl_of_both_hosts_is_named_with_its_host() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = directory.path().join("both.yaml");
    std::fs::write(
        &scenario,
        "name: both\nquestion: Whose timer decides?\nserver:\n  backlog: 10\nmatrix:\n  \
         hosts.server.sysctls.net.ipv4.tcp_syn_retries: [1, 2]\n  \
         hosts.client.sysctls.net.ipv4.tcp_syn_retries: [3, 4]\n",
    )
    .unwrap();
    for simulate in [&[][..], &["--simulate"]] {
        let scenario = scenario.to_str().unwrap();
        let output = queuelab(&["predict", scenario]).args(simulate).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        let table = text(&output.stdout);
        let heading: Vec<_> = table.lines().filter(|line| line.starts_with('│')).collect();
        // The heading may be wrapped.
        let of_column = |column: usize| -> String {
            let rows = heading[..2].iter().filter_map(|line| line.split('│').nth(column));
            rows.map(str::trim).collect::<Vec<_>>().join(" ")
        };
        for (column, host) in [(1, "server"), (2, "client")] {
            let name = format!("{host} net.ipv4.tcp_syn_retries");
            assert!(of_column(column).starts_with(&name), "{table}");
        }
    }
}

/// The rows of `predict --simulate`, without the heading.
fn simulated(arguments: &[&str]) -> Vec<Vec<String>> {
    let output = queuelab(&["predict", "--simulate"]).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let table = text(&output.stdout);
    let rows = table.lines().map(|line| cells(line).into_iter().map(str::to_owned).collect());
    rows.filter(|row: &Vec<String>| row.len() > 1).skip(1).collect()
}

#[test]
fn a_simulated_burst_that_fits_drops_no_client_and_a_larger_one_does() {
    let burst = |accept| {
        let backlogs = "matrix.server.backlog=[10,400]";
        let one = ["--only", "server.design=snapshot", "--only", "load.clients=400"];
        let patient = ["--set", "load.finish_deadline=5000s", "--set", "server.idle_timeout=0s"];
        let one = [&one[..], &patient].concat();
        let rows = simulated(
            &[&["backlog-sweep", "--set", backlogs, "--accept", accept][..], &one].concat(),
        );
        assert_eq!(rows.len(), 2, "{rows:?}");
        rows
    };
    let all_first_try = ["100.0", "100.0", "0", "0", "0"];
    assert_eq!(burst("1us")[0][3..8], all_first_try, "accepted faster than they arrive");
    let slow = burst("10s");
    assert_eq!(slow[1][3..8], all_first_try, "the burst fits");
    // One client is accepted at once, and 11 are queued.
    let few = ["3.0", "3.0", "388"];
    assert_eq!(slow[0][3..6], few, "{slow:?}");
    assert_ne!(burst("200us"), burst("50us"), "the accept time matters");
    assert_eq!(burst("20000/s"), burst("50us"));
}

#[test]
fn a_simulated_server_that_never_accepts_holds_what_the_law_predicts() {
    let clients = ["--set", "load.clients=100", "--set", "matrix.server.backlog=[3,70]"];
    let rows = simulated(&[&["accept-queue-capacity"][..], &clients].concat());
    let shares: Vec<_> = rows.iter().map(|row| (row[2].as_str(), row[3].as_str())).collect();
    assert_eq!(
        shares,
        [("4.0", "4.0"), ("71.0", "71.0"), ("4.0", "4.0"), ("65.0", "65.0")],
        "B + 1 of 100, and no client later"
    );
}

#[test]
fn a_scenario_that_is_not_covered_has_a_reason_and_an_accept_time_needs_a_simulation() {
    let output = queuelab(&["predict", "--simulate", "backlog-sweep"])
        .args(["--set", "load.pattern=one_by_one", "--set", "load.leave=half_close"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let printed = text(&output.stdout);
    assert!(printed.contains("does not cover") && printed.contains("(load.pattern one_by_one)"));
    for wrong in [&["--accept", "35us"][..], &["--simulate", "--accept", "soon"]] {
        let output = queuelab(&["predict", "backlog-sweep"]).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    }
}

#[test]
fn a_program_is_simulated_with_a_stated_pace_and_backlog() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = directory.path().join("program.yaml");
    let simulate = |command: &str, arguments: &[&str]| {
        let server = format!("server: {{ command: {{ program: [nginx], port: 80{command} }} }}");
        let written = format!(
            "name: program\nquestion: How many get in?\n{server}\nload: {{ clients: 20, dialogue: \
             none, pattern: rate, connect_rate: 1000, connect_deadline: 300ms }}\n"
        );
        std::fs::write(&scenario, written).unwrap();
        let scenario = scenario.to_str().unwrap();
        let output =
            queuelab(&["predict", "--simulate", scenario]).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        in_one_line(&text(&output.stdout))
    };
    let unknown = simulate(", backlog: 4", &[]);
    assert!(unknown.contains("pass --accept, such as --accept 20000/s"), "{unknown}");
    let unlimited = simulate("", &["--accept", "1s"]);
    assert!(unlimited.contains("is not known: set server.command.backlog"), "{unlimited}");
    // One is accepted at once, and 5 are queued.
    let slow = simulate(", backlog: 4", &["--accept", "1s"]);
    assert!(slow.contains(" 30.0 30.0 0 14 14 "), "{slow}");
    let stopped = simulate(", backlog: 4, paused: true", &[]);
    assert!(stopped.contains(" 25.0 25.0 0 15 15 "), "{stopped}");
    assert!(stopped.contains("the server is stopped while clients connect"), "{stopped}");
}

/// The predicted SYN_RECV of the cells of a scenario with half-open clients, on a kernel.
fn syn_recv(kernel: &str, matrix: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let scenario = directory.path().join("half-open.yaml");
    let fixed = "name: half-open\nquestion: How many?\nserver:\n  accept_paused: true\n  backlog: -1\n\
                 load:\n  clients: 5000\n  half_open: 5000\n  pattern: rate\n  connect_rate: 20000\n  \
                 connect_deadline: 300ms\n  chat: after_connect\n  messages: 0\nmatrix:\n";
    std::fs::write(&scenario, format!("{fixed}{matrix}")).unwrap();
    let arguments = ["predict", scenario.to_str().unwrap(), "--kernel-rules", kernel];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let text = text(&output.stdout);
    let rows = text.lines().map(cells).filter(|cells| cells.contains(&"sockets in SYN_RECV"));
    rows.map(|cells| cells.last().unwrap().to_string()).collect()
}

/// As published for kernel 5.15.0-130.
#[test]
fn the_syn_queue_of_kernels_before_2025_is_predicted_as_published() {
    let sysctl =
        |name: &str, values: &str| format!("  hosts.server.sysctls.net.{name}: {values}\n");
    let (rules, published) = ("4.10-to-2024", sysctl("core.somaxconn", "[4096]"));
    let without = published + &sysctl("ipv4.tcp_syncookies", "[0]");
    let by_backlog = without + &sysctl("ipv4.tcp_max_syn_backlog", "[128, 256, 512, 1024]");
    assert_eq!(syn_recv(rules, &by_backlog), ["97", "193", "385", "769"]);
    assert_eq!(syn_recv("since-2025-01", &by_backlog), ["97", "193", "385", "769"]);
    let small = sysctl("core.somaxconn", "[64]")
        + &sysctl("ipv4.tcp_syncookies", "[0]")
        + &sysctl("ipv4.tcp_max_syn_backlog", "[1024]");
    assert_eq!(syn_recv(rules, &small), ["64"]);
    assert_eq!(syn_recv("since-2025-01", &small), ["65"]);
    let with_cookies = sysctl("core.somaxconn", "[512, 1024, 4096]")
        + &sysctl("ipv4.tcp_syncookies", "[1]")
        + &sysctl("ipv4.tcp_max_syn_backlog", "[128]");
    assert_eq!(syn_recv(rules, &with_cookies), ["512", "1024", "4096"]);

    // A report of `doctor --json` on such a machine.
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("doctor.json");
    let kernel =
        r#"{ "release": "5.15.0-130-generic", "rules": "4.10-to-2024", "hz": 250, "sysctls": {} }"#;
    std::fs::write(&report, format!(r#"{{ "ready": {{}}, "kernel": {kernel} }}"#)).unwrap();
    assert_eq!(syn_recv(report.to_str().unwrap(), &small), ["64"]);
}

#[test]
fn other_kernel_rules_are_refused_with_the_reason() {
    for (rules, reason) in [
        ("before-4.10", "a power of two"),
        ("5.15", "does not determine the rules"),
        ("newest", "there is no such file"),
        ("Cargo.toml", "is not JSON"),
    ] {
        let arguments = ["predict", "smoke", "--kernel-rules", rules];
        let output = queuelab(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
        let stderr = in_one_line(&text(&output.stderr));
        assert!(stderr.contains(reason), "{rules}: {stderr}");
    }
}
