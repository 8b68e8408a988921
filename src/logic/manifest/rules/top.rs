//! The words that stand at the top of a manifest, some of them in nodes as well.
//!
//! Does not know how a word is decoded.

use super::{ANYWHERE, Argument, PLAIN, Place, Word};

pub(super) static WORDS: [Word; 8] = [
    Word {
        name: "jobs",
        places: &[Place::Top, Place::Node],
        argument: Argument::Number(1, 4096),
        about: "At the top: how many commands may run at once, the number of processors unless given; in a node: how many of its instances",
        example: "jobs 4",
        synonyms: &[
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
        places: &[Place::Top, Place::Included],
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
        name: "resource",
        places: &[Place::Top],
        argument: Argument::Value,
        min: 2,
        max: Some(2),
        repeatable: true,
        about: "Something that nodes share, and how much of it there is: a size, a plain count, or a part of the machine's memory",
        example: "resource \"memory\" \"16GiB\"",
        synonyms: &["resources", "pool", "pools", "limit", "limits"],
        ..PLAIN
    },
    Word {
        name: "params",
        places: &[Place::Top, Place::Included],
        max: None,
        repeatable: true,
        about: "Files that hold parameters: .toml, .json, .yaml",
        example: "params \"params.toml\"",
        synonyms: &["parameters", "parameter-files", "configfile", "config-file"],
        ..PLAIN
    },
    Word {
        name: "include",
        places: &[Place::Top],
        max: None,
        repeatable: true,
        about: "More manifests, with nodes and params of their own; paths in them start at the root manifest's folder too",
        example: "include \"features/*.kdl\"",
        synonyms: &[
            "import", "imports", "includes", "subninja", "use-file", "load",
        ],
        ..PLAIN
    },
];
