//! The one integration binary: drives the built program over copies of `fixtures/`, and holds texts, schemas and
//! code together.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests set up and look at real files and processes, and say how much they tried"
)]

mod support;

mod acceptance;
mod archive;
mod cache;
mod check;
mod chromium;
mod ci;
mod commands;
mod completion;
mod conformance;
mod damage;
mod diagnostics;
mod faults;
mod fmt;
mod fresh;
mod graph;
mod jobserver;
mod kedro;
mod kills;
mod language;
mod live;
mod logs;
mod memory;
mod oracle;
mod picture;
mod processes;
mod protection;
mod quoting;
mod report;
mod restore;
mod room;
mod scarce;
mod schedule;
mod schemas;
mod settings;
mod staleness;
mod syscalls;
mod together;
mod trace;
mod watch;
mod why;

mod book;
mod tidy;
