//! The decoder and `schemas/manifest.kdl` say the same of what a schema can express: over every manifest that is shown
//! anywhere, and over random changes to them.
//!
//! Does not know the rule table: both sides are asked as strangers.

use super::validator::Schema;
use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use pipe::logic::manifest::{Problem, Severity, Source, manifest_schema, read};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// How many changed manifests are tried.
const CHANGED: usize = 3000;

fn parse(text: &str) -> Option<KdlDocument> {
    KdlDocument::parse_v2(text).ok()
}

fn errors(text: &str) -> Vec<Problem> {
    let (_, problems) = read(&Source::new("pipe.kdl", text));
    problems
        .into_iter()
        .filter(|problem| problem.severity == Severity::Error)
        .collect()
}

/// Whether a schema of this language can say so. It cannot count arguments and properties together, sees a property
/// only once, and cannot ask for a block.
fn expressible(problem: &Problem) -> bool {
    let message = problem.message.as_str();
    // An axis may have any name, so a schema cannot say what it takes.
    if message.starts_with("`axis`") {
        return false;
    }
    // It speaks of all arguments alike and names one type at most: of what may be a text or a number, as a resource's
    // amount, it says none.
    if message.starts_with("a resource has a name") || message.contains(" wants a text or a number")
    {
        return false;
    }
    match problem.code {
        "unknown-word" | "unknown-property" | "wrong-type" | "too-many-values" | "out-of-range" => {
            true
        }
        "missing-value" => !["`in`", "`out`", "`env`"]
            .iter()
            .any(|word| message.starts_with(word)),
        "duplicate" => message.contains("stands twice"),
        "block" => message.contains("has no block"),
        _ => false,
    }
}

/// Whether an axis of a matrix has a block, about which a schema that lets axes have any name cannot say anything.
fn has_axis_with_block(document: &KdlDocument) -> bool {
    document.nodes().iter().any(|node| {
        let Some(block) = node.children() else {
            return false;
        };
        let in_axes = node.name().value() == "matrix"
            && block.nodes().iter().any(|axis| axis.children().is_some());
        in_axes || has_axis_with_block(block)
    })
}

/// Where the two do not agree, in words.
fn disagreement(schema: &Schema, text: &str) -> Option<String> {
    let document = parse(text).filter(|document| !has_axis_with_block(document))?;
    let errors = errors(text);
    let complaints = schema.complaints(&document);
    let structural: Vec<&Problem> = errors.iter().filter(|error| expressible(error)).collect();
    match (complaints.is_empty(), errors.is_empty()) {
        (false, true) => Some(format!(
            "only the schema rejects: {}",
            complaints.join("; ")
        )),
        (true, false) if !structural.is_empty() => {
            let said: Vec<&str> = structural
                .iter()
                .map(|error| error.message.as_str())
                .collect();
            Some(format!("only the decoder rejects: {}", said.join("; ")))
        }
        _ => None,
    }
}

/// Every manifest that is right: of the fixtures, and of the book.
fn manifests() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["fixtures", "book/src"] {
        for entry in walkdir::WalkDir::new(root.join(folder)).sort_by_file_name() {
            let path = entry.expect("the folder can be listed").into_path();
            let name = path.display().to_string();
            let is = |extension| path.extension().is_some_and(|found| found == extension);
            if !(is("kdl") || is("md")) || name.contains("/invalid/") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a text can be read");
            if is("kdl") {
                found.push((name, text));
            } else {
                let fenced = text.split("\n```kdl\n").skip(1);
                let blocks = fenced.filter_map(|rest| rest.split("\n```").next());
                found.extend(blocks.map(|block| (name.clone(), block.to_owned())));
            }
        }
    }
    assert!(found.len() > 15, "only {} manifests", found.len());
    found
}

#[test]
fn the_schema_has_the_form_of_schemas() {
    let form_text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/schemas/form.kdl"))
            .expect("the form can be read");
    let form = Schema::parse(&form_text);
    for text in [form_text.as_str(), &manifest_schema()] {
        let complaints = form.complaints(&parse(text).expect("a schema is KDL 2"));
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
    for bad in [
        "",
        "document {}",
        "document { info; node 1 }",
        "document { info; node \"a\" { max } }",
        "document { info; node \"a\" { value { type \"text\" } } }",
        "document { info; node \"a\" { value { min -1 } } }",
        "document { info; node \"a\" { word 1 } }",
        "document { info; node \"a\" name=\"b\" }",
        "document { info; nodes \"a\" }",
    ] {
        let complaints = form.complaints(&parse(bad).expect("KDL 2"));
        assert!(!complaints.is_empty(), "passes: {bad}");
    }
}

#[test]
fn every_right_manifest_passes() {
    let schema = Schema::parse(&manifest_schema());
    for (name, text) in manifests() {
        let document = parse(&text).unwrap_or_else(|| panic!("{name} is no KDL 2"));
        let complaints = schema.complaints(&document);
        assert!(
            complaints.is_empty(),
            "{name}: {}\n{text}",
            complaints.join("\n")
        );
    }
}

#[test]
fn wrong_manifests_are_wrong_for_both() {
    let schema = Schema::parse(&manifest_schema());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/invalid");
    for entry in fs::read_dir(folder).expect("the fixtures can be listed") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "kdl") {
            let text = fs::read_to_string(&path).expect("a fixture can be read");
            let found = disagreement(&schema, &text);
            assert_eq!(found, None, "{}", path.display());
        }
    }
}

