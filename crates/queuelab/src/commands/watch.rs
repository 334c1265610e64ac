//! `queuelab watch`: every listener of this machine. `live` has the screen, `table` the output
//! of `--once`, `until` the end of a watch, `metrics` what it serves for Prometheus, `recording`
//! what `--record` writes, `record_folder` where.

mod live;
mod metrics;
mod record_folder;
mod recording;
mod table;
mod until;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgGroup, Args};
use watch::{Filter, Watch, WatchSettings};

use self::metrics::MetricsServer;
use self::recording::Recording;
use self::until::Until;
use super::{print_json, print_line, print_message, print_output, print_text, screen};
use crate::error::Result;
use crate::exit::Exit;

/// Flags of `queuelab watch`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("printed").args(["once", "json", "metrics", "record"]).multiple(true))]
pub(crate) struct WatchArguments {
    /// Print one table and exit: with exit code 3 if a listener dropped during `--for`.
    #[arg(long)]
    once: bool,
    /// Print a line of JSON for each `--every`, or one with `--once`; `queuelab schema watch`
    /// describes it.
    #[arg(long)]
    pub(crate) json: bool,
    /// Serve metrics for Prometheus at /metrics of this address, or of 127.0.0.1 with this port.
    ///
    /// Anyone who can reach the address can read them. It can be combined with --json.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        value_parser = metrics::parse_address,
        conflicts_with = "once"
    )]
    metrics: Option<SocketAddr>,
    /// How long to watch [default: until Ctrl-C; with --once, one look].
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    #[arg(requires = "printed")]
    length: Option<Duration>,
    /// From one line of JSON to the next, 100ms to 1h.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_every)]
    #[arg(requires = "json")]
    every: Duration,
    /// From one look at the listeners to the next, 1ms to 1s.
    #[arg(long, value_name = "TIME", default_value = "10ms", value_parser = parse_interval)]
    interval: Duration,
    /// CPU time that the watch may use, as a share of one CPU, from 0.001 to 1.
    #[arg(long, value_name = "SHARE", default_value = "0.02", value_parser = parse_share)]
    max_cpu: f64,
    /// Only the network namespace in which this runs, instead of every one of the machine that
    /// this user may enter.
    #[arg(long)]
    own: bool,
    /// Take the rights of this user once everything is opened; a new directory of --record is
    /// this user's.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only listeners on these ports.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<u16>,
    /// Only listeners of processes with these names.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    process: Vec<String>,
    /// Only listeners of these processes.
    #[arg(long, value_name = "PID", value_delimiter = ',')]
    pid: Vec<u32>,
    /// Only listeners of these containers, by name or ID.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    container: Vec<String>,
    /// Only listeners in these network namespaces, by name or number.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    netns: Vec<String>,
    /// Also record everything into this directory, which must be new or empty; `queuelab report
    /// DIR` shows it, and `queuelab serve` if it is two levels below the directory of the runs.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// End the recording before it is larger than this.
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "1GiB",
        value_parser = recording::parse_size,
        requires = "record"
    )]
    record_limit: u64,
}

fn parse_every(text: &str) -> std::result::Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(every) if (Duration::from_millis(100)..=Duration::from_hours(1)).contains(&every) => {
            Ok(every)
        }
        _ => Err("expected a time from 100ms to 1h".to_owned()),
    }
}

fn parse_interval(text: &str) -> std::result::Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(interval) if (Duration::from_millis(1)..=Duration::from_secs(1)).contains(&interval) => {
            Ok(interval)
        }
        _ => Err("expected a time from 1ms to 1s".to_owned()),
    }
}

fn parse_share(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.001..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a share of one CPU from 0.001 to 1, such as 0.02".to_owned()),
    }
}

/// Watches until the end of the time, Ctrl-C or SIGTERM; on a screen, until its user leaves it.
pub(crate) fn watch(arguments: &WatchArguments) -> Result {
    let has_screen = arguments.has_screen();
    if has_screen {
        watch_screen::check_terminal()?;
    }
    // Before the sockets are opened: a signal from now on ends the watch in order. The screen
    // has its own signals.
    let until = (!has_screen).then(|| Until::new(arguments.length)).transpose()?;
    // Before the rights of another user are taken.
    let metrics = arguments.metrics.map(MetricsServer::bind).transpose()?;
    let folder = arguments
        .record
        .as_ref()
        .map(|directory| record_folder::open(directory, arguments.user.as_deref()));
    let folder = folder.transpose()?;
    let settings = settings(arguments);
    let watch = Arc::new(Watch::begin(settings.clone())?);
    let recording = folder.map(|folder| {
        let limit_bytes = arguments.record_limit;
        Recording::begin(Arc::clone(&watch), &settings, folder, limit_bytes, has_screen)
    });
    let recording = recording.transpose()?;
    let _serving = metrics
        .map(|metrics| {
            announce(metrics.address(), arguments.json)?;
            metrics.start(Arc::clone(&watch))
        })
        .transpose()?;
    let end = match until {
        None => live::show(&watch),
        Some(until) if arguments.once => {
            once(&watch, &until, arguments.length.is_some(), arguments.json)
        }
        Some(until) if arguments.json => lines(&watch, &until, arguments.every),
        Some(until) => {
            while until.wait(Duration::MAX) {}
            Ok(Exit::Held)
        }
    };
    recording.map_or(Ok(()), Recording::end)?;
    end
}

impl WatchArguments {
    /// Whether it shows the screen: nothing else is printed, and a recording that is not for a
    /// terminal does without one.
    fn has_screen(&self) -> bool {
        let is_recording = self.record.is_some();
        let is_quiet = is_recording && (self.length.is_some() || !std::io::stdout().is_terminal());
        !(self.once || self.json || self.metrics.is_some() || is_quiet)
    }
}

/// Says where the metrics are: not among lines of JSON.
fn announce(address: SocketAddr, json: bool) -> Result<()> {
    let text = format!("serving metrics on http://{address}/metrics");
    if json {
        print_message(&text);
    } else {
        print_output(&text)?;
    }
    Ok(())
}

fn settings(arguments: &WatchArguments) -> WatchSettings {
    WatchSettings {
        interval: arguments.interval,
        max_cpu_share: arguments.max_cpu,
        all_namespaces: !arguments.own,
        user: arguments.user.clone(),
        filter: Filter {
            ports: arguments.port.clone(),
            processes: arguments.process.clone(),
            pids: arguments.pid.clone(),
            containers: arguments.container.clone(),
            namespaces: arguments.netns.clone(),
        },
    }
}

/// One table or one line, after the time that was requested.
fn once(watch: &Watch, until: &Until, for_a_time: bool, json: bool) -> Result {
    let snapshot = match for_a_time {
        true => {
            while until.wait(Duration::MAX) {}
            watch.finish()
        }
        false => watch.snapshot(),
    };
    let has_dropped = snapshot.drops_watched() > 0;
    if json {
        print_json(&serde_json::to_string(&snapshot).expect("a snapshot is plain data"))?;
    } else {
        print_text(&table::text(&snapshot, for_a_time, screen()))?;
    }
    Ok(if for_a_time && has_dropped { Exit::Failed } else { Exit::Held })
}

/// A line of JSON at each interval.
fn lines(watch: &Watch, until: &Until, every: Duration) -> Result {
    loop {
        let goes_on = until.wait(every);
        let line = serde_json::to_string(&watch.snapshot()).expect("a snapshot is plain data");
        if !print_line(&line)? || !goes_on {
            return Ok(Exit::Held);
        }
    }
}
