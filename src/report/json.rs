//! What programs read of `pipe`: JSON documents and lines, each described in `schemas/`.
//!
//! Only output: nothing is ever read back from these forms. The sentences in them are those that people get.

mod cache;
mod check;
mod diff;
mod events;
mod graph;
mod history;
mod list;
mod reasons;
mod standing;

pub use cache::cache_stats;
pub use check::check;
pub use diff::diff;
pub use events::EventLines;
pub use graph::graph;
pub(super) use graph::graph_in_a_line;
pub use history::{builds, runs};
pub use list::list;
pub use standing::{Standing, status, why};

use serde::Serialize;

/// Of every document. Counts up when something is taken away or changes its meaning; what is added does not count.
const VERSION: u32 = 1;

/// How large a sound project is.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Size {
    /// Nodes.
    pub nodes: usize,
    /// Declared outputs.
    pub outputs: usize,
    /// Sources.
    pub sources: usize,
}

/// A whole document, for people to look into as well.
fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.expect("texts and numbers can always be written as JSON") + "\n"
}
