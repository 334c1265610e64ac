//! Where the commands of a page are run: a scratch directory with what the pages show, and a
//! network namespace, so that a port is free and no other test is in the way.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::namespace;
use crate::page::{Page, repository};

/// A server of a scenario on docs/your-server.md.
const SERVER: &str = "server.py";

pub(crate) struct Place {
    folder: TempDir,
    /// A process in the network namespace, and of an ordinary user also in a user namespace.
    holder: Child,
}

impl Place {
    /// A new place, with every file that a page shows.
    pub(crate) fn new(pages: &[Page]) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), holder: namespace::hold() };
        place.fill(pages);
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn fill(&self, pages: &[Page]) {
        let (path, root) = (self.path(), repository());
        fs::create_dir_all(path.join("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_queuelab"), path.join("bin/queuelab")).unwrap();
        fs::create_dir_all(path.join("reports/runs/recorded")).unwrap();
        symlink(root.join("reports/baseline"), path.join("reports/baseline")).unwrap();
        for run in ["one", "two"] {
            copy_run(
                &root.join("crates/report/tests/runs/sweep"),
                &path.join("reports/runs/recorded").join(run),
            );
        }
        let scenario = root.join("scenarios/smoke.yaml");
        let scenario = fs::read_to_string(scenario).unwrap();
        fs::write(
            path.join("my-scenario.yaml"),
            scenario.replace("name: smoke", "name: my-scenario"),
        )
        .unwrap();
        let directory = format!("directory: {}", path.display());
        for (name, text) in shown_files(pages) {
            // The server is started where the reader has it.
            let text = text.replace("directory: /srv/app", &directory);
            fs::write(path.join(name), text).unwrap();
        }
    }

    /// A line of a shell that runs here.
    pub(crate) fn shell(&self, line: &str, columns: u32) -> Command {
        let mut command = namespace::enter(self.holder.id());
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.path().join("bin");
        command
            .args(["bash", "-c", line])
            .env("PATH", format!("{}:{path}:/usr/sbin:/sbin", bin.display()))
            .env("HOME", self.path())
            .env("COLUMNS", columns.to_string())
            .env("NO_COLOR", "1")
            .env("REPOSITORY", repository())
            .current_dir(self.path());
        command
    }

    /// A text with the paths of this place as the pages show them.
    pub(crate) fn as_shown(&self, text: &str) -> String {
        text.replace(self.path().to_str().unwrap(), "/srv/app")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// The scenarios and the server that pages show, by the names of their files. A file that two
/// pages show is the same.
fn shown_files(pages: &[Page]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for block in pages.iter().flat_map(|page| &page.blocks) {
        let name = match block.language.as_deref() {
            Some("yaml") => {
                let first = block.text.lines().next().unwrap_or_default();
                let name = first.strip_prefix("name: ");
                let name = name.and_then(|name| name.split(' ').next());
                // The answers to a lesson.
                name.or(first.strip_suffix("accept-queue:").and(Some("answers")))
                    .map(|name| format!("{name}.yaml"))
            }
            Some("python") => Some(SERVER.to_owned()),
            _ => None,
        };
        files.extend(name.map(|name| (name.into(), block.text.clone())));
    }
    files
}

fn copy_run(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in ["run.json", "trials.jsonl"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}
