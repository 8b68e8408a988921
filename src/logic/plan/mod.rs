//! Is a node up to date, and why not: key parts, the judge, reasons.
//!
//! Knows contents and records as values; does not know how they were observed or kept.

pub mod forecast;
pub mod judge;
pub mod key;
pub mod names;
pub mod reason;

pub use forecast::Forecast;
pub use judge::{Verdict, judge};
pub use reason::Reason;
