//! Watching a run: what it may touch, what it did touch, and what follows for its result.
//!
//! Does not compare; `logic/trace` does.

use super::Run;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::base::record::Ending;
use crate::engine::shared::{Tracing, pycache};
use crate::engine::survey::Settled;
use crate::logic::event::Notice;
use crate::logic::graph::JobSpec;
use crate::logic::plan::judge::LastRun;
use crate::logic::trace::{Declared, Finding, Standing, Strict, Touched, Traced, compare};
use crate::world::execute::trace::{Fence, Fenced, Recording, Scratch, Touch, Watch, make_folder};
use crate::world::execute::{Execution, Job};
use crate::world::store::state;
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// From so many inputs of one folder on, the fence opens the folder instead of each of them: a rule costs time, and
/// what is read beyond them is still found out afterwards.
const OPENS_FOLDER_FROM: usize = 64;

/// Where programs put temporary files that say nothing else.
const TEMPORARY: &str = "/tmp";
/// Where those go that shall outlive a restart.
const LASTING_TEMPORARY: &str = "/var/tmp";

impl Run<'_> {
    /// Has `job` watched when that is asked for: by the caller, by `strict`, or because its last run was found to touch
    /// what it does not declare.
    ///
    /// Returns the folder for temporary files that it was given, which goes with the value.
    pub(super) fn watch(
        &self,
        job: &mut Job,
        spec: &JobSpec,
        inputs: &[(ProjectPath, Content)],
    ) -> Option<Scratch> {
        let shared = self.shared;
        let asked = match shared.tracing {
            Tracing::Off => false,
            Tracing::Named => shared.selection.named[self.node.0 as usize],
            Tracing::All => true,
        };
        let caught = || {
            let name = shared.project.graph.name(self.node);
            super::last_run(shared.tools, name) == LastRun::Undeclared
        };
        if !(asked || spec.strict || caught()) {
            return None;
        }
        let root = &shared.project.place.root;
        let mut watch = Watch {
            root: root.clone(),
            fence: None,
        };
        let mut scratch = None;
        if self.open_for(spec).is_none() {
            let mut temporary = temporary_of(job);
            if root.starts_with(&temporary) {
                // Whoever may write there may write into the project, so it gets a place of its own.
                let place = shared.project.place.state.join("tmp");
                scratch = Scratch::make(&place).ok();
                if let Some(scratch) = &scratch {
                    temporary = scratch.folder().to_path_buf();
                    let set = |name: &str| (name.into(), temporary.clone().into_os_string());
                    job.env
                        .retain(|(name, _)| name != "TMPDIR" && name != "TMP" && name != "TEMP");
                    job.env.extend(["TMPDIR", "TMP", "TEMP"].map(set));
                }
            }
            // Without it Python compiles everything each time; nothing else is lost.
            let _ = make_folder(&pycache(&shared.project.place));
            watch.fence = Some(self.fence(job, &temporary, inputs));
        }
        job.watch = Some(watch);
        scratch
    }

    /// Why nothing of the project can be denied to the node; `None` when the rest of it is.
    fn open_for(&self, spec: &JobSpec) -> Option<&'static str> {
        let at_root = |(path, _): &(ProjectPath, bool)| path.ancestors().next().is_none();
        if !spec.strict {
            Some("it is not strict")
        } else if !spec.depfile.is_empty() {
            Some("what its depfile names is known only afterwards")
        } else if self.outputs().iter().any(at_root) {
            Some("an output of it lies in the project's root folder, where it must be let write")
        } else {
            None
        }
    }

    fn fence(&self, job: &Job, temporary: &Path, inputs: &[(ProjectPath, Content)]) -> Fence {
        let place = &self.shared.project.place;
        let mut folders: BTreeMap<ProjectPath, Vec<&ProjectPath>> = BTreeMap::new();
        for (path, _) in inputs {
            let folder = path.parent().unwrap_or_else(ProjectPath::root);
            folders.entry(folder).or_default().push(path);
        }
        let mut read = Vec::new();
        for (folder, files) in folders {
            if files.len() >= OPENS_FOLDER_FROM && !folder.is_root() {
                read.push(folder.under(&place.root));
            } else {
                read.extend(files.iter().map(|path| path.under(&place.root)));
            }
        }
        let parent = |(path, _): (ProjectPath, bool)| {
            let folder = path.parent().unwrap_or_else(ProjectPath::root);
            folder.under(&place.root)
        };
        let mut write: Vec<PathBuf> = self.outputs().into_iter().map(parent).collect();
        write.sort();
        write.dedup();
        write.extend([pycache(place), job.log.clone(), temporary.to_path_buf()]);
        let others = [TEMPORARY, LASTING_TEMPORARY].map(PathBuf::from);
        write.extend(
            others
                .into_iter()
                .filter(|folder| !place.root.starts_with(folder)),
        );
        Fence { read, write }
    }

    /// What was found of a command that was watched, told and returned.
    pub(super) fn traced(
        &mut self,
        execution: &Execution,
        job: &Job,
        spec: &JobSpec,
        inputs: &[(ProjectPath, Content)],
    ) -> Option<Traced> {
        let recording = execution.recording.as_ref()?;
        let traced = Traced {
            node: self.name(),
            found: self.compare(recording, job, spec, inputs),
            not_watched: recording.not_watched.clone(),
            gaps: recording.gaps.clone(),
            strict: strict(recording, spec, self.open_for(spec)),
        };
        self.notices.push(Notice::Traced(Box::new(traced.clone())));
        Some(traced)
    }

    fn compare(
        &self,
        recording: &Recording,
        job: &Job,
        spec: &JobSpec,
        inputs: &[(ProjectPath, Content)],
    ) -> Finding {
        let project = self.shared.project;
        let root = &project.place.root;
        let touched: Vec<Touched> = recording
            .touches
            .iter()
            .filter_map(|touch| touched(root, touch))
            .collect();
        let mut outputs: Vec<ProjectPath> =
            self.outputs().into_iter().map(|(path, _)| path).collect();
        let declared = outputs.len();
        outputs.extend((!spec.depfile.is_empty()).then(|| ProjectPath::from_normal(&spec.depfile)));
        let writers = || {
            let graph = &project.graph;
            let producers = graph
                .paths()
                .filter_map(|path| Some((path, graph.producer(path)?)));
            producers
                .filter(|(_, node)| *node != self.node)
                .map(|(path, node)| (graph.project_path(path), graph.name(node).to_owned()))
                .collect()
        };
        let declaring = Declared {
            inputs: inputs
                .iter()
                .map(|(path, content)| (path, matches!(content, Content::Tree { .. })))
                .collect(),
            outputs,
            ignored: names(&spec.ignore),
            temporary: within(root, &temporary_of(job)),
            writers: &writers,
        };
        let complete = recording.not_watched.is_none() && recording.gaps.is_empty();
        let mut found = compare(&touched, &declaring, complete);
        found.declared.1 = declared;
        found
    }

    /// Takes care that no result of a run that touched what it does not declare is ever used: neither this one's nor an
    /// earlier one's of the same key.
    pub(super) fn distrust(&mut self, settled: &Settled) {
        if let Some(record) = &mut self.record {
            record.ending = Ending::Undeclared;
        }
        if let Err(trouble) = self.shared.tools.cache.forget_result(&settled.key) {
            self.notices.push(Notice::Trouble(trouble.to_string()));
        }
        self.distrusted = Some(Box::new(settled.clone()));
    }
}

