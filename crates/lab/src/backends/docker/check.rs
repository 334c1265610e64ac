//! Checks this machine's engine.

use std::fs;

use run_record::Machine;

use super::about::AboutDocker;
use super::backend::Docker;
use crate::backend::{Backend, BackendError, Finding, FindingState, Needs, Result};
use crate::backends::check::{sysctls_finding, try_testbed};

const BRIDGE_FILTER: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// Checks the engine, and creates a testbed with room for `needs` if that removes
/// nothing.
pub(super) fn check(needs: &Needs) -> Vec<Finding> {
    let about = match Docker::connect(None).and_then(|docker| docker.about()) {
        Ok(about) => about,
        Err(error) => return vec![Finding::missing("engine", &error.into())],
    };
    let here = Machine::current().kernel;
    let mut findings = engine_findings(&about, &here);
    // Reserving room for a run removes resources of killed runs, and a check must change
    // nothing.
    if about.image.is_some() && about.leftovers == 0 {
        findings.extend(testbed_findings(needs));
    }
    // The bridges of another machine cannot be checked from here.
    if runs_on(&about, &here) {
        findings.extend(bridge_filter_finding(fs::read_to_string(BRIDGE_FILTER).ok().as_deref()));
    }
    findings
}

/// Whether containers run on the kernel `here`, if the engine reports its kernel.
fn runs_on(about: &AboutDocker, here: &str) -> bool {
    about.kernel.is_empty() || about.kernel == here
}

/// Checks the properties of the engine; `here` is this machine's kernel.
fn engine_findings(about: &AboutDocker, here: &str) -> Vec<Finding> {
    let AboutDocker { socket, version, api, .. } = about;
    let mut findings = vec![Finding::ok("engine", format!("{version}, API {api}, at {socket}"))];
    if !runs_on(about, here) {
        findings.push(Finding::note(
            "kernel",
            format!(
                "containers run on {}, the kernel of another machine, which is what is measured",
                about.kernel
            ),
        ));
    }
    findings.push(limits_finding(about));
    findings.push(Finding::ok("security", security(&about.security)));
    findings.push(image_finding(about));
    findings.push(match about.leftovers {
        0 => Finding::ok("leftovers", "none"),
        count => Finding::note(
            "leftovers",
            format!(
                "{count} containers and networks of killed runs; no testbed was created, because \
                 that removes them"
            ),
        )
        .with_hint("`queuelab clean`, or the next run with `--backend docker`"),
    });
    findings
}

/// A note if frames on the machine's bridges pass iptables.
fn bridge_filter_finding(call_iptables: Option<&str>) -> Option<Finding> {
    let passes = call_iptables?.trim() == "1";
    passes.then(|| {
        Finding::note(
            "bridge filter",
            "frames between containers pass the machine's iptables and conntrack, which costs \
             time for each packet (net.bridge.bridge-nf-call-iptables = 1)",
        )
        .with_hint(
            "not an error, and Kubernetes requires it; otherwise: \
             `sudo sysctl -w net.bridge.bridge-nf-call-iptables=0`",
        )
    })
}

fn limits_finding(about: &AboutDocker) -> Finding {
    let groups = format!("control groups of version {}", about.cgroup);
    match about.limits {
        true => Finding::ok("limits", format!("{groups}: memory and processes are limited")),
        false => Finding::note(
            "limits",
            format!(
                "{groups}: this engine cannot limit memory or processes, so a container may \
                 use all of the machine's"
            ),
        ),
    }
}

fn image_finding(about: &AboutDocker) -> Finding {
    match (&about.not_an_image, &about.image) {
        (Some(error), _) => Finding::missing("image", &BackendError::from_message(error)),
        (None, Some(name)) => Finding::ok("image", format!("{name}, of this executable")),
        (None, None) => Finding::note(
            "image",
            "not built yet: a run builds it from this executable; without it no testbed was created",
        )
        .with_hint("`queuelab image build` builds it now"),
    }
}

