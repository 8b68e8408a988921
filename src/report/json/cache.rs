//! `pipe cache stats --json`.
//!
//! Knows nothing of where the numbers come from.

use super::{VERSION, document};
use crate::logic::room::Holdings;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'h> {
    version: u32,
    folder: &'h str,
    size: u64,
    limit: Option<u64>,
    results: usize,
    blobs: usize,
    unneeded: u64,
    here: Share,
    elsewhere: Elsewhere,
    history: History,
}

#[derive(Serialize)]
struct Share {
    results: usize,
    size: u64,
}

#[derive(Serialize)]
struct Elsewhere {
    checkouts: usize,
    results: usize,
    size: u64,
}

#[derive(Serialize)]
struct History {
    builds: usize,
    restored: u64,
    ran: u64,
    saved_ms: u64,
}

/// `pipe cache stats --json`.
pub fn cache_stats(holdings: &Holdings) -> String {
    document(&Document {
        version: VERSION,
        folder: &holdings.folder,
        size: holdings.size,
        limit: holdings.limit,
        results: holdings.results,
        blobs: holdings.blobs,
        unneeded: holdings.unneeded,
        here: Share {
            results: holdings.results_here,
            size: holdings.size_here,
        },
        elsewhere: Elsewhere {
            checkouts: holdings.checkouts,
            results: holdings.results_elsewhere,
            size: holdings.size_elsewhere,
        },
        history: History {
            builds: holdings.builds,
            restored: holdings.restored,
            ran: holdings.ran,
            saved_ms: holdings.saved_ms,
        },
    })
}
