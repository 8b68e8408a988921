//! A command's turn: what comes before it in the loop, and what its own thread does.
//!
//! Does not decide whose turn it is; the scheduler does.

use super::{Build, Message};
use crate::base::content::{Content, Contents};
use crate::base::path::ProjectPath;
use crate::engine::check::{self, CheckFound};
use crate::engine::run;
use crate::engine::shared::Shared;
use crate::logic::graph::{NodeId, Use};
use crate::world::trouble::Trouble;

/// What is known of the inputs of a node that has to be judged once more.
type Outdated = Vec<Option<Content>>;

impl<'a> Build<'a, '_> {
    /// What is known to stand at each input; `None` where it has to be looked at now.
    pub(super) fn known_inputs(&self, item: u32) -> Vec<Option<Content>> {
        let (graph, tools) = (self.graph(), self.shared.tools);
        let known = |input: Use| match input.mixed {
            true => None,
            false => self
                .belongs_away(input.path)
                .or_else(|| self.standing.at(graph, tools, input.path)),
        };
        graph.inputs(self.node(item)).map(known).collect()
    }

    /// Where a node writes.
    pub(super) fn output_paths(&self, node: NodeId) -> impl Iterator<Item = ProjectPath> + use<'a> {
        let graph = self.graph();
        graph
            .outputs(node)
            .map(|output| graph.project_path(output.path))
    }

    /// Says that a command starts, and writes down that its outputs will be half-made. Gives what is left to do for one of
    /// the crew.
    pub(super) fn begin(
        &mut self,
        item: u32,
        result: &mut Result<(), Trouble>,
    ) -> impl FnOnce() -> Message + Send + use<'a> {
        let (shared, node, inputs) = (self.shared, self.node(item), self.start(item));
        if let Err(trouble) = self.memory.about_to_write(self.output_paths(node)) {
            *result = Err(trouble);
            self.shared.running.refuse();
        }
        let is_outdated = self.changes.take_outdated(item);
        let outdated = is_outdated.then(|| self.known_inputs(item));
        move || run(shared, item, node, inputs, outdated)
    }
}

/// Runs the command, unless it turns out that what changed meanwhile has a result already.
fn run(
    shared: &Shared<'_>,
    item: u32,
    node: NodeId,
    mut inputs: Contents,
    outdated: Option<Outdated>,
) -> Message {
    if let Some(known) = outdated {
        let checked = check::check(shared, node, &known, &|| {});
        match checked.found {
            CheckFound::MustRun { inputs: now, .. } => inputs = now,
            CheckFound::Fresh(..) | CheckFound::Restored(_) | CheckFound::Failed(_) => {
                return Message::Checked(item, checked);
            }
        }
    }
    Message::Ran(item, Box::new(run::run(shared, node, &inputs)))
}
