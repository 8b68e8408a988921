//! The second phase of a node: its command, from clearing the outputs to keeping the result.
//!
//! The order of steps is what makes a stale or half-written result impossible; each step says what it closes.
//! Does not decide whether or when the command runs.

mod inputs;
mod outputs;
mod traced;

use super::listed;
use super::project::{Project, Tools};
use super::shared::{Shared, pycache};
use super::survey::Settled;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::base::record::{Ending, Made, RunOutcome, RunRecord, RunResult, Usage};
use crate::logic::event::{Failure, FailureCause, Hearing, Notice, Printed};
use crate::logic::graph::{JobSpec, NodeId};
use crate::logic::plan::judge::LastRun;
use crate::logic::plan::key;
use crate::logic::trace::Strict;
use crate::world::execute::environment::{EnvironmentParts, command_environment, withheld};
use crate::world::execute::{Execution, Job};
use crate::world::nearby;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use std::time::Duration;

/// What a run came to.
pub(super) struct Ran {
    pub(super) found: RunFound,
    pub(super) notices: Vec<Notice>,
    /// For the history; `None` when the command never started.
    pub(super) record: Option<RunRecord>,
    /// How long its log is.
    pub(super) logged_bytes: u64,
    /// Under this key no result is to be used any more, wherever it comes from.
    pub(super) distrusted: Option<Box<Settled>>,
}

/// See [`Ran`].
pub(super) enum RunFound {
    /// It went well. `keep` is false when the result must not be recorded.
    Done {
        settled: Settled,
        took: Duration,
        usage: Usage,
        keep: bool,
        printed: Printed,
    },
    /// It did not.
    Failed(Failure),
    /// It was ended by us.
    Stopped,
}

/// How much of a failed command's output is shown, in bytes.
const SHOWN_OUTPUT: u64 = 16 * 1024;
/// The same of every command's output, where that is asked for.
const WHOLE_OUTPUT: u64 = 256 * 1024;
/// How much of a log is kept with its result, in bytes: the end of it.
const KEPT_LOG: u64 = 1024 * 1024;

/// Runs `node`'s command. `inputs` are those that it was judged by.
pub(super) fn run(shared: &Shared<'_>, node: NodeId, inputs: &[(ProjectPath, Content)]) -> Ran {
    let mut run = Run {
        shared,
        node,
        notices: Vec::new(),
        record: None,
        logged_bytes: 0,
        distrusted: None,
    };
    let found = run.steps(inputs);
    let outcome = match &found {
        RunFound::Done { .. } => RunOutcome::Ran,
        RunFound::Failed(_) => RunOutcome::Failed,
        RunFound::Stopped => RunOutcome::Stopped,
    };
    Ran {
        found,
        notices: run.notices,
        record: run.record.map(|record| RunRecord { outcome, ..record }),
        logged_bytes: run.logged_bytes,
        distrusted: run.distrusted,
    }
}

struct Run<'a> {
    shared: &'a Shared<'a>,
    node: NodeId,
    notices: Vec<Notice>,
    record: Option<RunRecord>,
    logged_bytes: u64,
    distrusted: Option<Box<Settled>>,
}

