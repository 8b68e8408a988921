//! The second phase of a node: its command, from clearing the outputs to keeping the result.
//!
//! The order of steps is what makes a stale or half-written result impossible; each step says what it closes.
//! Does not decide whether or when the command runs.

use super::check::set_aside_if_foreign;
use super::shared::Shared;
use super::survey::{Settled, links};
use crate::base::content::{Content, Contents};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::{Ending, RunRecord, RunResult};
use crate::logic::event::{BadOutput, Failure, FailureCause, Notice, OutputFault};
use crate::logic::graph::{JobSpec, NodeId, Use};
use crate::logic::plan::key;
use crate::world::execute::environment::{EnvironmentParts, command_environment, withheld};
use crate::world::execute::{Execution, Job};
use crate::world::observe::Links;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use std::time::Duration;

/// What a run came to.
pub(super) struct Ran {
    pub(super) found: RunFound,
    pub(super) notices: Vec<Notice>,
    /// For the history; `None` when the command never started.
    pub(super) record: Option<RunRecord>,
}

/// See [`Ran`].
pub(super) enum RunFound {
    /// It went well. `keep` is false when the result must not be recorded.
    Done {
        settled: Settled,
        took: Duration,
        keep: bool,
    },
    /// It did not.
    Failed(Failure),
    /// It was ended by us.
    Stopped,
}

/// How much of a failed command's output is shown, in bytes.
const SHOWN_OUTPUT: u64 = 16 * 1024;
/// How much of a log is kept with its result, in bytes: the end of it.
const KEPT_LOG: u64 = 1024 * 1024;

/// Runs `node`'s command. `inputs` are those that it was judged by.
pub(super) fn run(shared: &Shared<'_>, node: NodeId, inputs: &[(ProjectPath, Content)]) -> Ran {
    let mut run = Run {
        shared,
        node,
        notices: Vec::new(),
        record: None,
    };
    let found = run.steps(inputs);
    Ran {
        found,
        notices: run.notices,
        record: run.record,
    }
}

struct Run<'a> {
    shared: &'a Shared<'a>,
    node: NodeId,
    notices: Vec<Notice>,
    record: Option<RunRecord>,
}

