//! Notices that a whole text is written in another tool's format, so that one sentence can stand for twenty errors.
//!
//! Does not read those formats: it goes by a few lines that only they have. A text with a `node` in it is a manifest,
//! whatever else stands there.

use super::problem::Problem;
use super::source::{Source, Span};
use std::ops::Range;
use std::sync::Arc;

/// A format that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What it is, as in "this looks like …".
    pub(super) name: &'static str,
    /// What to write instead.
    pub(super) hint: &'static str,
    /// The line that told.
    pub(super) line: Range<usize>,
}

const DVC: &str = "a stage is written\n    node \"clean\" { in \"a.csv\"; out \"b.csv\"; run \"sort {in} > {out}\" }\n`cmd` is `run`, `deps` is `in`, `outs` is `out`";
const SNAKEMAKE: &str = "a rule is written\n    node \"clean\" { in \"a.csv\"; out \"b.csv\"; run \"sort {in} > {out}\" }\n`input` is `in`, `output` is `out`, `shell` is `run`; values stand in quotes, without `:`";
const MAKE: &str = "the rule `b.csv: a.csv` is written\n    node \"clean\" { in \"a.csv\"; out \"b.csv\"; run \"sort {in} > {out}\" }\n`$^` and `$@` are `{in}` and `{out}`; targets such as `clean` are not needed";
const JUST: &str = "a recipe is written\n    node \"clean\" { in \"a.csv\"; out \"b.csv\"; run \"sort {in} > {out}\" }\nunlike just, pipe has to know what a command reads and writes";
const TOML: &str = "a section `[clean]` is written\n    node \"clean\" { in \"a.csv\"; out \"b.csv\"; run \"sort {in} > {out}\" }\nno `=` after a word, no brackets around values";
const YAML: &str = "a step is written\n    node \"clean\" { in \"a.csv\"; out \"b.csv\"; run \"sort {in} > {out}\" }\nbraces instead of indentation, no `:` after a word, texts in quotes";
const JSON: &str = "a step is written\n    node \"clean\" { in \"a.csv\"; out \"b.csv\"; run \"sort {in} > {out}\" }\nwords without quotes, no `:` and no commas";
const SCRIPT: &str = "keep the script in a file of its own, and say what it reads and writes\n    node \"clean\" { in script=\"clean.sh\"; out \"b.csv\"; run \"sh {in.script} {out}\" }\na manifest is data, not a program";

/// What the text seems to be, when it is not a manifest with mistakes but something else altogether.
pub(super) fn foreign_format(text: &str) -> Option<Foreign> {
    let lines: Vec<Line<'_>> = lines(text);
    if lines.iter().any(Line::is_ours) {
        return None;
    }
    let found = |name, hint, line: &Line<'_>| Foreign {
        name,
        hint,
        line: line.start..line.start + line.text.len(),
    };
    let first = lines.first()?;
    if first.text.starts_with("#!") {
        return Some(found("a script", SCRIPT, first));
    }
    // What tells a format apart, the surest first.
    if let Some(line) = lines.iter().find(|line| line.is_snakemake()) {
        return Some(found("a Snakefile", SNAKEMAKE, line));
    }
    if first.text.starts_with(['{', '[']) && json_inside(text, first.start) {
        return Some(found("JSON", JSON, first));
    }
    if let Some(line) = lines.iter().find(|line| line.is_section())
        && lines.iter().any(Line::is_assignment)
    {
        return Some(found("TOML", TOML, line));
    }
    if let Some(line) = lines.iter().find(|line| line.text == "stages:") {
        return Some(found("a dvc.yaml", DVC, line));
    }
    let recipe = lines.windows(2).find(|pair| {
        pair[0].is_rule() && pair[1].indent.starts_with('\t') && !pair[1].text.starts_with("- ")
    });
    if let Some([line, _]) = recipe {
        return Some(found("a Makefile", MAKE, line));
    }
    if let Some(line) = lines.iter().find(|line| line.text.starts_with(".PHONY:")) {
        return Some(found("a Makefile", MAKE, line));
    }
    if let Some(line) = yaml(&lines) {
        return Some(found("YAML", YAML, line));
    }
    let recipe = lines
        .windows(2)
        .find(|pair| pair[0].is_rule() && pair[1].indent.starts_with(' '));
    recipe.map(|pair| found("a justfile", JUST, &pair[0]))
}

