//! How all that is looked at stood at one moment, by stamps: two pictures say what changed between them.
//!
//! Does not know whether the content changed; the build that follows does.

use super::wanted::{Target, Wanted, is_hidden};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::world::observe::{NameSet, Observer};
use crate::world::watch::walk;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Every target of a [`Wanted`], in its order, as it stood.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture(Vec<Sight>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sight {
    Stamps(Digest),
    /// Every file, and its stamps where they count.
    Files(BTreeMap<ProjectPath, Digest>),
}

impl Picture {
    /// Looks at everything.
    pub(super) fn take(wanted: &Wanted, root: &Path, observer: &Observer) -> Picture {
        let sights = wanted.targets.par_iter().with_min_len(64);
        Picture(
            sights
                .map(|target| sight(wanted, target, root, observer))
                .collect(),
        )
    }

    /// Looks at everything, or at some targets, again; what is another than it was, sorted.
    pub(super) fn look_again(
        &mut self,
        wanted: &Wanted,
        root: &Path,
        observer: &Observer,
        only: Option<&[usize]>,
    ) -> Vec<ProjectPath> {
        let all: Vec<usize>;
        let chosen = match only {
            Some(some) => some,
            None => {
                all = (0..wanted.targets.len()).collect();
                &all
            }
        };
        let now: Vec<Sight> = chosen
            .par_iter()
            .with_min_len(64)
            .map(|&at| sight(wanted, &wanted.targets[at], root, observer))
            .collect();
        let mut changed = Vec::new();
        for (&at, now) in chosen.iter().zip(now) {
            if self.0[at] != now {
                changed.extend(difference(&wanted.targets[at], &self.0[at], &now));
                self.0[at] = now;
            }
        }
        changed.sort();
        changed.dedup();
        changed
    }
}

fn sight(wanted: &Wanted, target: &Target, root: &Path, observer: &Observer) -> Sight {
    let no_names = NameSet::default();
    match target {
        Target::File(path) => Sight::Stamps(observer.stamps_at(path, &no_names)),
        Target::Tree(path, names) => Sight::Stamps(observer.stamps_at(path, names)),
        Target::Pattern(pattern) => {
            let files = observer.list(pattern).unwrap_or_default().files;
            let files = files.into_iter().filter(|path| wanted.counts(path));
            // What a match holds is looked at as a source of its own.
            let nothing = Digest::of(b"");
            Sight::Files(files.map(|path| (path, nothing)).collect())
        }
        Target::Everything => {
            let keep = |path: &ProjectPath| !is_hidden(path) && wanted.counts(path);
            let files = walk::files(root, &keep).into_iter();
            let stamps = |path: ProjectPath| {
                let stamps = observer.stamps_at(&path, &no_names);
                (path, stamps)
            };
            Sight::Files(files.map(stamps).collect())
        }
    }
}

fn difference(target: &Target, before: &Sight, now: &Sight) -> Vec<ProjectPath> {
    match (target, before, now) {
        (_, Sight::Files(before), Sight::Files(now)) => {
            let of_both = before.keys().chain(now.keys());
            of_both
                .filter(|path| before.get(*path) != now.get(*path))
                .cloned()
                .collect()
        }
        (Target::File(path) | Target::Tree(path, _), ..) => vec![path.clone()],
        (Target::Pattern(_) | Target::Everything, ..) => Vec::new(),
    }
}
