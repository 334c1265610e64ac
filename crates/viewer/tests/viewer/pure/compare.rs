//! Two runs side by side.

use std::fs;

use compare::Criteria;

use crate::support::http::{request, status};
use crate::support::{out_directory, put, report, serve, view};

#[test]
fn two_runs_are_shown_side_by_side_with_their_comparison() {
    let runs = out_directory();
    let names = ["sweep/2026-01-01T00-00-00Z", "sweep/2026-01-02T00-00-00Z"];
    for name in names {
        put("sweep", runs.path(), name);
        report(&runs.path().join(name));
    }
    // Another kernel.
    let new = runs.path().join(names[1]);
    let record = fs::read_to_string(new.join("run.json")).unwrap();
    let kernel = record.lines().find(|line| line.contains("\"kernel\"")).unwrap().to_owned();
    let record = record.replacen(&kernel, "\"kernel\": \"9.9.9-other\",", 1);
    fs::write(new.join("run.json"), record).unwrap();
    let (_server, address) = serve(runs.path());

    let list = request(address, "GET", "/");
    let link = "/compare?base=sweep%2F2026-01-01T00-00-00Z&amp;new=sweep%2F2026-01-02T00-00-00Z";
    assert!(list.contains(link), "the previous run: {list}");
    assert!(list.contains("<form action=\"/compare\" method=\"get\""), "{list}");
    assert!(list.contains("form-action 'self'"), "{list}");
    for name in names {
        for side in ["base", "new"] {
            let choice = format!("name=\"{side}\" value=\"{name}\"");
            assert!(list.contains(&choice), "{choice} in {list}");
        }
    }

    let page = request(address, "GET", &link.replace("&amp;", "&"));
    assert_eq!(status(&page), 200, "{page}");
    let [base, new] = names.map(|name| view(&runs.path().join(name)));
    let comparison = compare::compare(&base, &new, &Criteria::default()).text();
    let comparison = comparison.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    assert!(comparison.contains("Verdict: "), "{comparison}");
    assert!(page.contains(comparison.trim_end()), "the whole output of `compare`: {page}");
    // Charts with the same name are next to each other, and lead to the report of their run.
    let charts: Vec<_> = page.split("<figure data-chart=\"").skip(1).collect();
    assert!(charts.len() >= 8, "{page}");
    for pair in charts.chunks(2) {
        let name_of = |chart: &str| chart.split('"').next().unwrap().to_owned();
        assert_eq!(name_of(pair[0]), name_of(pair[1]));
        for (chart, run) in pair.iter().zip(names) {
            let chart = chart.split("</figure>").next().unwrap();
            let links = chart.matches(" href=\"").count();
            let report = format!(" href=\"/runs/{run}/report.html#");
            assert_eq!(chart.matches(&report).count(), links, "{chart}");
        }
    }
    for answer in [" checks passed", "9.9.9-other"] {
        assert!(page.contains(answer), "{answer} in {page}");
    }
    let differs = page.split("<tr class=\"differs\">").nth(1).unwrap();
    assert!(differs.starts_with("<th scope=\"row\">kernel</th>"), "{differs}");
}

#[test]
fn the_verdict_is_at_the_top_and_details_are_closed() {
    let runs = out_directory();
    let names = ["sweep/2026-01-01T00-00-00Z", "sweep/2026-01-02T00-00-00Z"];
    for name in names {
        put("sweep", runs.path(), name);
        report(&runs.path().join(name));
    }
    let (_server, address) = serve(runs.path());
    let page = request(
        address,
        "GET",
        &format!(
            "/compare?base={}&new={}",
            names[0].replace('/', "%2F"),
            names[1].replace('/', "%2F")
        ),
    );
    let question = "<h1>What does the backlog do to a burst of connections?</h1>";
    assert_eq!(page.matches(question).count(), 1, "{page}");
    let verdict = "2 trials per side in each cell: too few to compare metrics, which takes 10; every \
                   law held in both.";
    let same = "Build, machine, kernel, settings and backend are the same.";
    let found = "With backlog 10, 52 of 410 attempts succeeded";
    let order = [
        question,
        verdict,
        found,
        same,
        "<h2>Charts</h2>",
        "<h2>Laws that changed</h2>",
        "<h2>Metrics</h2>",
        "<details><summary>",
        "<pre>",
    ];
    let places: Vec<_> = order.iter().map(|text| page.find(text).expect(text)).collect();
    assert!(places[..7].is_sorted() && places[6] < places[8], "{places:?}");
    let mut open = page.clone();
    while let Some((before, after)) = open.clone().split_once("<details>") {
        open = format!("{before}{}", after.split_once("</details>").unwrap().1);
    }
    assert!(open.matches("inconclusive").count() == 1, "the verdict, once: {open}");
    assert!(!open.contains("<pre>"), "the text output is in a closed section: {open}");
    assert!(
        page.matches("inconclusive").count() > 10,
        "the verdict on each metric is in a closed section"
    );
    let wide = page.split("<div class=\"pair stacked\">").skip(1);
    let of_latency = wide.filter(|pair| pair.contains("data-chart=\"connect-latency\"")).count();
    assert_eq!(of_latency, 1, "one above the other, because half a page is too narrow: {page}");
    let success = page.split("<div class=\"pair").find(|pair| pair.contains("heat-success"));
    assert!(success.unwrap().starts_with("\">"), "left and right: {page}");
    assert!(page.contains("The charts of both runs have the same scales"), "{page}");
}

#[test]
fn a_page_reports_why_runs_cannot_be_compared() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let torn = runs.path().join("torn/2026-01-02T00-00-00Z");
    fs::create_dir_all(&torn).unwrap();
    fs::write(torn.join("run.json"), "{").unwrap();
    let (_server, address) = serve(runs.path());
    let one = "sweep/2026-01-01T00-00-00Z";
    for (query, expected, reason) in [
        (String::new(), 400, "base names no run"),
        (format!("base={one}"), 400, "new names no run"),
        (format!("base={one}&new="), 400, "new names no run"),
        (format!("base=sweep&new={one}"), 400, "base names no run"),
        (format!("base={one}&base={one}&new={one}"), 400, "named more than once"),
        (format!("base={one}&new=sweep/never"), 404, "there is no run sweep/never"),
        (format!("base={one}&new=sweep/2026-01-01T00-00-00Z/run.json"), 404, "there is no run"),
        (format!("base=torn/2026-01-02T00-00-00Z&new={one}"), 404, "run.json, line 1"),
        (format!("base=%ff%00&new={one}"), 400, "base names no run"),
        (format!("base=%3Cb%3E/%3Cb%3E&new={one}"), 404, "&lt;b&gt;/&lt;b&gt;"),
    ] {
        let page = request(address, "GET", &format!("/compare?{query}"));
        assert_eq!(status(&page), expected, "{query}: {page}");
        assert!(page.contains(reason), "{query}: {page}");
        assert!(page.contains("Choose two runs"), "what to do: {page}");
    }
}
