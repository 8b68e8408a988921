//! The one place where deciding meets acting: projects are opened, surveyed, built and looked after.
//!
//! Knows both wings; prints nothing and reads no environment: what it needs of those comes in, what it has to say
//! goes out as values.

pub mod probes;
pub mod project;
mod snapshot;
mod sources;

pub mod survey;

pub mod away;
pub mod build;
pub mod carry;
pub mod changed;
mod check;
mod crew;
pub mod desk;
mod explain;
pub mod format;
pub mod hidden;
pub mod history;
mod inputs;
mod items;
mod leaving;
mod listed;
mod listings;
pub mod logs;
mod memory;
mod order;
pub mod outline;
mod pool;
pub mod room;
mod run;
pub mod shared;

pub mod session;
pub mod stream;
mod tools;
mod turn;
pub mod upkeep;
pub mod watch;
