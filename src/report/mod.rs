//! Tells people what happened and what stands, as text.
//!
//! Knows the values of `logic` and `base` only: nothing of the disk, of the environment, or of what the screen can do,
//! which the caller says.

mod blocks;

mod changes;

pub mod build;
pub mod cache;
pub mod ci;
pub mod compare;
pub mod diff;
pub mod failures;

pub mod graph;

pub mod history;

pub mod json;

pub mod live;

pub mod plain;

pub mod printed;

pub mod problems;

pub mod status;

mod stream;

mod summary;

pub mod trace;

pub mod units;

pub mod watch;

pub mod why;

pub mod words;
