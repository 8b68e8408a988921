//! The words of a node that say what it does, what it reads and what it writes.
//!
//! Does not know how a word is decoded.

use super::{Argument, PLAIN, Place, Word};

pub(super) static WORDS: [Word; 14] = [
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
        annotations: &["node"],
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
    Word {
        name: "tags",
        max: None,
        repeatable: true,
        about: "Words by which nodes can be asked for together: `pipe build tag:nightly`",
        example: "tags \"model\" \"nightly\"",
        synonyms: &["tag", "labels", "label", "groups"],
        ..PLAIN
    },
    Word {
        name: "matrix",
        min: 0,
        max: Some(0),
        block: Some(Place::Matrix),
        about: "One instance of the node for every combination of the axes' values",
        example: "matrix { model \"rf\" \"xgb\"; seed 1 2 3 }",
        synonyms: &[
            "foreach",
            "for-each",
            "for",
            "each",
            "expand",
            "wildcards",
            "parameterize",
        ],
        ..PLAIN
    },
    Word {
        name: "exclude",
        places: &[Place::Matrix],
        argument: Argument::Value,
        max: Some(0),
        properties: Some(
            "an axis and a value of it; where all that are named meet, there is no instance",
        ),
        repeatable: true,
        about: "Combinations that are left out",
        example: "exclude model=\"rf\" seed=3",
        synonyms: &["skip", "except", "without"],
        ..PLAIN
    },
    Word {
        name: "param",
        max: None,
        repeatable: true,
        about: "Parameters that the command reads by itself; they are part of the key",
        example: "param \"train.depth\"",
        synonyms: &["parameter", "uses-params", "reads-params"],
        ..PLAIN
    },
];
