//! Where a path lies among the outputs: one itself, in one, above some, or nowhere near.
//!
//! Does not know who asks.

use super::Linker;
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest::Problem;

impl Linker<'_> {
    pub(super) fn gather_folders(&mut self) {
        let mut last = "";
        for id in 0..self.written {
            let folder = parent(self.paths.get(id));
            if folder == last {
                continue;
            }
            last = folder;
            let mut folder = folder;
            while !folder.is_empty() && self.folders.insert(folder.into()) {
                folder = parent(folder);
            }
        }
    }

    /// Reports outputs inside others.
    pub(super) fn find_nested(&self, problems: &mut Vec<Problem>) {
        let is_outer = |id| self.folders.contains(self.paths.get(id));
        if !(0..self.written).any(is_outer) {
            return;
        }
        for &id in self.sorted() {
            let path = ProjectPath::from_normal(self.paths.get(id));
            let outer = path.ancestors().find_map(|folder| self.paths.find(folder));
            if let (Some(outer), Some(node)) = (outer, self.paths.writer(id)) {
                let folder = ProjectPath::from_normal(self.paths.get(outer));
                let outer_node = self.paths.writers[outer as usize] as usize;
                self.complain(problems, |linker| {
                    linker.nested(&path, node as usize, &folder, outer_node)
                });
            }
        }
    }

    fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| {
            let mut outputs: Vec<u32> = (0..self.written).collect();
            outputs.sort_by_key(|&id| self.paths.get(id));
            outputs
        })
    }

    /// Files that stand, and outputs that nodes declare; what stands where a node writes is an output, not a file.
    pub(super) fn matches(&mut self, pattern: &PathPattern) -> Vec<u32> {
        let listings = self.scene.facts.listings;
        let standing = listings
            .get(pattern.as_str())
            .map_or(&[][..], Vec::as_slice);
        let base = pattern.base();
        let declared = self.outputs_within(&base).iter().copied();
        let matching = |&id: &u32| pattern.matches(&ProjectPath::from_normal(self.paths.get(id)));
        let mut found: Vec<u32> = declared.filter(matching).collect();
        for path in standing {
            if self.outer(path).is_none() {
                found.push(self.paths.id(path.as_str()));
            }
        }
        found.sort_by_key(|&id| self.paths.get(id));
        found.dedup();
        found
    }

    /// Whether nobody writes this path, nor anything above or below it.
    pub(super) fn is_source(&mut self, id: u32) -> bool {
        if self.sources.len() < self.paths.len() {
            self.sources.resize(self.paths.len(), false);
        }
        if self.sources[id as usize] {
            return true;
        }
        if self.paths.writer(id).is_some() || self.folders.contains(self.paths.get(id)) {
            return false;
        }
        let folder = parent(self.paths.get(id));
        if folder != self.last_above.0 {
            let folder = folder.to_owned();
            let above = match self.above.get(folder.as_str()) {
                Some(&above) => above,
                None => self.outer(&ProjectPath::from_normal(&folder)),
            };
            self.above.insert(folder.as_str().into(), above);
            self.last_above = (folder, above);
        }
        let source = self.last_above.1.is_none();
        self.sources[id as usize] = source;
        source
    }

    /// The output that is `path` or a folder above it.
    pub(super) fn outer(&self, path: &ProjectPath) -> Option<u32> {
        let output = |path: &str| {
            let id = self.paths.find(path)?;
            self.paths.writer(id).map(|_| id)
        };
        output(path.as_str()).or_else(|| path.ancestors().find_map(output))
    }

    /// The same, with who writes it.
    pub(super) fn output_folder_above(&self, path: &ProjectPath) -> Option<(ProjectPath, usize)> {
        self.written(self.outer(path)?)
    }

    /// An output by its number, with who writes it.
    fn written(&self, id: u32) -> Option<(ProjectPath, usize)> {
        let writer = self.paths.writer(id)? as usize;
        Some((ProjectPath::from_normal(self.paths.get(id)), writer))
    }

    /// The output that is declared as a file but read as a directory, or as if it held `path`; and who writes it.
    pub(super) fn conflict(
        &self,
        path: &ProjectPath,
        directory: bool,
    ) -> Option<(ProjectPath, usize)> {
        let outer = self.outer(path)?;
        let (output, writer) = self.written(outer)?;
        let conflict = !self.paths.is_directory(outer) && (directory || output != *path);
        conflict.then_some((output, writer))
    }

    pub(super) fn outputs_within(&self, folder: &ProjectPath) -> &[u32] {
        let prefix = if folder.is_root() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let sorted = self.sorted();
        let start = sorted.partition_point(|&id| self.paths.get(id) < prefix.as_str());
        let rest = &sorted[start..];
        let count = rest.partition_point(|&id| self.paths.get(id).starts_with(&prefix));
        &rest[..count]
    }

    /// Who writes a path, or a folder above it, or something below it; and whether it is one of the last two.
    pub(super) fn writers(&mut self, id: u32) -> (Vec<u32>, bool) {
        if let Some(writer) = self.paths.writer(id) {
            return (vec![writer], false);
        }
        if self.is_source(id) {
            return (Vec::new(), false);
        }
        let path = ProjectPath::from_normal(self.paths.get(id));
        let writer = |&id: &u32| self.paths.writer(id);
        if let Some(outer) = self.outer(&path) {
            return (writer(&outer).into_iter().collect(), true);
        }
        let below: Vec<u32> = self
            .outputs_within(&path)
            .iter()
            .filter_map(writer)
            .collect();
        let mixed = !below.is_empty();
        (below, mixed)
    }
}

/// The folder that a path lies in; empty for the root.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