impl Run<'_> {
    fn steps(&mut self, judged: &[(ProjectPath, Content)]) -> RunFound {
        let graph = &self.shared.project.graph;
        let spec = graph.job(self.node);
        let trouble = |trouble: Trouble| {
            RunFound::Failed(Failure::before_start(
                FailureCause::Trouble(trouble.to_string()),
                &spec.shown,
            ))
        };
        // Before the bytes are looked at, so that no change falls between the two.
        let stamps = self.input_stamps();
        // A source may have changed while this node waited for its slot: what counts is what the command will read.
        let inputs = match self.inputs_now(judged) {
            Ok(inputs) => inputs,
            Err(found) => return trouble(found),
        };
        if let Err(found) = self.clear_outputs() {
            return trouble(found);
        }
        let job = self.job(&spec);
        let execution = self.shared.executor.run(&job, self.shared.running);
        self.record = self.history(&execution);
        if execution.stopped {
            self.remove_outputs();
            return RunFound::Stopped;
        }
        if execution.left_processes {
            self.notices
                .push(Notice::LeftProcesses { node: self.name() });
        }
        if let Some(cause) = failure_cause(&execution) {
            return self.fail(cause, &spec, &execution, &job);
        }
        let outputs = match self.keep_outputs() {
            Ok(outputs) => outputs,
            Err(cause) => return self.fail(cause, &spec, &execution, &job),
        };
        let log = self.keep_log(&job, &execution);
        let keep = self.inputs_held_still(&inputs, &stamps);
        let key = key::key(graph.declaration_digest(self.node), &inputs);
        let result = RunResult {
            outputs,
            log,
            duration_ms: execution.took.as_millis() as u64,
        };
        if keep && let Err(trouble) = self.shared.tools.cache.keep_result(&key, &result) {
            self.not_kept(&trouble.to_string());
        }
        RunFound::Done {
            settled: Settled {
                key,
                inputs,
                result,
            },
            took: execution.took,
            keep,
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

    /// The inputs as they stand right now. What another node wrote is known already and not looked at again.
    fn inputs_now(&self, judged: &[(ProjectPath, Content)]) -> Result<Contents, Trouble> {
        let graph = &self.shared.project.graph;
        let now = |(input, (path, content)): (Use, &(ProjectPath, Content))| {
            if graph.producer(input.path).is_some() {
                return Ok((path.clone(), *content));
            }
            Ok((
                path.clone(),
                self.shared.tools.observer.observe(path, Links::Through)?,
            ))
        };
        graph.inputs(self.node).zip(judged).map(now).collect()
    }

    /// So that nothing of an earlier run can pass for this one's work.
    fn clear_outputs(&mut self) -> Result<(), Trouble> {
        let root = &self.shared.project.place.root;
        for (path, _) in self.outputs() {
            let now = self
                .shared
                .tools
                .observer
                .observe(&path, Links::Verbatim)
                .unwrap_or(Content::Special);
            set_aside_if_foreign(self.shared, self.node, &path, now, &mut self.notices)?;
            state::remove_output(root, &path)?;
            state::make_parents(root, &path)?;
        }
        Ok(())
    }

    fn job(&self, spec: &JobSpec) -> Job {
        let shared = self.shared;
        let place = &shared.project.place;
        let env = command_environment(&EnvironmentParts {
            caller: &shared.tools.variables,
            declared: &spec.env,
            pass_env: &spec.pass_env,
            inputs: &spec.inputs,
            outputs: &spec.outputs,
            pycache: &shared.pycache(),
            token: shared.token,
        });
        Job {
            argv: spec.argv.clone(),
            dir: ProjectPath::from_normal(&spec.folder).under(&place.root),
            env,
            log: state::log_path(
                &place.state,
                shared.project.graph.name(self.node),
                shared.build,
            ),
        }
    }

    fn history(&self, execution: &Execution) -> Option<RunRecord> {
        (execution.ending != Ending::NotStarted).then(|| RunRecord {
            node: self.name(),
            build: self.shared.build,
            started_ms: execution.started_ms,
            duration_ms: execution.took.as_millis() as u64,
            ending: execution.ending,
            log: execution.logged_bytes > 0,
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
        self.remove_outputs();
        let output = state::read_log_end(&job.log, SHOWN_OUTPUT).unwrap_or_default();
        if execution.logged_bytes == 0 {
            state::remove_log(&job.log);
        }
        RunFound::Failed(Failure {
            cause,
            took: execution.took,
            withheld: withheld(&self.shared.tools.variables, &job.env, &output),
            output_cut: execution.logged_bytes > output.len() as u64,
            output,
            command: spec.shown.clone(),
        })
    }

    fn remove_outputs(&mut self) {
        for (path, _) in self.outputs() {
            if let Err(trouble) = state::remove_output(&self.shared.project.place.root, &path) {
                self.notices.push(Notice::Trouble(trouble.to_string()));
            }
        }
    }

    /// Looks at every declared output and puts it into the cache. Where the cache refuses, the output itself is hashed.
    fn keep_outputs(&mut self) -> Result<Contents, FailureCause> {
        let outputs = self.outputs();
        let bad: Vec<BadOutput> = outputs
            .iter()
            .filter_map(|(path, directory)| {
                let fault = self.output_fault(path, *directory)?;
                Some(BadOutput {
                    path: path.clone(),
                    fault,
                })
            })
            .collect();
        if !bad.is_empty() {
            return Err(FailureCause::BadOutputs(bad));
        }
        outputs
            .into_iter()
            .map(|(path, _)| Ok((path.clone(), self.keep_output(&path)?)))
            .collect()
    }

    fn output_fault(&self, path: &ProjectPath, directory: bool) -> Option<OutputFault> {
        use crate::world::store::state::Kind;
        match state::kind(&self.shared.project.place.root, path) {
            Kind::Absent => Some(OutputFault::NotWritten),
            Kind::Other => Some(OutputFault::Special),
            Kind::File => directory.then_some(OutputFault::NotADirectory),
            Kind::Directory if !directory => Some(OutputFault::IsADirectory),
            Kind::Directory => {
                let leaving = self
                    .shared
                    .tools
                    .observer
                    .leaving_links(path)
                    .unwrap_or_default();
                leaving
                    .into_iter()
                    .next()
                    .map(|(link, target)| OutputFault::LinkLeaves(format!("{link} -> {target}")))
            }
        }
    }

    fn keep_output(&mut self, path: &ProjectPath) -> Result<Content, FailureCause> {
        let tools = self.shared.tools;
        match tools
            .cache
            .keep_output(&self.shared.project.place.root, path)
        {
            Ok(kept) => {
                kept.readings
                    .into_iter()
                    .for_each(|reading| tools.observer.remember(reading));
                Ok(kept.content)
            }
            Err(trouble) => {
                self.not_kept(&trouble.to_string());
                let content = tools.observer.observe(path, Links::Verbatim);
                match content.map_err(|trouble| FailureCause::Trouble(trouble.to_string()))? {
                    Content::Special | Content::Absent => {
                        Err(FailureCause::BadOutputs(vec![BadOutput {
                            path: path.clone(),
                            fault: OutputFault::Special,
                        }]))
                    }
                    content => Ok(content),
                }
            }
        }
    }

    /// Said once a run: the first trouble is usually that of all the rest.
    fn not_kept(&mut self, trouble: &str) {
        if !self
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::NotKept { .. }))
        {
            self.notices.push(Notice::NotKept {
                node: self.name(),
                trouble: trouble.to_owned(),
            });
        }
    }

    fn keep_log(&mut self, job: &Job, execution: &Execution) -> Option<Digest> {
        if execution.logged_bytes == 0 {
            state::remove_log(&job.log);
            return None;
        }
        let end = state::read_log_end(&job.log, KEPT_LOG).ok()?;
        self.shared.tools.cache.put_blob(&end).ok()
    }

    fn input_stamps(&self) -> Vec<Digest> {
        let graph = &self.shared.project.graph;
        let stamps = |input: Use| {
            self.shared
                .tools
                .observer
                .stamps_at(&graph.project_path(input.path))
        };
        graph.inputs(self.node).map(stamps).collect()
    }

    /// Whether every input was left alone while the command ran. Equal bytes at the end are not enough: a file that was
    /// changed and changed back may have been read in between. What other nodes wrote is looked at too, since a
    /// command that changes its own input would otherwise go unnoticed.
    fn inputs_held_still(&mut self, inputs: &[(ProjectPath, Content)], before: &[Digest]) -> bool {
        let graph = &self.shared.project.graph;
        let after = self.input_stamps();
        let moved: Vec<ProjectPath> = graph
            .inputs(self.node)
            .zip(inputs)
            .zip(before.iter().zip(&after))
            .filter(|((input, (path, content)), (before, after))| {
                let observe = || {
                    self.shared
                        .tools
                        .observer
                        .observe(path, links(graph, input.path))
                };
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
}

fn failure_cause(execution: &Execution) -> Option<FailureCause> {
    if let Some(trouble) = &execution.start_error {
        return Some(FailureCause::NotStarted {
            program: trouble.path.display().to_string(),
            error: trouble.to_string(),
        });
    }
    (!execution.ending.is_success()).then_some(FailureCause::Ending(execution.ending))
}
