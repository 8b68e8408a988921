//! The time, as plain numbers.
//!
//! The only place that reads a clock; everyone else is told.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 UTC.
pub fn now_ms() -> u64 {
    now_ns() as u64 / 1_000_000
}

/// Nanoseconds since 1970 UTC, in the form of a stamp's times.
pub fn now_ns() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as i64)
}

/// A point of the monotonic clock.
pub fn instant() -> Instant {
    Instant::now()
}

/// Does nothing for a while.
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
