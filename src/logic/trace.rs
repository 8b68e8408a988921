//! Compares what a command touched with what it declares.
//!
//! Knows values only: what was seen comes in, what is not declared goes out, with what would declare it. Does not know
//! how a command is watched, nor what follows for its result.

use crate::base::path::{OWN_PREFIX, ProjectPath, STATE_FOLDER};
use globset::GlobSet;
use std::collections::{BTreeMap, HashSet};

/// Names of files and folders that never count, wherever they stand: byte-code, version control, the state of tools,
/// and tool chains that are installed inside a project, which count as little as those outside.
pub const NEVER_COUNT: [&str; 15] = [
    "__pycache__",
    ".git",
    ".hg",
    ".svn",
    ".jj",
    ".venv",
    "venv",
    "node_modules",
    ".pixi",
    ".direnv",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".DS_Store",
];

/// From so many files of one folder on, the folder is proposed in their place.
const FOLDER_FROM: usize = 5;

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Nothing,
    /// A folder.
    Folder,
    /// Anything else.
    File,
}

/// What a command did to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Where.
    pub path: ProjectPath,
    /// Whether something stood there before.
    pub stood: bool,
    /// What stands there now that it has ended.
    pub stands: Standing,
    /// It read bytes there that it did not write, or executed them.
    pub read: bool,
    /// It made, replaced or wrote it.
    pub written: bool,
    /// It removed it or moved it away.
    pub removed: bool,
    /// It asked for it in vain.
    pub missed: bool,
}

/// What a node declares.
pub struct Declared<'a> {
    /// Inputs, and whether each is a folder that counts with all that is in it.
    pub inputs: Vec<(&'a ProjectPath, bool)>,
    /// Outputs, and what else it may write.
    pub outputs: Vec<ProjectPath>,
    /// Names that do not count for this node.
    pub ignored: GlobSet,
    /// A folder for temporary files in the project.
    pub temporary: Option<ProjectPath>,
    /// Every output of every node, with the node's name.
    pub writers: &'a dyn Fn() -> Vec<(ProjectPath, String)>,
}

/// What a node does and does not declare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// What it reads.
    pub reads: Vec<Reading>,
    /// What it writes.
    pub writes: Vec<Writing>,
    /// What it opened and nothing stood there; for information.
    pub missed: Vec<ProjectPath>,
    /// Inputs that it declares and did not open; for information.
    pub unopened: Vec<ProjectPath>,
    /// How many declared inputs and outputs it has; for the sentence that all is well.
    pub declared: (usize, usize),
}

/// Something that is read and not declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// A file, or a folder that stands for several.
    pub path: ProjectPath,
    /// How many files of the folder were read; 0 for a file.
    pub files: usize,
    /// The node that writes it.
    pub writer: Option<String>,
}

/// Something that is written and not declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// Where.
    pub path: ProjectPath,
    /// How.
    pub how: How,
    /// The other node that declares it as its output.
    pub writer: Option<String>,
}

/// What was done to a place that is no output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// A file is there that was not.
    Made,
    /// A folder was moved to there.
    MadeFolder,
    /// What stood there was written into or replaced.
    Changed,
    /// The same, and it is one of the node's own inputs.
    ChangedInput,
    /// What stood there is gone.
    Removed,
}

impl Finding {
    /// Whether it does nothing but what it declares.
    pub fn is_well(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty()
    }
}

/// Compares. `complete` says that all was seen, so that what was not opened can be named.
pub fn compare(touched: &[Touched], declared: &Declared<'_>, complete: bool) -> Finding {
    let inputs = Covered::by(declared.inputs.iter().copied());
    let outputs = Covered::by(declared.outputs.iter().map(|output| (output, true)));
    let counted: Vec<&Touched> = touched
        .iter()
        .filter(|touch| !outputs.has(&touch.path) && !declared.is_passed_over(&touch.path))
        .collect();
    let reads: Vec<&ProjectPath> = counted
        .iter()
        .filter(|touch| touch.read && !inputs.has(&touch.path))
        .map(|touch| &touch.path)
        .collect();
    let writes: Vec<(&ProjectPath, How)> = counted
        .iter()
        .filter_map(|touch| Some((&touch.path, how(touch, &inputs)?)))
        .collect();
    let missed = counted.iter().filter(|touch| {
        let in_vain = touch.missed && !touch.read && !touch.written && !touch.removed;
        in_vain && touch.stands == Standing::Nothing && !touch.stood && !inputs.has(&touch.path)
    });
    let mut finding = Finding {
        missed: missed.map(|touch| touch.path.clone()).collect(),
        unopened: match complete {
            true => unopened(touched, declared),
            false => Vec::new(),
        },
        declared: (declared.inputs.len(), declared.outputs.len()),
        ..Finding::default()
    };
    if !reads.is_empty() || !writes.is_empty() {
        let writers = Writers((declared.writers)());
        finding.reads = readings(&reads, &writes, &writers);
        finding.writes = writings(&writes, &writers);
    }
    finding
}

impl Declared<'_> {
    fn is_passed_over(&self, path: &ProjectPath) -> bool {
        let never = |name: &str| {
            NEVER_COUNT.contains(&name)
                || name == STATE_FOLDER
                || name.starts_with(OWN_PREFIX)
                || name.ends_with(".pyc")
                || self.ignored.is_match(name)
        };
        path.as_str().split('/').any(never)
            || self
                .temporary
                .as_ref()
                .is_some_and(|folder| path.is_within(folder))
    }
}

/// Places that are declared, and those in declared folders.
struct Covered<'a> {
    places: HashSet<&'a str>,
    folders: HashSet<&'a str>,
}

