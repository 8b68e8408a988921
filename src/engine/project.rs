//! Finding, reading and expanding a project; or mapping the snapshot of the last time.
//!
//! Does not judge nodes; `survey` does.

pub use super::tools::Tools;

use super::listings::{lies_in, list_all};
use super::probes::Answers;
use super::snapshot::{self, Basis};
use super::sources::{self, Sources};
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::path::{ProjectPath, STATE_FOLDER};
use crate::logic::graph::expand::{self, Facts};
use crate::logic::graph::review::review;
use crate::logic::graph::{self, Graph, Instances};
use crate::logic::manifest::{Amount, Manifest, Problem, Severity, problem};
use crate::logic::params::SetFault;
use crate::world::nearby;
pub use crate::world::store::cache::Access;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the ledger says of an output while its command runs: whatever is found there later is half-made.
pub(super) const UNFINISHED: Content = Content::Special;

/// The manifest's usual name.
pub const MANIFEST: &str = "pipe.kdl";

/// Where a project lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder that all paths are relative to: the manifest's.
    pub root: PathBuf,
    /// The manifest.
    pub manifest: ProjectPath,
    /// The manifest as messages name it.
    pub shown: String,
    /// `.pipe/`: the lock, the cache, what was set aside.
    pub home: PathBuf,
    /// What is remembered of this manifest: `.pipe/`, or for a manifest of another name a folder in it.
    pub state: PathBuf,
    /// The cache's folder.
    pub cache: PathBuf,
    /// What it is used for.
    pub access: Access,
    /// Caches behind it, which are only read.
    pub behind: Vec<PathBuf>,
    /// Where the user stands, relative to the root; targets may be given from there.
    pub standing: ProjectPath,
}

/// What the caller brings along.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The environment.
    pub variables: Vec<(OsString, OsString)>,
    /// `--set NAME=VALUE`.
    pub sets: Vec<(String, String)>,
    /// Every manifest is read anew, and by kdl-rs alone: to compare, should the quick ways ever be doubted.
    pub by_kdl: bool,
}

/// A project that can be built.
pub struct Project {
    /// Where.
    pub place: Place,
    /// What.
    pub graph: Graph,
    /// What holds for the whole build.
    pub settings: Settings,
    /// Problems that a build can go on with.
    pub warnings: Vec<Problem>,
    /// Files that match a glob and are left out of it: outputs of nodes that are gone.
    pub leftovers: Vec<ProjectPath>,
    /// What the probes of the selected nodes said.
    pub answers: Answers,
    /// The manifest, those it includes, and files of parameters.
    pub texts: Vec<ProjectPath>,
    /// The globs that it was expanded by.
    pub patterns: Vec<String>,
    /// It was read from the manifest, not from the snapshot: something may have gone since the last time.
    pub read_anew: bool,
}

/// What the manifest says of a whole build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `jobs` of the manifest.
    pub jobs: Option<u32>,
    /// `resource` by name, and how much there is.
    pub resources: Vec<(String, Amount)>,
}

fn resources(manifest: &Manifest) -> Vec<(String, Amount)> {
    let all = manifest.resources.iter();
    all.map(|resource| (resource.name.value.clone(), resource.amount.value))
        .collect()
}

/// Why a project could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// No manifest where one was looked for.
    NoManifest(PathBuf),
    /// The manifest is wrong; every problem.
    Problems(Vec<Problem>),
    /// A name that cannot be written in a manifest matches a pattern: pattern and name.
    NotUtf8(Vec<(String, String)>),
    /// A variable that the manifest takes from its caller with `env "NAME"` holds bytes that are not UTF-8.
    VariableNotUtf8(String),
    /// `--set` names a parameter that there is not.
    UnknownSet(SetFault),
    /// The world refused.
    Trouble(Trouble),
}

impl From<Trouble> for OpenError {
    fn from(trouble: Trouble) -> Self {
        OpenError::Trouble(trouble)
    }
}

impl Place {
    /// Looks for a manifest in `folder` and in the folders above it, or takes the one that is named.
    ///
    /// # Errors
    /// There is none, or it cannot be reached.
    pub fn find(
        folder: &Path,
        named: Option<&Path>,
        cache: Option<&Path>,
    ) -> Result<Place, OpenError> {
        let folder = state::real_path(folder)?;
        let (root, name) = match named {
            Some(path) => {
                let path = folder.join(path);
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or(MANIFEST)
                    .to_owned();
                let root = path.parent().unwrap_or(&folder).to_path_buf();
                if !state::is_file(&path) {
                    return Err(OpenError::NoManifest(path));
                }
                (state::real_path(&root)?, name)
            }
            None => {
                let holds = |folder: &&Path| state::is_file(&folder.join(MANIFEST));
                let root = folder
                    .ancestors()
                    .find(holds)
                    .ok_or_else(|| OpenError::NoManifest(folder.clone()))?;
                (root.to_path_buf(), MANIFEST.to_owned())
            }
        };
        let standing = folder
            .strip_prefix(&root)
            .ok()
            .and_then(Path::to_str)
            .unwrap_or_default();
        let home = root.join(STATE_FOLDER);
        // Two manifests in one folder remember apart: the one's outputs are not the other's leftovers.
        let state = if name == MANIFEST {
            home.clone()
        } else {
            home.join("manifests").join(&name)
        };
        Ok(Place {
            manifest: ProjectPath::from_normal(&name),
            shown: root
                .join(&name)
                .strip_prefix(&folder)
                .map_or(name, |path| path.display().to_string()),
            cache: cache.map_or_else(|| home.join("cache"), |path| folder.join(path)),
            access: Access::default(),
            behind: Vec::new(),
            standing: ProjectPath::parse(standing).unwrap_or_else(|_| ProjectPath::root()),
            home,
            state,
            root,
        })
    }
}

