//! Tells the program which commit it was built from, where that is known.

use std::process::Command;

fn main() {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    if let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) {
        println!("cargo::rustc-env=QUEUELAB_COMMIT={commit}");
    }
    // HEAD names a branch; the branch's own file moves with each commit.
    for name in ["HEAD".to_owned()].into_iter().chain(git(&["symbolic-ref", "-q", "HEAD"])) {
        if let Some(path) = git(&["rev-parse", "--git-path", &name]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
}
