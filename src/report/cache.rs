//! What the cache holds, what goes and what was lost, in words.
//!
//! Does not know how it was found out.

use super::printed::escaped;
use super::units;
use super::words::shown;
use crate::base::path::ProjectPath;
use crate::logic::room::{Holdings, InUse, Leaving, Lost};
use std::fmt::Write;

/// So many lines of a list are shown.
const SHOWN: usize = 20;

/// `pipe cache stats`.
pub fn stats(holdings: &Holdings) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<10} {value}");
    };
    line("folder", escaped(&holdings.folder));
    let limit = match holdings.limit {
        Some(limit) => format!("; a build prunes it above {}", units::size(limit)),
        None => "; no limit".to_owned(),
    };
    line("size", units::size(holdings.size) + &limit);
    line(
        "holds",
        format!(
            "{} and {}",
            units::count(holdings.results, "result"),
            units::count(holdings.blobs, "blob")
        ),
    );
    line(
        "in use",
        format!(
            "here {}, {}",
            units::count(holdings.results_here, "result"),
            units::size(holdings.size_here)
        ),
    );
    if holdings.checkouts > 0 {
        line(
            "",
            format!(
                "only in {}: {}, {}",
                units::count(holdings.checkouts, "other checkout"),
                units::count(holdings.results_elsewhere, "result"),
                units::size(holdings.size_elsewhere)
            ),
        );
    }
    if holdings.unneeded > 0 {
        line(
            "unneeded",
            format!("{}; any pruning frees it", units::size(holdings.unneeded)),
        );
    }
    if holdings.builds > 0 {
        line(
            "saved",
            format!(
                "{} in {}: {} nodes restored, {} ran",
                units::duration_ms(holdings.saved_ms),
                units::count(holdings.builds, "build"),
                holdings.restored,
                holdings.ran
            ),
        );
    }
    text
}

/// What a pruning takes, a line a node.
pub fn leaving(leaving: &[Leaving], moment: &dyn Fn(u64) -> String) -> String {
    let mut text = String::new();
    for one in leaving.iter().take(SHOWN) {
        let in_use = match one.in_use {
            InUse::Nowhere => "",
            InUse::Elsewhere => ", in use in another checkout",
            InUse::Here => ", in use here",
        };
        let _ = writeln!(
            text,
            "remove  {}  ({}, {}, last used {}{in_use})",
            outputs(&one.outputs),
            units::count(one.results, "result"),
            units::size(one.size),
            moment(one.used_ms)
        );
    }
    if leaving.len() > SHOWN {
        let more: usize = leaving[SHOWN..].iter().map(|one| one.results).sum();
        let _ = writeln!(text, "remove  {} more", units::count(more, "result"));
    }
    text
}

/// Something that was damaged.
pub fn lost(lost: &Lost) -> String {
    match lost {
        Lost::Blob(digest) => format!("damaged  blob {}\n", digest.short()),
        Lost::Result(key) => format!("damaged  result {}\n", key.0.short()),
        Lost::Lame {
            key,
            outputs: paths,
            blob,
        } => format!(
            "useless  result {} of {}: its blob {} is not there\n",
            key.0.short(),
            outputs(paths),
            blob.short()
        ),
    }
}

/// The nodes that an export has nothing of.
pub fn left_out(nodes: &[String]) -> String {
    let mut text = names_left_out(nodes);
    if !nodes.is_empty() {
        text.push_str(
            "the cache has no result for what is left out, as it is now; `pipe status` says why\n",
        );
    }
    text
}

/// The nodes for which an export had no room.
pub fn too_large(nodes: &[String]) -> String {
    let mut text = names_left_out(nodes);
    if !nodes.is_empty() {
        text.push_str("there is no room for what is left out: it saves less time for its size\n");
    }
    text
}

fn names_left_out(nodes: &[String]) -> String {
    let mut text = String::new();
    for node in nodes.iter().take(SHOWN) {
        let _ = writeln!(text, "left out  {}", escaped(node));
    }
    if nodes.len() > SHOWN {
        let more = units::count(nodes.len() - SHOWN, "more node");
        let _ = writeln!(text, "left out  {more}");
    }
    text
}

fn outputs(paths: &[ProjectPath]) -> String {
    match paths {
        [] => "no output".to_owned(),
        [one] => shown(one),
        [first, rest @ ..] => format!("{} and {} more", shown(first), rest.len()),
    }
}
