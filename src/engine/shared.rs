//! What the threads of a build share. Nothing in it changes while the build runs.
//!
//! No context that everything takes: only `check` and `run` get it, from `build`.

use super::project::{Project, Tools};
use crate::logic::graph::NodeId;
use crate::logic::graph::select::Selection;
use crate::world::execute::{Executor, Running};
use std::path::PathBuf;

/// See the module.
pub(super) struct Shared<'a> {
    pub(super) project: &'a Project,
    pub(super) tools: &'a Tools,
    pub(super) executor: &'a dyn Executor,
    pub(super) running: &'a Running,
    pub(super) token: &'a str,
    /// This build's number in the checkout.
    pub(super) build: u32,
    pub(super) started_ms: u64,
    pub(super) forced: Option<&'a Selection>,
}

impl Shared<'_> {
    pub(super) fn is_forced(&self, node: NodeId) -> bool {
        self.forced
            .is_some_and(|forced| forced.named[node.0 as usize])
    }

    pub(super) fn pycache(&self) -> PathBuf {
        self.project.place.home.join("pycache")
    }
}
