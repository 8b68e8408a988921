//! Gathers the texts that a project is made of: the manifest, those that it includes, and files of parameters.
//!
//! Does not expand the graph. Reading a text means nothing to the snapshot but its digest.

use super::format::ManifestFile;
use super::project::{Given, OpenError, Place, Tools};
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest::{self, Manifest, Problem, Severity, Source, Span, Spanned, nearest};
use crate::logic::params::{Format, Params};
use crate::world::nearby;
use crate::world::observe::Links;
use crate::world::store::state;
use std::sync::Arc;

/// What was read.
pub(super) struct Sources {
    pub(super) source: Arc<Source>,
    pub(super) manifest: Manifest,
    pub(super) params: Params,
    pub(super) problems: Vec<Problem>,
    /// Every file that was looked for, the manifest first, and what stood there.
    pub(super) files: Vec<(ProjectPath, Option<Digest>)>,
    /// Globs of included manifests and what they matched.
    pub(super) includes: Vec<(String, Vec<ProjectPath>)>,
}

/// The digest of a file by its stamp, where that is known; `None` when no file stands there.
pub(super) fn digest_of(tools: &Tools, path: &ProjectPath) -> Option<Digest> {
    match tools.observer.observe(path, Links::Through) {
        Ok(Content::File { digest, .. }) => Some(digest),
        _ => None,
    }
}

/// Reads everything, following includes and params. When it is `quick`, simple nodes are left as they are where that is
/// possible; see [`manifest::read_quickly`].
pub(super) fn gather(place: &Place, tools: &Tools, quick: bool) -> Result<Sources, OpenError> {
    let read_one = |source: &Arc<Source>| {
        let quickly = quick.then(|| manifest::read_quickly(source)).flatten();
        let way = match tools.by_kdl {
            true => manifest::Way::KdlOnly,
            false => manifest::Way::Fast,
        };
        quickly.map_or_else(
            || manifest::read_with(source, way),
            |manifest| (Some(manifest), Vec::new()),
        )
    };
    let (text, digest) = tools.observer.read(&place.manifest)?;
    let text = utf8(&place.shown, text)?;
    let mut files = vec![(place.manifest.clone(), Some(digest))];
    let mut source = Source::new(place.shown.clone(), text);
    let (mut read, mut problems) = read_one(&source);
    let mut includes = Vec::new();
    let wanted = read.as_ref().map_or(&[][..], |manifest| &manifest.includes);
    if !wanted.is_empty() {
        let mut more = Vec::new();
        let paths = included(tools, place, &source, wanted, &mut includes, &mut more)?;
        let mut texts = vec![(place.shown.clone(), source.text.clone())];
        for path in paths {
            let shown = shown(place, &path);
            let (text, digest) = tools.observer.read(&path)?;
            let text = utf8(&shown, text)?;
            files.push((path, Some(digest)));
            texts.push((shown, text));
        }
        source = Source::joined(texts);
        (read, problems) = read_one(&source);
        problems.extend(more);
    }
    let Some(manifest) = read else {
        return Err(OpenError::Problems(problems));
    };
    let mut params = Params::default();
    for name in &manifest.param_files {
        let found = add_params((place, tools), &source, name, &mut params, &mut files)?;
        problems.extend(found);
    }
    for (name, value) in &tools.sets {
        if let Err(fault) = params.set(name, value) {
            return Err(OpenError::UnknownSet(fault));
        }
    }
    for problem in &mut problems {
        // Places in the first file are the same in the joined text.
        if problem.source.name == source.name {
            problem.source = Arc::clone(&source);
        }
    }
    Ok(Sources {
        source,
        manifest,
        params,
        problems,
        files,
        includes,
    })
}

/// The manifest and those that it includes, as far as they can be told from a text that may be wrong.
pub(super) fn manifest_files(place: &Place) -> Result<Vec<ManifestFile>, OpenError> {
    let read = |path: &ProjectPath| -> Result<ManifestFile, OpenError> {
        let (shown, full) = (shown(place, path), path.under(&place.root));
        let text = utf8(&shown, state::read_file(&full)?)?;
        Ok(ManifestFile {
            path: full,
            shown,
            text,
        })
    };
    let root = read(&place.manifest)?;
    let source = Source::new(root.shown.clone(), root.text.as_str());
    let wanted = manifest::read(&source).0.map(|manifest| manifest.includes);
    let tools = Tools::open(place, Given::default());
    let (mut listings, mut problems) = (Vec::new(), Vec::new());
    let wanted = wanted.unwrap_or_default();
    let paths = included(
        &tools,
        place,
        &source,
        &wanted,
        &mut listings,
        &mut problems,
    )?;
    let mut files = vec![root];
    for path in &paths {
        files.push(read(path)?);
    }
    Ok(files)
}

