//! The words of a node that say what its command takes, and what becomes of its results.
//!
//! Does not know how a word is decoded.

use super::{Argument, PLAIN, Place, Word};

pub(super) static WORDS: [Word; 11] = [
    Word {
        name: "slots",
        argument: Argument::Number(1, 4096),
        about: "How many of the job slots the command takes: for one that has threads of its own",
        example: "slots 2",
        synonyms: &["threads", "cpus", "cores", "cpu", "ncpus"],
        ..PLAIN
    },
    Word {
        name: "use",
        argument: Argument::Value,
        max: Some(0),
        properties: Some("a resource and how much of it the command takes"),
        repeatable: true,
        about: "How much of which resource the command takes while it runs",
        example: "use memory=\"4GiB\"",
        synonyms: &["uses", "mem", "memory", "requests", "consumes"],
        ..PLAIN
    },
    Word {
        name: "retries",
        places: &[Place::Defaults, Place::Node],
        argument: Argument::Number(0, 100),
        about: "How often a command that failed is tried again",
        example: "retries 2",
        synonyms: &["retry", "attempts", "max-retries", "restart-times"],
        ..PLAIN
    },
    Word {
        name: "timeout",
        places: &[Place::Defaults, Place::Node],
        argument: Argument::Value,
        about: "After how long the command is ended and counts as failed; a plain number is seconds",
        example: "timeout \"30m\"",
        synonyms: &["time-limit", "max-time", "deadline", "walltime", "time"],
        ..PLAIN
    },
    Word {
        name: "probe",
        max: None,
        repeatable: true,
        about: "A command whose standard output is part of the key: the state of a database, a tool's version",
        example: "probe \"python --version\"",
        synonyms: &["watch-command", "version", "check", "fingerprint"],
        ..PLAIN
    },
    Word {
        name: "persist",
        min: 0,
        max: Some(0),
        about: "What the last run wrote is left in place for the next one, which goes on from there",
        example: "persist",
        synonyms: &["incremental", "keep-outputs", "precious", "persistent"],
        ..PLAIN
    },
    Word {
        name: "temp",
        min: 0,
        max: Some(0),
        about: "The outputs are removed once every node that reads them is done; the cache keeps them",
        example: "temp",
        synonyms: &["temporary", "intermediate", "temp-outputs", "ephemeral"],
        ..PLAIN
    },
    Word {
        name: "cache",
        places: &[Place::Defaults, Place::Node],
        about: "`cache \"off\"`: results are not kept in the cache and not taken from it",
        example: "cache \"off\"",
        synonyms: &["caching", "cached"],
        ..PLAIN
    },
    Word {
        name: "depfile",
        about: "A file in Make's form that the command writes: what it names was read as well",
        example: "depfile \"build/a.d\"",
        synonyms: &["dep-file", "deps-file", "dyndep", "makedep"],
        ..PLAIN
    },
    Word {
        name: "ignore",
        places: &[Place::Defaults, Place::Node],
        max: None,
        repeatable: true,
        about: "Names in directory inputs that do not count, `*` for any letters",
        example: "ignore \"*.log\"",
        synonyms: &["ignores", "ignored", "exclude-files", "omit"],
        ..PLAIN
    },
    Word {
        name: "strict",
        places: &[Place::Top, Place::Node],
        min: 0,
        max: Some(0),
        about: "Reading and writing files of the project that are not declared is denied, at the top for every node",
        example: "strict",
        synonyms: &["sandbox", "sandboxed", "hermetic", "pure"],
        ..PLAIN
    },
];
