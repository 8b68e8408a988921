//! `pipe`: a declarative build system for data pipelines.
//!
//! Five floors; imports run down only (`tests/it/tidy.rs` keeps it so):
//!
//! ```text
//! 5  main.rs
//! 4  cli/                 arguments -> one call -> exit code
//! 3  report/   engine/    telling; the one place where the two wings meet
//! 2  logic/    world/     decides, never touches; acts, never decides
//! 1  base/                values only
//! ```
//!
//! The library is public so that tests and benchmarks use the same code; it makes no promise of stability.

pub mod base;

pub mod logic;

pub mod world;

pub mod engine;

pub mod report;

pub mod cli;
