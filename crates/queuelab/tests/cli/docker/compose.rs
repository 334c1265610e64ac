//! `docker compose up`, with an image of the binary under test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::http::{request, status};
use crate::support::{
    all_output, binary, out_directory, queuelab, repository, runs, table_value, text,
};
use nix::unistd::{getegid, geteuid};
use run_record::{Outcome, RunDirectory};
use tempfile::TempDir;

const TIMEOUT: Duration = Duration::from_secs(240);

/// A copy of compose.yaml in its own folder, up until the test ends, with unique names,
/// addresses and port.
struct Project {
    folder: TempDir,
    name: String,
    page: SocketAddr,
    variables: Vec<(&'static str, String)>,
}

/// A subnet that neither runs nor compose.yaml use. Two test processes on one engine rarely
/// choose the same one.
fn subnet(number: u8) -> String {
    let processes = 7;
    let process = u8::try_from(std::process::id() % processes).unwrap();
    format!("198.19.{}", 240 + 2 * process + number % 2)
}

/// An address for the test with this number. The kernel gives its port to no program that asks
/// for any, until the engine listens there.
fn free_address(number: u8) -> SocketAddr {
    let first = 20_000 + (std::process::id() % 100) as u16 * 100 + u16::from(number) * 10;
    let addresses = (first..first + 10).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let mut free = addresses.filter(|address| TcpListener::bind(address).is_ok());
    free.next().expect("one of ten ports is free")
}

impl Project {
    /// Brings it up. Each test of this file has its own `number`.
    fn up(number: u8, settings: &[(&'static str, &str)], runs_owner: Option<u32>) -> Self {
        let folder = out_directory();
        std::fs::copy(repository().join("compose.yaml"), folder.path().join("compose.yaml"))
            .unwrap();
        let runs = folder.path().join("reports/runs");
        std::fs::create_dir_all(&runs).unwrap();
        std::os::unix::fs::chown(&runs, runs_owner, None).unwrap();
        let name = format!("queuelab-test-{}-{number}", std::process::id());
        let free = free_address(number);
        let mut variables = vec![
            ("IMAGE", name.clone()),
            ("REPORTS_PORT", free.port().to_string()),
            ("SUBNET", subnet(number)),
        ];
        variables.extend(settings.iter().map(|&(name, value)| (name, value.to_owned())));
        let project = Self { folder, name, page: free, variables };
        project.make_image();
        let up = project.compose(&["up", "-d"]);
        assert!(up.status.success(), "{}", all_output(&up));
        project
    }

    fn make_image(&self) {
        let binary = Path::new(binary());
        let script = format!(
            "tar -C {} -c queuelab | docker import --change 'ENTRYPOINT [\"/queuelab\"]' - {}",
            binary.parent().unwrap().display(),
            self.name
        );
        let made = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(made.status.success(), "{}", all_output(&made));
    }

    /// Runs Docker Compose: the plugin, or the older program.
    fn compose(&self, arguments: &[&str]) -> Output {
        let plugin = docker(&["compose", "version"]).status.success();
        let mut command = Command::new(if plugin { "docker" } else { "docker-compose" });
        command.args(plugin.then_some("compose")).args(["-p", &self.name]).args(arguments);
        command.current_dir(self.folder.path()).envs(self.variables.iter().cloned());
        command.output().expect("Docker Compose is installed")
    }

    /// The ids of this project's objects of a kind.
    fn list_ids(&self, what: &[&str]) -> String {
        let filter = format!("label=com.docker.compose.project={}", self.name);
        text(&docker(&[what, &["-q", "--filter", &filter]].concat()).stdout)
    }

    fn container(&self, service: &str) -> String {
        let filter = format!("label=com.docker.compose.service={service}");
        let id = self.list_ids(&["ps", "-a", "--filter", &filter]);
        assert_eq!(id.lines().count(), 1, "one container of {service}: {id}");
        id.trim().to_owned()
    }

    /// Waits until a service has printed `awaited`; returns its output.
    fn wait_for_output(&self, service: &str, awaited: &str) -> String {
        let container = self.container(service);
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let printed = text(&docker(&["logs", &container]).stdout);
            if printed.contains(awaited) {
                return printed;
            }
            if Instant::now() >= deadline {
                let all = all_output(&self.compose(&["logs", "--no-color"]));
                panic!("{service} did not print `{awaited}` within four minutes:\n{all}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the load has ended with this exit code; returns its table.
    fn load_table(&self, code: &str) -> String {
        let container = self.container("load");
        let end = docker(&["wait", &container]);
        let output = docker(&["logs", &container]);
        assert_eq!(text(&end.stdout).trim(), code, "{}", all_output(&output));
        let table = text(&output.stdout);
        assert!(table.contains("Run directory: /reports/runs/load/"), "{table}");
        table
    }

    fn down(&self) {
        let down = self.compose(&["down"]);
        assert!(down.status.success(), "{}", all_output(&down));
        assert_eq!(self.list_ids(&["ps", "-a"]), "", "containers are left");
        assert_eq!(self.list_ids(&["network", "ls"]), "", "networks are left");
        assert_eq!(self.list_ids(&["volume", "ls"]), "", "volumes are left");
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // Necessary only after a failed assertion.
        self.compose(&["down", "--timeout", "1"]);
        docker(&["image", "rm", &self.name]);
    }
}

fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("Docker is installed")
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_overflow_is_shown_by_the_server_the_load_and_the_viewer() {
    let (user, group) = (geteuid().to_string(), getegid().to_string());
    // Time for one retransmission. All clients retransmit at the same time, so that most
    // SYNs are dropped again.
    let settings =
        [("BACKLOG", "4"), ("CLIENTS", "200"), ("CONNECT_DEADLINE", "1500ms"), ("UID", &user)];
    let settings = [&settings[..], &[("GID", &group)]].concat();
    let project = Project::up(1, &settings, None);

    // Some attempts failed.
    let table = project.load_table("3");
    let timed_out = table_value(&table, "timed_out");
    assert!(timed_out > 0, "{table}");
    assert!(table.contains("Full queues drop SYNs\nsilently"), "{table}");
    let output = project.wait_for_output("server", "The last client has left");
    assert!(
        output.starts_with(
            "listening on 0.0.0.0:8080, backlog 4, somaxconn 4096: the accept queue holds 5; up to "
        ),
        "{output}"
    );
    assert!(table_value(&output, "TcpExt.ListenOverflows") > 0, "{output}");
    assert!(table_value(&output, "TcpExt.ListenDrops") >= timed_out, "{output}");

    let found = runs(&project.folder.path().join("reports/runs"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(std::fs::metadata(&found[0]).unwrap().uid(), geteuid().as_raw(), "the owner");
    let report = queuelab(&["report", found[0].to_str().unwrap()]).output().unwrap();
    assert!(
        text(&report.stdout).contains(&format!("{timed_out} timed_out")),
        "{}",
        all_output(&report)
    );
    let stamp = found[0].file_name().unwrap().to_str().unwrap();
    let target = format!("/runs/load/{stamp}");
    assert!(request(project.page, "GET", "/").contains(&target), "the page lists the run");
    let page = request(project.page, "GET", &target);
    assert!(status(&page) == 200 && page.contains(&format!("{timed_out} timed_out")), "{page}");

    for service in ["server", "load", "reports"] {
        let format = "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} \
                      {{.HostConfig.SecurityOpt}} {{.HostConfig.Privileged}}";
        let rights = docker(&["inspect", "--format", format, &project.container(service)]);
        let rights = text(&rights.stdout);
        assert_eq!(rights.trim(), "true [ALL] [no-new-privileges:true] false", "{service}");
    }
    assert!(project.compose(&["stop"]).status.success());
    for service in ["server", "load", "reports"] {
        let end =
            docker(&["inspect", "--format", "{{.State.ExitCode}}", &project.container(service)]);
        assert_ne!(text(&end.stdout).trim(), "137", "{service} had to be killed");
    }
    project.down();
    assert!(RunDirectory::read(&found[0]).is_ok(), "the run directory remains");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_backlog_as_large_as_the_burst_accepts_every_client() {
    let settings = [("BACKLOG", "1024"), ("SOMAXCONN", "1024"), ("CLIENTS", "200")];
    // Without its capabilities, root cannot write to another user's directory.
    let other_user = geteuid().is_root().then_some(65534);
    let project = Project::up(2, &settings, other_user);
    let table = project.load_table("0");
    assert_eq!(table_value(&table, "ok"), 200, "{table}");
    assert!(table.contains("No attempt waited for a SYN retransmission"), "{table}");
    let output = project.wait_for_output("server", "The last client has left");
    assert!(output.contains("somaxconn 1024: the accept queue holds 1025"), "{output}");
    assert_eq!(table_value(&output, "connections"), 200, "{output}");
    assert_eq!(table_value(&output, "TcpExt.ListenOverflows"), 0, "{output}");
    let found = runs(&project.folder.path().join("reports/runs"));
    let (_, trials) = RunDirectory::read(&found[0]).unwrap();
    assert_eq!(trials[0].outcomes.get(Outcome::Ok), 200);
    project.down();
}
