//! The first phase of a node, once all that it needs is settled: key, judgement and, where possible, restoring.
//!
//! Takes no job slot. Does not run commands; `run` does.

use super::inputs;
use super::listed;
use super::shared::Shared;
use super::survey::{Known, Settled, known, links};
use crate::base::content::{Content, Contents};
use crate::base::path::ProjectPath;
use crate::base::record::{NodeRecord, Origin, RunResult};
use crate::logic::event::{FailureCause, Notice};
use crate::logic::graph::{NodeId, PathId};
use crate::logic::plan::judge::{self, Situation};
use crate::logic::plan::{Reason, Verdict};
use crate::world::nearby;
use crate::world::store::cache::RestoreTrouble;
use crate::world::store::state;
use crate::world::trouble::Trouble;

/// What a check found.
pub(super) struct Checked {
    pub(super) found: CheckFound,
    pub(super) notices: Vec<Notice>,
}

/// See [`Checked`].
pub(super) enum CheckFound {
    /// The outputs stand already, or are away and need not stand. How they once came to be, if that is remembered.
    Fresh(Settled, Origin),
    /// The outputs came back just now.
    Restored(Settled),
    /// Its command has to run.
    MustRun {
        reasons: Vec<Reason>,
        inputs: Contents,
    },
    /// It can neither run nor be settled.
    Failed(FailureCause),
}

/// Checks `node`. `known` holds, for each of its inputs, what is already known to stand there. `restores` is called before
/// outputs are brought back, which may take long.
pub(super) fn check(
    shared: &Shared<'_>,
    node: NodeId,
    known: &[Option<Content>],
    restores: &dyn Fn(),
) -> Checked {
    let mut notices = Vec::new();
    if let Some(fault) = shared.project.answers.fault(node) {
        let found = CheckFound::Failed(FailureCause::Trouble(fault.to_owned()));
        return Checked { found, notices };
    }
    let found = match declared_inputs(shared, node, known) {
        Ok(inputs) => judge(shared, node, inputs, &mut notices, restores),
        Err(cause) => CheckFound::Failed(cause),
    };
    let found = match found {
        CheckFound::MustRun { reasons, .. } if shared.cache_only => {
            CheckFound::Failed(FailureCause::NotCached(reasons))
        }
        found => found,
    };
    Checked { found, notices }
}

fn declared_inputs(
    shared: &Shared<'_>,
    node: NodeId,
    known: &[Option<Content>],
) -> Result<Contents, FailureCause> {
    let graph = &shared.project.graph;
    let mut inputs = Vec::with_capacity(known.len());
    for (input, known) in graph.inputs(node).zip(known) {
        let path = graph.project_path(input.path);
        let ignoring = graph.ignoring(node) && input.directory;
        let content = match known.as_ref().filter(|_| !ignoring) {
            Some(content) => *content,
            None => inputs::observe(graph, shared.tools, node, input.path)
                .map_err(|trouble| FailureCause::Trouble(trouble.to_string()))?,
        };
        if matches!(content, Content::Absent | Content::Special) {
            let needs: Vec<&str> = graph.needs(node).map(|need| graph.name(need)).collect();
            let message = format!(
                "it reads {path}, which is not there after {} has run",
                needs.join(", ")
            );
            return Err(FailureCause::Trouble(message));
        }
        inputs.push((path, content));
    }
    Ok(inputs)
}

fn observe(shared: &Shared<'_>, path: PathId) -> Result<Content, Trouble> {
    let graph = &shared.project.graph;
    shared
        .tools
        .observer
        .observe(&graph.project_path(path), links(graph, path))
}

