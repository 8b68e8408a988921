//! The commands that GitHub Actions reads in a log: groups and annotations.
//!
//! A command is a line that begins with `::`, spaces before it not counted, or holds `##[` anywhere. What nodes print
//! must not act as one: it could end a group or set a variable.

use super::story::Failed;
use crate::report::printed;
use std::borrow::Cow;

/// GitHub shows so many errors of a step, and drops the rest.
const ANNOTATIONS: usize = 10;

/// The same lines, of which none is a command.
pub(super) fn disarmed(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let disarmed = |line: &str| {
        let line = line.replace("##[", "## [");
        match line.trim_start().starts_with("::") {
            true => line.replacen("::", ": :", 1),
            false => line,
        }
    };
    Cow::Owned(text.split_inclusive('\n').map(disarmed).collect())
}

/// Lines that are folded below a title.
pub(super) fn group(title: &str, text: &str) -> String {
    // Nobody says that colours are shown there.
    let title = printed::lines(title.as_bytes(), false).concat();
    format!("::group::{}\n{text}::endgroup::\n", data(&title))
}

/// The failed nodes as errors; where there are more than are shown, the last one names the rest.
pub(super) fn annotations(failed: &[Failed]) -> String {
    let mut text = String::new();
    let alone = match failed.len() {
        count if count > ANNOTATIONS => ANNOTATIONS - 1,
        count => count,
    };
    for one in &failed[..alone] {
        let message = match one.end.is_empty() {
            true => one.cause.clone(),
            false => format!("{}\n{}", one.cause, one.end),
        };
        let title = format!("{} {}", one.node, one.word);
        text.push_str(&format!(
            "::error title={}::{}\n",
            property(&title),
            data(&message)
        ));
    }
    if alone < failed.len() {
        let rest: Vec<&str> = failed[alone..].iter().map(|one| &*one.node).collect();
        let title = format!("{} more nodes failed", rest.len());
        text.push_str(&format!(
            "::error title={}::{}\n",
            property(&title),
            data(&rest.join(", "))
        ));
    }
    text
}

fn data(text: &str) -> String {
    text.replace("##[", "## [")
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