impl Place {
    /// A number that tells this checkout from others.
    pub(super) fn checkout(&self) -> u64 {
        let digest = Digest::of(self.home.as_os_str().as_encoded_bytes());
        let (first, _) = digest.as_bytes().split_at(8);
        u64::from_le_bytes(first.try_into().expect("eight bytes"))
    }
}

impl Project {
    /// Opens the project: from the snapshot when manifest, variables and listings are those of the last time.
    /// With `save` a new snapshot is left for the next time.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(place: &Place, tools: &Tools, save: bool) -> Result<Project, OpenError> {
        if tools.by_kdl {
            return Project::read_with_care(place, tools, save, Way::Careful);
        }
        if let Some(project) = snapshot::find(place, tools)? {
            return Ok(project);
        }
        // Where the quick way is not sure that all is well, the careful one says what is wrong.
        match read(place, tools, save, Way::Quick)? {
            Some(project) => Ok(project),
            None => Project::read_with_care(place, tools, save, Way::Careful),
        }
    }

    fn read_with_care(
        place: &Place,
        tools: &Tools,
        save: bool,
        way: Way,
    ) -> Result<Project, OpenError> {
        let project = read(place, tools, save, way)?;
        Ok(project.expect("the careful way comes to an end"))
    }

    /// Reads the project anew, and looks for what seems wrong in it besides.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn review(place: &Place, tools: &Tools) -> Result<Project, OpenError> {
        Project::read_with_care(place, tools, false, Way::Thorough)
    }
}

/// How a manifest is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As long as nothing is wrong.
    Quick,
    /// With all that is wrong.
    Careful,
    /// Also with what only seems wrong.
    Thorough,
}

/// `None` when the quick way is not sure.
fn read(place: &Place, tools: &Tools, save: bool, way: Way) -> Result<Option<Project>, OpenError> {
    let Sources {
        source,
        manifest: decoded,
        params,
        mut problems,
        files,
        includes,
    } = sources::gather(place, tools, way == Way::Quick)?;
    let quick = !decoded.simple.is_empty();
    let mut listings = HashMap::new();
    let mut leftovers = Vec::new();
    let nothing = |_: &ProjectPath| false;
    list_all(
        tools,
        graph::axis_patterns(&decoded),
        &nothing,
        &mut listings,
        &mut leftovers,
    )?;
    let instances = Instances::of(&decoded, &source, &params, &listings);
    let patterns = instances.patterns();
    let declared = match patterns.is_empty() {
        true => HashSet::new(),
        false => instances.declared_outputs(&decoded.simple, &source),
    };
    let is_declared = |path: &ProjectPath| lies_in(&declared, path);
    list_all(tools, patterns, &is_declared, &mut listings, &mut leftovers)?;
    let variables: HashMap<String, Option<String>> = expand::caller_variables(&decoded)
        .into_iter()
        .map(|name| Ok((name.clone(), tools.variable(&name)?)))
        .collect::<Result<_, OpenError>>()?;
    let facts = Facts {
        listings: &listings,
        variables: &variables,
        manifest: &place.manifest,
        memory: nearby::machine_memory(),
    };
    let looked_at = match way {
        Way::Thorough => review(&decoded, &source, &params, &instances),
        Way::Quick | Way::Careful => Vec::new(),
    };
    let (graph, more) = expand::expand(&decoded, &source, instances, &facts);
    if quick && (graph.is_none() || !problems.is_empty() || !more.is_empty()) {
        return Ok(None);
    }
    problems.extend(looked_at);
    problems = problem::merged(problems, more);
    let Some(graph) = graph.filter(|_| {
        problems
            .iter()
            .all(|problem| problem.severity != Severity::Error)
    }) else {
        return Err(OpenError::Problems(problems));
    };
    let settings = Settings {
        jobs: decoded.jobs,
        resources: resources(&decoded),
    };
    let texts = files.iter().map(|(path, _)| path.clone()).collect();
    let patterns = listings
        .keys()
        .chain(includes.iter().map(|(pattern, _)| pattern))
        .cloned()
        .collect();
    // A manifest with warnings is read again each time, so that they are told each time.
    if save && problems.is_empty() {
        let made_from = Basis {
            files,
            sets: tools.sets.clone(),
            settings: settings.clone(),
            variables,
            listings: Vec::new(),
            includes: Vec::new(),
        };
        let basis = made_from.with_listings(&listings, &includes);
        snapshot::save(place, &basis, &graph);
    }
    Ok(Some(Project {
        place: place.clone(),
        graph,
        settings,
        warnings: problems,
        leftovers,
        answers: Answers::default(),
        texts,
        patterns,
        read_anew: true,
    }))
}
