//! A standalone probe.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::ordinary_user::{Sandbox, as_ordinary_user};
use crate::support::{Background, all_output, in_one_line, queuelab, terminate, text};
use linux_net::{NetworkNamespace, TcpState, tcp_info};
use socket2::{Domain, Socket, Type};

#[test]
fn an_ordinary_user_gets_a_line_each_second_and_the_cpu_time() {
    let sandbox = Sandbox::new();
    let command = sandbox.queuelab(&["probe", "--port=9", "--for=2500ms"]);
    let output = as_ordinary_user(command).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let printed = text(&output.stdout);
    assert!(printed.starts_with("sampling port 9 every 1ms\n"), "{printed}");
    assert_eq!(printed.matches("no listener · SYN_RECV 0 ").count(), 2, "{printed}");
    let share = printed.split(" % of one CPU").next().unwrap().rsplit(' ').next().unwrap();
    // The aim is 3; this is an unoptimised build on a busy machine.
    assert!(share.parse::<f64>().unwrap() < 20.0, "{printed}");
}

#[test]
fn invalid_settings_are_usage_errors() {
    for (flags, reason) in [
        (&["--interval=1us"][..], "the shortest interval is 100µs"),
        (&["--interval=2h"], "the longest interval is 3600s"),
        (&["--cpu-share=NaN"], "it must be above 0"),
        (&["--cpu-share=0"], "it must be above 0"),
        (&["--config={\"cpu_share\":2}"], "it must be above 0"),
        (&["--config={}", "--port=8080"], "cannot be used with"),
        (&["--config={}", "--interval=1ms"], "cannot be used with"),
    ] {
        let output = queuelab(&["probe"]).args(flags).output().unwrap();
        let printed = in_one_line(&all_output(&output));
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {printed}");
        assert!(printed.contains(reason), "{flags:?}: {printed}");
    }
}

#[test]
fn a_closed_pipe_ends_the_probe_and_a_write_error_is_reported() {
    // Neither the end of standard input nor time ends the probe.
    let mut probe = queuelab(&["probe", "--port=9"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    probe.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let deadline = Instant::now() + Duration::from_secs(240);
    let status = loop {
        if let Some(status) = probe.try_wait().unwrap() {
            break status;
        }
        if Instant::now() >= deadline {
            probe.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(0));

    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = queuelab(&["probe", "--port=9"]).stdout(full).stderr(Stdio::piped()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("No space left"), "{}", all_output(&output));
}

/// Reads lines up to one that contains `awaited`.
fn wait_for_line(probe: &mut Background, awaited: &str) {
    let mut lines = probe.lines.by_ref().map(Result::unwrap);
    assert!(lines.any(|line| line.contains(awaited)), "the probe ended without `{awaited}`");
}

#[test]
fn both_families_a_changed_limit_and_the_listeners_own_drops_are_shown() {
    linux_net::testing::in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let listen = || {
            let socket = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
            socket.set_only_v6(false).unwrap();
            socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8080)).into()).unwrap();
            socket.listen(2).unwrap();
            socket
        };
        let listener = host.run(listen).unwrap();
        let mut command = queuelab(&["probe", "--port=8080"]);
        host.enter_on_exec(&mut command);
        let mut probe = Background::start(command);
        wait_for_line(&mut probe, "sampling port 8080");
        // Three of them fit, of both families.
        let connect = || {
            let targets = [Ipv4Addr::LOCALHOST.into(), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            let connect = |ip: IpAddr| {
                let socket =
                    Socket::new(Domain::for_address(SocketAddr::new(ip, 1)), Type::STREAM, None);
                let socket = socket.unwrap();
                socket.set_nonblocking(true).unwrap();
                let _ = socket.connect(&SocketAddr::new(ip, 8080).into());
                socket
            };
            targets.iter().cycle().take(8).map(|ip| connect(*ip)).collect::<Vec<_>>()
        };
        let clients = host.run(connect).unwrap();
        wait_for_line(&mut probe, "queued 3 of 3 · SYN_RECV 0 · dropped ");
        listener.listen(1).unwrap();
        wait_for_line(&mut probe, "queued 3 of 2 ");
        // No SYN is sent again, so that the last sample and the counters after it agree.
        let is_queued =
            |client: &Socket| tcp_info(client.as_fd()).unwrap().state == TcpState::Established;
        let (_queued, dropped): (Vec<_>, Vec<_>) = clients.into_iter().partition(is_queued);
        assert_eq!(dropped.len(), 5);
        drop(dropped);
        terminate(&probe.child);
        let summary = probe.remaining_output();
        assert!(probe.child.wait().unwrap().success(), "{summary}");
        assert!(summary.lines().all(|line| line.chars().count() <= 60), "{summary}");
        assert!(summary.contains("listener 1 on [::]:8080\n"), "{summary}");
        assert!(summary.contains("at most 3 queued; it holds 2\n"), "{summary}");
        assert!(
            summary.contains("its limit was 2, and is 1 since the last listen(2)"),
            "{summary}"
        );
        let number = |before: &str| -> u64 {
            let rest = summary.split_once(before).unwrap_or_else(|| panic!("{summary}")).1;
            rest.split([' ', '\n']).next().unwrap().parse().unwrap()
        };
        let drops = number("dropped itself (sk_drops): ");
        assert!(drops >= 5, "five SYNs, and those that were sent again: {summary}");
        assert_eq!(
            (number("ListenOverflows +"), number("ListenDrops +")),
            (drops, drops),
            "{summary}"
        );
        // Both ends of three connections: those over IPv4 at the client are of IPv4.
        assert_eq!(number("ESTABLISHED: at most "), 6, "{summary}");
        assert!(summary.contains("The whole machine, all its network namespaces:"), "{summary}");
    });
}