/// A file as messages name it: from where the user stands, as the manifest is.
fn shown(place: &Place, path: &ProjectPath) -> String {
    let folder = place.shown.strip_suffix(place.manifest.as_str());
    format!("{}{path}", folder.unwrap_or_default())
}

pub(super) fn utf8(shown: &str, bytes: Vec<u8>) -> Result<String, OpenError> {
    String::from_utf8(bytes).map_err(|error| {
        let span = Span {
            start: error.utf8_error().valid_up_to() as u32,
            len: 3,
        };
        let source = Source::new(shown, String::from_utf8_lossy(error.as_bytes()));
        let problem = Problem::error(&source, "not-utf8", "this file is not UTF-8 text")
            .at(span, "this byte is the first that is not")
            .help("save the file as UTF-8");
        OpenError::Problems(vec![problem])
    })
}

/// The manifests that `include` names, each once, in order.
fn included(
    tools: &Tools,
    place: &Place,
    source: &Arc<Source>,
    wanted: &[Spanned<String>],
    listings: &mut Vec<(String, Vec<ProjectPath>)>,
    problems: &mut Vec<Problem>,
) -> Result<Vec<ProjectPath>, OpenError> {
    let mut paths: Vec<ProjectPath> = Vec::new();
    for text in wanted {
        let mut complain = |message: String, help: &str| {
            let problem = Problem::error(source, "include", message).at(text.span, "here");
            problems.push(problem.help(help));
        };
        let found = match (PathPattern::is_pattern(text), PathPattern::parse(text)) {
            (true, Ok(pattern)) => {
                let files = tools.observer.list(&pattern)?.files;
                listings.push((pattern.as_str().to_owned(), files.clone()));
                files
            }
            (true, Err(fault)) => {
                complain(format!("this glob cannot be read: {fault}"), "");
                continue;
            }
            (false, _) => match ProjectPath::parse(text) {
                Ok(path) if state::is_file(&path.under(&place.root)) => vec![path],
                Ok(path) => {
                    complain(
                        format!("there is no file {path}"),
                        "paths start at the manifest's folder",
                    );
                    continue;
                }
                Err(_) => {
                    complain(
                        format!("`{}` is not a path inside the project", text.value),
                        "",
                    );
                    continue;
                }
            },
        };
        if found.is_empty() {
            complain(
                "no file matches this".to_owned(),
                "paths start at the manifest's folder",
            );
        }
        for path in found {
            if path != place.manifest && !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    Ok(paths)
}

/// Reads one file of parameters.
fn add_params(
    (place, tools): (&Place, &Tools),
    source: &Arc<Source>,
    name: &Spanned<String>,
    params: &mut Params,
    files: &mut Vec<(ProjectPath, Option<Digest>)>,
) -> Result<Option<Problem>, OpenError> {
    let complain = |message: String, help: String| {
        let problem = Problem::error(source, "params", message);
        Ok(Some(problem.at(name.span, "here").help(help)))
    };
    let Ok(path) = ProjectPath::parse(name) else {
        let help = "paths start at the manifest's folder".to_owned();
        return complain(
            format!("`{}` is not a path inside the project", name.value),
            help,
        );
    };
    let Some(format) = Format::of(name) else {
        let help = "parameters come from files that end in .toml, .json, .yaml or .yml".to_owned();
        return complain(format!("what {path} is written in is not known"), help);
    };
    if !state::is_file(&path.under(&place.root)) {
        files.push((path.clone(), None));
        let siblings = nearby::names_beside(&path.under(&place.root));
        let near = nearest(
            path.as_str().rsplit('/').next().unwrap_or_default(),
            siblings.iter().map(String::as_str),
        );
        let help = near.map_or_else(
            || "paths start at the manifest's folder".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        return complain(format!("there is no file {path}"), help);
    }
    let shown = shown(place, &path);
    let (text, digest) = tools.observer.read(&path)?;
    let text = utf8(&shown, text)?;
    files.push((path, Some(digest)));
    let problem = params.add_file(&Source::new(shown, text), format).err();
    Ok(problem.filter(|problem| problem.severity == Severity::Error))
}
