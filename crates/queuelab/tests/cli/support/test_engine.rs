//! A Docker engine for one test, which may kill it.
//!
//! It runs in its own namespaces: its bridges, firewall rules, mounts and processes end with
//! it.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A Docker engine that ends with the test.
pub(crate) struct TestEngine {
    directory: TempDir,
    process: Child,
}

impl TestEngine {
    /// Starts an engine, and waits until it answers.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("daemon.json"), "{}").unwrap();
        let process = spawn(directory.path().to_owned());
        let mut engine = Self { directory, process };
        engine.wait_until_ready();
        engine
    }

    /// The value for DOCKER_HOST.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.directory.path().join("engine.sock").display())
    }

    /// A process in its network namespace.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Runs the Docker client with this engine; returns its output.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("docker")
            .args(arguments)
            .env("DOCKER_HOST", self.host())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Kills the engine without a clean end.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts the engine again with the same data.
    pub(crate) fn restart(&mut self) {
        // In new namespaces, other processes may have the ids in these files.
        for file in ["engine.pid", "exec/containerd/containerd.pid"] {
            let _ = std::fs::remove_file(self.directory.path().join(file));
        }
        self.process = spawn(self.directory.path().to_owned());
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(240);
        loop {
            if self.docker(&["version", "--format", "{{.Server.Version}}"]).is_ok() {
                return;
            }
            let log = || {
                let log = self.directory.path().join("log");
                std::fs::read_to_string(log).unwrap_or_default()
            };
            assert!(Instant::now() < deadline, "the engine does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for TestEngine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(directory: PathBuf) -> Child {
    let path = |name: &str| directory.join(name).display().to_string();
    let log = std::fs::File::create(directory.join("log")).unwrap();
    // `--kill-child` kills the first process of the process namespace when `unshare` ends, and
    // the kernel then kills the rest.
    Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"])
        .arg("dockerd")
        .args(["--config-file", &path("daemon.json"), "--storage-driver", "vfs"])
        .args(["--data-root", &path("data"), "--exec-root", &path("exec")])
        .args(["--pidfile", &path("engine.pid"), "--bridge", "none"])
        .args(["--host", &format!("unix://{}", path("engine.sock"))])
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .process_group(0)
        .spawn()
        .unwrap()
}
