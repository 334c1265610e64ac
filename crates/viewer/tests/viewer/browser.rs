//! The pages in a real browser.

use std::fs;
use std::net::SocketAddr;

use crate::support::devtools::Browser;
use crate::support::driven_run::DrivenRun;
use crate::support::{out_directory, put, report, serve, until};

/// Fails if the page sent a request to another origin, or wrote an error to the console;
/// returns the URLs of its requests.
fn assert_no_errors(browser: &mut Browser, address: SocketAddr) -> Vec<String> {
    let (requests, messages) = browser.requests_and_messages();
    assert!(messages.is_empty(), "{messages:#?}");
    let own = format!("http://{address}/");
    let is_own = |url: &&String| url.starts_with(&own) || url.as_str() == "data:,";
    let others: Vec<_> = requests.iter().filter(|url| !is_own(url)).collect();
    assert!(others.is_empty(), "{others:?}");
    requests
}

#[test]
fn the_page_of_a_run_in_progress_is_updated() {
    let Some(mut browser) = Browser::start() else { return };
    let runs = out_directory();
    let mut run = DrivenRun::start(runs.path());
    run.append();
    let (_server, address) = serve(runs.path());
    let name = run.name();
    browser.open(&format!("http://{address}/runs/{name}"));
    browser.until_true("document.getElementById('connection').textContent === 'live'");
    // An update after the page was loaded.
    run.write_live(11, 10);
    browser.until_true("document.querySelector('#now [data-depth=\"11\"]') !== null");
    let gauge = "document.querySelector('.gauge i').getBoundingClientRect()";
    assert!(browser.value(&format!("{gauge}.width > 50 && {gauge}.height > 5")) == true, "a bar");
    run.append();
    let filled = "document.querySelectorAll('#cells [data-done=\"1\"]').length";
    browser.until_true(&format!("{filled} === 2"));
    let colours = "[...document.querySelectorAll('.cell')].map(cell => getComputedStyle(cell).backgroundColor)";
    assert!(
        browser.value(&format!("new Set({colours}).size > 1")) == true,
        "cells with results have another colour"
    );
    for (width, is_dark) in [(1280, false), (390, true)] {
        assert!(browser.screenshot(width, is_dark).len() > 1000);
        let too_wide = "document.documentElement.scrollWidth > innerWidth";
        assert!(browser.value(too_wide) == false, "at {width} px");
    }
    let path = run.path();
    run.directory.finish(&mut run.record).unwrap();
    drop(run);
    report(&path);
    browser.until_true("document.querySelector('#end a[href$=\"report.html\"]') !== null");
    browser.until_true("document.getElementById('connection').textContent === ''");
    let requests = assert_no_errors(&mut browser, address);
    let streams = requests.iter().filter(|url| url.ends_with("/events")).count();
    assert_eq!(streams, 1, "no request for the stream after its end: {requests:?}");
}

#[test]
fn two_runs_chosen_in_the_list_are_shown_side_by_side() {
    let Some(mut browser) = Browser::start() else { return };
    let runs = out_directory();
    let names = ["sweep/2026-01-01T00-00-00Z", "sweep/2026-01-02T00-00-00Z"];
    for name in names {
        put("sweep", runs.path(), name);
        report(&runs.path().join(name));
    }
    // A word that is longer than a line.
    let record = runs.path().join(names[1]).join("run.json");
    let text = fs::read_to_string(&record).unwrap();
    let question = text.lines().find(|line| line.contains("\"question\"")).unwrap();
    let odd = format!("\"question\": \"Why {}?\",", "answer".repeat(80));
    fs::write(&record, text.replacen(question, &odd, 1)).unwrap();
    let (_server, address) = serve(runs.path());
    let too_wide = "document.documentElement.scrollWidth > innerWidth";
    browser.open(&format!("http://{address}/"));
    assert!(browser.screenshot(390, false).len() > 1000);
    assert!(browser.value("document.body.textContent.includes('answeranswer')") == true);
    assert!(browser.value(too_wide) == false, "the list");
    browser.screenshot(1280, false);
    let loaded = "[...document.images].filter(image => image.naturalWidth > 0).length";
    browser.until_true(&format!("{loaded} === 2"));
    browser.value(&format!(
        "document.querySelector('input[name=base][value=\"{}\"]').click(), \
         document.querySelector('input[name=new][value=\"{}\"]').click(), \
         document.querySelector('form button').click()",
        names[0], names[1]
    ));
    browser.until_true("location.pathname === '/compare' && document.readyState === 'complete'");
    let left = |side: usize| {
        format!("document.querySelectorAll('.pair svg')[{side}].getBoundingClientRect().left")
    };
    browser.until_true(&format!("{} > {} + 100", left(1), left(0)));
    let verdict = browser.value("document.querySelector('pre').textContent.includes('Verdict: ')");
    assert!(verdict == true, "the output of `compare`");
    // On a phone, one is above the other.
    assert!(browser.screenshot(390, true).len() > 1000);
    assert!(browser.value(&format!("{} === {}", left(1), left(0))) == true);
    assert!(browser.value(too_wide) == false, "the comparison");
    let is_readable = "[...document.querySelectorAll('.pair svg')].every(svg => \
                       svg.getBoundingClientRect().width >= svg.viewBox.baseVal.width * 0.9)";
    assert!(browser.value(is_readable) == true, "labels keep their size");
    let dark = browser.value("getComputedStyle(document.body).backgroundColor");
    browser.screenshot(1280, false);
    assert_ne!(browser.value("getComputedStyle(document.body).backgroundColor"), dark);
    assert_no_errors(&mut browser, address);
}

#[test]
fn a_request_to_another_origin_would_be_detected() {
    let Some(mut browser) = Browser::start() else { return };
    let runs = out_directory();
    let run = DrivenRun::start(runs.path());
    let (_server, address) = serve(runs.path());
    browser.open(&format!("http://{address}/runs/{}", run.name()));
    // What a question with a script in it would do if it were not escaped.
    browser.value("document.body.insertAdjacentHTML('beforeend', '<img src=//elsewhere.test/i>')");
    browser.value("fetch('http://elsewhere.test/f').catch(() => 0)");
    let script = "document.body.append(Object.assign(document.createElement('script'), \
                  { textContent: 'document.title = \"run\"' }))";
    browser.value(script);
    assert!(browser.value("document.title === 'run'") == false, "only the page's own script runs");
    let mut messages = String::new();
    until("errors on the console", || {
        messages = browser.requests_and_messages().1.join("\n");
        ["elsewhere.test/i", "elsewhere.test/f", "script-src"]
            .iter()
            .all(|what| messages.contains(what))
    });
    assert!(messages.contains("Content Security Policy"), "{messages}");
}
