//! The wing that acts and never decides: disk, processes, signals, the clock.
//!
//! Imports only `base`. Whoever decides gets values from here and gives orders as values.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the wing that touches the world"
)]

pub mod nearby;
pub mod observe;

pub mod store;

pub mod execute;
pub mod interrupt;
pub mod jobserver;

pub mod clock;
mod index;
mod pieces;
pub mod stamps;
pub mod stream;
pub mod trouble;
pub mod watch;