impl Foreign {
    /// As the one problem of the text.
    pub(super) fn into_problem(self, source: &Arc<Source>) -> Problem {
        let span = Span {
            start: self.line.start as u32,
            len: self.line.len() as u32,
        };
        let message = format!(
            "this looks like {}; a manifest of pipe is written in KDL",
            self.name
        );
        Problem::error(source, "foreign-format", message)
            .at(span, "told by this line")
            .help(self.hint)
    }
}

/// A line that is neither empty nor a comment.
struct Line<'t> {
    /// Where its text starts.
    start: usize,
    /// What stands before the text.
    indent: &'t str,
    /// Without spaces at its ends.
    text: &'t str,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_start_matches(['\u{FEFF}', ' ', '\t']);
        let indent = &line[..line.len() - body.len()];
        let start = at + indent.len();
        at += line.len();
        let body = body.trim_end();
        let comment = body.starts_with("//")
            || (body.starts_with('#') && !(body.starts_with("#!") && start == 0));
        if !body.is_empty() && !comment {
            lines.push(Line {
                start,
                indent,
                text: body,
            });
        }
    }
    lines
}

impl<'t> Line<'t> {
    fn at_margin(&self) -> bool {
        self.indent.trim_start_matches('\u{FEFF}').is_empty()
    }

    /// `node "…"`, or a statement that opens a block as KDL does.
    fn is_ours(&self) -> bool {
        let rest = ["node", "defaults", "/- kdl-version"]
            .iter()
            .find_map(|word| self.text.strip_prefix(word));
        rest.is_some_and(|rest| rest.starts_with([' ', '\t', ':', '"', '{']))
            && !self.text.ends_with(':')
    }

    fn is_snakemake(&self) -> bool {
        let named = ["rule ", "checkpoint "]
            .iter()
            .find_map(|word| self.text.strip_prefix(word));
        self.at_margin()
            && named
                .and_then(|rest| rest.strip_suffix(':'))
                .is_some_and(is_name)
    }

    /// `[name]` or `[[name]]`, and nothing else.
    fn is_section(&self) -> bool {
        let inner = self
            .text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        let inner = inner.map(|text| text.trim_matches(['[', ']']));
        self.at_margin()
            && inner.is_some_and(|text| text.split('.').all(|part| is_name(part.trim_matches('"'))))
    }

    /// `name = value`.
    fn is_assignment(&self) -> bool {
        self.text
            .split_once('=')
            .is_some_and(|(name, value)| is_name(name.trim_end()) && !value.is_empty())
    }

    /// `target: prerequisites` or `recipe arguments:` at the margin.
    fn is_rule(&self) -> bool {
        let target = self.text.split_once(':').map(|(target, _)| target);
        self.at_margin()
            && target.is_some_and(|target| !target.is_empty() && !target.contains(['"', '{', '=']))
            && !self.text.ends_with('{')
    }

    /// `name:` with or without a value, as YAML has it.
    fn key(&self) -> Option<(&'t str, &'t str)> {
        let (name, value) = self.text.split_once(':')?;
        let apart = value.is_empty() || value.starts_with(' ');
        (apart && is_name(name)).then_some((name, value.trim()))
    }
}

