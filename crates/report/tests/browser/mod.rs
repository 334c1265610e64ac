//! The page in Chromium. CI fails without it; elsewhere these tests print that they need
//! `chromium`.

mod found;

use std::path::Path;
use std::process::Command;

use report::{Run, files};
use run_record::RunDirectory;

use found::browser;

/// The DOM of the page in the browser, the messages on its console, and its requests.
fn opened(browser: &Path, page: &str, profile: &Path) -> (String, String, String) {
    let log = profile.join("requests.json");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
        .args(["--disable-extensions", "--disable-sync", "--enable-logging=stderr"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--log-net-log={}", log.display()))
        .args(["--timeout=20000", "--dump-dom", page])
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let requests = std::fs::read_to_string(log).unwrap_or_default();
    (text(output.stdout), text(output.stderr), requests)
}

#[test]
fn browser_shows_every_chart_without_requests() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().unwrap();
    let (mut record, trials) = super::load_run("sweep");
    record.scenario.question = "<img src=http://elsewhere.test/i><script>x()</script>?".to_owned();
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    for trial in &trials {
        directory.append(trial).unwrap();
    }
    let files = files(&Run::new(record, trials), directory.path()).files;
    let charts = files.iter().filter(|(name, _)| name.ends_with(".svg")).count();
    let page = directory.path().join("report.html");
    // A click on a cell of a heat map.
    let click = "<script>document.querySelector('svg a[href=\"#cell-2\"]').dispatchEvent(new \
                 MouseEvent('click', { bubbles: true, cancelable: true }))</script>";
    std::fs::write(&page, [&files[0].1, click.as_bytes()].concat()).unwrap();
    let address = format!("file://{}#cell-3", page.display());
    let (dom, console, requests) = opened(&browser, &address, &place.path().join("profile"));
    assert_eq!(dom.matches("<svg").count(), charts, "{console}\n{dom}");
    assert!(charts >= 6, "heat maps, outcomes, latencies");
    assert!(dom.contains("<details id=\"cell-3\" open"), "the page's script ran: {console}");
    let (_, panel) = dom.split_once("<dialog id=\"panel\"").unwrap();
    let (panel, _) = panel.split_once("</dialog>").unwrap();
    assert!(panel.contains("open=\"\""), "a click opens the panel: {panel}");
    assert!(panel.contains("backlog 300, clients 50"), "with the cell's trials: {panel}");
    assert!(!console.contains("CONSOLE"), "no errors: {console}");
    assert!(requests.contains("\"constants\""), "requests are logged: {requests}");
    assert!(!requests.contains("elsewhere.test"), "{requests}");
    // The log has the origin of each request; the browser's own requests have none.
    assert!(!requests.contains("[internally: file://]"), "{requests}");
}

/// A script that a test adds to a page, and that writes its result into the page.
fn writing_result(script: &str) -> String {
    format!(
        "<script>document.body.append(Object.assign(document.createElement('output'), {{ textContent: (() => {{ {script} }})() }}))</script>"
    )
}

/// The result of such a script.
fn result_in(dom: &str) -> &str {
    let (_, result) = dom.rsplit_once("<output>").unwrap_or_else(|| panic!("no script ran: {dom}"));
    result.split("</output>").next().unwrap()
}

#[test]
fn browser_picks_a_queue_and_a_tap_shows_exact_values() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().unwrap();
    let directory = super::recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let files = files(&Run::new(record, trials), directory.path()).files;
    let script = writing_result(
        "for (const part of document.querySelectorAll('details.part')) part.open = true;
         const lines = [];
         const charts = [...document.querySelectorAll('figure')].map((part) => part.dataset.chart);
         lines.push('charts ' + charts.map((name) => name.replace(/-[0-9]{5}$/, '')).join(' '));
         const queues = () => [...document.querySelectorAll('details.recorded')]
           .map((part) => part.open && part.checkVisibility() ? 'shown' : 'hidden').join(' ');
         const picker = document.getElementById('picker');
         lines.push('visible ' + picker.checkVisibility(), queues());
         picker.selectedIndex = 1 - picker.selectedIndex;
         picker.dispatchEvent(new Event('change'));
         lines.push(queues());
         const tap = (part) => part.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
         const panel = document.getElementById('panel');
         tap(document.querySelector('[data-chart^=queue] rect[fill=transparent]'));
         lines.push('tap ' + panel.open + ' ' + panel.querySelector('.values').textContent);
         const attempt = [...document.querySelectorAll('[data-chart^=queue] rect[fill=transparent]')]
           .find((part) => part.textContent.startsWith('attempt'));
         tap(attempt);
         lines.push('tap ' + panel.querySelector('.values').textContent);
         const cell = document.querySelector('svg a[href=\"#cell-2\"]');
         cell.focus();
         lines.push('focus ' + (document.activeElement === cell));
         tap(cell.querySelector('rect'));
         lines.push('cell ' + panel.querySelector('.values').textContent.split('\\n')[0]);
         lines.push('trials ' + panel.querySelectorAll('tbody tr').length);
         document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
         lines.push('closed ' + !panel.open);
         tap(cell.querySelector('rect'));
         cell.blur();
         tap(panel.querySelector('a.back'));
         lines.push('back ' + (!panel.open && document.activeElement === cell));
         return lines.join('|');",
    );
    let page = directory.path().join("report.html");
    std::fs::write(&page, [&files[0].1, script.as_bytes()].concat()).unwrap();
    let address = format!("file://{}", page.display());
    let (dom, console, requests) = opened(&browser, &address, &place.path().join("profile"));
    let lines: Vec<&str> = result_in(&dom).split('|').collect();
    for chart in ["heat-success", "heat-delivered", "outcomes", "connect-latency", "queue"] {
        assert!(lines[0].contains(chart), "{chart}: {lines:?}");
    }
    assert!(lines[0].contains(" connects") && lines[0].contains(" law-"), "{lines:?}");
    assert_eq!(lines[1], "visible true");
    assert!(["shown hidden", "hidden shown"].contains(&lines[2]), "{lines:?}");
    assert!(
        ["shown hidden", "hidden shown"].contains(&lines[3]) && lines[2] != lines[3],
        "{lines:?}"
    );
    assert_eq!(lines[4], "tap true 0 ns to 10.0 ms: 0 to 9 queued, limit 10");
    assert_eq!(
        lines[5],
        "tap attempt 0: ok, established after 40.0 µs, accepted after 1.100 s, 0 SYN retransmissions"
    );
    assert_eq!(lines[6..8], ["focus true", "cell design global-lock, backlog 300, clients 50"]);
    assert_eq!(lines[8..], ["trials 2", "closed true", "back true"]);
    assert!(!console.contains("CONSOLE"), "{console}");
    assert!(!requests.contains("[internally: file://]"), "{requests}");
}

