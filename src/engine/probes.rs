//! Asks the probes of the selected nodes, once, before they are judged: what they print is part of the keys.
//!
//! Does not judge. A probe that fails makes its node fail, not the build.

use super::project::{Project, Tools};
use super::run::command_job;
use crate::base::digest::Digest;
use crate::base::record::Row;
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId};
use crate::world::execute::probe;
use rayon::prelude::*;
use std::collections::HashMap;

/// Answers longer than this many bytes are told by their digest.
const SHOWN: usize = 1024;

/// What the probes said, by node.
#[derive(Debug, Default)]
pub struct Answers(HashMap<NodeId, Result<Vec<Row>, String>>);

impl Answers {
    /// Asks every probe of the selected nodes, several at once.
    pub(super) fn ask(
        project: &Project,
        tools: &Tools,
        selection: &Selection,
        token: &str,
    ) -> Answers {
        let probed: Vec<NodeId> = probed(project, selection).collect();
        let answers = probed
            .into_par_iter()
            .with_max_len(1)
            .map(|node| (node, rows(project, tools, node, token)))
            .collect();
        Answers(answers)
    }

    /// Whether there is any probe to ask.
    pub(super) fn are_asked(project: &Project, selection: &Selection) -> bool {
        probed(project, selection).next().is_some()
    }

    /// Why a node's probe has no answer.
    pub(super) fn fault(&self, node: NodeId) -> Option<&str> {
        let answer = self.0.get(&node)?;
        answer.as_ref().err().map(String::as_str)
    }

    fn rows(&self, node: NodeId) -> &[Row] {
        match self.0.get(&node) {
            Some(Ok(rows)) => rows,
            Some(Err(_)) | None => &[],
        }
    }
}

impl Project {
    /// The rows of the node's key that are known before its inputs are looked at.
    pub(super) fn declaration(&self, node: NodeId) -> Vec<Row> {
        let mut rows = self.graph.declaration(node);
        rows.extend_from_slice(self.answers.rows(node));
        rows
    }

    /// The digest of [`Project::declaration`].
    pub(super) fn declaration_digest(&self, node: NodeId) -> Digest {
        let graph: &Graph = &self.graph;
        match self.answers.rows(node) {
            [] => graph.declaration_digest(node),
            _ => Row::digest_of(&self.declaration(node)),
        }
    }
}

fn probed<'a>(
    project: &'a Project,
    selection: &'a Selection,
) -> impl Iterator<Item = NodeId> + use<'a> {
    let graph = &project.graph;
    let probed = graph.nodes().take(match graph.has_probes() {
        true => graph.len(),
        false => 0,
    });
    probed.filter(|&node| selection.contains(node) && graph.probed(node))
}

fn rows(project: &Project, tools: &Tools, node: NodeId, token: &str) -> Result<Vec<Row>, String> {
    let spec = project.graph.job(node);
    let mut rows = Vec::new();
    for script in &spec.probes {
        let mut job = command_job(project, tools, node, &spec, token, 0, &[]);
        job.argv = spec.probe_shell.clone();
        job.argv.push(script.clone());
        let said =
            probe::ask(&job).map_err(|fault| format!("its probe `{script}` failed: {fault}"))?;
        let value = match std::str::from_utf8(&said) {
            Ok(text) if text.len() <= SHOWN => text.trim_end().to_owned(),
            _ => Digest::of(&said).to_string(),
        };
        rows.push(Row {
            name: format!("probe {script}"),
            value,
        });
    }
    Ok(rows)
}
