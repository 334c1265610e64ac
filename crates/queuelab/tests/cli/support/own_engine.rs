//! A Docker engine of a test's own, which may be killed.
//!
//! It lives in namespaces of its own: its bridges, firewall rules, mounts and
//! processes go with it.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// It ends with the test.
pub(crate) struct OwnEngine {
    directory: TempDir,
    process: Child,
}

impl OwnEngine {
    /// Starts one, and waits until it answers.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("daemon.json"), "{}").unwrap();
        let process = spawn(directory.path().to_owned());
        let mut engine = Self { directory, process };
        engine.await_answer();
        engine
    }

    /// For DOCKER_HOST.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.directory.path().join("engine.sock").display())
    }

    /// Runs the engine's own client with it; what it printed.
    pub(crate) fn docker(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("docker")
            .args(arguments)
            .env("DOCKER_HOST", self.host())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, with all that it had.
    pub(crate) fn restart(&mut self) {
        // Numbers of processes come again in new namespaces.
        for file in ["engine.pid", "exec/containerd/containerd.pid"] {
            let _ = std::fs::remove_file(self.directory.path().join(file));
        }
        self.process = spawn(self.directory.path().to_owned());
        self.await_answer();
    }

    fn await_answer(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
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

impl Drop for OwnEngine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(directory: PathBuf) -> Child {
    let path = |name: &str| directory.join(name).display().to_string();
    let log = std::fs::File::create(directory.join("log")).unwrap();
    // The kernel kills everything in the process namespace with its first
    // process, and `--kill-child` that one with `unshare`.
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
