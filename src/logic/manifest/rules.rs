//! The one table of the manifest's words: where each may stand, what it takes, what it means. Decoding, suggestions and
//! `schemas/manifest.kdl` all come from it.
//!
//! Does not know how a word is decoded; `decode` does.

mod node;
mod settings;
mod top;

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The top of the manifest.
    Top,
    /// The top of a manifest that another includes.
    Included,
    /// Inside `defaults { … }`.
    Defaults,
    /// Inside `node "name" { … }`.
    Node,
    /// Inside a node's `matrix { … }`: `exclude`, and axes by any other name.
    Matrix,
}

/// What a word's arguments are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    /// A whole number within these limits.
    Number(i128, i128),
    /// A text.
    Text,
    /// A text, a number, or `#true` and `#false`.
    Value,
}

/// A word of the manifest.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) name: &'static str,
    /// Where it may stand.
    pub(super) places: &'static [Place],
    pub(super) argument: Argument,
    /// The least number of values, arguments and properties together.
    pub(super) min: usize,
    /// The greatest number of arguments; `None` for any.
    pub(super) max: Option<usize>,
    /// What `name="value"` means here; `None` where it may not stand.
    pub(super) properties: Option<&'static str>,
    /// The annotations that an argument may carry.
    pub(super) annotations: &'static [&'static str],
    /// What its block holds; `None` where there is none.
    pub(super) block: Option<Place>,
    /// Whether it may stand more than once in one place.
    pub(super) repeatable: bool,
    /// What it means, in one line.
    pub(super) about: &'static str,
    /// How it is written.
    pub(super) example: &'static str,
    /// What other tools and habits call it.
    pub(super) synonyms: &'static [&'static str],
}

const ANYWHERE: &[Place] = &[Place::Top, Place::Defaults, Place::Node];
const IN_NODE: &[Place] = &[Place::Node];

/// A word that takes texts and stands once in a node: what most are.
const PLAIN: Word = Word {
    name: "",
    places: IN_NODE,
    argument: Argument::Text,
    min: 1,
    max: Some(1),
    properties: None,
    annotations: &[],
    block: None,
    repeatable: false,
    about: "",
    example: "",
    synonyms: &[],
};

/// All words of the manifest, in the order in which they are listed.
pub(super) fn all_words() -> impl Iterator<Item = &'static Word> {
    top::WORDS
        .iter()
        .chain(&node::WORDS)
        .chain(&settings::WORDS)
}

/// An axis of a matrix; its name is free.
pub(super) static AXIS: Word = Word {
    name: "axis",
    places: &[Place::Matrix],
    argument: Argument::Value,
    max: None,
    annotations: &["glob", "param"],
    about: "An axis: its name and its values",
    example: "model \"rf\" \"xgb\"",
    ..PLAIN
};

/// What may stand between a placeholder's braces.
pub(super) const NAMESPACES: [&str; 6] = ["in", "out", "params", "matrix", "node", "slots"];

impl Place {
    /// The words that may stand here.
    pub(super) fn words(self) -> impl Iterator<Item = &'static Word> {
        all_words().filter(move |word| word.places.contains(&self))
    }

    /// The word that stands here by this name.
    pub(super) fn word(self, name: &str) -> Option<&'static Word> {
        let known = self.words().find(|word| word.name == name);
        known.or((self == Place::Matrix).then_some(&AXIS))
    }

    /// Where that is, for messages.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Place::Top => "at the top of the manifest",
            Place::Included => "in an included manifest",
            Place::Defaults => "inside `defaults`",
            Place::Node => "inside a node",
            Place::Matrix => "inside a matrix",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_means_two_things() {
        for place in ANYWHERE {
            let mut names: Vec<&str> = place
                .words()
                .flat_map(|w| [&[w.name], w.synonyms].concat())
                .collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{place:?}");
        }
    }
}
