//! Gathers what stands on the disk and judges every selected node in one pass; runs nothing, writes nothing.
//!
//! `build`, `status`, `why` and a dry run all start here. A node that was fresh when the last build ended, and all of whose
//! paths are as they were then, is fresh: nothing more is asked of it.

mod known;
pub(super) mod standing;

pub(super) use known::{Known, known};

use super::away::{MayStayAway, Restore};
use super::inputs;
use super::project::{Project, Tools};
use crate::base::content::{Content, Contents};
use crate::base::path::ProjectPath;
use crate::base::record::{Key, RunResult};
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId, PathId, Use};
use crate::logic::plan::forecast::{Away, Forecast, Missing, MissingFault};
use crate::logic::plan::judge::{self, Situation};
use crate::logic::plan::{Reason, Verdict};
use crate::world::observe::Links;
use crate::world::trouble::Trouble;
use rustc_hash::FxHashMap;
use standing::{Standing, uses};
use std::collections::HashMap;

/// What a survey found.
pub struct Survey {
    /// Of all selected nodes but those that are fresh because they were and nothing has changed.
    pub(super) judged: FxHashMap<NodeId, Forecast>,
    /// By node number: it was selected.
    selected: Vec<bool>,
    /// What stands at the paths of the selected nodes.
    pub standing: Standing,
    /// By node number, for fresh nodes: key and result, when the ledger does not hold them yet.
    pub found: Vec<(NodeId, Settled)>,
    /// Fresh nodes whose outputs do not stand and need not.
    pub away: Away,
    /// Sources that are not there.
    pub missing: Vec<Missing>,
    /// Of nodes that were found fresh, or can be restored: under which keys something is kept for them.
    keys: Vec<(NodeId, Key)>,
    /// Results of nodes whose outputs do not stand and will come back, or are away.
    pub(super) foreseen: HashMap<NodeId, RunResult>,
}

/// What belongs to a node that is up to date.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Its key.
    pub key: Key,
    /// Its inputs, as the key has them.
    pub inputs: Contents,
    /// The result that belongs to the key.
    pub result: RunResult,
}

/// Looks and judges. `forced` says by node number what `-f` names; `changed`, if that is known, which sources alone may be
/// others than when the last build ended.
pub fn survey(
    project: &Project,
    tools: &Tools,
    selection: &Selection,
    forced: Option<&Selection>,
    changed: Option<&[ProjectPath]>,
    restore: Restore,
) -> Survey {
    let graph = &project.graph;
    let may = MayStayAway {
        graph,
        tools,
        selection,
        restore,
    };
    let (standing, unreadable) = Standing::look(graph, tools, selection, changed);
    let mut survey = Survey {
        judged: FxHashMap::default(),
        selected: selection.members.clone(),
        standing,
        found: Vec::new(),
        away: Away::default(),
        missing: Vec::new(),
        keys: Vec::new(),
        foreseen: HashMap::new(),
    };
    let mut doubtful = survey.doubtful(project, tools, forced);
    for node in graph.order() {
        if !doubtful[node.0 as usize] {
            continue;
        }
        let is_forced = forced.is_some_and(|forced| forced.named[node.0 as usize]);
        let forecast = survey.judge(project, &may, node, is_forced, &unreadable);
        if forecast != Forecast::Fresh {
            for user in graph.users(node).filter(|&user| selection.contains(user)) {
                doubtful[user.0 as usize] = true;
            }
        }
        survey.judged.insert(node, forecast);
    }
    debug_assert!(survey.is_right_about_the_rest(graph, tools));
    survey.bring_back(&may);
    survey
}

impl Survey {
    /// The forecast of a selected node.
    pub fn forecast(&self, node: NodeId) -> &Forecast {
        self.judged.get(&node).unwrap_or(&Forecast::Fresh)
    }

    /// By node number; `None` for nodes that were not selected.
    pub fn forecasts(&self) -> Vec<Option<Forecast>> {
        let nodes = (0..).map(NodeId).zip(&self.selected);
        nodes
            .map(|(node, selected)| selected.then(|| self.forecast(node).clone()))
            .collect()
    }