/// `name=seccomp,profile=default` as `seccomp (default)`.
fn security(options: &[String]) -> String {
    let readable = |option: &String| {
        let mut fields =
            option.split(',').map(|field| field.split_once('=').unwrap_or(("", field)));
        let name = fields.next().map_or("", |(_, name)| name);
        match fields.next() {
            Some((_, value)) => format!("{name} ({value})"),
            None => name.to_owned(),
        }
    };
    match options {
        [] => "no options".to_owned(),
        options => options.iter().map(readable).collect::<Vec<_>>().join(", "),
    }
}

/// Creates a testbed with room for the largest scenario; if that fails, with room for
/// none.
fn testbed_findings(needs: &Needs) -> Vec<Finding> {
    let too_large = match try_docker_testbed(needs) {
        Ok(findings) => return findings.into(),
        Err(error) => error,
    };
    match try_docker_testbed(&Needs::default()) {
        Ok([created, sysctls]) => {
            let largest = Finding::missing("largest scenario", &too_large);
            vec![created, Finding { state: FindingState::Note, ..largest }, sysctls]
        }
        Err(error) => vec![Finding::missing("testbed", &error)],
    }
}

fn try_docker_testbed(needs: &Needs) -> Result<[Finding; 2]> {
    let docker = Docker::connect(None)?;
    docker.reserve(needs)?;
    let tried = try_testbed(&docker)?;
    let created = format!(
        "two joined containers with room for {} clients, a sysctl set and read back: {:.1} s",
        needs.clients,
        tried.duration.as_secs_f64()
    );
    Ok([Finding::ok("testbed", created), sysctls_finding(&tried.sysctls)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> AboutDocker {
        AboutDocker {
            socket: "/run/docker.sock".to_owned(),
            version: "27.5.1".to_owned(),
            api: "1.47".to_owned(),
            kernel: "6.18.0".to_owned(),
            cgroup: "2".to_owned(),
            security: vec!["name=seccomp,profile=builtin".to_owned(), "name=rootless".to_owned()],
            limits: true,
            image: Some("queuelab:0123456789abcdef".to_owned()),
            not_an_image: None,
            leftovers: 0,
        }
    }

    fn found(about: &AboutDocker, what: &str) -> Finding {
        let findings = engine_findings(about, "6.18.0");
        findings.into_iter().find(|finding| finding.what == what).unwrap()
    }

    #[test]
    fn a_correct_engine_is_all_ok() {
        let findings = engine_findings(&about(), "6.18.0");
        assert!(findings.iter().all(|finding| finding.state == FindingState::Ok), "{findings:?}");
        assert_eq!(found(&about(), "security").detail, "seccomp (builtin), rootless");
    }

    #[test]
    fn unusual_properties_are_notes() {
        for (about, what, hint) in [
            (AboutDocker { image: None, ..about() }, "image", "queuelab image build"),
            (AboutDocker { leftovers: 3, ..about() }, "leftovers", "queuelab clean"),
            (AboutDocker { limits: false, ..about() }, "limits", ""),
            (AboutDocker { kernel: "6.12.0".to_owned(), ..about() }, "kernel", ""),
        ] {
            let finding = found(&about, what);
            assert_eq!(finding.state, FindingState::Note, "{finding:?}");
            assert!(finding.hint.unwrap_or_default().contains(hint), "{what}");
        }
    }

    #[test]
    fn frames_that_pass_iptables_are_a_note() {
        for disabled in [None, Some("0\n")] {
            assert_eq!(bridge_filter_finding(disabled), None);
        }
        let finding = bridge_filter_finding(Some("1\n")).unwrap();
        assert_eq!(finding.state, FindingState::Note);
        assert!(finding.hint.unwrap().contains("bridge-nf-call-iptables=0`"));
    }

    #[test]
    fn an_executable_that_cannot_be_an_image_is_missing() {
        let dynamic = AboutDocker {
            image: None,
            not_an_image: Some(
                "create an image of x: it is linked dynamically; link it".to_owned(),
            ),
            ..about()
        };
        let finding = found(&dynamic, "image");
        assert_eq!(finding.state, FindingState::Missing);
        assert_eq!(finding.detail, "failed to create an image of x: it is linked dynamically");
        assert_eq!(finding.hint.as_deref(), Some("link it"));
    }
}
