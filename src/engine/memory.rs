//! What a build writes down as it goes: the ledger's entries, each in its moment.
//!
//! Does not know why something is worth remembering; `build` says what happened.

use super::project::{Project, UNFINISHED};
use super::survey::Settled;
use crate::base::content::Content;
use crate::base::digest::DigestWriter;
use crate::base::path::ProjectPath;
use crate::base::record::{BuildEnd, Key, KeyParts, NodeRecord, Origin, RunRecord, StampedDigest};
use crate::logic::graph::NodeId;
use crate::world::store::ledger::{Entry, Ledger, LedgerWriter};
use crate::world::trouble::Trouble;
use std::path::Path;

/// The ledger, as one build writes it.
pub(super) struct Memory {
    writer: LedgerWriter,
    build: u32,
}

impl Memory {
    pub(super) fn new(state: &Path, ledger: &Ledger, build: u32) -> Self {
        Memory {
            writer: LedgerWriter::new(state, ledger.end()),
            build,
        }
    }

    pub(super) fn build_starts(&mut self, started_ms: u64) -> Result<(), Trouble> {
        let build = self.build;
        self.writer
            .append(&[Entry::BuildStart { build, started_ms }])
    }

    /// `None` for a build that had nothing to do, which is not counted.
    pub(super) fn build_ends(&mut self, end: Option<&BuildEnd>) -> Result<(), Trouble> {
        let build = self.build - u32::from(end.is_none());
        self.writer.append(&[Entry::BuildEnd { build, end }])
    }

    /// A command is about to write these outputs.
    pub(super) fn about_to_write(
        &mut self,
        outputs: impl Iterator<Item = ProjectPath>,
    ) -> Result<(), Trouble> {
        let outputs: Vec<_> = outputs.map(|path| (path, UNFINISHED)).collect();
        self.outputs(&outputs)
    }

    /// Nothing of ours stands at these outputs any more.
    pub(super) fn removed(
        &mut self,
        outputs: impl Iterator<Item = ProjectPath>,
    ) -> Result<(), Trouble> {
        let outputs: Vec<_> = outputs.map(|path| (path, Content::Absent)).collect();
        self.outputs(&outputs)
    }

    /// A command ended, well or not.
    pub(super) fn run(&mut self, record: &RunRecord) -> Result<(), Trouble> {
        self.writer.append(&[Entry::Run(record)])
    }

    /// A node is up to date. The outputs are written down first and apart: they are known as ours even when the node
    /// is renamed.
    pub(super) fn node(
        &mut self,
        project: &Project,
        node: NodeId,
        settled: Settled,
        origin: Origin,
    ) -> Result<(), Trouble> {
        self.outputs(&settled.result.outputs)?;
        self.node_away(project, node, settled, origin)
    }

    /// A node is up to date, and its outputs do not stand.
    pub(super) fn node_away(
        &mut self,
        project: &Project,
        node: NodeId,
        settled: Settled,
        origin: Origin,
    ) -> Result<(), Trouble> {
        let record = NodeRecord {
            key: settled.key,
            parts: KeyParts {
                declaration: project.declaration(node),
                inputs: settled.inputs,
            },
            result: settled.result,
            origin,
            build: self.build,
        };
        self.writer.append(&[Entry::Node {
            name: project.graph.name(node),
            record: &record,
        }])
    }

    /// A run touched what its node does not declare: under the key of what it declares no result is known any more.
    pub(super) fn distrusted(
        &mut self,
        project: &Project,
        node: NodeId,
        mut settled: Settled,
    ) -> Result<(), Trouble> {
        let mut writer = DigestWriter::new("pipe undeclared 1");
        writer.field("key", settled.key.0.as_bytes());
        settled.key = Key(writer.finish());
        self.node(project, node, settled, Origin::Ran)
    }

    /// What `pipe` left at outputs, so that it is known as its own and not as the user's.
    pub(super) fn outputs(&mut self, outputs: &[(ProjectPath, Content)]) -> Result<(), Trouble> {
        let written = |(path, content): &(ProjectPath, Content)| Entry::Written {
            path: path.clone(),
            content: *content,
        };
        let entries: Vec<Entry<'_>> = outputs.iter().map(written).collect();
        self.writer.append(&entries)
    }

    /// The number of the build, if it was one with something to do.
    pub(super) fn build(&self) -> u32 {
        self.build
    }

    /// Ends the writing. A `damaged` ledger is written afresh. `needed` is what [`LedgerWriter::finish`] takes and
    /// returns.
    pub(super) fn finish(
        mut self,
        stamps: &[(Vec<u8>, StampedDigest)],
        damaged: bool,
        needed: Option<u64>,
    ) -> Result<Option<u64>, Trouble> {
        if !stamps.is_empty() {
            self.writer.append(&[Entry::Stamps(stamps)])?;
        }
        self.writer.finish(damaged, needed)
    }
}