#[test]
fn browser_of_a_phone_scrolls_boxes_but_not_the_page() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().unwrap();
    let directory = super::recorded(place.path());
    let recorded = RunDirectory::read(directory.path()).unwrap();
    let mut long_words = super::load_run("sweep");
    let word = "answer".repeat(80);
    long_words.0.scenario.question = format!("Why {word}?");
    long_words.0.scenario.name.clone_from(&word);
    long_words.0.backend.details.clone_from(&word);
    long_words.1[0].laws[0].title.clone_from(&word);
    long_words.1[0].invariants[0].held = Some(false);
    long_words.1[0].invariants[0].detail = word;
    let runs = [
        super::load_run("sweep"),
        super::load_run("server-death"),
        recorded,
        super::run_of_300_cells(),
        long_words,
    ];
    // A window cannot be as narrow as a phone, but a frame can.
    let mut frames = String::new();
    for (number, (record, trials)) in runs.into_iter().enumerate() {
        let files = files(&Run::new(record, trials), directory.path()).files;
        let script =
            "<script>for (const part of document.querySelectorAll('details')) part.open = true;
            const page = document.scrollingElement;
            parent.postMessage(`${page.scrollWidth <= innerWidth} of ${innerWidth}`, '*');
            // Labels keep nearly their size: a chart that needs more room scrolls.
            const scales = [...document.querySelectorAll('svg.chart')].filter((chart) => chart.checkVisibility())
              .map((chart) => chart.getBoundingClientRect().width / chart.viewBox.baseVal.width);
            parent.postMessage(`${scales.length > 0 && Math.min(...scales) >= 0.9} is readable`, '*')</script>";
        let page = [&files[0].1, script.as_bytes()].concat();
        std::fs::write(place.path().join(format!("{number}.html")), page).unwrap();
        frames += &format!(
            "<iframe src={number}.html style='width:390px;height:844px;border:0'></iframe>"
        );
    }
    let wide = "<p style='width:400px'>a page too wide<script>parent.postMessage(`${document.scrollingElement.scrollWidth <= innerWidth} of wide`, '*')</script>";
    std::fs::write(place.path().join("wide.html"), wide).unwrap();
    frames += "<iframe src=wide.html style='width:390px;height:844px;border:0'></iframe>";
    let listening = "<script>addEventListener('message', (event) => { const line = document.createElement('output'); line.textContent = event.data; document.body.append(line) })</script>";
    let outer = place.path().join("phone.html");
    std::fs::write(&outer, format!("<body>{listening}{frames}")).unwrap();
    let address = format!("file://{}", outer.display());
    let (dom, console, _) = opened(&browser, &address, &place.path().join("profile"));
    assert_eq!(dom.matches("<output>true of 390</output>").count(), 5, "{console}\n{dom}");
    assert_eq!(dom.matches("<output>true is readable</output>").count(), 5, "{console}\n{dom}");
    assert!(
        dom.contains("<output>false of wide</output>"),
        "a page that is too wide is detected: {dom}"
    );
}

#[test]
fn browser_requests_would_be_detected() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("page.html");
    std::fs::write(&page, "<img src=http://elsewhere.test/i><script>x()</script>").unwrap();
    let address = format!("file://{}", page.display());
    let (_, console, requests) = opened(&browser, &address, &place.path().join("profile"));
    assert!(console.contains("CONSOLE"), "the error of a script: {console}");
    assert!(requests.contains("elsewhere.test/i"), "{requests}");
    assert!(requests.contains("[internally: file://]"), "{requests}");
}
