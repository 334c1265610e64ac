//! Compiles the commit that the program is built from into it.

use std::env;
use std::path::Path;
use std::process::Command;

/// Sets `QUEUELAB_COMMIT` for the program unless the environment has it or git does
/// not know. Changes that are not committed do not count: undoing one would not
/// rebuild the program.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=QUEUELAB_COMMIT");
    if env::var_os("QUEUELAB_COMMIT").is_some() {
        return;
    }
    let Some(commit) = git(&["rev-parse", "HEAD"]) else { return };
    println!("cargo::rustc-env=QUEUELAB_COMMIT={commit}");
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in [Some("HEAD".to_owned()), branch, Some("logs/HEAD".to_owned())] {
        let path = name.and_then(|name| git(&["rev-parse", "--git-path", &name]));
        // A path that does not exist would make every build start again.
        if let Some(path) = path.filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
