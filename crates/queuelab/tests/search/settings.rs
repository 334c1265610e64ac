//! The settings that the search varies, each with its boundary values.

use chat_server::DesignName;
use linux_net::Sysctl;
use serde_json::{Value, json};

use crate::combination::Combination;

/// A setting of a cell.
pub(crate) struct Setting {
    /// Its path, as in `--set`.
    pub(crate) path: String,
    /// Its boundary values in a combination: 0, 1, the limits of the kernel or the lab, and
    /// values around those of other settings.
    pub(crate) values: fn(&Combination) -> Value,
    /// Whether the lab knows what it does; `false` only of sysctls.
    pub(crate) is_known: bool,
}

/// Every setting of server, load and what follows it, and every sysctl, of both hosts, that
/// a law or the simulator reads, or that acts on the same part of the kernel.
pub(crate) fn settings() -> Vec<Setting> {
    let of_sections = SECTIONS.iter().map(|&(path, values)| (path.to_owned(), values));
    let of_hosts = SYSCTLS.iter().flat_map(|&(name, values)| {
        ["server", "client"].map(|host| (format!("hosts.{host}.sysctls.net.{name}"), values))
    });
    let setting = |(path, values): (String, Values)| {
        let sysctl = path.split_once(".sysctls.").map(|(_, name)| name);
        let is_known = sysctl.is_none_or(|name| Sysctl::from_name(name).is_some());
        Setting { path, values, is_known }
    };
    of_sections.chain(of_hosts).map(setting).collect()
}

type Values = fn(&Combination) -> Value;

const SECTIONS: &[(&str, Values)] = &[
    ("server.port", |c| json!([0, 1, 1023, 1024, port_range_start(c), 65535])),
    ("server.backlog", |c| {
        let (clients, half_open) = (clients(c), half_open(c));
        json!([
            i32::MIN,
            -1,
            0,
            1,
            2,
            3,
            4,
            7,
            8,
            half_open - 1,
            half_open,
            half_open + 1,
            clients - 2,
            clients - 1,
            clients,
            i32::MAX
        ])
    }),
    ("server.listeners", |_| json!([1, 2, 3, 64])),
    ("server.defer_accept", |_| json!([0, 1, 2, 3, 4, 31, 32, 2_147_483_647])),
    ("server.hold_acks", |_| json!([true, false])),
    ("server.release_backlog", |c| json!([null, -1, 0, 1, clients(c) - 1, clients(c)])),
    ("server.reuse_address", |_| json!([true, false])),
    ("server.framing", |_| json!(["ascii4", "u32be"])),
    ("server.design", |_| DesignName::permitted().map(|design| json!(design)).collect()),
    ("server.max_clients", |c| json!([null, 1, 2, clients(c) - 1, clients(c)])),
    ("server.frame_timeout", |_| json!(["0s", "1ms", "5s"])),
    ("server.idle_timeout", |_| json!(["0s", "1ms", "300ms", "5s"])),
    ("server.write_timeout", |_| json!(["0s", "1ms", "5s"])),
    ("server.client_queue", |_| json!([65_540, 1_048_576])),
    ("server.when_full", |_| json!(["hold_sender", "drop_message", "close_client"])),
    ("server.accept_paused", |_| json!([true, false])),
    ("server.accept_delay", |_| json!(["0s", "1ms", "30ms", "200ms", "1100ms"])),
    ("server.closes_first", |_| json!(["server", "client"])),
    ("server.close_after", |_| json!([0, 1, 2])),
    ("server.drain", |_| json!(["0s", "1ms", "500ms", "3s"])),
    ("server.nodelay", |_| json!([true])),
    ("load.clients", |c| {
        let backlog = c.number("server.backlog", 128).clamp(0, 56);
        json!([1, 2, backlog, backlog + 1, backlog + 2, backlog + 3, 12, 13, 20, 60])
    }),
    ("load.pattern", |_| json!(["burst", "rate", "one_by_one", "concurrent"])),
    ("load.concurrency", |c| json!([null, 1, 2, 5, clients(c) - 1, clients(c)])),
    ("load.connect_rate", |_| {
        let ramp = |from, to, over| json!({ "from": from, "to": to, "over": over });
        json!([
            null,
            2,
            10,
            40,
            200,
            1000,
            1e9,
            ramp(0, 400, "200ms"),
            ramp(500, 50, "50ms"),
            ramp(20, 20, "1s"),
            ramp(1, 1000, "1s"),
            ramp(0, 1_000_000, "1ms")
        ])
    }),
    ("load.half_open", |c| {
        let backlog = c.number("server.backlog", 128).clamp(0, 56);
        json!([0, 1, backlog, backlog + 1, backlog + 2, clients(c) - 1, clients(c)])
    }),
    ("load.connect_deadline", |_| {
        json!(["1ms", "300ms", "700ms", "999ms", "1s", "1100ms", "2s", "3100ms", "7500ms"])
    }),
    ("load.chat", |_| json!(["overlapped", "after_connect"])),
    ("load.linger", |_| {
        json!(["0s", "1ms", "50ms", "500ms", "1100ms", "2s", "3200ms", "4s", "8s"])
    }),
    ("load.slow_readers", |_| json!([0, 1, 2])),
    ("load.senders", |c| json!([null, 1, 2, clients(c) - 1, clients(c)])),
    ("load.messages", |_| json!([0, 1, 2, 3])),
    // The others are not for the lab's server.
    ("load.dialogue", |_| json!(["chat", "none"])),
    ("load.size", |_| json!([13, 30, 1000, 9000])),
    ("load.send_delay", |_| json!(["0s", "20ms", "500ms", "1500ms"])),
    ("load.interval", |_| json!(["0s", "5ms", "500ms"])),
    ("load.leave", |_| json!(["together", "after_sending", "half_close"])),
    ("load.finish_deadline", |_| json!(["1ms", "600ms", "1s", "3s", "6s"])),
    ("load.source_addresses", |_| json!([1, 2, 3, 250])),
    ("load.threads", |_| json!([1, 2, 64])),
    ("load.nodelay", |_| json!([true])),
    ("after.restart_within", |_| json!(["0s", "1ms", "300ms", "1500ms", "59s", "70s"])),
    ("after.restart_reuse_address", |_| json!([null, true, false])),
    ("after.watch_closing", |_| json!(["0s", "1ms", "500ms", "3s", "60s", "70s"])),
];

