//! The fence around a command, by Landlock: what it may read and write, the rest of the project denied.
//!
//! Landlock only knows what is allowed, below which folder. So all that lies beside the project and beside each folder
//! above it is allowed to be read one by one, as it stands when the command starts. Folders may be listed everywhere;
//! what is no opening (`stat`, `access`) cannot be denied. Does not know what a command declares.

use super::super::Fence;
use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus,
};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where every program may write: streams, shared memory, its own settings.
const DEVICES: [&str; 2] = ["/dev", "/proc"];

/// Puts this process, and all that it starts, behind `fence` for good.
///
/// # Errors
/// The kernel has no Landlock, or one older than Linux 5.19.
pub(in super::super) fn enter(root: &Path, fence: &Fence) -> io::Result<()> {
    let status = rules(root, fence)
        .and_then(RulesetCreated::restrict_self)
        .map_err(io::Error::other)?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(io::ErrorKind::Unsupported.into()),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::Execute | AccessFs::ReadDir
}

/// Anything but making devices.
fn anything() -> BitFlags<AccessFs> {
    AccessFs::from_all(ABI::V3) & !(AccessFs::MakeChar | AccessFs::MakeBlock)
}

fn rules(root: &Path, fence: &Fence) -> Result<RulesetCreated, RulesetError> {
    // Before Linux 6.2 emptying a file by its name cannot be denied; all else that is asked for must be there.
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V2))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::Truncate)?
        .create()?;
    rules = allow(rules, Path::new("/"), AccessFs::ReadDir.into())?;
    for path in beside(root) {
        rules = allow(rules, &path, reading())?;
    }
    for device in DEVICES.iter().map(Path::new) {
        if !root.starts_with(device) {
            rules = allow(
                rules,
                device,
                reading() | AccessFs::WriteFile | made_there(),
            )?;
        }
    }
    for path in &fence.read {
        rules = allow(rules, path, reading())?;
    }
    for path in &fence.write {
        rules = allow(rules, path, anything())?;
    }
    Ok(rules)
}

/// What is made below `/dev`: shared memory and semaphores.
fn made_there() -> BitFlags<AccessFs> {
    AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Truncate
}

/// What is not there is not allowed; a file is given those rights that a file can have.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(rules);
    };
    let rights = match metadata.is_dir() {
        true => rights,
        false => rights & AccessFs::from_file(ABI::V3),
    };
    match PathFd::new(path) {
        Ok(place) => rules.add_rule(PathBeneath::new(place, rights)),
        Err(_) => Ok(rules),
    }
}

/// All that lies beside `root` and beside the folders above it. Links are left out: what they lead to is found in its
/// own place, and one that leads into the project must open no way.
fn beside(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for inner in root.ancestors() {
        let Some(folder) = inner.parent() else { break };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries {
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !is_link && entry.path() != inner {
                found.push(entry.path());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_the_project_is_found_and_the_project_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("a/project");
        fs::create_dir_all(root.join("inside")).unwrap();
        fs::create_dir_all(root.join("../sister")).unwrap();
        fs::write(root.join("../../file"), "").unwrap();
        std::os::unix::fs::symlink(&root, root.join("../link")).unwrap();
        let found = beside(&root);
        let top = root.parent().unwrap().parent().unwrap();
        assert!(found.contains(&top.join("a/sister")) && found.contains(&top.join("file")));
        assert!(found.iter().all(|path| !root.starts_with(path)));
        assert!(!found.contains(&top.join("a/link")));
    }
}