fn judge(
    shared: &Shared<'_>,
    node: NodeId,
    inputs: Contents,
    notices: &mut Vec<Notice>,
    restores: &dyn Fn(),
) -> CheckFound {
    let (graph, tools) = (&shared.project.graph, shared.tools);
    let outputs: Contents = graph
        .outputs(node)
        .map(|output| {
            (
                graph.project_path(output.path),
                observe(shared, output.path).unwrap_or(Content::Special),
            )
        })
        .collect();
    let Known {
        key,
        inputs,
        last,
        result,
        damage,
        last_run,
    } = known(shared.project, tools, node, inputs);
    if let Some(trouble) = damage {
        notices.push(Notice::BadCacheEntry {
            node: graph.name(node).to_owned(),
            trouble,
        });
    }
    let outputs = match &result {
        Some(result) if shared.away.contains(&node) && is_nothing(&outputs) => {
            result.outputs.clone()
        }
        _ => outputs,
    };
    let now = Situation {
        declaration: &shared.project.declaration(node),
        inputs: &inputs,
        outputs: &outputs,
        always: graph.always(node),
        forced: shared.is_forced(node),
        last_run,
    };
    match (judge::judge(&now, result.as_ref(), last.as_ref()), result) {
        (Verdict::Fresh, Some(result)) => CheckFound::Fresh(
            Settled {
                key,
                inputs,
                result,
            },
            origin_of_fresh(last.as_ref(), key),
        ),
        (Verdict::Restore(reasons), Some(result)) => {
            let cached = !graph.uncached(node);
            let kept = cached && tools.cache.has_all(&result);
            if cached
                && !kept
                && let Some(damage) = tools.cache.damage_in(&result)
            {
                notices.push(Notice::BadCacheEntry {
                    node: graph.name(node).to_owned(),
                    trouble: damage.to_string(),
                });
            }
            if kept {
                restores();
                tools.cache.mark_used(&key);
            }
            if kept && restore(shared, node, &result, &outputs, notices) {
                listed::keep(shared.project, tools, node, &inputs);
                return CheckFound::Restored(Settled {
                    key,
                    inputs,
                    result,
                });
            }
            CheckFound::MustRun { reasons, inputs }
        }
        (Verdict::Restore(reasons) | Verdict::Run(reasons), _) => {
            CheckFound::MustRun { reasons, inputs }
        }
        (Verdict::Fresh, None) => unreachable!("fresh needs a result"),
    }
}

fn is_nothing(outputs: &[(ProjectPath, Content)]) -> bool {
    outputs.iter().all(|(_, now)| *now == Content::Absent)
}

fn origin_of_fresh(last: Option<&NodeRecord>, key: crate::base::record::Key) -> Origin {
    last.filter(|last| last.key == key)
        .map_or(Origin::Found, |last| last.origin)
}

/// Brings every output back that does not stand as it should. Whether all came back; if not, those that did are
/// removed again, so that the run finds nothing that looks like somebody else's.
fn restore(
    shared: &Shared<'_>,
    node: NodeId,
    result: &RunResult,
    standing: &[(ProjectPath, Content)],
    notices: &mut Vec<Notice>,
) -> bool {
    let root = &shared.project.place.root;
    let mut touched: Vec<&ProjectPath> = Vec::new();
    for ((path, wanted), (_, now)) in result.outputs.iter().zip(standing) {
        if wanted == now {
            continue;
        }
        let restored = set_aside_if_foreign(shared, node, path, *now, notices)
            .and_then(|()| state::make_parents(root, path))
            .map_err(RestoreTrouble::Trouble)
            .and_then(|()| {
                touched.push(path);
                shared
                    .tools
                    .cache
                    .restore_output(root, path, wanted, &shared.tools.observer)
            });
        if let Err(trouble) = restored {
            notices.push(match trouble {
                RestoreTrouble::Trouble(trouble) => Notice::Trouble(trouble.to_string()),
                damage => Notice::BadCacheEntry {
                    node: shared.project.graph.name(node).to_owned(),
                    trouble: damage.to_string(),
                },
            });
            for path in touched {
                // What cannot be removed now is named when the run clears its outputs.
                let _ = state::remove_output(root, path);
            }
            return false;
        }
    }
    true
}

/// Moves away what stands at an output's path unless `pipe` wrote it. Nothing that the user made is ever lost.
pub(super) fn set_aside_if_foreign(
    shared: &Shared<'_>,
    node: NodeId,
    path: &ProjectPath,
    now: Content,
    notices: &mut Vec<Notice>,
) -> Result<(), Trouble> {
    let place = &shared.project.place;
    refuse_second_name(shared, path)?;
    if !state::stands(&place.root, path) || shared.tools.is_as_left(path, now) {
        return Ok(());
    }
    let kept = state::set_aside(&place.root, &place.home, path, shared.started_ms)?;
    notices.push(Notice::Replaced {
        node: shared.project.graph.name(node).to_owned(),
        path: path.clone(),
        kept,
    });
    Ok(())
}

/// Through a link a folder has two names, and then one file may be an output twice: each node would take the other's work
/// for the user's.
fn refuse_second_name(shared: &Shared<'_>, path: &ProjectPath) -> Result<(), Trouble> {
    let root = &shared.project.place.root;
    let Some(real) = nearby::behind_links(root, path) else {
        return Ok(());
    };
    let overlaps = |output: &&str| {
        let output = ProjectPath::from_normal(output);
        output != *path && (output.is_within(&real) || real.is_within(&output))
    };
    let graph = &shared.project.graph;
    let Some(other) = graph.outputs_of_all().find(overlaps) else {
        return Ok(());
    };
    let said = format!("a link on the way makes it {real}, and {other} is an output too");
    Err(Trouble::on("write", &path.under(root))(
        std::io::Error::other(said),
    ))
}
