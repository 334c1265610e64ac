//! Two builds in one run, in containers.

use run_record::RunDirectory;

use crate::kernel::against::{ONE_CELL, both};
use crate::support::{binary, out_directory, queuelab, said, text};

#[test]
#[ignore = "needs a Docker engine"]
fn an_executable_and_an_image_are_builds_of_containers() {
    let made = queuelab(&["image", "build"]).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    for build in [binary(), "queuelab:latest"] {
        let out = out_directory();
        let arguments = ["run", "--out", out.path().to_str().unwrap(), "--against", build];
        let flags = ["--backend", "docker", "--repeat", "2"];
        let output = queuelab(&[&arguments, &ONE_CELL[..], &flags].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{build}: {}", said(&output));
        let [new, base] = both(out.path()).map(|path| RunDirectory::read(&path).unwrap());
        assert_eq!((new.1.len(), base.1.len()), (2, 2));
        let ran = base.0.build.unwrap();
        assert!(ran.hash.is_some() && ran.name.contains("queuelab"), "{ran:?}");
    }
    let output = queuelab(&["run", "smoke", "--backend", "docker", "--against", "queuelab:none"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(text(&output.stderr).contains("queuelab:none"), "{}", said(&output));
}
