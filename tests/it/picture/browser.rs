//! The page in a headless Chromium, where there is one.
//!
//! A script at its end does what a person would and writes down what the page then shows.

use super::{graph, sandbox};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the script finds is put here, as JSON.
const SCRIPT: &str = r##"
<script>
const seen = {};
const $ = (id) => document.getElementById(id);
const press = (on, key) => on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
seen.ready = document.documentElement.dataset.ready;
seen.cards = document.querySelectorAll(".card").length;
seen.drawn = document.querySelector(".card .body").getBoundingClientRect().width > 20;
document.querySelector(".card").dispatchEvent(new MouseEvent("click", { bubbles: true }));
seen.panel = $("panel").hidden ? "" : $("panel").textContent;
press($("canvas"), "ArrowRight");
seen.right = $("panel").querySelector("h2").textContent;
press(document.body, "Escape");
seen.closed = $("panel").hidden;
$("search").value = "scores.txt";
$("search").dispatchEvent(new Event("input"));
seen.found = $("found").textContent;
press(document.body, "t");
seen.table = !$("table").hidden && $("picture").hidden;
seen.rows = [...document.querySelectorAll("#table tbody tr")].filter((row) => !row.hidden).length;
seen.loaded = performance.getEntriesByType("resource").length;
document.documentElement.dataset.seen = JSON.stringify(seen);
</script>
"##;

fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

/// The page after its scripts have run, as the browser writes it down.
fn dumped(program: &Path, page: &Path, profile: &Path) -> String {
    let output = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--disable-dev-shm-usage",
            "--window-size=1280,800",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_page_works_in_a_browser() {
    let sandbox = sandbox();
    let page = graph(&sandbox, "--format html");
    assert!(!page.contains("%%"), "a place of the page is not filled");
    assert!(
        !page.contains("<b>\"hello"),
        "a text of the manifest became markup"
    );
    let Some(program) = chromium() else {
        println!(
            "skipped: no chromium in PATH, so the page was not opened (apt-get install chromium)"
        );
        return;
    };
    sandbox.write(
        "page.html",
        page.replace("</body>", &format!("{SCRIPT}</body>")),
    );
    let dumped = dumped(
        &program,
        &sandbox.path("page.html"),
        &sandbox.beside("profile"),
    );
    let seen = dumped
        .split_once("data-seen=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(seen, _)| {
            seen.replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        });
    let seen = seen.unwrap_or_else(|| panic!("the scripts of the page stopped:\n{dumped}"));
    let seen: serde_json::Value = serde_json::from_str(&seen).expect("what the script wrote");
    let is =
        |name: &str, value: serde_json::Value| assert_eq!(seen[name], value, "{name} of {seen}");
    is("ready", "4".into());
    is("cards", 4.into());
    is("drawn", true.into());
    is("right", "train \u{d7}4".into());
    is("closed", true.into());
    is("found", "1 found".into());
    is("table", true.into());
    is("rows", 1.into());
    is("loaded", 0.into());
    let panel = seen["panel"].as_str().expect("a text");
    for part in [
        "clean",
        "Says <b>\"hello\"</b> & more",
        "stale",
        "no result of it is known",
        "cat raw.txt > clean.txt",
        "raw.txt",
    ] {
        assert!(panel.contains(part), "no {part:?} in {panel}");
    }
}
