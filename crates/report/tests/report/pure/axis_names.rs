//! Names of axes in everything that a report has: no two axes of a run look the same.

use report::{Run, answer, files, summary};
use serde_json::json;

use crate::axes::{BOTH_HOSTS, with_renamed_axes, without_host, words};

#[test]
fn the_same_sysctl_of_both_hosts_is_named_with_its_host_in_every_format() {
    let (mut record, trials) = with_renamed_axes(&BOTH_HOSTS);
    // A chart of lines takes three values on the last axis.
    record.axes[2].values.push(json!(1_000));
    let run = Run::new(record, trials);
    let no_rows = tempfile::tempdir().unwrap();
    let summary = summary(&run);
    let mut texts = vec![("summary".to_owned(), summary.clone())];
    for (name, bytes) in files(&run, no_rows.path()).files {
        if !name.ends_with(".png") {
            texts.push((name, String::from_utf8(bytes).unwrap()));
        }
    }
    for (name, text) in &texts {
        assert_eq!(without_host(text), Vec::<String>::new(), "{name}");
    }
    let text_of = |name: &str| &texts.iter().find(|(other, _)| other == name).unwrap().1;
    let [server, client] = ["server", "client"].map(|host| format!("{host} net.ipv4.tcp_retries2"));
    let corner = format!("{server} ↓ {client} →");
    assert!(summary.contains(&corner), "{summary}");
    let markdown = text_of("summary.md").replace('\\', "");
    assert!(markdown.contains(&corner), "{markdown}");
    for (name, texts) in [
        ("charts/heat-success-design-snapshot.svg", [format!("{server} ↓"), format!("{client} →")]),
        ("charts/lines-success-design-snapshot.svg", [server.clone(), format!(">{client}<")]),
        ("charts/connect-latency.svg", [format!(", {server} 10<"), format!("{client} 50<")]),
        ("charts/outcomes.svg", [format!(", {server} 10, "), format!("{client} 50<")]),
        ("report.html", [format!(">{server}</th>"), format!(">Over {client}<")]),
        ("junit.xml", [format!(", {server} 10, "), format!("{client} 50, rep")]),
        ("cells.csv", BOTH_HOSTS.map(|(_, path)| path.to_owned())),
    ] {
        for expected in texts {
            assert!(text_of(name).contains(&expected), "{expected} in {name}: {}", text_of(name));
        }
    }
    let answer = answer(&run);
    assert!(answer.contains(&format!("With {server} 10, ")), "{answer}");
    assert!(answer.contains(&format!("(design snapshot, {client} 205)")), "{answer}");
}

#[test]
fn the_same_setting_of_server_and_load_is_named_with_its_section() {
    let (record, trials) = with_renamed_axes(&[("load.clients", "load.backlog")]);
    let text = words(&summary(&Run::new(record, trials)));
    assert!(text.contains("server backlog ↓ load backlog →"), "{text}");
    assert!(text.contains("With server backlog 10, 52 of 410 attempts succeeded"), "{text}");
    assert!(text.contains("(design snapshot, load backlog 205)"), "{text}");
}
