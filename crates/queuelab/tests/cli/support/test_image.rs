//! An image for tests: nginx and a shell, from the packages of this machine.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::all_output;

/// The programs, the libraries that they need, and the users, as a tar archive.
const ARCHIVE: &str = r#"
set -e
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
for name in nginx dash sleep; do
    program=$(command -v "$name" || command -v "/usr/sbin/$name") || { echo "no $name: install nginx-light" >&2; exit 1; }
    cp --parents --dereference "$program" "$root"
    for library in $(ldd "$program" | grep -o '/[^ ]*'); do
        cp --parents --dereference "$library" "$root"
    done
done
mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/run" "$root/var/lib/nginx" "$root/var/log/nginx"
ln -s "$(command -v dash)" "$root/bin/sh"
cp /etc/passwd /etc/group "$root/etc"
tar --create --directory "$root" .
"#;

/// An image with nginx and a shell. Dropping it removes it.
pub(crate) struct TestImage {
    /// Its name.
    pub(crate) name: String,
    /// DOCKER_HOST, if it is not on the machine's engine.
    host: Option<String>,
}

impl TestImage {
    /// On the machine's engine.
    pub(crate) fn new() -> Self {
        Self::on(None)
    }

    /// On the engine of this DOCKER_HOST.
    pub(crate) fn on(host: Option<String>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("queuelab-test:{}-{number}", std::process::id());
        let image = Self { name, host };
        let mut archive =
            Command::new("bash").args(["-c", ARCHIVE]).stdout(Stdio::piped()).spawn().unwrap();
        let mut import = image.docker(&["import", "-", &image.name]);
        let output = import.stdin(archive.stdout.take().unwrap()).output().unwrap();
        assert!(archive.wait().unwrap().success(), "no archive of nginx");
        assert!(output.status.success(), "{}", all_output(&output));
        image
    }

    fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(arguments).envs(self.host.iter().map(|host| ("DOCKER_HOST", host)));
        command
    }
}

impl Drop for TestImage {
    fn drop(&mut self) {
        let _ = self.docker(&["rmi", "--force", &self.name]).output();
    }
}