    /// Under which keys something is kept for the nodes that are fresh or can be restored.
    pub(super) fn keys(&self, project: &Project, tools: &Tools) -> Vec<(NodeId, Key)> {
        let last = |node| Some((node, tools.ledger.node(project.graph.name(node))?.key));
        let nodes = project.graph.nodes();
        let as_before = nodes
            .filter(|&node| self.is_as_before(node))
            .filter_map(last);
        self.keys.iter().copied().chain(as_before).collect()
    }

    /// It was selected and not judged.
    fn is_as_before(&self, node: NodeId) -> bool {
        self.selected[node.0 as usize] && !self.judged.contains_key(&node)
    }

    /// By node number: whether a selected node may be anything but fresh, as far as that is known before any is judged. All
    /// others were fresh when the last build ended, and all that they read and write is as it was then.
    fn doubtful(&self, project: &Project, tools: &Tools, forced: Option<&Selection>) -> Vec<bool> {
        let graph = &project.graph;
        let Some(list) = standing::list(graph, tools) else {
            return self.selected.clone();
        };
        let mut doubtful = vec![false; graph.len()];
        let mut doubt = |node: NodeId| doubtful[node.0 as usize] = self.selected[node.0 as usize];
        for path in self.standing.moved() {
            standing::users(graph, path).for_each(&mut doubt);
        }
        list.not_fresh().for_each(|node| doubt(NodeId(node as u32)));
        if let Some(forced) = forced {
            let forced = graph.nodes().filter(|node| forced.named[node.0 as usize]);
            forced.for_each(doubt);
        }
        doubtful
    }

    /// Whether each selected node that was not judged is as it was with all that it reads, writes and needs.
    fn is_right_about_the_rest(&self, graph: &Graph, tools: &Tools) -> bool {
        let mut rest = graph.nodes().filter(|node| self.is_as_before(*node));
        rest.all(|node| {
            standing::list(graph, tools).is_some_and(|list| list.is_fresh(node.0 as usize))
                && uses(graph, node).all(|path| self.standing.is_as_before(path))
                && graph
                    .needs(node)
                    .all(|need| *self.forecast(need) == Forecast::Fresh)
        })
    }

    fn judge(
        &mut self,
        project: &Project,
        may: &MayStayAway<'_>,
        node: NodeId,
        forced: bool,
        unreadable: &[(PathId, Trouble)],
    ) -> Forecast {
        let (graph, tools) = (&project.graph, may.tools);
        let missing = self.missing_sources(graph, tools, node, unreadable);
        if !missing.is_empty() {
            self.missing.extend(missing);
            return Forecast::SourceMissing;
        }
        if let Some(fault) = project.answers.fault(node) {
            return Forecast::Stale(vec![Reason::ProbeFailed(fault.to_owned())]);
        }
        let inputs = match self.inputs(graph, tools, node) {
            Ok(inputs) => inputs,
            Err(upstream) => return Forecast::MayRun(upstream),
        };
        let Known {
            key,
            inputs,
            last,
            result,
            last_run,
            ..
        } = known(project, tools, node, inputs);
        let away = result
            .as_ref()
            .filter(|_| may.is_away(node, &self.standing))
            .map(|result| result.outputs.clone());
        let is_away = away.is_some();
        let outputs = away.unwrap_or_else(|| self.outputs(graph, tools, node));
        let keys = inputs::entry_keys(project, node, key, &inputs).map(|key| (node, key));
        let now = Situation {
            declaration: &project.declaration(node),
            inputs: &inputs,
            outputs: &outputs,
            always: graph.always(node),
            forced,
            last_run,
        };
        let verdict = judge::judge(&now, result.as_ref(), last.as_ref());
        match (verdict, result) {
            (Verdict::Fresh, Some(result)) => {
                self.keys.extend(keys);
                if is_away {
                    self.away.insert(node);
                    self.foreseen.insert(node, result.clone());
                }
                if last.is_none_or(|last| last.key != key) {
                    self.found.push((
                        node,
                        Settled {
                            key,
                            inputs,
                            result,
                        },
                    ));
                }
                Forecast::Fresh
            }
            (Verdict::Restore(reasons), Some(result))
                if !graph.uncached(node) && tools.cache.has_all(&result) =>
            {
                self.foreseen.insert(node, result);
                self.keys.extend(keys);
                Forecast::Restorable(reasons)
            }
            (Verdict::Restore(reasons) | Verdict::Run(reasons), _) => Forecast::Stale(reasons),
            (Verdict::Fresh, None) => unreachable!("fresh needs a result"),
        }
    }

