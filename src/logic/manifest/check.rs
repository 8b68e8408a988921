//! Checks statements against the table of words: names, kinds and numbers of values, blocks, repetitions. What passes
//! is typed; what does not is a problem and is left out.
//!
//! Does not know what the words mean; `decode` does.

use super::characters::line_end;
use super::document::{Element, Entry};
use super::problem::Problem;
use super::rules::{Place, Word};
use super::source::{Source, Span};
use super::suggest::unknown_word;
use super::typed::Value;
use super::words::in_quotes;
use std::collections::HashMap;
use std::sync::Arc;

/// Reads the parts of one text and collects what is wrong with them.
pub(super) struct Reader<'s> {
    pub(super) source: &'s Arc<Source>,
    pub(super) problems: Vec<Problem>,
    /// Where the guard found faults, sorted: what stands there was blanked, so it is not missing.
    pub(super) faults: &'s [usize],
    /// Whether the guard found faults in the statement of the top level that is being read.
    pub(super) damaged: bool,
}

/// A statement that the table knows.
pub(super) struct Statement<'k> {
    pub(super) word: &'static Word,
    /// Of its first word.
    pub(super) span: Span,
    /// Of all of it.
    pub(super) whole: Span,
    pub(super) values: Vec<Value<'k>>,
    pub(super) block: Option<&'k [Element<'k>]>,
}

