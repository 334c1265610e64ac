//! What the backend of containers needs.

use std::fs;
use std::time::Instant;

use lab::{AboutDocker, Backend, Docker, LabError, Needs, Role};

use super::finding::Finding;
use super::netns::sysctls_found;
use super::testbed_spec;

const BRIDGE_FILTER: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// What was found by asking the engine, and by making a testbed with room for
/// `needs` where that leaves nothing behind that was not there before.
pub(super) fn findings(needs: Needs) -> Vec<Finding> {
    let about = match Docker::connect().and_then(|docker| docker.about()) {
        Ok(about) => about,
        Err(error) => return vec![Finding::missing("engine", &error)],
    };
    let here = lab::machine().kernel;
    let mut findings = judged(&about, &here);
    // To make room for a run removes what dead ones have left: they were told
    // of just now, and looking does not change what it looks at.
    if about.image.is_some() && about.leftovers == 0 {
        findings.extend(testbed_found(needs));
    }
    // Another machine's bridges cannot be looked at from here.
    if runs_on(&about, &here) {
        findings.extend(bridge_filter_found(fs::read_to_string(BRIDGE_FILTER).ok().as_deref()));
    }
    findings
}

/// Whether containers run on the kernel `here`, as far as the engine says.
fn runs_on(about: &AboutDocker, here: &str) -> bool {
    about.kernel.is_empty() || about.kernel == here
}

/// An engine's own words, judged; `here` is this machine's kernel.
fn judged(about: &AboutDocker, here: &str) -> Vec<Finding> {
    let AboutDocker { socket, version, api, .. } = about;
    let mut findings =
        vec![Finding::ok("engine", format!("{version}, interface {api}, at {socket}"))];
    if !runs_on(about, here) {
        findings.push(Finding::note(
            "kernel",
            format!(
                "containers run on {}, in another machine than this one: its kernel is measured",
                about.kernel
            ),
        ));
    }
    findings.push(limits_found(about));
    findings.push(Finding::ok("security", security(&about.security)));
    findings.push(image_found(about));
    findings.push(match about.leftovers {
        0 => Finding::ok("leftovers", "none of runs that are no longer alive"),
        count => Finding::note(
            "leftovers",
            format!(
                "{count} containers and networks of runs that are no longer alive; no testbed was \
                 tried, as making one removes them"
            ),
        )
        .with_way_out("`queuelab clean`, or the next run with `--backend docker`"),
    });
    findings
}

/// A note where frames on the machine's bridges pass iptables.
fn bridge_filter_found(call_iptables: Option<&str>) -> Option<Finding> {
    let passes = call_iptables?.trim() == "1";
    passes.then(|| {
        Finding::note(
            "bridge filter",
            "frames between containers pass the machine's iptables and conntrack, at some cost \
             for each packet (net.bridge.bridge-nf-call-iptables = 1)",
        )
        .with_way_out(
            "no fault, and Kubernetes needs it so; where nothing does: \
             `sudo sysctl -w net.bridge.bridge-nf-call-iptables=0`",
        )
    })
}

fn limits_found(about: &AboutDocker) -> Finding {
    let groups = format!("control groups of version {}", about.cgroup);
    match about.limits {
        true => Finding::ok("limits", format!("{groups}: memory and processes are limited")),
        false => Finding::note(
            "limits",
            format!(
                "{groups}: this engine cannot limit memory or processes, so that a container may \
                 take all of the machine's"
            ),
        ),
    }
}

fn image_found(about: &AboutDocker) -> Finding {
    match (&about.not_an_image, &about.image) {
        (Some(why), _) => Finding::missing("image", &std::io::Error::other(why.clone())),
        (None, Some(name)) => Finding::ok("image", format!("{name}, of this executable")),
        (None, None) => Finding::note(
            "image",
            "not made yet: a run makes it of this executable; without it no testbed was tried",
        )
        .with_way_out("`queuelab image build` makes it now"),
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

/// What making a testbed found: with room for the largest scenario, and where
/// that fails, for none.
fn testbed_found(needs: Needs) -> Vec<Finding> {
    let too_large = match try_testbed(needs) {
        Ok(findings) => return findings.into(),
        Err(error) => error,
    };
    match try_testbed(Needs::default()) {
        Ok([made, sysctls]) => {
            let largest = Finding::missing("largest scenario", &too_large);
            let state = super::finding::State::Note;
            vec![made, Finding { state, ..largest }, sysctls]
        }
        Err(error) => vec![Finding::missing("testbed", &error)],
    }
}

fn try_testbed(needs: Needs) -> Result<[Finding; 2], LabError> {
    let docker = Docker::connect()?;
    docker.make_room(&needs)?;
    let started = Instant::now();
    let testbed = docker.testbed(&testbed_spec(), 0)?;
    let took = started.elapsed();
    // What every trial reads.
    testbed.counters(Role::Client)?;
    testbed.accept_queue(1)?;
    let sysctls = testbed.effective_sysctls()?;
    let made = format!(
        "two joined containers with room for {} clients, a sysctl set and read back: {:.1} s",
        report::count(needs.clients),
        took.as_secs_f64()
    );
    Ok([Finding::ok("testbed", made), sysctls_found(&sysctls.server)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::State;

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
        let findings = judged(about, "6.18.0");
        findings.into_iter().find(|finding| finding.what == what).unwrap()
    }

    #[test]
    fn an_engine_in_order_is_all_ok() {
        let findings = judged(&about(), "6.18.0");
        assert!(findings.iter().all(|finding| finding.state == State::Ok), "{findings:?}");
        assert_eq!(found(&about(), "security").detail, "seccomp (builtin), rootless");
    }

    #[test]
    fn what_is_peculiar_is_a_note() {
        for (about, what, way_out) in [
            (AboutDocker { image: None, ..about() }, "image", "queuelab image build"),
            (AboutDocker { leftovers: 3, ..about() }, "leftovers", "queuelab clean"),
            (AboutDocker { limits: false, ..about() }, "limits", ""),
            (AboutDocker { kernel: "6.12.0".to_owned(), ..about() }, "kernel", ""),
        ] {
            let finding = found(&about, what);
            assert_eq!(finding.state, State::Note, "{finding:?}");
            assert!(finding.way_out.unwrap_or_default().contains(way_out), "{what}");
        }
    }

    #[test]
    fn frames_that_pass_iptables_are_a_note() {
        for switched_off in [None, Some("0\n")] {
            assert_eq!(bridge_filter_found(switched_off), None);
        }
        let finding = bridge_filter_found(Some("1\n")).unwrap();
        assert_eq!(finding.state, State::Note);
        assert!(finding.way_out.unwrap().contains("bridge-nf-call-iptables=0`"));
    }

    #[test]
    fn an_executable_that_is_no_image_is_missing() {
        let dynamic = AboutDocker {
            image: None,
            not_an_image: Some("make an image of x: it is linked dynamically; link it".to_owned()),
            ..about()
        };
        let finding = found(&dynamic, "image");
        assert_eq!(finding.state, State::Missing);
        assert_eq!(finding.detail, "failed to make an image of x: it is linked dynamically");
        assert_eq!(finding.way_out.as_deref(), Some("link it"));
    }
}
