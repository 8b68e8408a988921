//! Paths as a command sees them: from the folder in which it starts, whole or a part.
//!
//! Does not know which inputs and outputs there are.

use crate::base::path::ProjectPath;
use crate::logic::manifest::PathPart;

/// What `member` names, or of what `file.stem` names the stem.
pub(super) fn whole_or_part(
    member: &str,
    values: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Option<Vec<String>> {
    let part = || {
        let (base, part) = PathPart::split(member)?;
        let whole = values(base)?;
        Some(whole.iter().map(|path| part.of(path).to_owned()).collect())
    };
    values(member).or_else(part)
}

pub(super) fn relative_all(paths: &[ProjectPath], folder: &ProjectPath) -> Vec<String> {
    paths.iter().map(|path| relative(path, folder)).collect()
}

/// `path` as seen from `folder`.
pub(super) fn relative(path: &ProjectPath, folder: &ProjectPath) -> String {
    if folder.is_root() {
        return path.to_string();
    }
    let here: Vec<&str> = folder.as_str().split('/').collect();
    let there: Vec<&str> = path
        .as_str()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let shared = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", here.len() - shared);
    let text = up
        .chain(there[shared..].iter().copied())
        .collect::<Vec<_>>()
        .join("/");
    if text.is_empty() {
        ".".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_commands_folder() {
        let path = |text: &str| ProjectPath::parse(text).unwrap();
        for (target, folder, want) in [
            ("data/x", ".", "data/x"),
            ("data/x", "sub", "../data/x"),
            ("sub/x", "sub", "x"),
            ("sub/a/x", "sub/b/c", "../../a/x"),
            ("sub", "sub", "."),
        ] {
            assert_eq!(relative(&path(target), &path(folder)), want);
        }
    }
}
