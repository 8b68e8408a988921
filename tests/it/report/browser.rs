//! The page in a headless Chromium, where there is one: alone, and at three widths in both themes.

use super::built;
use crate::chromium;
use crate::support::Sandbox;

/// Stands before everything else on the page.
const LISTENS: &str = r##"<script>
window.wrong = [];
window.addEventListener("error", (event) => wrong.push(String(event.message)));
console.error = (...words) => wrong.push(words.join(" "));
document.addEventListener("securitypolicyviolation", (event) => wrong.push(event.violatedDirective));
</script>"##;

/// Does what a person would.
const ACTS: &str = r##"<script>
const seen = {}, $ = (id) => document.getElementById(id);
const press = (on, key) => on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
seen.ready = document.documentElement.dataset.ready;
seen.title = document.title;
const line = $("line"), pen = line.getContext("2d", { willReadFrequently: true });
const inks = new Set(pen.getImageData(0, 0, line.width, line.height).data.filter((_, place) => place % 4 === 2));
seen.painted = line.width > 300 && inks.size > 3;
press(line, "ArrowRight");
seen.first = $("panel").querySelector("h2").textContent;
press(document.body, "Escape");
seen.closed = $("panel").hidden;
document.querySelector(".path button.link").click();
seen.path = !$("panel").hidden;
$("search").value = "cannot go on";
$("search").dispatchEvent(new Event("input"));
seen.found = $("found").textContent;
press($("search"), "Enter");
seen.panel = $("panel").textContent;
seen.rows = [...document.querySelectorAll("#table tbody tr")].filter((row) => !row.hidden).length;
$("search").value = ""; $("search").dispatchEvent(new Event("input"));
press($("canvas"), "ArrowRight"); press($("canvas"), "ArrowRight");
seen.graph = document.querySelectorAll(".card.chosen").length;
[...document.querySelectorAll(".card")].find((card) => card.textContent.includes("fit")).dispatchEvent(new MouseEvent("click", { bubbles: true }));
seen.pile = $("panel").textContent.includes("fit@xgb,2");
document.querySelector('.key[data-state="ran"]').click();
seen.left = [...document.querySelectorAll("#table tbody tr")].filter((row) => !row.hidden).length;
document.querySelector('.key[data-state="ran"]').click();
document.querySelectorAll("#table .sort")[0].click(); document.querySelectorAll("#table .sort")[0].click();
seen.sorted = document.querySelector("#table tbody tr").textContent.includes("strange@");
seen.loaded = performance.getEntriesByType("resource").length;
seen.wrong = window.wrong;
document.documentElement.dataset.seen = JSON.stringify(seen);
</script>"##;

/// Six frames around the same page.
const FRAMES: &str = r##"<!doctype html><meta charset="utf-8"><body><script type="text/plain" id="page">PAGE</script><script>
const page = document.getElementById("page").textContent.replaceAll("\u0001", "<");
const seen = [];
for (const width of [360, 768, 1400]) for (const theme of ["light", "dark"]) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.onload = () => {
    const inside = frame.contentDocument, root = inside.documentElement;
    root.dataset.theme = theme;
    inside.querySelector("#table button.link").click();
    const all = inside.getElementById("all");
    const box = (id) => inside.getElementById(id).getBoundingClientRect();
    const over = [...inside.querySelectorAll("header, #all > *, .tile, #panel > *")].filter((one) => one.getBoundingClientRect().right > width + 1);
    seen.push({ width, theme, wide: all.scrollWidth - all.clientWidth, over: over.map((one) => one.outerHTML.slice(0, 80)), panel: box("panel").width > 200, line: box("line").width > 150,
      ground: frame.contentWindow.getComputedStyle(inside.body).backgroundColor, wrong: frame.contentWindow.wrong });
    if (seen.length === 6) document.documentElement.dataset.seen = JSON.stringify(seen);
  };
  frame.srcdoc = page;
  document.body.append(frame);
}
</script>"##;

/// A page that takes note of what goes wrong in it.
fn reported() -> (Sandbox, String) {
    let sandbox = built();
    let page = sandbox.pipe("report").expect_code(0).out;
    let page = page.replace("<style>", &format!("{LISTENS}<style>"));
    (sandbox, page)
}

#[test]
fn the_report_works_in_a_browser() {
    let (sandbox, page) = reported();
    let Some(program) = chromium::program() else {
        return;
    };
    sandbox.write(
        "page.html",
        page.replace("</body>", &format!("{ACTS}</body>")),
    );
    let profile = sandbox.beside("profile");
    let seen = chromium::seen(&program, &sandbox.path("page.html"), &profile);
    let is =
        |name: &str, value: serde_json::Value| assert_eq!(seen[name], value, "{name} of {seen}");
    is("wrong", serde_json::json!([]));
    is("ready", "9".into());
    is("title", "project: build 1".into());
    for name in ["painted", "closed", "path", "pile", "sorted"] {
        is(name, true.into());
    }
    is("first", "first".into());
    is("found", "1 found".into());
    is("rows", 1.into());
    is("graph", 1.into());
    is("left", 2.into());
    is("loaded", 0.into());
    let panel = seen["panel"].as_str().expect("a text");
    for part in [
        "fails",
        "exit code 4",
        "cannot go on >&2; exit 4",
        "b/never.txt",
    ] {
        assert!(panel.contains(part), "no {part:?} in {panel}");
    }
}

#[test]
fn the_report_fits_phones_and_screens_in_both_themes() {
    let (sandbox, page) = reported();
    let Some(program) = chromium::program() else {
        return;
    };
    sandbox.write(
        "frames.html",
        FRAMES.replace("PAGE", &page.replace('<', "\u{1}")),
    );
    let seen = chromium::seen(
        &program,
        &sandbox.path("frames.html"),
        &sandbox.beside("profile"),
    );
    let frames = seen.as_array().expect("frames");
    let mut grounds = std::collections::BTreeSet::new();
    for frame in frames {
        assert_eq!(frame["wrong"], serde_json::json!([]), "{frame}");
        assert_eq!(
            (&frame["wide"], &frame["over"]),
            (&0.into(), &serde_json::json!([])),
            "{frame}"
        );
        assert!(frame["panel"] == true && frame["line"] == true, "{frame}");
        grounds.insert(frame["ground"].to_string());
    }
    assert_eq!((frames.len(), grounds.len()), (6, 2));
}
