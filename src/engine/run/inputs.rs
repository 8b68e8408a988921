//! The inputs of a run: what they are when it starts, whether they were left alone, and which more it found.
//!
//! Does not know what the outputs are.

use super::Run;
use crate::base::content::{Content, Contents};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::engine::inputs;
use crate::logic::depfile;
use crate::logic::event::{FailureCause, Notice};
use crate::logic::graph::{JobSpec, Use};
use crate::world::nearby;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use std::collections::HashSet;

impl Run<'_> {
    /// The inputs as they stand right now. What another node wrote is known already and not looked at again.
    pub(super) fn inputs_now(
        &self,
        judged: &[(ProjectPath, Content)],
    ) -> Result<Contents, Trouble> {
        let graph = &self.shared.project.graph;
        let now = |(input, (path, content)): (Use, &(ProjectPath, Content))| {
            let ignoring = graph.ignoring(self.node) && input.directory;
            if graph.producer(input.path).is_some() && !ignoring {
                return Ok((path.clone(), *content));
            }
            Ok((
                path.clone(),
                inputs::observe(graph, self.shared.tools, self.node, input.path)?,
            ))
        };
        graph.inputs(self.node).zip(judged).map(now).collect()
    }

    pub(super) fn input_stamps(&self) -> Vec<Digest> {
        let graph = &self.shared.project.graph;
        let ignored = inputs::ignored(graph, self.node);
        let stamps = |input: Use| {
            let path = graph.project_path(input.path);
            self.shared.tools.observer.stamps_at(&path, &ignored)
        };
        graph.inputs(self.node).map(stamps).collect()
    }

    /// Whether every input was left alone while the command ran. Equal bytes at the end are not enough: a file that was
    /// changed and changed back may have been read in between. What other nodes wrote is looked at too, since a
    /// command that changes its own input would otherwise go unnoticed.
    pub(super) fn inputs_held_still(
        &mut self,
        inputs: &[(ProjectPath, Content)],
        before: &[Digest],
    ) -> bool {
        let graph = &self.shared.project.graph;
        let after = self.input_stamps();
        let moved: Vec<ProjectPath> = graph
            .inputs(self.node)
            .zip(inputs)
            .zip(before.iter().zip(&after))
            .filter(|((input, (_, content)), (before, after))| {
                let observe = || inputs::observe(graph, self.shared.tools, self.node, input.path);
                before != after || !observe().is_ok_and(|now| now == *content)
            })
            .map(|((_, (path, _)), _)| path.clone())
            .collect();
        let still = moved.is_empty();
        if !still {
            self.notices.push(Notice::InputMoved {
                node: self.name(),
                paths: moved,
            });
        }
        still
    }

    /// The inputs that the command's depfile names besides the declared ones, those of the project only, and whether
    /// what they hold can be trusted: none was written after `mark`, the disk's time before the run.
    pub(super) fn found_inputs(
        &mut self,
        spec: &JobSpec,
        declared: &[(ProjectPath, Content)],
        mark: i64,
    ) -> Result<(Contents, bool), FailureCause> {
        let (project, tools) = (self.shared.project, self.shared.tools);
        let place = ProjectPath::from_normal(&spec.depfile).under(&project.place.root);
        let bytes = state::read_file(&place)
            .map_err(|trouble| FailureCause::Trouble(format!("its depfile: {trouble}")))?;
        let named = depfile::parse(&bytes).map_err(|fault| {
            FailureCause::Trouble(format!("its depfile {}: {fault}", spec.depfile))
        })?;
        let outputs: HashSet<ProjectPath> =
            self.outputs().into_iter().map(|(path, _)| path).collect();
        let covered = |path: &ProjectPath| {
            let inside = |(declared, content): &(ProjectPath, Content)| {
                declared == path
                    || (matches!(content, Content::Tree { .. }) && path.is_within(declared))
            };
            declared.iter().any(inside) || outputs.iter().any(|output| path.is_within(output))
        };
        let mut found: Vec<ProjectPath> = named
            .iter()
            .filter_map(|name| nearby::within_project(&project.place.root, &spec.folder, name))
            .filter(|path| !path.is_root() && !covered(path))
            .collect();
        found.sort();
        found.dedup();
        let undeclared: Vec<&ProjectPath> = found
            .iter()
            .filter(|path| {
                project
                    .graph
                    .outputs_of_all()
                    .any(|output| output == path.as_str())
            })
            .collect();
        for path in &undeclared {
            self.notices.push(Notice::Trouble(format!(
                "`{}` read {path}, which another node writes, without declaring it: add `in \"{path}\"`; its result is not recorded",
                self.name()
            )));
        }
        let contents = inputs::observe_found(tools, &found);
        let moved: Vec<ProjectPath> = found
            .iter()
            .filter(|path| nearby::changed_since(&project.place.root, path, mark))
            .cloned()
            .collect();
        let settled = undeclared.is_empty() && moved.is_empty();
        if !moved.is_empty() {
            self.notices.push(Notice::InputMoved {
                node: self.name(),
                paths: moved,
            });
        }
        // It has said what it had to say; a leftover of it must not be taken for the next run's.
        let _ = state::remove_output(
            &project.place.root,
            &ProjectPath::from_normal(&spec.depfile),
        );
        Ok((contents, settled))
    }

    pub(super) fn keep_found(
        &mut self,
        declared: &[(ProjectPath, Content)],
        found: &[(ProjectPath, Content)],
    ) {
        let shared = self.shared;
        let kept = inputs::keep_found(shared.project, shared.tools, self.node, declared, found);
        if let Err(trouble) = kept {
            self.not_kept(&trouble.to_string());
        }
    }
}
