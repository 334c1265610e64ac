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
    // A chart that only the second run has, and another kernel.
    let new = runs.path().join(names[1]);
    fs::write(new.join("charts/new-one.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
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
    // Charts with the same name are next to each other.
    let charts: Vec<_> = fs::read_dir(runs.path().join(names[0]).join("charts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".svg"))
        .collect();
    assert!(charts.len() >= 4, "{charts:?}");
    for chart in &charts {
        let source = |name: &str| format!("<img src=\"/runs/{name}/charts/{chart}\"");
        let places = names.map(|name| page.find(&source(name)).expect(chart));
        assert!(places.is_sorted(), "{chart}");
        let between = &page[places[0]..places[1]];
        assert_eq!(between.matches("<img").count(), 1, "nothing between them: {between}");
    }
    assert!(page.contains("no new-one"), "a chart that only one run has: {page}");
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
    // A chart whose axes have other ends.
    let chart = runs.path().join(names[1]).join("charts/lines-throughput-wide.svg");
    let svg = |tick: &str| {
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg'><text class=\"end quiet\">{tick}</text></svg>"
        )
    };
    fs::write(&chart, svg("5k")).unwrap();
    fs::write(runs.path().join(names[0]).join("charts/lines-throughput-wide.svg"), svg("8k"))
        .unwrap();
    let wide = "<svg xmlns='http://www.w3.org/2000/svg' width=\"900\" data-width=\"900\"/>";
    fs::write(runs.path().join(names[1]).join("charts/wide.svg"), wide).unwrap();
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
    // The charts of single trials are in a closed section below the charts.
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
    let of_wide =
        page.split("<div class=\"pair stacked\">").find(|pair| pair.contains("wide, new"));
    assert!(of_wide.is_some(), "stacked, because half a page is too narrow: {page}");
    let success = page.split("<div class=\"pair").find(|pair| pair.contains("heat-success"));
    assert!(success.unwrap().starts_with("\">"), "left and right: {page}");
    let wide = page.split("<div class=\"pair stacked\">").skip(1);
    let of_report = wide.filter(|pair| pair.contains("connect-latency, new")).count();
    assert_eq!(of_report, 1, "charts of reports have their width");
    // Its title is longer than half a page.
    let titled = page.split("<div class=\"pair").find(|pair| pair.contains("heat-first-try"));
    assert!(titled.unwrap().starts_with("\">"), "left and right: {page}");
    assert!(page.contains("Both on the same scale.") && page.contains("Their scales differ."));
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
