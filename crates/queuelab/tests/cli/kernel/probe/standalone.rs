//! A standalone probe.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::ordinary_user::{Sandbox, as_ordinary_user};
use crate::support::{all_output, queuelab, text};

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
        let printed = all_output(&output).split_whitespace().collect::<Vec<_>>().join(" ");
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
    let deadline = Instant::now() + Duration::from_secs(20);
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