impl Run<'_> {
    fn steps(&mut self, judged: &[(ProjectPath, Content)]) -> RunFound {
        let mut spec = self.shared.project.graph.job(self.node);
        spec.cache_off |= !self.shared.tools.cache.is_written();
        let trouble = |trouble: Trouble| {
            RunFound::Failed(Failure::before_start(
                FailureCause::Trouble(trouble.to_string()),
                &spec.shown,
            ))
        };
        let slots = self.shared.project.graph.demand(self.node).slots;
        let Some(held) = self.shared.pool.take(slots.max(1), self.shared.running) else {
            let _ = self.clear_outputs(spec.persist);
            return RunFound::Stopped;
        };
        // Before the bytes are looked at, so that no change falls between the two.
        let stamps = self.input_stamps();
        // A source may have changed while this node waited for its slot: what counts is what the command will read.
        let inputs = match self.inputs_now(judged) {
            Ok(inputs) => inputs,
            Err(found) => return trouble(found),
        };
        if let Err(found) = self.clear_outputs(spec.persist) {
            return trouble(found);
        }
        let mark =
            (!spec.depfile.is_empty()).then(|| nearby::disk_time(&self.shared.project.place.state));
        let mut job = command_job(
            self.shared.project,
            self.shared.tools,
            self.node,
            &spec,
            self.shared.token,
            self.shared.build,
            self.shared.pool.variables(),
        );
        let _scratch = self.watch(&mut job, &spec, &inputs);
        self.shared.guard.wait();
        let execution = self.shared.executor.run(&job, self.shared.running);
        // What follows is ours, and no command.
        drop(held);
        self.record = self.history(&execution);
        self.logged_bytes = execution.logged_bytes;
        if execution.stopped {
            self.remove_outputs(&spec);
            return RunFound::Stopped;
        }
        if execution.left_processes {
            self.notices
                .push(Notice::LeftProcesses { node: self.name() });
        }
        if let Some(cause) = failure_cause(&execution) {
            // What its depfile declares cannot be known then.
            if spec.depfile.is_empty() {
                self.traced(&execution, &job, &spec, &inputs);
            }
            return self.fail(cause, &spec, &execution, &job);
        }
        let outputs = match self.keep_outputs(spec.cache_off) {
            Ok(outputs) => outputs,
            Err(cause) => return self.fail(cause, &spec, &execution, &job),
        };
        let printed = match self.shared.hearing {
            Hearing::Whole => printed(&job, &execution, WHOLE_OUTPUT),
            Hearing::Failed | Hearing::Flowing => Printed::default(),
        };
        let log = self.keep_log(&job, &execution, spec.cache_off);
        let mut keep = self.inputs_held_still(&inputs, &stamps);
        let mut inputs = inputs;
        if let Some(mark) = mark {
            match self.found_inputs(&spec, &inputs, mark) {
                Ok((found, settled)) => {
                    keep &= settled;
                    if keep && !spec.cache_off {
                        self.keep_found(&inputs, &found);
                    }
                    inputs.extend(found);
                }
                Err(cause) => return self.fail(cause, &spec, &execution, &job),
            }
        }
        let traced = self.traced(&execution, &job, &spec, &inputs);
        let key = key::key(self.shared.project.declaration_digest(self.node), &inputs);
        let result = RunResult {
            outputs,
            log,
            duration_ms: execution.took.as_millis() as u64,
            usage: execution.usage,
            made: Made {
                checkout: self.shared.project.place.checkout(),
                build: self.shared.build,
                started_ms: self.shared.started_ms,
            },
        };
        let settled = Settled {
            key,
            inputs,
            result,
        };
        if let Some(traced) = traced {
            keep &= !matches!(traced.strict, Strict::NotEnforced(_));
            if !traced.found.is_well() {
                keep = false;
                self.distrust(&settled);
                if spec.strict {
                    return self.fail(FailureCause::Undeclared, &spec, &execution, &job);
                }
            }
        }
        if keep {
            listed::keep(
                self.shared.project,
                self.shared.tools,
                self.node,
                &settled.inputs,
            );
        }
        if keep && !spec.cache_off && self.all_kept() {
            let kept = self.shared.tools.cache.keep_result(&key, &settled.result);
            kept.unwrap_or_else(|trouble| self.not_kept(&trouble.to_string()));
        }
        RunFound::Done {
            settled,
            took: execution.took,
            usage: execution.usage,
            keep,
            printed,
        }
    }

    fn name(&self) -> String {
        self.shared.project.graph.name(self.node).to_owned()
    }

    fn outputs(&self) -> Vec<(ProjectPath, bool)> {
        let graph = &self.shared.project.graph;
        graph
            .outputs(self.node)
            .map(|output| (graph.project_path(output.path), output.directory))
            .collect()
    }

    fn history(&self, execution: &Execution) -> Option<RunRecord> {
        (execution.ending != Ending::NotStarted).then(|| RunRecord {
            node: self.name(),
            build: self.shared.build,
            started_ms: execution.started_ms,
            duration_ms: execution.took.as_millis() as u64,
            ending: execution.ending,
            // What it came to is known at the end, and why it ran by the one who asked for it.
            outcome: RunOutcome::Failed,
            cause: None,
            log: execution.logged_bytes > 0,
            usage: execution.usage,
        })
    }

    fn fail(
        &mut self,
        cause: FailureCause,
        spec: &JobSpec,
        execution: &Execution,
        job: &Job,
    ) -> RunFound {
        // A half-written output must not stay where it could be taken for a result.
        self.remove_outputs(spec);
        let most = match self.shared.hearing {
            Hearing::Whole => WHOLE_OUTPUT,
            Hearing::Failed | Hearing::Flowing => SHOWN_OUTPUT,
        };
        let Printed { bytes: output, cut } = printed(job, execution, most);
        if execution.logged_bytes == 0 {
            state::remove_log(&job.log);
        }
        RunFound::Failed(Failure {
            cause,
            took: execution.took,
            usage: execution.usage,
            withheld: withheld(&self.shared.tools.variables, &job.env, &output),
            output_cut: cut,
            output,
            command: spec.shown.clone(),
        })
    }
}

