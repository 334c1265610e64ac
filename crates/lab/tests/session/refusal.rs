//! Requests that are refused before anything starts.

use crate::bench::{Bench, script};

#[test]
fn a_sysctl_value_that_the_kernel_refuses_is_shown_at_its_place() {
    let bench = Bench::new();
    let matrix = "matrix:\n  hosts.server.sysctls.net.core.somaxconn: [4096, -5]\n";
    let scenario = bench.scenario("refused", matrix);
    let refusing = script(r#"{ "refused_sysctls": { "net.core.somaxconn": "-5" } }"#);
    let session = bench.run(refusing, bench.request(&scenario));
    let error = session.error();
    assert!(error.contains("hosts.server.sysctls.net.core.somaxconn"), "{error}");
    assert!(error.contains("Invalid argument"), "the kernel's message: {error}");
    assert!(bench.runs().is_empty(), "nothing was started");
}

#[test]
fn a_machine_without_room_for_the_clients_is_reported() {
    let bench = Bench::new();
    let scenario = bench.scenario("large", "");
    let session = bench.run(script(r#"{ "max_clients": 4 }"#), bench.request(&scenario));
    let error = session.error();
    assert!(error.contains("allow 5 clients") && error.contains("the limit is 4"), "{error}");
    assert!(bench.runs().is_empty(), "nothing was started");
}
