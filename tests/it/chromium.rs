//! Pages in a headless Chromium, where there is one.
//!
//! A script at the end of a page does what a person would, and leaves what it finds, as JSON, in `data-seen` of the
//! document.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The browser; without one, says that the test is skipped.
pub(crate) fn program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        println!(
            "skipped: no chromium in PATH, so the page was not opened (apt-get install chromium)"
        );
    }
    found
}

/// What the script at the end of the page has found.
#[track_caller]
pub(crate) fn seen(program: &Path, page: &Path, profile: &Path) -> Value {
    let dumped = dumped(program, page, profile);
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
    serde_json::from_str(&seen).expect("what the script wrote")
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
