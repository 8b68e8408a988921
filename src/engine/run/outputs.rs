//! The outputs of a run: cleared before it, kept after it, removed when it failed.
//!
//! Does not know the inputs, nor how the command went.

use super::{KEPT_LOG, Run};
use crate::base::content::{Content, Contents};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::engine::check::set_aside_if_foreign;
use crate::engine::project::UNFINISHED;
use crate::logic::event::{BadOutput, FailureCause, Notice, OutputFault};
use crate::logic::graph::JobSpec;
use crate::world::execute::{Execution, Job};
use crate::world::observe::Links;
use crate::world::store::state;
use crate::world::trouble::Trouble;

impl Run<'_> {
    /// So that nothing of an earlier run can pass for this one's work.
    pub(super) fn clear_outputs(&mut self, persist: bool) -> Result<(), Trouble> {
        let root = &self.shared.project.place.root;
        for (path, _) in self.outputs() {
            let now = self
                .shared
                .tools
                .observer
                .observe(&path, Links::Verbatim)
                .unwrap_or(Content::Special);
            if persist && self.goes_on_from(&path, now) {
                continue;
            }
            set_aside_if_foreign(self.shared, self.node, &path, now, &mut self.notices)?;
            state::remove_output(root, &path)?;
            state::make_parents(root, &path)?;
        }
        Ok(())
    }

    /// Whether what stands at an output of a `persist` node is of an earlier run, finished or not.
    fn goes_on_from(&self, path: &ProjectPath, now: Content) -> bool {
        let tools = self.shared.tools;
        tools.is_as_left(path, now) || tools.ledger.written(path.as_str()) == Some(UNFINISHED)
    }

    pub(super) fn remove_outputs(&mut self, spec: &JobSpec) {
        if spec.persist {
            return;
        }
        for (path, _) in self.outputs() {
            if let Err(trouble) = state::remove_output(&self.shared.project.place.root, &path) {
                self.notices.push(Notice::Trouble(trouble.to_string()));
            }
        }
    }

    /// Looks at every declared output and puts it into the cache. Where the cache refuses, the output itself is hashed.
    pub(super) fn keep_outputs(&mut self, cache_off: bool) -> Result<Contents, FailureCause> {
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
            .map(|(path, _)| Ok((path.clone(), self.keep_output(&path, cache_off)?)))
            .collect()
    }

    fn output_fault(&self, path: &ProjectPath, directory: bool) -> Option<OutputFault> {
        use state::Kind;
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

    fn keep_output(
        &mut self,
        path: &ProjectPath,
        cache_off: bool,
    ) -> Result<Content, FailureCause> {
        let tools = self.shared.tools;
        if cache_off {
            return self.look_at_output(path);
        }
        let last = tools.ledger.written(path.as_str());
        match tools
            .cache
            .keep_output(&self.shared.project.place.root, path, last.as_ref())
        {
            Ok(kept) => {
                kept.readings
                    .into_iter()
                    .for_each(|reading| tools.observer.remember(reading));
                Ok(kept.content)
            }
            Err(trouble) => {
                self.not_kept(&trouble.to_string());
                self.look_at_output(path)
            }
        }
    }

    /// An output that does not go into the cache.
    fn look_at_output(&self, path: &ProjectPath) -> Result<Content, FailureCause> {
        let content = self.shared.tools.observer.observe(path, Links::Verbatim);
        match content.map_err(|trouble| FailureCause::Trouble(trouble.to_string()))? {
            Content::Special | Content::Absent => Err(FailureCause::BadOutputs(vec![BadOutput {
                path: path.clone(),
                fault: OutputFault::Special,
            }])),
            content => Ok(content),
        }
    }

    /// Whether everything is in the cache that was to go there.
    pub(super) fn all_kept(&self) -> bool {
        let not_kept = |notice: &Notice| matches!(notice, Notice::NotKept { .. });
        !self.notices.iter().any(not_kept)
    }

    /// Said once a run: the first trouble is usually that of all the rest.
    pub(super) fn not_kept(&mut self, trouble: &str) {
        if self.all_kept() {
            self.notices.push(Notice::NotKept {
                node: self.name(),
                trouble: trouble.to_owned(),
            });
        }
    }

    pub(super) fn keep_log(
        &mut self,
        job: &Job,
        execution: &Execution,
        cache_off: bool,
    ) -> Option<Digest> {
        if execution.logged_bytes == 0 {
            state::remove_log(&job.log);
            return None;
        }
        if cache_off {
            return None;
        }
        let end = state::read_log_end(&job.log, KEPT_LOG).ok()?;
        self.shared.tools.cache.put_blob(&end).ok()
    }
}
