//! The difference between two texts, line by line, in the usual form.
//!
//! Does not know where the texts come from.

use similar::TextDiff;

/// A unified diff from `old` to `new`; empty when they are the same.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(2)
        .header(name, name)
        .to_string()
}
