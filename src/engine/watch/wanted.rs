//! What a watch looks at: the sources of the nodes that were asked for, the globs, and what the manifest is made of.
//!
//! Does not look; `picture` does. Outputs, `.pipe` and editors' temporary names are left out here, by rule.

use crate::base::path::{PathPattern, ProjectPath, STATE_FOLDER};
use crate::engine::inputs;
use crate::engine::listings::lies_in;
use crate::engine::project::{Place, Project};
use crate::logic::graph::select::Selection;
use crate::logic::trigger::is_temporary;
use crate::world::observe::NameSet;
use crate::world::store::ledger::Ledger;
use crate::world::watch::walk;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Something to look at.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// A file, or whatever stands in its place.
    File(ProjectPath),
    /// A folder with all in it, but for some names.
    Tree(ProjectPath, NameSet),
    /// The files that match.
    Pattern(PathPattern),
    /// Every file of the project: what matters is not known, as the manifest cannot be read.
    Everything,
}

/// All that is looked at.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) targets: Vec<Target>,
    /// What nodes write is nobody's change.
    outputs: HashSet<ProjectPath>,
    /// By number in `targets`.
    files: HashMap<ProjectPath, usize>,
}

impl Wanted {
    /// What matters to the nodes in `selection`; only what the manifest is made of, where it names nothing.
    pub(super) fn of(project: &Project, ledger: &Ledger, selection: Option<&Selection>) -> Self {
        let graph = &project.graph;
        let mut wanted = Wanted {
            outputs: graph
                .paths()
                .filter(|&path| graph.producer(path).is_some())
                .map(|path| graph.project_path(path))
                .collect(),
            ..Wanted::default()
        };
        let mut files: BTreeSet<ProjectPath> = project.texts.iter().cloned().collect();
        let mut trees: HashSet<(ProjectPath, Vec<String>)> = HashSet::new();
        let chosen = graph
            .nodes()
            .filter(|&node| selection.is_some_and(|selection| selection.contains(node)));
        for node in chosen {
            for input in graph.inputs(node) {
                if graph.producer(input.path).is_some() {
                    continue;
                }
                let path = graph.project_path(input.path);
                if !input.directory {
                    files.insert(path);
                    continue;
                }
                let ignore = match graph.ignoring(node) {
                    true => graph.job(node).ignore,
                    false => Vec::new(),
                };
                if trees.insert((path.clone(), ignore)) {
                    let names = inputs::ignored(graph, node);
                    wanted.targets.push(Target::Tree(path, names));
                }
            }
            if graph.has_depfile(node)
                && let Some(last) = ledger.node(graph.name(node))
            {
                let found = last.parts.inputs.into_iter().map(|(path, _)| path);
                files.extend(found.filter(|path| !lies_in(&wanted.outputs, path)));
            }
        }
        for pattern in project.patterns.iter().collect::<BTreeSet<_>>() {
            wanted
                .targets
                .extend(PathPattern::parse(pattern).ok().map(Target::Pattern));
        }
        for file in files {
            wanted.files.insert(file.clone(), wanted.targets.len());
            wanted.targets.push(Target::File(file));
        }
        wanted
    }

    /// For a manifest that cannot be read: whatever is changed may mend it. What was wanted before keeps its outputs out.
    pub(super) fn everything(before: &Wanted, place: &Place) -> Self {
        Wanted {
            targets: vec![Target::Everything, Target::File(place.manifest.clone())],
            outputs: before.outputs.clone(),
            files: HashMap::from([(place.manifest.clone(), 1)]),
        }
    }

    /// How many sources and globs there are.
    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// The targets, by number, that a change at `path` may concern.
    pub(super) fn concerned(&self, path: &ProjectPath) -> Vec<usize> {
        if let Some(&at) = self.files.get(path) {
            return vec![at];
        }
        let is_concerned = |target: &Target| match target {
            Target::File(_) => false,
            Target::Tree(folder, names) => path.is_within(folder) && !has_name(names, folder, path),
            Target::Pattern(pattern) => pattern.matches(path) && self.counts(path),
            Target::Everything => self.counts(path) && !is_hidden(path),
        };
        let all = self.targets.iter().enumerate();
        all.filter(|(_, target)| is_concerned(target))
            .map(|(at, _)| at)
            .collect()
    }