impl Reader<'_> {
    /// Takes note of a problem.
    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// An error at one place.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        (span, label): (Span, &str),
        help: impl Into<String>,
    ) {
        let problem = Problem::error(self.source, code, message)
            .at(span, label)
            .help(help);
        self.report(problem);
    }

    /// One error for a thing that is said twice.
    pub(super) fn twice(
        &mut self,
        message: impl Into<String>,
        first: Span,
        again: Span,
        help: &str,
    ) {
        let problem = Problem::error(self.source, "duplicate", message).at(again, "again here");
        self.report(problem.at(first, "first here").help(help));
    }

    /// What stands at `span`.
    pub(super) fn written(&self, span: Span) -> &str {
        span.of(&self.source.text)
    }

    /// Every statement of a block that the table knows, in order.
    pub(super) fn block<'k>(
        &mut self,
        elements: &'k [Element<'k>],
        place: Place,
    ) -> Vec<Statement<'k>> {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut statements = Vec::new();
        for node in elements {
            let Some(statement) = self.statement(node, place) else {
                continue;
            };
            let word = statement.word;
            match seen.get(word.name) {
                Some(&first) if !word.repeatable => {
                    let message = format!("`{}` stands twice {}", word.name, place.phrase());
                    self.twice(message, first, statement.span, "keep one of the two");
                    continue;
                }
                _ => seen.entry(word.name).or_insert(statement.span),
            };
            statements.push(statement);
        }
        statements
    }

    /// A statement, checked against the table; `None` when it has no place there.
    pub(super) fn statement<'k>(
        &mut self,
        node: &'k Element<'k>,
        place: Place,
    ) -> Option<Statement<'k>> {
        let name = &*node.name.value;
        let span = node.name.span;
        if let Some(annotation) = &node.annotation {
            let place = annotation.span;
            self.error(
                "annotation",
                "a word carries no annotation",
                (place, "remove this and its parentheses"),
                "",
            );
        }
        let word = match place.word(name) {
            Some(word) => word,
            None => {
                let advice = unknown_word(name, place);
                self.error(
                    advice.code,
                    advice.message,
                    (span, &advice.label),
                    advice.help,
                );
                advice.meant.filter(|word| node.entries.len() >= word.min)?
            }
        };
        let mut statement = Statement {
            word,
            span,
            whole: node.span,
            values: Vec::new(),
            block: None,
        };
        if self.unquoted_command(node, &statement) {
            return Some(statement);
        }
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for entry in &node.entries {
            let Some(value) = self.value(entry, word) else {
                continue;
            };
            let first = entry
                .name
                .as_ref()
                .and_then(|name| seen.get(&*name.value))
                .copied();
            if let (Some(first), Some(name)) = (first, &value.name) {
                let message = format!("`{}` is given twice", name.value);
                self.twice(message, first, name.span, "keep one of the two");
                continue;
            }
            if let Some(name) = &entry.name {
                seen.insert(&name.value, name.span);
            }
            statement.values.push(value);
        }
        self.check_count(node, &statement);
        self.check_block(node, &mut statement);
        Some(statement)
    }

    /// `run python a.py {in}`: several words, or a block, where one text belongs.
    fn unquoted_command(&mut self, node: &Element<'_>, statement: &Statement<'_>) -> bool {
        if !matches!(statement.word.name, "run" | "exec") {
            return false;
        }
        let bare = |entry: &Entry<'_>| !self.written(entry.span).starts_with(['"', '#']);
        let words = node.entries.iter().filter(|entry| bare(entry)).count();
        let starts_bare = node.entries.first().is_none_or(bare);
        let meant =
            starts_bare && (node.children.is_some() || (statement.word.name == "run" && words > 1));
        if !meant {
            return false;
        }
        let whole = range(node.span);
        let from = node
            .entries
            .first()
            .map_or(whole.start, |entry| entry.start as usize);
        let end = line_end(&self.source.text, from).min(whole.end).max(from);
        let span = Span {
            start: from as u32,
            len: (end - from) as u32,
        };
        let text = in_quotes(self.written(span));
        let example = match statement.word.name {
            "run" => format!("write `run \"{text}\"`"),
            _ => "put every argument in quotes: `exec \"python\" \"clean.py\" \"{in}\"`".to_owned(),
        };
        self.error(
            "unquoted-command",
            "a command stands in quotes, all of it",
            (span, "not in quotes"),
            example,
        );
        true
    }

    /// Whether the guard found something wrong in this statement, so that what is missing need not be.
    fn is_damaged(&self, node: &Element<'_>) -> bool {
        let place = range(node.span);
        let end = line_end(&self.source.text, place.end);
        let first = self.faults.partition_point(|&fault| fault < place.start);
        self.faults.get(first).is_some_and(|&fault| fault <= end)
    }

    fn check_count(&mut self, node: &Element<'_>, statement: &Statement<'_>) {
        let word = statement.word;
        if node.entries.len() < word.min && !self.is_damaged(node) {
            let what = match word {
                Word { name: "node", .. } => "a name",
                Word { max: Some(1), .. } => word.argument.phrase(),
                _ => "at least one value",
            };
            let message = format!("`{}` needs {what}", word.name);
            self.error(
                "missing-value",
                message,
                (statement.span, "nothing follows"),
                format!("write `{}`", word.example),
            );
        }
        let Some(max) = word.max else { return };
        let Some(extra) = statement
            .values
            .iter()
            .filter(|value| value.name.is_none())
            .nth(max)
        else {
            return;
        };
        let (message, label, help) = match (word.name, max) {
            ("run", _) => (
                "`run` takes one text".to_owned(),
                "a second one",
                "put the whole command in one pair of quotes, or write `exec` for a program and its arguments".to_owned(),
            ),
            (name, 0) => (format!("`{name}` takes no value"), "remove this", format!("write `{}`", word.example)),
            (name, _) => (format!("`{name}` takes one value"), "one too many", format!("write `{}`", word.example)),
        };
        self.error("too-many-values", message, (extra.span, label), help);
    }

    fn check_block<'k>(&mut self, node: &'k Element<'k>, statement: &mut Statement<'k>) {
        let word = statement.word;
        match (node.children.as_deref(), word.block) {
            (Some(block), Some(_)) => statement.block = Some(block),
            (Some(_), None) => {
                let message = format!("`{}` has no block of its own", word.name);
                let help = format!(
                    "write `{}`; a text with braces stands in quotes",
                    word.example
                );
                self.error("block", message, (statement.span, "followed by `{`"), help);
            }
            (None, Some(_)) if !self.damaged => {
                let message = format!("`{}` needs a block", word.name);
                self.error(
                    "block",
                    message,
                    (statement.span, "no `{` follows"),
                    format!("write `{}`", word.example),
                );
            }
            (None, _) => {}
        }
    }
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..(span.start + span.len) as usize
}
