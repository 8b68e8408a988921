//! A source file as text: what is code in it, and which paths the code names.
//!
//! Does not know the rules; `tidy` does. Knows as much of Rust as they need: comments, literals, `use` groups.

/// A source file.
pub(super) struct File {
    /// Relative to `src/`.
    pub(super) path: String,
    pub(super) text: String,
    /// The text with comments and the insides of literals blanked.
    pub(super) code: String,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
            code: without_comments_and_literals(text),
        }
    }

    /// `logic/plan/key.rs` is `logic`, `plan`, `key`; `logic/plan/mod.rs` is `logic`, `plan`.
    pub(super) fn module(&self) -> Vec<String> {
        let stem = self.path.trim_end_matches(".rs");
        let parts = stem
            .split('/')
            .filter(|&part| !matches!(part, "mod" | "lib" | "main"));
        parts.map(str::to_owned).collect()
    }

    /// Where the unit tests start in the code; its end where there are none.
    fn tests_start(&self) -> usize {
        if self.module().iter().any(|part| part == "tests") {
            0
        } else {
            self.code.find("mod tests {").unwrap_or(self.code.len())
        }
    }

    pub(super) fn code_outside_tests(&self) -> &str {
        &self.code[..self.tests_start()]
    }

    /// Every path that is written from `crate::` or with `super::`, from the crate's root, groups taken apart.
    pub(super) fn named_paths(&self) -> Vec<Vec<String>> {
        let (code, module) = (&self.code, self.module());
        let mut paths = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            paths.extend(use_tree(&code[at + "crate::".len()..]));
        }
        for (at, _) in code.match_indices("super::") {
            if code[..at].ends_with("super::") {
                continue;
            }
            let mut rest = &code[at..];
            // An inline `mod tests` lies one level deeper than its file.
            let mut base = module.clone();
            if code[..at].contains("mod tests {") {
                base.push("tests".to_owned());
            }
            while let Some(shorter) = rest.strip_prefix("super::") {
                base.pop();
                rest = shorter;
            }
            paths.extend(
                use_tree(rest)
                    .into_iter()
                    .map(|tail| [base.clone(), tail].concat()),
            );
        }
        // `super::*` in a file's own tests names the file itself.
        paths
            .into_iter()
            .map(|path| {
                path.into_iter()
                    .filter(|part| part != "*" && part != "self")
                    .collect()
            })
            .collect()
    }
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`. Stops at the first thing that is no path.
fn use_tree(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start();
    if let Some(inside) = text.strip_prefix('{') {
        return group_members(inside)
            .into_iter()
            .flat_map(use_tree)
            .collect();
    }
    let length = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    let head = if name.is_empty() {
        Vec::new()
    } else {
        vec![name.to_owned()]
    };
    match rest.strip_prefix("::") {
        Some(tail) if !name.is_empty() => use_tree(tail)
            .into_iter()
            .map(|tail| [head.clone(), tail].concat())
            .collect(),
        _ => vec![head],
    }
}

/// The members of a group, given what follows its opening brace.
fn group_members(inside: &str) -> Vec<&str> {
    let mut members = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(&inside[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members.retain(|member| !member.trim().is_empty());
    members
}

fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = comment_or_literal(rest, in_word);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(
                rest[..length]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[length..];
        }
    }
    code
}

/// The length in bytes of the comment or literal that `text` starts with; 0 when it starts with neither.
fn comment_or_literal(text: &str, in_word: bool) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    if let (false, Some(rest)) = (
        in_word,
        text.strip_prefix('r').or_else(|| text.strip_prefix("br")),
    ) {
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if rest[hashes..].starts_with('"') {
            let closing = format!("\"{}", "#".repeat(hashes));
            let opened = text.len() - rest.len() + hashes + 1;
            return text[opened..]
                .find(&closing)
                .map_or(text.len(), |at| opened + at + closing.len());
        }
    }
    if text.starts_with('"') {
        return quoted(text, '"');
    }
    if let Some(rest) = text.strip_prefix('\'') {
        // `'a'` and `'\n'` are characters, `'a` is a lifetime.
        let mut chars = rest.chars();
        let escaped = chars.next() == Some('\\');
        return if escaped || chars.next() == Some('\'') {
            quoted(text, '\'')
        } else {
            0
        };
    }
    0
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}