    /// Whether something wanted lies below this folder, or it lies in a folder that is wanted: when it comes or goes,
    /// much may.
    pub(super) fn leads_to_wanted(&self, folder: &ProjectPath) -> bool {
        if !self.counts(folder) {
            return false;
        }
        self.targets.iter().any(|target| match target {
            Target::File(path) => path.is_within(folder),
            Target::Tree(tree, names) => {
                tree.is_within(folder) || (folder.is_within(tree) && !has_name(names, tree, folder))
            }
            Target::Pattern(pattern) => {
                let base = pattern.base();
                base.is_within(folder) || folder.is_within(&base)
            }
            Target::Everything => !is_hidden(folder),
        })
    }

    /// Whether a file here may be anybody's change: it is no output, no state, and no editor's own.
    pub(super) fn counts(&self, path: &ProjectPath) -> bool {
        let mut parts = path.as_str().split('/');
        let own = parts.clone().next() == Some(STATE_FOLDER);
        !own && !parts.any(is_temporary) && !lies_in(&self.outputs, path)
    }

    /// The folders that have to be watched for every change to be told, as they stand now.
    pub(super) fn folders(&self, root: &Path) -> BTreeSet<PathBuf> {
        let mut folders = BTreeSet::new();
        // The root itself may be moved away, and come back.
        folders.extend(root.parent().map(Path::to_path_buf));
        folders.insert(root.to_path_buf());
        for target in &self.targets {
            match target {
                Target::File(path) => {
                    self.add_above(root, path, &mut folders);
                    // What is written where a link leads is not told at the link.
                    folders.extend(walk::folder_behind_link(&path.under(root)));
                }
                Target::Tree(path, names) => {
                    self.add_above(root, path, &mut folders);
                    let skip = |folder: &ProjectPath| has_name(names, path, folder);
                    self.add_below(root, path, usize::MAX, &skip, &mut folders);
                }
                Target::Pattern(pattern) => {
                    let base = pattern.base();
                    self.add_above(root, &base, &mut folders);
                    let skip = |_: &ProjectPath| false;
                    self.add_below(root, &base, depth(pattern), &skip, &mut folders);
                }
                Target::Everything => {
                    let root_path = ProjectPath::root();
                    self.add_below(root, &root_path, usize::MAX, &is_hidden, &mut folders);
                }
            }
        }
        folders
    }

    /// The folders on the way to `path`, as far as they stand.
    fn add_above(&self, root: &Path, path: &ProjectPath, folders: &mut BTreeSet<PathBuf>) {
        let mut at = path.parent();
        while let Some(folder) = at {
            if folder.is_root() {
                return;
            }
            let place = folder.under(root);
            if folders.contains(&place) {
                return;
            }
            if walk::is_folder(&place) {
                folders.insert(place);
            }
            at = folder.parent();
        }
    }

    fn add_below(
        &self,
        root: &Path,
        base: &ProjectPath,
        depth: usize,
        skip: &dyn Fn(&ProjectPath) -> bool,
        folders: &mut BTreeSet<PathBuf>,
    ) {
        let keep = |path: &ProjectPath| self.counts(path) && !skip(path);
        folders.extend(walk::folders(root, base, depth, &keep));
    }
}

/// How many levels of folders below a pattern's base hold matches.
fn depth(pattern: &PathPattern) -> usize {
    let text = pattern.as_str();
    if text.contains("**") {
        return usize::MAX;
    }
    let base = pattern.base();
    let rest = text.strip_prefix(base.as_str()).unwrap_or(text);
    rest.trim_start_matches('/').matches('/').count()
}

/// Whether `names` leave out `path`, or a folder between it and `folder`.
fn has_name(names: &NameSet, folder: &ProjectPath, path: &ProjectPath) -> bool {
    let rest = path.as_str().strip_prefix(folder.as_str());
    let mut parts = rest.unwrap_or_default().split('/');
    parts.any(|part| !part.is_empty() && names.has(part.as_ref()))
}

pub(super) fn is_hidden(path: &ProjectPath) -> bool {
    path.as_str().split('/').any(|part| part.starts_with('.'))
}
