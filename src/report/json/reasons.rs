//! Reasons, contents and missing sources as data.
//!
//! Does not know which document they stand in.

use crate::base::content::Content;
use crate::logic::plan::Reason;
use crate::logic::plan::forecast::{Missing, MissingFault};
use crate::logic::plan::names::NameChanges;
use crate::report::{status, words};
use serde::Serialize;

/// A reason as `build --explain` tells it, and what kind it is.
#[derive(Serialize)]
pub(super) struct Told {
    kind: &'static str,
    subject: Option<String>,
    text: String,
}

impl Told {
    pub(super) fn of(reason: &Reason) -> Told {
        Told {
            kind: reason.kind(),
            subject: reason.subject(),
            text: words::sentence(reason),
        }
    }

    pub(super) fn all(reasons: &[Reason]) -> Vec<Told> {
        reasons.iter().map(Told::of).collect()
    }
}

/// A reason with the old and the new value.
#[derive(Serialize)]
pub(super) struct Whole<'r> {
    #[serde(flatten)]
    told: Told,
    old: Option<Side<'r>>,
    new: Option<Side<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Names>,
}

/// What changed in a directory.
#[derive(Serialize)]
struct Names {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Side<'r> {
    Text(&'r str),
    Content(Standing),
}

/// What stands at a path.
#[derive(Serialize)]
struct Standing {
    kind: &'static str,
    digest: Option<String>,
    size: Option<u64>,
    files: Option<u64>,
    executable: Option<bool>,
}

impl<'r> Whole<'r> {
    fn of(reason: &'r Reason) -> Whole<'r> {
        let (old, new) = match reason {
            Reason::Declaration { old, new, .. } => (
                old.as_deref().map(Side::Text),
                new.as_deref().map(Side::Text),
            ),
            Reason::Input { old, new, .. } | Reason::OutputChanged { old, new, .. } => (
                Some(Side::Content(Standing::of(old))),
                Some(Side::Content(Standing::of(new))),
            ),
            _ => (None, None),
        };
        Whole {
            told: Told::of(reason),
            old,
            new,
            names: None,
        }
    }

    /// With the names that changed in directories.
    pub(super) fn all_named(
        reasons: &'r [Reason],
        names: &dyn Fn(&Reason) -> Option<NameChanges>,
    ) -> Vec<Whole<'r>> {
        let named = |reason: &'r Reason| Whole {
            names: names(reason).map(|changes| Names {
                added: changes.added,
                removed: changes.removed,
                changed: changes.changed,
            }),
            ..Whole::of(reason)
        };
        reasons.iter().map(named).collect()
    }

    pub(super) fn all(reasons: &'r [Reason]) -> Vec<Whole<'r>> {
        reasons.iter().map(Whole::of).collect()
    }
}

impl Standing {
    fn of(content: &Content) -> Standing {
        let kind = match content {
            Content::Absent => "absent",
            Content::File { .. } => "file",
            Content::Tree { .. } => "directory",
            Content::Special => "special",
        };
        let mut standing = Standing {
            kind,
            digest: None,
            size: None,
            files: None,
            executable: None,
        };
        match content {
            Content::File {
                digest,
                executable,
                size,
            } => {
                standing.digest = Some(digest.to_string());
                standing.size = Some(*size);
                standing.executable = Some(*executable);
            }
            Content::Tree {
                digest,
                size,
                files,
            } => {
                standing.digest = Some(digest.to_string());
                standing.size = Some(*size);
                standing.files = Some(*files);
            }
            Content::Absent | Content::Special => {}
        }
        standing
    }
}

/// A source that cannot be read.
#[derive(Serialize)]
pub(super) struct Lacking<'m> {
    what: &'m str,
    fault: &'static str,
    text: String,
}

impl<'m> Lacking<'m> {
    pub(super) fn of(missing: &'m Missing) -> Lacking<'m> {
        Lacking {
            what: &missing.what,
            fault: match missing.fault {
                MissingFault::NotThere => "not-there",
                MissingFault::NoMatch => "no-match",
                MissingFault::Special => "special",
                MissingFault::NotADirectory => "not-a-directory",
                MissingFault::Unreadable(_) => "unreadable",
            },
            text: status::missing_words(missing),
        }
    }
}
