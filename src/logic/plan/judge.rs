//! The one judge: is a node fresh, can it be restored, or does its command have to run?
//!
//! Build, status, why and dry run all ask here, so they cannot disagree. Knows values only.

use super::key;
use super::reason::Reason;
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::{Key, KeyParts, NodeRecord, Row, RunResult};
use std::collections::HashMap;

/// What the judge finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The outputs stand and belong to the key.
    Fresh,
    /// A result for the key is known, but the outputs do not stand as it left them.
    Restore(Vec<Reason>),
    /// No result for the key is known, or it may not be used.
    Run(Vec<Reason>),
}

/// A node as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The declaration's rows.
    pub declaration: &'a [Row],
    /// Each input and what stands there.
    pub inputs: &'a [(ProjectPath, Content)],
    /// Each output and what stands there.
    pub outputs: &'a [(ProjectPath, Content)],
    /// The manifest says `always`.
    pub always: bool,
    /// `-f` names it.
    pub forced: bool,
    /// How the last run of its command here went, where there is no result.
    pub last_run: LastRun,
}

/// How a run went, as far as it explains that there is no result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LastRun {
    /// It explains nothing: it went well, or there was none.
    #[default]
    Other,
    /// It failed.
    Failed,
    /// It touched files that the node does not declare.
    Undeclared,
}

/// Judges one node. `result` is what is known to belong to the node's present key, from the ledger or the cache;
/// `last` is what this checkout remembers of the node, whatever its key was.
pub fn judge(
    now: &Situation<'_>,
    result: Option<&RunResult>,
    last: Option<&NodeRecord>,
) -> Verdict {
    if now.forced {
        return Verdict::Run(vec![Reason::Forced]);
    }
    if now.always {
        return Verdict::Run(vec![Reason::Always]);
    }
    match result {
        Some(result) if result.outputs == now.outputs => Verdict::Fresh,
        Some(result) => {
            let mut reasons = last.map_or_else(Vec::new, |last| changed_parts(now, &last.parts));
            if reasons.is_empty() {
                reasons = changed_outputs(now.outputs, &result.outputs);
            }
            Verdict::Restore(reasons)
        }
        None => Verdict::Run(reasons_to_run(now, last)),
    }
}

/// Why a node with no usable result has to run, the most telling reason first.
pub fn reasons_to_run(now: &Situation<'_>, last: Option<&NodeRecord>) -> Vec<Reason> {
    let unknown = || match now.last_run {
        LastRun::Failed => Reason::LastRunFailed,
        LastRun::Undeclared => Reason::LastRunUndeclared,
        LastRun::Other => Reason::NeverRan,
    };
    let Some(last) = last else {
        return vec![unknown()];
    };
    let mut reasons = changed_parts(now, &last.parts);
    if reasons.is_empty() && now.last_run != LastRun::Undeclared {
        reasons = changed_outputs(now.outputs, &last.result.outputs);
    }
    if reasons.is_empty() {
        reasons.push(unknown());
    }
    reasons
}

/// What changed in a node itself that depends on what nodes above it write: its declaration, and the inputs that nobody
/// writes. `sources` are those now; `is_source` says of a remembered input whether it is to be compared with them.
pub fn own_changes(
    declaration: &[Row],
    sources: &[(ProjectPath, Content)],
    last: &KeyParts,
    is_source: &dyn Fn(&ProjectPath) -> bool,
) -> Vec<Reason> {
    let before = last.inputs.iter().filter(|(path, _)| is_source(path));
    let before: Vec<_> = before.cloned().collect();
    let mut reasons = changed_inputs(sources, &before);
    let rows = changed_rows(declaration, &last.declaration).into_iter();
    // Which inputs there are may hang on what is still to be written.
    reasons.extend(rows.filter(
        |reason| !matches!(reason, Reason::Declaration { part, .. } if part.starts_with("{in")),
    ));
    reasons
}

/// The key of a node in this situation whose declaration's digest is known.
pub fn present_key(declaration: Digest, now: &Situation<'_>) -> Key {
    key::key(declaration, now.inputs)
}

fn changed_parts(now: &Situation<'_>, old: &KeyParts) -> Vec<Reason> {
    let mut reasons = changed_inputs(now.inputs, &old.inputs);
    let inputs_moved = !reasons.is_empty();
    for reason in changed_rows(now.declaration, &old.declaration) {
        // `{in}` follows the inputs; telling both would say one thing twice.
        let echo = matches!(&reason, Reason::Declaration { part, .. } if part.starts_with("{in"));
        if !(echo && inputs_moved) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() && now.inputs != old.inputs {
        reasons.push(Reason::InputOrder);
    }
    reasons
}

fn changed_rows(new: &[Row], old: &[Row]) -> Vec<Reason> {
    let old_values: HashMap<&str, &str> = old.iter().map(|row| (&*row.name, &*row.value)).collect();
    let new_values: HashMap<&str, &str> = new.iter().map(|row| (&*row.name, &*row.value)).collect();
    let changed = new.iter().filter_map(|row| {
        let before = old_values.get(&*row.name).copied();
        (before != Some(&*row.value)).then(|| Reason::Declaration {
            part: row.name.clone(),
            old: before.map(str::to_owned),
            new: Some(row.value.clone()),
        })
    });
    let gone = old
        .iter()
        .filter(|row| !new_values.contains_key(&*row.name))
        .map(|row| Reason::Declaration {
            part: row.name.clone(),
            old: Some(row.value.clone()),
            new: None,
        });
    changed.chain(gone).collect()
}

fn changed_inputs(new: &[(ProjectPath, Content)], old: &[(ProjectPath, Content)]) -> Vec<Reason> {
    if new == old {
        return Vec::new();
    }
    let before: HashMap<&ProjectPath, &Content> =
        old.iter().map(|(path, content)| (path, content)).collect();
    let after: HashMap<&ProjectPath, &Content> =
        new.iter().map(|(path, content)| (path, content)).collect();
    let mut reasons = Vec::new();
    for (path, content) in new {
        match before.get(path) {
            Some(&old) if old != content => {
                reasons.push(Reason::Input {
                    path: path.clone(),
                    old: *old,
                    new: *content,
                });
            }
            Some(_) => {}
            None => reasons.push(Reason::InputAdded(path.clone())),
        }
    }
    let gone = old.iter().filter(|(path, _)| !after.contains_key(path));
    reasons.extend(gone.map(|(path, _)| Reason::InputRemoved(path.clone())));
    reasons
}

fn changed_outputs(
    standing: &[(ProjectPath, Content)],
    left: &[(ProjectPath, Content)],
) -> Vec<Reason> {
    let left: HashMap<&ProjectPath, &Content> =
        left.iter().map(|(path, content)| (path, content)).collect();
    let reason = |(path, content): &(ProjectPath, Content)| match left.get(path) {
        Some(&old) if old == content => None,
        _ if *content == Content::Absent => Some(Reason::OutputMissing(path.clone())),
        Some(&old) => Some(Reason::OutputChanged {
            path: path.clone(),
            old: *old,
            new: *content,
        }),
        None => Some(Reason::OutputMissing(path.clone())),
    };
    standing.iter().filter_map(reason).collect()
}

#[cfg(test)]
mod tests;
