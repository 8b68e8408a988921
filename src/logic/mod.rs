//! The wing that decides and never touches: no disk, no clock, no process, no terminal.
//!
//! Imports only `base`. Inside: manifest -> graph -> {plan, schedule} -> event; trigger stands alone.

pub mod manifest;
pub mod params;

pub mod graph;

pub mod plan;

pub mod drawing;
pub mod room;

pub mod schedule;
pub mod trace;

pub mod depfile;
pub mod event;
pub mod story;
pub mod trigger;
