//! Decoder and schema say the same: good manifests pass both, and random damage that one refuses the other refuses too.

use super::validator::faults;
use kdl::{KdlDocument, KdlEntry, KdlIdentifier, KdlValue};
use pipe::logic::manifest::{Severity, Source, manifest_schema, read};
use std::path::Path;

const MUTATIONS: u64 = 1500;

/// Problems of these kinds a schema can see as well.
const SEEN_BY_BOTH: [&str; 6] = [
    "unknown-word",
    "misplaced-word",
    "unknown-property",
    "too-many-values",
    "out-of-range",
    "planned-word",
];

const EVERYTHING: &str = r#"
jobs 4
resource "memory" "16GiB"
params "params.toml"
env A="1" "B"
pass-env "AWS_*"
defaults { shell "bash" "-c"; retries 1; timeout 90; cache "off"; ignore "*.bak"; env C="2" }
include "x.kdl"
node "train" {
    about "Fit"
    tags "model" "nightly"
    matrix { model "rf" "xgb"; seed 1 2 3; exclude model="rf" seed=3 }
    in "data/a.csv" (node)"other" script="s.py"
    param "train.depth"
    out "build/{matrix.model}/{matrix.seed}" log="build/{matrix.model}/{matrix.seed}.csv"
    run "python {in.script} > {out}"
    after "other"
    jobs 2
    slots 2
    use memory="4GiB"
    retries 2
    timeout "30m"
    probe "python --version"
    persist
    depfile "build/{matrix.model}-{matrix.seed}.d"
}
node "other" { exclusive "db"; temp; always; dir "sub"; ignore "*.log"; out "o"; exec "a" "b" }
"#;

fn parsed(text: &str) -> KdlDocument {
    KdlDocument::parse_v2(text).expect("KDL")
}

fn schema() -> KdlDocument {
    parsed(&manifest_schema())
}

#[test]
fn manifests_that_are_read_keep_the_schema() {
    let schema = schema();
    assert_eq!(faults(&schema, &parsed(EVERYTHING)), Vec::<String>::new());
    let (_, problems) = read(&Source::new("everything", EVERYTHING));
    assert!(problems.is_empty(), "{problems:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for entry in walkdir::WalkDir::new(root).into_iter().flatten() {
        if entry
            .path()
            .extension()
            .is_none_or(|ending| ending != "kdl")
        {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("a text");
        let (_, problems) = read(&Source::new("fixture", text.as_str()));
        if problems.is_empty() {
            assert_eq!(
                faults(&schema, &parsed(&text)),
                Vec::<String>::new(),
                "{}",
                entry.path().display()
            );
        }
    }
}

/// xorshift64*: a seed always gives the same numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

/// Does one random thing to a random node, outside of matrices: their axes have free names.
fn mutate(document: &mut KdlDocument, random: &mut Random) {
    let count = document.nodes().len();
    let at = random.below(count);
    let node = &mut document.nodes_mut()[at];
    let inner = node
        .children()
        .is_some_and(|block| !block.nodes().is_empty());
    if inner && node.name().value() != "matrix" && random.below(4) > 0 {
        return mutate(node.children_mut().as_mut().expect("a block"), random);
    }
    let words = [
        "inn", "jobs", "matrix", "node", "in", "strict", "shell", "slots", "frob", "use",
    ];
    let values = [
        KdlValue::String("text".into()),
        KdlValue::Integer(7),
        KdlValue::Integer(-1),
        KdlValue::Integer(100_000),
        KdlValue::Float(1.5),
        KdlValue::Bool(true),
        KdlValue::Null,
    ];
    let value = values[random.below(values.len())].clone();
    match random.below(8) {
        0 => node.set_name(words[random.below(words.len())]),
        1 => node.push(KdlEntry::new(value)),
        2 => node.push(KdlEntry::new_prop("frob", value)),
        3 if !node.entries().is_empty() => {
            let entry = random.below(node.entries().len());
            node.entries_mut().remove(entry);
        }
        4 if !node.entries().is_empty() => {
            let entry = random.below(node.entries().len());
            node.entries_mut()[entry].set_value(value);
            node.entries_mut()[entry].clear_format();
        }
        5 => {
            let copy = document.nodes()[at].clone();
            document.nodes_mut().push(copy);
        }
        6 => node.set_children(parsed("about \"x\"\n")),
        _ if !node.entries().is_empty() => {
            let entry = random.below(node.entries().len());
            node.entries_mut()[entry].set_ty(KdlIdentifier::from("frob"));
            node.entries_mut()[entry].clear_format();
        }
        _ => {}
    }
}

#[test]
fn what_one_refuses_the_other_refuses_too() {
    let schema = schema();
    let (mut refused, mut passed) = (0, 0);
    for seed in 0..MUTATIONS {
        let mut document = parsed(EVERYTHING);
        mutate(
            &mut document,
            &mut Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        );
        let document_text = |document: &KdlDocument| {
            let mut document = document.clone();
            document.autoformat();
            document.to_string()
        };
        let text = document_text(&document);
        let by_schema = faults(&schema, &parsed(&text));
        let (_, problems) = read(&Source::new("mutant", text.as_str()));
        let errors: Vec<&str> = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| problem.code)
            .collect();
        assert!(
            by_schema.is_empty() || !errors.is_empty(),
            "seed {seed}: only the schema refuses {by_schema:?}\n{text}"
        );
        if let Some(code) = errors.iter().find(|code| SEEN_BY_BOTH.contains(code)) {
            assert!(
                !by_schema.is_empty(),
                "seed {seed}: only the decoder refuses ({code}): {problems:?}\n{text}"
            );
        }
        refused += usize::from(!by_schema.is_empty());
        passed += usize::from(errors.is_empty());
    }
    assert!(
        refused > 300 && passed > 50,
        "{refused} refused, {passed} passed"
    );
}
