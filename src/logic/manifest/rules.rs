//! The one table of the manifest's words: where each may stand, what it takes, what it means. Decoding, suggestions and
//! `schemas/manifest.kdl` all come from it.
//!
//! Does not know how a word is decoded; `decode` does.

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The top of the manifest.
    Top,
    /// Inside `defaults { … }`.
    Defaults,
    /// Inside `node "name" { … }`.
    Node,
}

/// What a word's arguments are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    /// A whole number within these limits.
    Number(i128, i128),
    /// A text.
    Text,
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
    /// The one annotation that an argument may carry.
    pub(super) annotation: Option<&'static str>,
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
    annotation: None,
    block: None,
    repeatable: false,
    about: "",
    example: "",
    synonyms: &[],
};

/// All words of this version.
pub(super) static WORDS: [Word; 15] = [
    Word {
        name: "jobs",
        places: &[Place::Top],
        argument: Argument::Number(1, 4096),
        about: "How many commands may run at once; the number of processors unless given",
        example: "jobs 4",
        synonyms: &[
            "threads",
            "cpus",
            "cores",
            "parallel",
            "parallelism",
            "concurrency",
            "workers",
            "max-jobs",
        ],
        ..PLAIN
    },
    Word {
        name: "env",
        places: ANYWHERE,
        min: 1,
        max: None,
        properties: Some("a variable and what it is set to"),
        repeatable: true,
        about: "Variables that the command sees and that are part of its key; a name alone takes the caller's value",
        example: "env PYTHONHASHSEED=\"0\"",
        synonyms: &[
            "environment",
            "envs",
            "vars",
            "variables",
            "export",
            "setenv",
        ],
        ..PLAIN
    },
    Word {
        name: "pass-env",
        places: ANYWHERE,
        max: None,
        repeatable: true,
        about: "Variables that are handed through from the caller and are not part of any key; `*` stands for any letters",
        example: "pass-env \"AWS_*\"",
        synonyms: &[
            "pass",
            "passenv",
            "passthrough",
            "pass-through-env",
            "passthrough-env",
            "inherit-env",
        ],
        ..PLAIN
    },
    Word {
        name: "defaults",
        places: &[Place::Top],
        min: 0,
        max: Some(0),
        block: Some(Place::Defaults),
        about: "What holds for every node that does not say it itself",
        example: "defaults { shell \"bash\" \"-euo\" \"pipefail\" \"-c\" }",
        synonyms: &["default", "settings", "config", "global"],
        ..PLAIN
    },
    Word {
        name: "node",
        places: &[Place::Top],
        block: Some(Place::Node),
        repeatable: true,
        about: "A command with what it reads and what it writes",
        example: "node \"clean\" { … }",
        synonyms: &[
            "task", "rule", "stage", "stages", "step", "job", "target", "recipe", "process",
            "action", "tasks", "rules", "steps", "nodes", "build", "pipeline",
        ],
        ..PLAIN
    },
    Word {
        name: "about",
        about: "What the node is for, in words for people",
        example: "about \"Clean the raw table\"",
        synonyms: &["description", "desc", "doc", "comment", "help", "message"],
        ..PLAIN
    },
    Word {
        name: "in",
        max: None,
        properties: Some("a name for `{in.NAME}`, and a path that plain `{in}` leaves out"),
        annotation: Some("node"),
        repeatable: true,
        about: "What the command reads: paths, globs, folders, or every output of another node with `(node)\"name\"`",
        example: "in \"data/raw.csv\" script=\"clean.py\"",
        synonyms: &[
            "input",
            "inputs",
            "dep",
            "deps",
            "depends",
            "depends-on",
            "depends_on",
            "dependencies",
            "needs",
            "requires",
            "sources",
            "source",
            "src",
            "srcs",
            "reads",
            "from",
            "ins",
        ],
        ..PLAIN
    },
    Word {
        name: "out",
        max: None,
        properties: Some("a name for `{out.NAME}`, and a path that plain `{out}` leaves out"),
        repeatable: true,
        about: "What the command writes: files, or folders with a `/` at the end",
        example: "out \"build/clean.csv\"",
        synonyms: &[
            "output",
            "outputs",
            "outs",
            "produces",
            "writes",
            "generates",
            "targets",
            "artifacts",
            "results",
            "to",
            "products",
            "creates",
        ],
        ..PLAIN
    },
    Word {
        name: "run",
        about: "The command, for the shell: one text, of one line or several",
        example: "run \"python clean.py {in} -o {out}\"",
        synonyms: &[
            "cmd", "command", "commands", "script", "sh", "bash", "cmds", "do", "call", "runs",
        ],
        ..PLAIN
    },
    Word {
        name: "exec",
        max: None,
        about: "The command as a program and its arguments, without a shell",
        example: "exec \"python\" \"clean.py\" \"{in}\" \"{out}\"",
        synonyms: &["args", "argv", "program", "execute"],
        ..PLAIN
    },
    Word {
        name: "after",
        max: None,
        repeatable: true,
        about: "Nodes that have to be done before, without being read from",
        example: "after \"report\"",
        synonyms: &["order-only", "runs-after", "wait-for", "order", "follows"],
        ..PLAIN
    },
    Word {
        name: "exclusive",
        min: 0,
        about: "Nothing else runs meanwhile; with a word, no other node that names the same word",
        example: "exclusive",
        synonyms: &["alone", "serial", "mutex", "lock", "isolated", "single"],
        ..PLAIN
    },
    Word {
        name: "dir",
        about: "The folder in which the command starts; the project's root unless given",
        example: "dir \"sub/folder\"",
        synonyms: &[
            "wdir",
            "workdir",
            "cwd",
            "working-directory",
            "working-dir",
            "directory",
            "chdir",
            "folder",
        ],
        ..PLAIN
    },
    Word {
        name: "shell",
        places: &[Place::Defaults, Place::Node],
        max: None,
        about: "The program that `run` is given to, with its arguments; the script comes last",
        example: "shell \"bash\" \"-euo\" \"pipefail\" \"-c\"",
        synonyms: &["interpreter", "executable"],
        ..PLAIN
    },
    Word {
        name: "always",
        min: 0,
        max: Some(0),
        about: "Runs at every build, whatever has changed",
        example: "always",
        synonyms: &["always-run", "always-changed", "phony", "force", "no-cache"],
        ..PLAIN
    },
];

/// Words that a later version will know, so that they are not taken for mistakes.
pub(super) const PLANNED: [&str; 17] = [
    "matrix", "param", "params", "resource", "use", "slots", "retries", "timeout", "tags", "probe",
    "persist", "temp", "cache", "depfile", "ignore", "strict", "include",
];

/// What may stand between a placeholder's braces, now and later.
pub(super) const NAMESPACES: [&str; 3] = ["in", "out", "node"];
/// See [`NAMESPACES`].
pub(super) const PLANNED_NAMESPACES: [&str; 3] = ["matrix", "params", "slots"];

impl Place {
    /// The words that may stand here.
    pub(super) fn words(self) -> impl Iterator<Item = &'static Word> {
        WORDS.iter().filter(move |word| word.places.contains(&self))
    }

    /// The word that stands here by this name.
    pub(super) fn word(self, name: &str) -> Option<&'static Word> {
        self.words().find(|word| word.name == name)
    }

    /// Where that is, for messages.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Place::Top => "at the top of the manifest",
            Place::Defaults => "inside `defaults`",
            Place::Node => "inside a node",
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
            assert!(
                names.iter().all(|name| !PLANNED.contains(name)),
                "{place:?}"
            );
        }
    }
}
