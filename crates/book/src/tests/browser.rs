//! The script of lessons in Chromium. CI fails without it; elsewhere this test prints that it needs
//! `chromium`.

#[path = "../../../report/tests/browser/found.rs"]
mod found;

use std::fs;
use std::process::Command;

use super::{docs, first_lesson, page_of};

#[test]
fn browser_compares_the_readers_number() {
    let Some(browser) = found::browser() else { return };
    let from = "law: accept-queue-capacity\n    believed: 5";
    let to = "rule: \"6\"\n    within: 0.5\n    believed: 5";
    let text = first_lesson().replacen(from, to, 1);
    let page = page_of(&text).expect("a page");
    let script = fs::read_to_string(docs().join("theme/course.js")).expect("a script");
    // In this order: right within 0.5, with a comma; wrong; no number. The first key is the book's.
    let test = r#"
        let keys = 0;
        document.addEventListener("keydown", () => keys += 1);
        const line = document.querySelector(".prediction");
        const [input, button, output] =
            ["input", "button", "output"].map((name) => line.querySelector(name));
        const said = ["5,5", "5", "five", ""].map((number) => {
            input.value = number;
            input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            return output.textContent + output.classList.contains("is-right");
        });
        const open = document.querySelectorAll("details[open]").length;
        const result = document.createElement("pre");
        result.textContent = JSON.stringify([said, open, keys, button.hidden]);
        document.body.append(result);
    "#;
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("page.html");
    let html = format!("<body>{page}<script>{script}</script><script>{{{test}}}</script>");
    fs::write(&file, html).expect("a file");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-extensions"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .args(["--timeout=20000", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("a browser");
    let dom = String::from_utf8_lossy(&output.stdout);
    let expected = "[[\"Right: the kernel gave 6 connections.true\",\
                    \"You said 5, the kernel gave 6 connections.false\",\
                    \"Type a number.false\",\"Type a number.false\"],1,0,false]";
    assert!(dom.contains(expected), "{dom}\n{}", String::from_utf8_lossy(&output.stderr));
}
