//! What a graph carries of a node beyond numbers: its spec, and what few nodes have.
//!
//! Does not know who asks, nor how it came to be.

use super::spec::{Common, NamedPath, SimpleSpec, SimpleView, Spec};
use super::{BLOBS, COMMON, DEMANDING, Demand, EXTRAS, Graph, NodeId, SPECS, Use};
use crate::base::flat::FlatReader;
use std::fmt;

/// What few nodes have.
#[derive(Default)]
pub(super) struct Extra<'g> {
    pub(super) about: &'g str,
    pub(super) group: &'g str,
    pub(super) tags: Vec<String>,
    pub(super) empty_patterns: Vec<String>,
    pub(super) demand: Demand,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({:032x})", self.identity())
    }
}

impl Graph {
    /// What the manifest says about it; empty when nothing.
    pub fn about(&self, node: NodeId) -> &str {
        self.extra(node).about
    }

    /// What its command takes while it runs.
    pub fn demand(&self, node: NodeId) -> Demand {
        if self.flags(node) & DEMANDING == 0 {
            return Demand::default();
        }
        self.extra(node).demand
    }

    /// Its tags.
    pub fn tags(&self, node: NodeId) -> Vec<String> {
        self.extra(node).tags
    }

    /// Patterns among its inputs that match neither a file nor an output.
    pub fn empty_patterns(&self, node: NodeId) -> Vec<String> {
        self.extra(node).empty_patterns
    }

    pub(super) fn extra(&self, node: NodeId) -> Extra<'_> {
        let at = self.number(EXTRAS, node.0 as usize) as usize;
        if at == 0 {
            return Extra::default();
        }
        let mut reader = FlatReader(&self.section(BLOBS)[at..]);
        let mut read = || {
            Some(Extra {
                about: reader.text()?,
                group: reader.text()?,
                tags: reader.texts()?,
                empty_patterns: reader.texts()?,
                demand: Demand::decode(reader.bytes()?)?,
            })
        };
        read().expect("the checksum held")
    }

    pub(super) fn spec(&self, node: NodeId) -> Spec<'_> {
        let at = self.number(SPECS, node.0 as usize) as usize;
        Spec::decode(&self.section(BLOBS)[at..]).expect("the checksum held")
    }

    pub(super) fn simple<'g>(&'g self, node: NodeId, spec: &SimpleSpec<'g>) -> SimpleView<'g> {
        let paths = |names: &[&'g str], uses: Vec<Use>| -> Vec<NamedPath<'g>> {
            let path = |(&name, used): (&&'g str, Use)| NamedPath {
                name,
                path: self.path(used.path),
                directory: used.directory,
            };
            names.iter().zip(uses).map(path).collect()
        };
        SimpleView {
            name: self.name(node),
            command: spec.command.clone(),
            exec: spec.exec,
            outputs: paths(&spec.outputs, self.outputs(node).collect()),
            inputs: paths(&spec.inputs, self.inputs(node).collect()),
        }
    }

    pub(super) fn common(&self) -> &Common {
        let decode = || Common::decode(self.section(COMMON)).expect("the checksum held");
        self.common.get_or_init(decode)
    }
}
