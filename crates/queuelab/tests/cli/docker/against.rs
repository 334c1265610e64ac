//! Two builds in one run, in containers.

use std::path::Path;

use run_record::RunDirectory;

use crate::support::two_builds::{pair_directories, run_against};
use crate::support::{all_output, binary, out_directory, queuelab, text};

#[test]
#[ignore = "needs a Docker engine"]
fn in_containers_the_other_build_is_an_executable_or_an_image() {
    let made = queuelab(&["image", "build"]).output().unwrap();
    assert!(made.status.success(), "{}", all_output(&made));
    for build in [binary(), "queuelab:latest"] {
        let out = out_directory();
        let output = run_against("docker", out.path(), Path::new(build), &["--repeat", "2"]);
        assert_eq!(output.status.code(), Some(6), "{build}: {}", all_output(&output));
        let [new, base] =
            pair_directories(out.path()).map(|path| RunDirectory::read(&path).unwrap());
        assert_eq!((new.1.len(), base.1.len()), (2, 2));
        let recorded = base.0.build.unwrap();
        assert!(recorded.hash.is_some() && recorded.name.contains("queuelab"), "{recorded:?}");
    }
    let output = queuelab(&["run", "smoke", "--backend", "docker", "--against", "queuelab:none"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("queuelab:none"), "{}", all_output(&output));
}