/// A line that only YAML has: a key without a value, and below it, indented, a list or another key. A value may not
/// open a brace, and a command is no key, so neither a manifest with colons nor a justfile is meant.
fn yaml<'l, 't>(lines: &'l [Line<'t>]) -> Option<&'l Line<'t>> {
    let first = lines.first()?;
    if first.text == "---" {
        return Some(first);
    }
    if lines.iter().any(|line| line.text.ends_with('{')) {
        return None;
    }
    let pair = lines.windows(2).find(|pair| {
        let opens = pair[0].at_margin() && pair[0].key().is_some_and(|(_, value)| value.is_empty());
        let inside = pair[1].text.starts_with("- ") || pair[1].key().is_some();
        opens && !pair[1].at_margin() && inside
    })?;
    Some(&pair[0])
}

/// Whether a quoted key or an object follows the opening bracket.
fn json_inside(text: &str, start: usize) -> bool {
    let inside = text[start + 1..].trim_start();
    let key = inside
        .strip_prefix('"')
        .and_then(|rest| rest.split_once('"'))
        .is_some_and(|(_, rest)| rest.trim_start().starts_with([':', ',', ']']));
    key || inside.starts_with('{')
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<&'static str> {
        foreign_format(text).map(|foreign| foreign.name)
    }

    #[test]
    fn other_formats_are_told_by_name() {
        for (expected, text) in [
            ("a dvc.yaml", "stages:\n  a:\n    cmd: x\n"),
            ("a dvc.yaml", "# ours\nvars:\n  - p.yaml\nstages:\n  a:\n"),
            ("a Snakefile", "rule all:\n    input: \"a\"\n"),
            (
                "a Snakefile",
                "X = 1\n\ncheckpoint split:\n    output: \"a\"\n",
            ),
            ("a Makefile", "a.csv: b.csv\n\tsort $< > $@\n"),
            ("a Makefile", "CC = gcc\n.PHONY: all\nall: x\n"),
            ("TOML", "jobs = 4\n[node.clean]\nrun = \"x\"\n"),
            ("TOML", "[[tasks]]\nname = \"x\"\n"),
            ("YAML", "---\na: 1\n"),
            ("YAML", "tasks:\n  clean:\n    cmds:\n      - x\n"),
            ("YAML", "steps:\n- run: x\nother:\n  - y\n"),
            ("JSON", "{\n  \"nodes\": []\n}\n"),
            ("JSON", "[{\"a\": 1}]"),
            ("a justfile", "clean in out:\n    sort {{in}} > {{out}}\n"),
            ("a script", "#!/bin/sh\nsort a > b\n"),
        ] {
            assert_eq!(name(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_line_that_told_is_named() {
        let text = "# first\r\n\r\nrule all:\r\n    input: \"a\"\r\n";
        let foreign = foreign_format(text).expect("a Snakefile");
        assert_eq!(&text[foreign.line], "rule all:");
    }

    #[test]
    fn every_example_can_be_read() {
        for hint in [DVC, SNAKEMAKE, MAKE, JUST, TOML, YAML, JSON, SCRIPT] {
            let example = hint.lines().nth(1).expect("an example");
            let (manifest, problems) = super::super::read(&Source::new("pipe.kdl", example));
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!(manifest.map(|manifest| manifest.nodes.len()), Some(1));
        }
    }

    #[test]
    fn manifests_with_mistakes_stay_manifests() {
        for text in [
            "",
            "// only a comment\n",
            "jobs 4\n",
            "jobs = 4\n",
            "jobs: 4\nnode: \"clean\" {\n    run: \"x\"\n}\n",
            "[node.clean]\nnode \"a\" {\n    run = \"x\"\n}\n",
            "build/a.csv: b.csv\n\tsort\nnode \"a\" {\n}\n",
            "stages {\n    clean { cmd \"x\" }\n}\n",
            "task: \"clean\" {\n    run: \"x\"\n}\n",
            "rule \"clean\" {\n    input \"a\"\n}\n",
            "{\n    run \"x\"\n}\n",
            "nodes {\n  a: 1\n}\n",
            "/- kdl-version 1\nstages:\n",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
