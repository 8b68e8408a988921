//! Names that editors and tools give to files they are about to rename or remove again.
//!
//! A rule for what wakes a watch. A build does not go by it: what a glob matches when a build looks is an input.

/// Whether a file of this name is an editor's or a tool's own, and gone in a moment: `a.csv~`, `.a.csv.swp`, `#a.csv#`,
/// `.#a.csv`, vim's `4913`, `a.csv___jb_tmp___`, `.goutputstream-…`, `sedAbC123`, `a.csv.tmp.123`, `.pipe-…`.
pub fn is_temporary(name: &str) -> bool {
    let swap = |end: &str| {
        end.len() == 3 && end.starts_with("sw") && end.as_bytes()[2].is_ascii_lowercase()
    };
    let hidden_swap = || {
        let (start, end) = name.rsplit_once('.').unwrap_or((name, ""));
        start.starts_with('.') && swap(end)
    };
    let letters = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
    let sed = || {
        name.strip_prefix("sed")
            .is_some_and(|rest| rest.len() == 6 && letters(rest))
    };
    let numbered = || {
        let end = name.rsplit_once(".tmp.").map(|(_, end)| end);
        end.is_some_and(|end| !end.is_empty() && letters(end))
    };
    name.ends_with('~')
        || name == "4913"
        || name.starts_with(".#")
        || (name.len() > 2 && name.starts_with('#') && name.ends_with('#'))
        || name.ends_with("___jb_tmp___")
        || name.ends_with("___jb_old___")
        || name.ends_with(".crswap")
        || name.starts_with(".goutputstream-")
        || name.starts_with(crate::base::path::OWN_PREFIX)
        || hidden_swap()
        || sed()
        || numbered()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_names_are_known_and_peoples_are_not_taken_for_them() {
        for name in [
            "a.csv~",
            ".a.csv.swp",
            ".a.csv.swx",
            "4913",
            "#a.csv#",
            ".#a.csv",
            "a.csv___jb_tmp___",
            ".goutputstream-X1Y2Z3",
            "sedAbC123",
            "a.csv.tmp.4711",
            "a.csv.crswap",
            ".pipe-replaced",
        ] {
            assert!(is_temporary(name), "{name}");
        }
        for name in [
            "a.csv", "a.swp", "#", "4914", "sediment", "sedan", ".hidden", "a.tmp", "tmp.1",
            "x.swift",
        ] {
            assert!(!is_temporary(name), "{name}");
        }
    }
}
