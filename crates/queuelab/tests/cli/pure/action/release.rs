//! The step that installs the program, from a release or a path.

use std::path::Path;
use std::process::Command;

use super::job::{Ended, Job};
use crate::support::{binary, text, write_script};

/// The version of the action that is tested.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Makes the files of a release whose program prints its version only, and a `curl` that
/// copies them and logs the addresses.
fn write_release(job: &Job, version: &str) {
    let files = job.workspace().join("release");
    let machine = text(&Command::new("uname").arg("-m").output().unwrap().stdout);
    let name = format!("queuelab-{version}-{}-linux", machine.trim());
    let folder = files.join(&name);
    std::fs::create_dir_all(&folder).unwrap();
    write_script(&folder.join("queuelab"), "#!/bin/sh\necho the released program: $*\n");
    let pack = format!(
        "tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz >SHA256SUMS && \
         echo '{:064}  other.tar.gz' >>SHA256SUMS && rm -r {name}",
        0
    );
    let packed = Command::new("sh").args(["-c", &pack]).current_dir(&files).status().unwrap();
    assert!(packed.success());
    let curl = format!(
        r#"#!/bin/bash
for argument; do
    case $last in --output) output=$argument ;; esac
    last=$argument
done
echo "$last" >>"{log}"
cp "{files}/${{last##*/}}" "$output"
"#,
        log = job.workspace().join("log").display(),
        files = files.display(),
    );
    write_script(&job.programs().join("curl"), &curl);
}

fn log(job: &Job) -> String {
    std::fs::read_to_string(job.workspace().join("log")).unwrap_or_default()
}

fn assert_refused(ended: &Ended, reason: &str) {
    assert!(!ended.succeeded, "{ended:#?}");
    let annotation = format!("::error title=queuelab::{reason}");
    assert!(ended.log.contains(&annotation), "{ended:#?}");
    assert_eq!(ended.path, "", "nothing is added to PATH: {ended:#?}");
    assert_eq!(ended.outputs["program"], "");
}

#[test]
fn the_release_of_the_actions_version_is_installed() {
    let job = Job::new();
    write_release(&job, VERSION);
    let ended = job.run(&[]);
    assert!(ended.log.contains("the released program: --version"), "{ended:#?}");
    let program = Path::new(&ended.outputs["program"]);
    assert!(program.is_file(), "{ended:#?}");
    assert_eq!(Path::new(ended.path.trim()), program.parent().unwrap());
    let first = log(&job).lines().next().unwrap().to_owned();
    let start = format!(
        "https://server.example/someone/queuelab/releases/download/v{VERSION}/queuelab-{VERSION}-"
    );
    assert!(first.starts_with(&start) && first.ends_with("-linux.tar.gz"), "{first}");
}

#[test]
fn another_version_can_be_named_with_or_without_its_v() {
    for name in ["9.8.7", "v9.8.7"] {
        let job = Job::new();
        write_release(&job, "9.8.7");
        let ended = job.run(&[("version", name)]);
        assert!(ended.outputs["program"].contains("queuelab-9.8.7-"), "{ended:#?}");
    }
}

#[test]
fn a_release_is_not_used_with_a_wrong_checksum_or_without_one() {
    for sums in ["sed -i s/^./x/ SHA256SUMS", "sed -i 1d SHA256SUMS", "echo >>*.tar.gz"] {
        let job = Job::new();
        write_release(&job, VERSION);
        let mut command = Command::new("bash");
        let release = job.workspace().join("release");
        assert!(command.args(["-c", sums]).current_dir(release).status().unwrap().success());
        let ended = job.run(&[]);
        assert_refused(&ended, "the checksum of queuelab-");
        assert!(!ended.log.contains("the released program"), "it was started: {ended:#?}");
    }
}

#[test]
fn a_release_that_does_not_exist_is_named() {
    let job = Job::new();
    write_release(&job, VERSION);
    let ended = job.run(&[("version", "0.0.1")]);
    assert_refused(&ended, "failed to download https://server.example/someone/queuelab/releases");
}

#[test]
fn a_given_program_is_used_and_made_executable() {
    let job = Job::new();
    let program = job.workspace().join("queuelab");
    std::fs::copy(binary(), &program).unwrap();
    let plain = Command::new("chmod").arg("644").arg(&program).status().unwrap();
    assert!(plain.success());
    // Only this step: there is no such suite.
    let ended = job.run(&[("path", "queuelab"), ("suite", "absent"), ("backend", "fake")]);
    assert!(ended.log.contains(&format!("queuelab {VERSION}")), "{ended:#?}");
    let program = program.canonicalize().unwrap();
    assert_eq!(Path::new(&ended.outputs["program"]), program, "{ended:#?}");
}
