//! The page in a headless Chromium, where there is one.
//!
//! A script at its end does what a person would and writes down what the page then shows.

use super::{graph, sandbox};
use crate::chromium;

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

#[test]
fn the_page_works_in_a_browser() {
    let sandbox = sandbox();
    let page = graph(&sandbox, "--format html");
    assert!(!page.contains("%%"), "a place of the page is not filled");
    assert!(
        !page.contains("<b>\"hello"),
        "a text of the manifest became markup"
    );
    let Some(program) = chromium::program() else {
        return;
    };
    sandbox.write(
        "page.html",
        page.replace("</body>", &format!("{SCRIPT}</body>")),
    );
    let seen = chromium::seen(
        &program,
        &sandbox.path("page.html"),
        &sandbox.beside("profile"),
    );
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