fn strict(recording: &Recording, spec: &JobSpec, open: Option<&str>) -> Strict {
    let unseen = recording
        .not_watched
        .iter()
        .chain(&recording.gaps)
        .next()
        .cloned();
    let why = match &recording.fence {
        _ if !spec.strict => return Strict::No,
        Fenced::Stood => return Strict::Denied,
        Fenced::Missing(why) => why.clone(),
        Fenced::NotAsked => open.unwrap_or_default().to_owned(),
    };
    match unseen {
        None => Strict::OnlyWatched(why),
        Some(unseen) => Strict::NotEnforced(format!("{why}, and {unseen}")),
    }
}

fn touched(root: &Path, touch: &Touch) -> Option<Touched> {
    let path = ProjectPath::parse(&touch.path.to_string_lossy()).ok()?;
    let stands = match state::kind(root, &path) {
        _ if !state::stands(root, &path) => Standing::Nothing,
        state::Kind::Directory => Standing::Folder,
        _ => Standing::File,
    };
    Some(Touched {
        path,
        stood: touch.stood,
        stands,
        read: touch.read,
        written: touch.written,
        removed: touch.removed,
        missed: touch.missed,
    })
}

fn temporary_of(job: &Job) -> PathBuf {
    let set = job.env.iter().find(|(name, _)| name == "TMPDIR");
    set.map_or_else(|| PathBuf::from(TEMPORARY), |(_, value)| value.into())
}

fn within(root: &Path, folder: &Path) -> Option<ProjectPath> {
    let path = folder.strip_prefix(root).ok()?;
    ProjectPath::parse(path.to_str()?).ok()
}

fn names(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in patterns
        .iter()
        .filter_map(|pattern| Glob::new(pattern).ok())
    {
        set.add(glob);
    }
    set.build().unwrap_or_default()
}