    /// What the node's inputs hold once everything above it is done; or a node above of which that is not known yet.
    fn inputs(&self, graph: &Graph, tools: &Tools, node: NodeId) -> Result<Contents, NodeId> {
        let unsettled = graph.needs(node).find(|&need| {
            let forecast = self.forecast(need);
            !matches!(forecast, Forecast::Fresh | Forecast::Restorable(_))
        });
        if let Some(need) = unsettled {
            return Err(need);
        }
        let not_standing = graph
            .needs(node)
            .find(|&need| *self.forecast(need) != Forecast::Fresh);
        let content = |input: Use| {
            let path = graph.project_path(input.path);
            if graph.ignoring(node) && input.directory {
                return match not_standing {
                    Some(need) => Err(need),
                    None => {
                        let now = inputs::observe(graph, tools, node, input.path);
                        Ok((path, now.unwrap_or(Content::Special)))
                    }
                };
            }
            let producer = graph.producer(input.path);
            let now = match producer.and_then(|producer| self.foreseen.get(&producer)) {
                Some(result) => {
                    let output = result.outputs.iter().find(|(output, _)| *output == path);
                    output.map(|(_, content)| *content)
                }
                None => match not_standing {
                    Some(need) if input.mixed && producer.is_none() => return Err(need),
                    _ => self.standing.at(graph, tools, input.path),
                },
            };
            Ok((path, now.unwrap_or(Content::Absent)))
        };
        graph.inputs(node).map(content).collect()
    }

    fn outputs(&self, graph: &Graph, tools: &Tools, node: NodeId) -> Contents {
        let content = |path: PathId| {
            let now = self.standing.at(graph, tools, path);
            now.unwrap_or(Content::Special)
        };
        graph
            .outputs(node)
            .map(|output| (graph.project_path(output.path), content(output.path)))
            .collect()
    }

    fn missing_sources(
        &self,
        graph: &Graph,
        tools: &Tools,
        node: NodeId,
        unreadable: &[(PathId, Trouble)],
    ) -> Vec<Missing> {
        let mut missing: Vec<Missing> = Vec::new();
        let mut add = |what: String, fault| missing.push(Missing { node, what, fault });
        for pattern in graph.empty_patterns(node) {
            add(pattern, MissingFault::NoMatch);
        }
        for input in graph.inputs(node) {
            if graph.producer(input.path).is_some() || input.mixed {
                continue;
            }
            let shown = || graph.path(input.path).to_owned();
            match self.standing.at(graph, tools, input.path) {
                Some(Content::Absent) => add(shown(), MissingFault::NotThere),
                Some(Content::Special) => add(shown(), MissingFault::Special),
                Some(Content::File { .. }) if input.directory => {
                    add(shown(), MissingFault::NotADirectory);
                }
                Some(Content::File { .. } | Content::Tree { .. }) => {}
                None => {
                    let trouble = unreadable.iter().find(|(path, _)| *path == input.path);
                    let said = trouble.map_or_else(String::new, |(_, trouble)| trouble.to_string());
                    add(shown(), MissingFault::Unreadable(said));
                }
            }
        }
        missing
    }
}

/// How links count at a path: in what nodes write they are kept as they are, in what only people write they are
/// followed.
pub(super) fn links(graph: &Graph, path: PathId) -> Links {
    if graph.producer(path).is_some() {
        Links::Verbatim
    } else {
        Links::Through
    }
}
