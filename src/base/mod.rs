//! The ground floor: values that every other room may name. A closed list.
//!
//! Knows nothing of manifests, graphs, disks or processes.

pub mod content;
pub mod digest;
pub mod flat;
pub mod path;
pub mod quantity;
pub mod record;
pub mod story;
