//! What this checkout remembers of past builds and runs, and of nodes that are gone as well.
//!
//! Reads the ledger alone: history can be looked at while the manifest is broken.

use super::project::Place;
use crate::base::record::{BuildRecord, RunRecord};
use crate::world::store::ledger::Ledger;

/// See the module.
pub struct History(Ledger);

impl History {
    /// Reads what is there; waits for nobody.
    pub fn open(place: &Place) -> History {
        History(Ledger::open(&place.state).0)
    }

    /// Builds that had something to do, oldest first.
    pub fn builds(&self) -> Vec<BuildRecord> {
        self.0.builds()
    }

    /// A node's runs, oldest first.
    pub fn runs(&self, node: &str) -> Vec<RunRecord> {
        self.0.runs(node)
    }
}