#[test]
fn changed_manifests_get_the_same_verdict() {
    let schema = Schema::parse(&manifest_schema());
    // Words that are rare in the others.
    let more = "jobs 8\ndefaults {\n    shell \"sh\" \"-c\"\n}\n";
    let manifests: Vec<KdlDocument> = manifests()
        .iter()
        .chain(&vec![(String::new(), more.to_owned()); 4])
        .filter_map(|(_, text)| parse(text))
        .filter(|document| !document.nodes().is_empty())
        .collect();
    let mut random = Random(TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut both, mut neither) = (0, 0);
    for _ in 0..CHANGED {
        let mut document = manifests[random.below(manifests.len())].clone();
        for _ in 0..=random.below(2) {
            change(&mut document, &mut random);
        }
        let text = document.to_string();
        let found = disagreement(&schema, &text);
        assert_eq!(found, None, "\n{text}");
        let errors = errors(&text);
        for error in errors.iter().filter(|error| expressible(error)) {
            *codes.entry(error.code).or_default() += 1;
        }
        match errors.is_empty() {
            true => neither += 1,
            false => both += 1,
        }
    }
    let told = format!("{codes:?}, {neither} right, {both} wrong");
    assert!(
        codes.len() == 8 && codes.values().all(|&count| count >= 20),
        "{told}"
    );
    assert!(neither > CHANGED / 20 && both > CHANGED / 5, "{told}");
}

struct Random(TestRng);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0.next_u32() as usize % limit.max(1)
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

const WORDS: [&str; 18] = [
    "jobs",
    "env",
    "pass-env",
    "defaults",
    "node",
    "about",
    "in",
    "out",
    "run",
    "exec",
    "after",
    "exclusive",
    "dir",
    "shell",
    "always",
    "input",
    "rn",
    "x",
];

/// Where the numbers stand among the values that are put in.
const NUMBERS: std::ops::Range<usize> = 4..9;

/// One random change, somewhere.
fn change(document: &mut KdlDocument, random: &mut Random) {
    let nodes = document.nodes_mut();
    if nodes.is_empty() {
        return;
    }
    let at = random.below(nodes.len());
    let inside = nodes[at]
        .children()
        .is_some_and(|block| !block.nodes().is_empty());
    if inside && random.below(4) > 0 {
        let block = nodes[at].children_mut();
        return change(block.as_mut().expect("it was there"), random);
    }
    let node = &mut nodes[at];
    let entries = node.entries().len();
    let values = [
        KdlValue::from("x"),
        KdlValue::from("y/z"),
        KdlValue::from("A"),
        KdlValue::from(""),
        KdlValue::from(2_i128),
        KdlValue::from(0_i128),
        KdlValue::from(1_000_000_i128),
        KdlValue::from(1.5),
        KdlValue::from(2.0),
        KdlValue::from(true),
        KdlValue::Null,
    ];
    match random.below(10) {
        0 => node.set_name(random.pick(&WORDS)),
        1 if entries > 0 => {
            let which = random.below(entries);
            node.entries_mut().remove(which);
        }
        2 | 3 if entries > 0 => {
            let which = random.below(entries);
            let entry = &mut node.entries_mut()[which];
            let numbers = &values[NUMBERS];
            let value = match entry.value() {
                KdlValue::Integer(_) => random.pick(numbers),
                _ => random.pick(&values),
            };
            entry.set_value(value);
            entry.clear_format();
        }
        4 => node.push(KdlEntry::new(random.pick(&values))),
        5 => {
            let key = random.pick(&["NAME", "lang", "x-1"]);
            node.push(KdlEntry::new_prop(key, random.pick(&values)));
        }
        6 => {
            let twin = node.clone();
            nodes.insert(at, twin);
        }
        7 => {
            nodes.remove(at);
        }
        8 => {
            let mut block = KdlDocument::new();
            block.nodes_mut().push(KdlNode::new(random.pick(&WORDS)));
            node.set_children(block);
        }
        _ => {
            let mut new = KdlNode::new(random.pick(&WORDS));
            for _ in 0..random.below(3) {
                new.push(KdlEntry::new(random.pick(&values)));
            }
            nodes.insert(at, new);
        }
    }
}
