//! The page in a real browser. CI has one, and fails without; elsewhere these
//! tests say that they need `chromium`.

use std::path::{Path, PathBuf};
use std::process::Command;

use report::{Run, files};
use run_record::RunDirectory;

/// The browser; none where there is none, which in CI is a failure.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "CI is to have a browser: `apt-get install chromium`"
    );
    if found.is_none() {
        eprintln!("NOT TESTED: no chromium on this machine to open the page with");
    }
    found
}

/// What the page has become in the browser, all that it wrote to its console,
/// and every request that was made.
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
fn a_browser_shows_every_chart_and_asks_nobody() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().unwrap();
    let (mut record, trials) = super::kept("sweep");
    record.scenario.question = "<img src=http://elsewhere.test/i><script>x()</script>?".to_owned();
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    for trial in &trials {
        directory.append(trial).unwrap();
    }
    let files = files(&Run::new(record, trials), directory.path()).unwrap();
    let charts = files.iter().filter(|(name, _)| name.starts_with("charts/")).count();
    let page = directory.path().join("report.html");
    // Whoever clicks a cell of a heat map.
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
    assert!(!console.contains("CONSOLE"), "neither a fault nor anything refused: {console}");
    assert!(requests.contains("\"constants\""), "requests are logged: {requests}");
    assert!(!requests.contains("elsewhere.test"), "{requests}");
    // Who asks is in the log: the browser's own requests are nobody's.
    assert!(!requests.contains("[internally: file://]"), "{requests}");
}

#[test]
fn a_request_that_left_would_be_seen() {
    let Some(browser) = browser() else { return };
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("page.html");
    std::fs::write(&page, "<img src=http://elsewhere.test/i><script>x()</script>").unwrap();
    let address = format!("file://{}", page.display());
    let (_, console, requests) = opened(&browser, &address, &place.path().join("profile"));
    assert!(console.contains("CONSOLE"), "a fault of a script: {console}");
    assert!(requests.contains("elsewhere.test/i"), "{requests}");
    assert!(requests.contains("[internally: file://]"), "{requests}");
}
