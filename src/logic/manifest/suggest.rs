//! What a word was most likely meant to be.
//!
//! Does not know the manifest's words; the caller brings them.

use super::rules::{Place, Word, all_words};

/// The nearest of `candidates` to `word`, if it is near enough to be a slip: one letter, or a third of the word.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What to do about a word that is not known at this place.
pub(super) struct Advice {
    pub(super) code: &'static str,
    pub(super) message: String,
    /// A few words for the place.
    pub(super) label: String,
    pub(super) help: String,
    /// What it surely is, so that the rest of the statement can be read as that.
    pub(super) meant: Option<&'static Word>,
}

/// What other tools call a dependency on a task, where ours has files: `in` may not be what is meant.
const AMBIGUOUS: [&str; 5] = ["depends", "depends-on", "needs", "requires", "dependencies"];

/// Judges a word that is not known at `place`: of another place, of another tool, or a slip.
pub(super) fn unknown_word(written: &str, place: Place) -> Advice {
    let clean = written
        .trim_end_matches([':', ',', '='])
        .trim_start_matches(['-', '$', '@', '\'']);
    let lower = clean.to_lowercase().replace('_', "-");
    let unknown = |help: String, meant| Advice {
        code: "unknown-word",
        message: format!("unknown word `{written}`"),
        label: format!("not known {}", place.phrase()),
        help,
        meant,
    };
    if let Some(word) = place.word(&lower) {
        let colon = written.ends_with(':');
        let help = format!(
            "write `{}`{}",
            word.example,
            if colon { ", without a colon" } else { "" }
        );
        return unknown(help, Some(word));
    }
    if let Some(word) = all_words().find(|word| word.name == lower) {
        return Advice {
            code: "misplaced-word",
            message: format!("`{}` does not stand {}", word.name, place.phrase()),
            label: "not here".to_owned(),
            help: format!("it stands {}", proper_places(word)),
            meant: None,
        };
    }
    let synonym = |word: &&Word| word.synonyms.contains(&lower.as_str());
    if let Some(word) = place.words().find(synonym) {
        let help = format!(
            "here it is called `{}`, as in `{}`",
            word.name, word.example
        );
        if AMBIGUOUS.contains(&lower.as_str()) {
            let nodes = "for all that another node writes: `in (node)\"name\"`; for order alone: `after \"name\"`";
            return unknown(format!("{help}; {nodes}"), None);
        }
        return unknown(help, Some(word));
    }
    if let Some(near) = nearest(&lower, place.words().map(|word| word.name)) {
        return unknown(format!("did you mean `{near}`?"), place.word(near));
    }
    if let Some(word) = all_words().find(synonym) {
        let proper = proper_places(word);
        return unknown(
            format!(
                "if `{}` is meant: it stands {proper}, as in `{}`",
                word.name, word.example
            ),
            None,
        );
    }
    let known: Vec<&str> = place.words().map(|word| word.name).collect();
    unknown(
        format!("{} there can be: {}", place.phrase(), known.join(", ")),
        None,
    )
}

fn proper_places(word: &Word) -> String {
    let told = |place: &&Place| **place != Place::Included || word.places.len() == 1;
    let places = word.places.iter().filter(told);
    let places: Vec<&str> = places.map(|place| place.phrase()).collect();
    places.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_guesses_are_not_wild() {
        assert_eq!(
            nearest("exclusiv", ["exec", "exclusive"]),
            Some("exclusive")
        );
        assert_eq!(nearest("abuot", ["about", "out"]), Some("about"));
        assert_eq!(nearest("frobnicate", ["in", "out", "exec"]), None);
        assert_eq!(nearest("x", ["in", "y"]), None);
    }

    #[test]
    fn other_tools_words_lead_to_ours() {
        for (word, ours) in [
            ("inputs:", "`in`"),
            ("cmd", "`run`"),
            ("depends-on", "`in`"),
            ("outs", "`out`"),
            ("wdir", "`dir`"),
        ] {
            assert!(
                unknown_word(word, Place::Node).help.contains(ours),
                "{word}"
            );
        }
        assert!(unknown_word("task", Place::Top).help.contains("`node`"));
        assert!(
            unknown_word("sandbox", Place::Node)
                .help
                .contains("`strict`")
        );
    }
}
