//! Names of axes in comparisons: no two axes look the same.

use compare::{Comparison, Criteria, compare, compare_laws};
use run_record::TrialRecord;
use run_view::Run;

use crate::axes::{BOTH_HOSTS, with_renamed_axes, without_host, words};

/// The recorded run, with a sysctl of both hosts as two of its axes.
fn run(change: impl FnMut(&mut TrialRecord)) -> Run {
    let (record, mut trials) = with_renamed_axes(&BOTH_HOSTS);
    trials.iter_mut().for_each(change);
    Run::new(record, trials)
}

#[test]
fn the_same_sysctl_of_both_hosts_is_named_with_its_host_in_every_format() {
    let changed = run(|trial| trial.laws[0].predicted += 1.0);
    let compared = compare(&run(|_| {}), &changed, &Criteria::default());
    let [server, client] = ["server", "client"].map(|host| format!("{host} net.ipv4.tcp_retries2"));
    let place = format!("design global-lock, {server} 10, {client} 50");
    let text = compared.text();
    let is_heading = |line: &str| ["│", "server", "client"].iter().all(|one| line.contains(one));
    assert!(text.lines().any(is_heading), "{text}");
    let places: Vec<_> = compared.verdicts().map(|(_, place, _)| place).collect();
    assert!(places.contains(&place), "{places:?}");
    let formats = |compared: &Comparison| {
        let markdown = compared.markdown().replace('\\', "");
        [compared.text(), markdown, compared.html().0, compared.json().to_string()]
    };
    for text in formats(&compared) {
        assert!(words(&text).contains(&place), "{text}");
        assert_eq!(without_host(&text), Vec::<String>::new());
    }
    let (record, mut trials) = with_renamed_axes(&BOTH_HOSTS);
    trials.retain(|trial| trial.point["server.design"] == "snapshot");
    let fewer = compare_laws(&run(|_| {}), &Run::new(record, trials));
    assert!(words(&fewer.text()).contains(&format!("not run: {place}")), "{}", fewer.text());
}
