//! Sources that change while a build runs: who reads them starts again or is judged anew, and what lies below a node that
//! is done already is left for the next build. Everything else goes on.
//!
//! Does not find out what changed; a watch says so. What it cannot act upon any more, the next build does.

use super::Build;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::engine::run::command_mark;
use crate::engine::survey::links;
use crate::logic::event::{BuildEvent, Notice};
use crate::logic::graph::{NodeId, PathId};
use crate::logic::schedule::State;
use std::collections::{HashMap, HashSet};

/// So often a command is started again in one build. One that changes its own inputs would go on for ever.
const MOST_RESTARTS: u32 = 3;

/// What follows from changes, by item number.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Commands that were told to end, and start again then.
    restarting: HashSet<u32>,
    restarts: HashMap<u32, u32>,
    /// They were judged by what is no more.
    outdated: HashSet<u32>,
    /// Left for the next build.
    withheld: HashSet<u32>,
}

impl Changes {
    pub(super) fn withholds(&self, item: u32) -> bool {
        self.withheld.contains(&item)
    }

    /// Whether `item` has to be judged once more before it runs; asked once.
    pub(super) fn take_outdated(&mut self, item: u32) -> bool {
        self.outdated.remove(&item)
    }

    /// Whether `item`, whose command has ended, was told to start again; asked once.
    pub(super) fn take_restarting(&mut self, item: u32) -> bool {
        self.restarting.remove(&item)
    }
}

impl Build<'_, '_> {
    /// These paths changed.
    pub(super) fn sources_changed(&mut self, paths: &[ProjectPath], act: bool) {
        let told = Notice::Changed {
            node: None,
            paths: paths.to_vec(),
        };
        (self.tell)(BuildEvent::Notice(told));
        if !act || self.scheduler.is_halted() {
            return;
        }
        let (here, gone) = self.really_changed(paths);
        let graph = self.graph();
        for node in graph.nodes().filter(|&node| self.selection.contains(node)) {
            let read = |among: &HashSet<PathId>| -> Vec<ProjectPath> {
                let read = graph
                    .inputs(node)
                    .filter(|input| among.contains(&input.path));
                read.map(|input| graph.project_path(input.path)).collect()
            };
            let (changed, lost) = (read(&here), read(&gone));
            if !lost.is_empty() {
                self.withhold(node);
                self.withhold_users(node);
            } else if !changed.is_empty() {
                self.input_changed(node, changed);
            }
        }
    }

    /// Sources among `paths` that hold something else than this build knows, and those that are gone. Content decides.
    fn really_changed(&mut self, paths: &[ProjectPath]) -> (HashSet<PathId>, HashSet<PathId>) {
        let graph = self.graph();
        let told: HashSet<&str> = paths.iter().map(ProjectPath::as_str).collect();
        let (mut here, mut gone) = (HashSet::new(), HashSet::new());
        let sources = graph
            .paths()
            .filter(|&path| graph.producer(path).is_none() && told.contains(graph.path(path)));
        for path in sources {
            let place = graph.project_path(path);
            let now = self
                .shared
                .tools
                .observer
                .observe(&place, links(graph, path));
            let now = now.unwrap_or(Content::Special);
            let before = self.standing.at(graph, self.shared.tools, path);
            if before == Some(now) {
                continue;
            }
            self.standing.set(path, now);
            self.leaving.changed(path);
            match now {
                Content::File { .. } | Content::Tree { .. } => here.insert(path),
                Content::Absent | Content::Special => gone.insert(path),
            };
        }
        (here, gone)
    }

    fn input_changed(&mut self, node: NodeId, paths: Vec<ProjectPath>) {
        let Some(item) = self.places[node.0 as usize] else {
            // It was fresh, and has to wait for the next build; so do those that read what it writes.
            self.withhold_users(node);
            return;
        };
        match self.scheduler.state(item) {
            State::Running => {
                let restarts = self.changes.restarts.entry(item).or_insert(0);
                if *restarts >= MOST_RESTARTS || !self.changes.restarting.insert(item) {
                    return;
                }
                *restarts += 1;
                self.changes.outdated.insert(item);
                self.shared
                    .running
                    .end_job(&command_mark(self.shared.token, node));
                let node = self.graph().name(node).to_owned();
                let node = Some(node);
                (self.tell)(BuildEvent::Notice(Notice::Changed { node, paths }));
            }
            State::Queued | State::Checking => {
                self.changes.outdated.insert(item);
            }
            // It will look at what stands then.
            State::Waiting | State::Blocked { .. } | State::Stopped => {}
            State::Settled | State::Ran | State::Failed => self.withhold_users(node),
        }
    }

    /// All that needs `node`, directly or not.
    pub(super) fn withhold_users(&mut self, node: NodeId) {
        let graph = self.graph();
        let (mut seen, mut above) = (HashSet::new(), vec![node]);
        while let Some(node) = above.pop() {
            for user in graph.users(node).filter(|user| seen.insert(*user)) {
                self.withhold(user);
                above.push(user);
            }
        }
    }

    fn withhold(&mut self, node: NodeId) {
        let Some(item) = self.places[node.0 as usize] else {
            return;
        };
        let is_new = self.changes.withheld.insert(item);
        if is_new && self.scheduler.state(item) == State::Running {
            self.shared
                .running
                .end_job(&command_mark(self.shared.token, node));
        }
    }
}
