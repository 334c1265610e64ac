//! `docker compose up`, with an image of the binary under test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::http::{request, status};
use crate::support::{binary, figure, out_directory, queuelab, repository, runs, said, text};
use nix::unistd::{getegid, geteuid};
use run_record::{Outcome, RunDirectory};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A copy of compose.yaml in a folder of its own, up until the test ends; its
/// names, addresses and port are nobody else's.
struct Project {
    folder: TempDir,
    name: String,
    page: SocketAddr,
    variables: Vec<(&'static str, String)>,
}

/// Of those that no run takes and that is not compose.yaml's own; two suites on
/// one engine seldom choose the same.
fn subnet(number: u8) -> String {
    let suites = 7;
    let suite = u8::try_from(std::process::id() % suites).unwrap();
    format!("198.19.{}", 240 + 2 * suite + number % 2)
}

impl Project {
    /// Brings it up. `number` tells the tests of this file apart.
    fn up(number: u8, settings: &[(&'static str, &str)], runs_belong_to: Option<u32>) -> Self {
        let folder = out_directory();
        std::fs::copy(repository().join("compose.yaml"), folder.path().join("compose.yaml"))
            .unwrap();
        let runs = folder.path().join("reports/runs");
        std::fs::create_dir_all(&runs).unwrap();
        std::os::unix::fs::chown(&runs, runs_belong_to, None).unwrap();
        let name = format!("queuelab-test-{}-{number}", std::process::id());
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let mut variables = vec![
            ("IMAGE", name.clone()),
            ("REPORTS_PORT", free.port().to_string()),
            ("SUBNET", subnet(number)),
        ];
        variables.extend(settings.iter().map(|&(name, value)| (name, value.to_owned())));
        let project = Self { folder, name, page: free, variables };
        project.make_image();
        let up = project.compose(&["up", "-d"]);
        assert!(up.status.success(), "{}", said(&up));
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
        assert!(made.status.success(), "{}", said(&made));
    }

    /// Compose's plugin, or the program that it was before.
    fn compose(&self, arguments: &[&str]) -> Output {
        let plugin = docker(&["compose", "version"]).status.success();
        let mut command = Command::new(if plugin { "docker" } else { "docker-compose" });
        command.args(plugin.then_some("compose")).args(["-p", &self.name]).args(arguments);
        command.current_dir(self.folder.path()).envs(self.variables.iter().cloned());
        command.output().expect("Docker Compose is installed")
    }

    /// What the engine lists of this project.
    fn listed(&self, what: &[&str]) -> String {
        let filter = format!("label=com.docker.compose.project={}", self.name);
        text(&docker(&[what, &["-q", "--filter", &filter]].concat()).stdout)
    }

    fn container(&self, service: &str) -> String {
        let filter = format!("label=com.docker.compose.service={service}");
        let id = self.listed(&["ps", "-a", "--filter", &filter]);
        assert_eq!(id.lines().count(), 1, "one container of {service}: {id}");
        id.trim().to_owned()
    }

    /// What a service printed, once it has printed `awaited`.
    fn logs(&self, service: &str, awaited: &str) -> String {
        let container = self.container(service);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let printed = text(&docker(&["logs", &container]).stdout);
            if printed.contains(awaited) {
                return printed;
            }
            if Instant::now() >= deadline {
                let all = said(&self.compose(&["logs", "--no-color"]));
                panic!("no `{awaited}` of {service} within a minute:\n{all}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The load's table, once it has ended well.
    fn load_table(&self) -> String {
        let container = self.container("load");
        let end = docker(&["wait", &container]);
        let output = docker(&["logs", &container]);
        assert_eq!(text(&end.stdout).trim(), "0", "{}", said(&output));
        let table = text(&output.stdout);
        assert!(table.contains("Run directory: /reports/runs/load/"), "{table}");
        table
    }

    fn down(&self) {
        let down = self.compose(&["down"]);
        assert!(down.status.success(), "{}", said(&down));
        assert_eq!(self.listed(&["ps", "-a"]), "", "containers are left");
        assert_eq!(self.listed(&["network", "ls"]), "", "networks are left");
        assert_eq!(self.listed(&["volume", "ls"]), "", "volumes are left");
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // After a failed assertion; otherwise there is nothing left of it.
        self.compose(&["down", "--timeout", "1"]);
        docker(&["image", "rm", &self.name]);
    }
}

fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("Docker is installed")
}

#[test]
#[ignore = "needs a Docker engine"]
fn one_up_shows_an_overflow_on_both_sides_and_in_the_browser() {
    let (user, group) = (geteuid().to_string(), getegid().to_string());
    // Time for one retransmission, all of them at the same moment: most are
    // dropped again.
    let settings =
        [("BACKLOG", "4"), ("CLIENTS", "200"), ("CONNECT_DEADLINE", "1500ms"), ("UID", &user)];
    let settings = [&settings[..], &[("GID", &group)]].concat();
    let project = Project::up(1, &settings, None);

    let table = project.load_table();
    let timed_out = figure(&table, "timed_out");
    assert!(timed_out > 0, "{table}");
    assert!(table.contains("Full queues drop SYNs in silence"), "{table}");
    let told = project.logs("server", "The last client has left");
    assert!(
        told.starts_with(
            "listening on 0.0.0.0:8080, backlog 4, somaxconn 4096: the accept queue holds 5\n"
        ),
        "{told}"
    );
    assert!(figure(&told, "TcpExt.ListenOverflows") > 0, "{told}");
    assert!(figure(&told, "TcpExt.ListenDrops") >= timed_out, "{told}");

    let found = runs(&project.folder.path().join("reports/runs"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(std::fs::metadata(&found[0]).unwrap().uid(), geteuid().as_raw(), "its owner");
    let report = queuelab(&["report", found[0].to_str().unwrap()]).output().unwrap();
    assert!(text(&report.stdout).contains(&format!("{timed_out} timed_out")), "{}", said(&report));
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
    let stopping = Instant::now();
    project.down();
    assert!(stopping.elapsed() < Duration::from_secs(9), "nobody had to be killed");
    assert!(RunDirectory::read(&found[0]).is_ok(), "the run directory stays");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_backlog_as_large_as_the_burst_lets_everybody_in() {
    let settings = [("BACKLOG", "1024"), ("SOMAXCONN", "1024"), ("CLIENTS", "200")];
    // Root without its rights could not write what belongs to somebody else.
    let somebody = geteuid().is_root().then_some(65534);
    let project = Project::up(2, &settings, somebody);
    let table = project.load_table();
    assert_eq!(figure(&table, "ok"), 200, "{table}");
    assert!(table.contains("No attempt waited for a SYN retransmission"), "{table}");
    let told = project.logs("server", "The last client has left");
    assert!(told.contains("somaxconn 1024: the accept queue holds 1025"), "{told}");
    assert_eq!(figure(&told, "connections"), 200, "{told}");
    assert_eq!(figure(&told, "TcpExt.ListenOverflows"), 0, "{told}");
    let found = runs(&project.folder.path().join("reports/runs"));
    let (_, trials) = RunDirectory::read(&found[0]).unwrap();
    assert_eq!(trials[0].outcomes.get(Outcome::Ok), 200);
    project.down();
}