/// How the last run of the node with this name went in this checkout.
pub(super) fn last_run(tools: &Tools, name: &str) -> LastRun {
    let runs = tools.ledger.runs(name);
    // One that was stopped says nothing about the node.
    let told = runs
        .iter()
        .rev()
        .find(|run| run.outcome != RunOutcome::Stopped);
    match told.map(|run| (run.ending, run.outcome)) {
        Some((Ending::Undeclared, _)) => LastRun::Undeclared,
        Some((_, RunOutcome::Failed)) => LastRun::Failed,
        _ => LastRun::Other,
    }
}

/// What marks a node's command among those of the build with this token.
pub(super) fn command_mark(token: &str, node: NodeId) -> String {
    format!("{token}-{}", node.0)
}

/// A node's command, ready to start.
pub(super) fn command_job(
    project: &Project,
    tools: &Tools,
    node: NodeId,
    spec: &JobSpec,
    token: &str,
    build: u32,
    offered: &[(&'static str, String)],
) -> Job {
    let place = &project.place;
    let mark = command_mark(token, node);
    let env = command_environment(&EnvironmentParts {
        caller: &tools.variables,
        declared: &spec.env,
        pass_env: &spec.pass_env,
        inputs: &spec.inputs,
        outputs: &spec.outputs,
        pycache: &pycache(place),
        token: &mark,
        offered,
    });
    Job {
        argv: spec.argv.clone(),
        dir: ProjectPath::from_normal(&spec.folder).under(&place.root),
        env,
        mark,
        log: state::log_path(&place.state, project.graph.name(node), build),
        timeout: (spec.timeout_ms > 0).then(|| Duration::from_millis(spec.timeout_ms)),
        watch: None,
    }
}

/// The last `most` bytes of what a command printed.
fn printed(job: &Job, execution: &Execution, most: u64) -> Printed {
    let bytes = state::read_log_end(&job.log, most).unwrap_or_default();
    let cut = execution.logged_bytes > bytes.len() as u64;
    Printed { bytes, cut }
}

fn failure_cause(execution: &Execution) -> Option<FailureCause> {
    if let Some(trouble) = &execution.start_error {
        return Some(FailureCause::NotStarted {
            program: trouble.path.display().to_string(),
            error: trouble.to_string(),
        });
    }
    let peak = execution.usage.peak.map(|peak| peak.bytes);
    FailureCause::of_ending(execution.ending, peak, execution.kernel_kills)
}