const SYSCTLS: &[(&str, Values)] = &[
    ("core.somaxconn", |c| {
        let backlog = c.number("server.backlog", 128).clamp(1, 100_000);
        json!([
            0,
            1,
            2,
            3,
            backlog - 1,
            backlog,
            backlog + 1,
            4095,
            4096,
            65535,
            65536,
            2_147_483_647
        ])
    }),
    ("ipv4.tcp_max_syn_backlog", |c| {
        // Three quarters of it are around the number of half-open clients.
        let (half_open, clients) = (half_open(c), clients(c));
        json!([
            -2,
            -1,
            0,
            1,
            2,
            3,
            4,
            5,
            7,
            8,
            16,
            half_open * 4 / 3,
            half_open * 4 / 3 + 1,
            clients,
            clients * 4 / 3 + 1,
            128,
            4096,
            2_147_483_647
        ])
    }),
    ("ipv4.tcp_syncookies", |_| json!([0, 1, 2])),
    ("ipv4.tcp_abort_on_overflow", |_| json!([0, 1])),
    ("ipv4.tcp_synack_retries", |_| json!([0, 1, 2, 3, 5, 6, 127, 128, 255])),
    ("ipv4.tcp_syn_retries", |_| json!([1, 2, 3, 6, 126, 127])),
    ("ipv4.tcp_syn_linear_timeouts", |_| json!([0, 1, 2, 4, 5, 126, 127])),
    ("ipv4.tcp_rto_max_ms", |_| json!([1000, 1001, 2000, 4000, 119_999, 120_000])),
    ("ipv4.tcp_rto_min_us", |_| json!([1, 1000, 200_000, 1_000_000, 5_000_000])),
    ("ipv4.tcp_fin_timeout", |_| json!([0, 1, 2, 3, 59, 60, 61, 62, 64, 120])),
    ("ipv4.tcp_tw_reuse", |_| json!([0, 1, 2])),
    ("ipv4.tcp_tw_reuse_delay", |_| json!([1, 2, 500, 999, 1000, 1001, 2000, 59_999, 60_000])),
    ("ipv4.tcp_max_tw_buckets", |c| {
        let clients = clients(c);
        json!([0, 1, 2, 10, clients - 1, clients, clients + 1, 4096, 2_147_483_647])
    }),
    ("ipv4.tcp_rfc1337", |_| json!([0, 1])),
    ("ipv4.tcp_retries1", |_| json!([0, 1, 3, 255])),
    ("ipv4.tcp_retries2", |_| json!([0, 1, 2, 15, 255])),
    ("ipv4.tcp_orphan_retries", |_| json!([0, 1, 8])),
    ("ipv4.tcp_migrate_req", |_| json!([0, 1])),
    ("ipv4.tcp_timestamps", |_| json!([0, 1, 2])),
    ("ipv4.tcp_no_metrics_save", |_| json!([0, 1])),
    ("ipv4.tcp_fastopen", |_| json!([0, 1, 2, 3, 0x200, 0x402, 0x603, 0x607])),
    ("ipv4.tcp_rmem", |_| json!(["1 1 1", "4096 4096 4096", "4096 8192 8192"])),
    ("ipv4.tcp_wmem", |_| json!(["1 1 1", "4096 4096 4096", "4096 8192 8192"])),
    ("ipv4.tcp_dsack", |_| json!([0, 1])),
    ("ipv4.tcp_frto", |_| json!([0, 1, 2])),
    ("ipv4.tcp_keepalive_time", |_| json!([1, 7200])),
    ("ipv4.tcp_moderate_rcvbuf", |_| json!([0, 1])),
    ("ipv4.tcp_slow_start_after_idle", |_| json!([0, 1])),
    ("ipv4.tcp_thin_linear_timeouts", |_| json!([0, 1])),
    ("ipv4.tcp_congestion_control", |_| json!(["reno", "cubic"])),
    ("ipv4.tcp_window_scaling", |_| json!([0, 1])),
    ("ipv4.tcp_sack", |_| json!([0, 1])),
    ("ipv4.tcp_ecn", |_| json!([0, 1, 2])),
    ("ipv4.tcp_invalid_ratelimit", |_| json!([0, 1, 500, 60_000])),
    ("ipv4.ip_local_port_range", |c| {
        let clients = clients(c);
        let from = |first: i64, count: i64| format!("{first} {}", first + count.max(1) - 1);
        json!([
            from(20_000, 1),
            from(20_000, 2),
            from(20_000, 3),
            from(20_001, 2),
            from(20_000, 11),
            from(20_001, 12),
            from(20_000, clients - 1),
            from(20_000, clients),
            from(20_000, clients + 1),
            // The server's port is one of them.
            from(8076, 12),
            from(8080, 2),
            from(1, 2),
            "1024 65535",
            "1 65535"
        ])
    }),
    ("ipv4.ip_local_reserved_ports", |c| {
        let first = port_range_start(c);
        json!([
            first.to_string(),
            (first + 1).to_string(),
            format!("{first}-{}", first + 1),
            format!("{first},{}", first + 3),
            "8080",
            "1-65535"
        ])
    }),
    ("ipv4.ip_nonlocal_bind", |_| json!([0, 1])),
    ("ipv4.ip_unprivileged_port_start", |_| json!([0, 1024, 8081, 65535])),
    ("ipv4.ip_autobind_reuse", |_| json!([0, 1])),
    ("ipv4.ip_default_ttl", |_| json!([1, 255])),
];

fn clients(combination: &Combination) -> i64 {
    combination.number("load.clients", 50)
}

fn half_open(combination: &Combination) -> i64 {
    combination.number("load.half_open", 0)
}

/// The first local port of the client.
fn port_range_start(combination: &Combination) -> i64 {
    let path = "hosts.client.sysctls.net.ipv4.ip_local_port_range";
    let first = combination.text(path).and_then(|range| range.split(' ').next()?.parse().ok());
    first.unwrap_or(32_768)
}