impl<'a> Covered<'a> {
    fn by(declared: impl Iterator<Item = (&'a ProjectPath, bool)>) -> Self {
        let (mut places, mut folders) = (HashSet::new(), HashSet::new());
        for (path, folder) in declared {
            places.insert(path.as_str());
            if folder {
                folders.insert(path.as_str());
            }
        }
        Covered { places, folders }
    }

    fn has(&self, path: &ProjectPath) -> bool {
        self.places.contains(path.as_str())
            || self.folders.contains("")
            || path.ancestors().any(|folder| self.folders.contains(folder))
    }
}

/// Declared inputs that were not opened.
fn unopened(touched: &[Touched], declared: &Declared<'_>) -> Vec<ProjectPath> {
    let opened = touched.iter().filter(|touch| touch.read || touch.written);
    let mut seen: HashSet<&str> = HashSet::new();
    for touch in opened {
        seen.insert(touch.path.as_str());
        seen.extend(touch.path.ancestors());
    }
    let inputs = declared.inputs.iter();
    inputs
        .filter(|(path, _)| !path.is_root() && !seen.contains(path.as_str()))
        .map(|(path, _)| (*path).clone())
        .collect()
}

/// What of a touch is worth telling; what is gone again as it came is not.
fn how(touch: &Touched, inputs: &Covered<'_>) -> Option<How> {
    if !touch.written && !touch.removed {
        return None;
    }
    match (touch.stood, touch.stands) {
        (false, Standing::Nothing) => None,
        (true, Standing::Nothing) => Some(How::Removed),
        (_, Standing::Folder) => touch.written.then_some(How::MadeFolder),
        (false, Standing::File) => Some(How::Made),
        (true, Standing::File) if inputs.has(&touch.path) => Some(How::ChangedInput),
        (true, Standing::File) => Some(How::Changed),
    }
}

struct Writers(Vec<(ProjectPath, String)>);

impl Writers {
    /// The output that `path` is or lies in, and whose it is.
    fn of(&self, path: &ProjectPath) -> Option<&(ProjectPath, String)> {
        self.0.iter().find(|(output, _)| path.is_within(output))
    }

    fn has_inside(&self, folder: &ProjectPath) -> bool {
        self.0.iter().any(|(output, _)| output.is_within(folder))
    }
}

fn readings(
    reads: &[&ProjectPath],
    writes: &[(&ProjectPath, How)],
    writers: &Writers,
) -> Vec<Reading> {
    let mut found: BTreeMap<ProjectPath, Reading> = BTreeMap::new();
    let mut add = |path: &ProjectPath, folder: bool, writer: Option<String>| {
        let entry = found.entry(path.clone()).or_insert_with(|| Reading {
            path: path.clone(),
            files: 0,
            writer,
        });
        entry.files += usize::from(folder);
    };
    let mut folders: BTreeMap<ProjectPath, usize> = BTreeMap::new();
    for path in reads {
        *folders
            .entry(path.parent().unwrap_or_else(ProjectPath::root))
            .or_default() += 1;
    }
    let whole = |folder: &ProjectPath| {
        !folder.is_root()
            && folders
                .get(folder)
                .is_some_and(|&count| count >= FOLDER_FROM)
            && !writers.has_inside(folder)
            && !writes.iter().any(|(path, _)| path.is_within(folder))
    };
    for path in reads {
        let folder = path.parent().unwrap_or_else(ProjectPath::root);
        match writers.of(path) {
            // A folder that is an output is read as a whole or not at all.
            Some((output, writer)) => add(output, output != *path, Some(writer.clone())),
            // A name that is not UTF-8 can only be declared by its folder.
            None if whole(&folder) || path.as_str().contains('\u{fffd}') && !folder.is_root() => {
                add(&folder, true, None);
            }
            None => add(path, false, None),
        }
    }
    found.into_values().collect()
}

fn writings(writes: &[(&ProjectPath, How)], writers: &Writers) -> Vec<Writing> {
    let folders: HashSet<&str> = writes
        .iter()
        .filter(|(_, how)| *how == How::MadeFolder)
        .map(|(path, _)| path.as_str())
        .collect();
    writes
        .iter()
        .filter(|(path, _)| !path.ancestors().any(|folder| folders.contains(folder)))
        .map(|(path, how)| Writing {
            path: (*path).clone(),
            how: *how,
            writer: writers.of(path).map(|(_, writer)| writer.clone()),
        })
        .collect()
}

/// What watching a node came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// Which node.
    pub node: String,
    /// What was found. Of a node that was not watched, nothing.
    pub found: Finding,
    /// Why it was not watched.
    pub not_watched: Option<String>,
    /// Why not all was seen.
    pub gaps: Vec<String>,
    /// What became of `strict`.
    pub strict: Strict,
}

/// What became of `strict`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strict {
    /// The node does not say it.
    No,
    /// What it does not declare was denied to it.
    Denied,
    /// The system cannot deny: why. It was watched, and its result is judged afterwards.
    OnlyWatched(String),
    /// It could be neither denied nor watched: why.
    NotEnforced(String),
}

impl Traced {
    /// Whether there is something to warn of.
    pub fn warns(&self) -> bool {
        let enforced = matches!(self.strict, Strict::No | Strict::Denied);
        !(self.is_well() && enforced)
    }

    /// Whether all that it does is known, and is declared.
    pub fn is_well(&self) -> bool {
        self.found.is_well() && self.not_watched.is_none() && self.gaps.is_empty()
    }
}

#[cfg(test)]
mod tests;
