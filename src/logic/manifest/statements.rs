//! The guard's walk through one statement: its name, its values, what `/-` switches off.
//!
//! Does not know blocks beyond opening one; `guard` closes them.

use super::characters::is_newline;
use super::guard::{Block, Guard, Statement};
use super::lexer::{Token, TokenKind};
use super::syntax::{Fault, FaultKind};
use super::values;

impl Guard<'_> {
    /// A statement, its block left open.
    pub(super) fn statement(&mut self, slashdash: Option<usize>) {
        let first = self
            .peek()
            .map_or(self.text.len(), |token| token.start as usize);
        if self.stack.is_empty() && slashdash.is_none() {
            self.chunk_start = first;
        }
        if self.kind() == Some(TokenKind::Slashdash) {
            return self.commented_statement(slashdash.unwrap_or(first));
        }
        self.notice_unclosed_blocks();
        let mut statement = Statement {
            first: self.at,
            slashdash,
            ..Statement::default()
        };
        if let Some(annotation) = values::annotation(&self.lexed.tokens[self.at..]) {
            self.at += annotation;
            if self.kind().is_none_or(|kind| !values::touches(kind)) {
                self.fault(Fault::new(FaultKind::Parentheses, first..self.end_before()));
                return self.finish(&statement, true);
            }
        }
        if !self.statement_name(&mut statement) {
            return self.finish(&statement, true);
        }
        statement.values = self.end_before()..self.end_before();
        self.statement_values(statement);
    }

    /// `/-` before a statement: the whole of it is blanked.
    fn commented_statement(&mut self, start: usize) {
        let slash = self.peek().map_or(start..start, |token| {
            token.start as usize..token.end as usize
        });
        self.at += 1;
        while self.kind() == Some(TokenKind::Newline) {
            self.at += 1;
        }
        match self.kind() {
            None
            | Some(
                TokenKind::Close | TokenKind::Semicolon | TokenKind::Open | TokenKind::Slashdash,
            ) => {
                self.fault(Fault::new(FaultKind::NothingToComment, slash.clone()));
                self.blank(slash);
            }
            Some(_) => {
                self.check_version(start);
                self.statement(Some(start));
            }
        }
    }

    /// `/- kdl-version N`, which kdl-rs does not look at.
    fn check_version(&mut self, start: usize) {
        let leading = &self.text[..start];
        let mut words = self.lexed.tokens[self.at..]
            .iter()
            .take(2)
            .map(|t| &self.text[t.start as usize..t.end as usize]);
        if !leading.trim_start_matches('\u{FEFF}').trim().is_empty()
            || words.next() != Some("kdl-version")
        {
            return;
        }
        let place = self
            .lexed
            .tokens
            .get(self.at + 1)
            .map_or(start..start, |t| t.start as usize..t.end as usize);
        match words.next() {
            Some("2") => {}
            Some("1") => self.fault(Fault::new(FaultKind::OldVersion, place)),
            _ => self.fault(Fault::new(FaultKind::UnknownVersion, place)),
        }
    }

    /// A `node` at the very start of a line, inside a block: the block's `}` was forgotten.
    fn notice_unclosed_blocks(&mut self) {
        let Some(token) = self.peek() else { return };
        let (start, end) = (token.start as usize, token.end as usize);
        let at_margin = start == 0 || self.text[..start].ends_with(is_newline);
        let Some(innermost) = self
            .stack
            .last()
            .filter(|_| at_margin && &self.text[start..end] == "node")
        else {
            return;
        };
        let fault = Fault::new(FaultKind::UnclosedBlock, innermost.brace.clone());
        self.fault(fault.with(start..end, "a new node starts here"));
        self.end_chunk(start, self.stack.len());
        self.stack.clear();
        self.chunk_start = start;
    }

    fn statement_name(&mut self, statement: &mut Statement) -> bool {
        let tokens = &self.lexed.tokens[self.at..];
        let token = tokens[0];
        let span = token.start as usize..token.end as usize;
        statement.name = span.clone();
        let kind = match token.kind {
            TokenKind::Text => None,
            TokenKind::Word => {
                values::word_fault(&self.text[span.clone()], true).map(|_| FaultKind::BadName)
            }
            TokenKind::Broken(index) => {
                let fault = self.lexed.broken[index as usize].clone();
                self.fault(fault);
                statement.faulty = true;
                return false;
            }
            TokenKind::Odd if self.text[span.clone()].starts_with('[') => Some(FaultKind::Section),
            _ => Some(FaultKind::BadName),
        };
        // `jobs=4` is told by its `=`.
        let touched = |next: &&Token| {
            next.glued && values::touches(next.kind) && next.kind != TokenKind::Equals
        };
        let kind = kind.or_else(|| tokens.get(1).filter(touched).map(|_| FaultKind::BadName));
        let Some(kind) = kind else {
            self.at += 1;
            return true;
        };
        let end = self.at + values::glued_run(tokens);
        let end_offset = self.lexed.tokens[end - 1].end as usize;
        self.fault(Fault::new(kind, span.start..end_offset.max(span.end)));
        statement.faulty = true;
        false
    }

    pub(super) fn statement_values(&mut self, mut statement: Statement) {
        loop {
            let Some(token) = self.peek() else {
                return self.finish(&statement, false);
            };
            let span = token.start as usize..token.end as usize;
            match token.kind {
                TokenKind::Newline | TokenKind::Semicolon => {
                    self.at += 1;
                    return self.finish(&statement, false);
                }
                TokenKind::Close => return self.finish(&statement, false),
                TokenKind::Open => {
                    self.at += 1;
                    return self.push(Block {
                        brace: span,
                        owner: statement,
                        slashdash: None,
                    });
                }
                TokenKind::Slashdash => {
                    if self.commented_value(&mut statement) {
                        return;
                    }
                }
                _ => self.value(&mut statement),
            }
            statement.values.end = self.end_before().max(statement.values.start);
        }
    }

    /// `/-` before a value or a block; true when it opened a block.
    fn commented_value(&mut self, statement: &mut Statement) -> bool {
        let slash = self
            .peek()
            .map_or(0..0, |token| token.start as usize..token.end as usize);
        let before = self.at;
        self.at += 1;
        while self.kind() == Some(TokenKind::Newline) {
            self.at += 1;
        }
        match self.kind() {
            Some(TokenKind::Open) => {
                let brace = self.peek().map_or(slash.clone(), |token| {
                    token.start as usize..token.end as usize
                });
                self.at += 1;
                self.push(Block {
                    brace,
                    owner: statement.clone(),
                    slashdash: Some(slash.start),
                });
                true
            }
            None | Some(TokenKind::Close | TokenKind::Semicolon | TokenKind::Slashdash) => {
                self.fault(Fault::new(FaultKind::NothingToComment, slash.clone()));
                self.blank(slash);
                self.at = before + 1;
                false
            }
            Some(_) => {
                self.value(statement);
                self.blank(slash.start..self.end_before());
                false
            }
        }
    }

    fn value(&mut self, statement: &mut Statement) {
        let tokens = &self.lexed.tokens[self.at..];
        let start = tokens[0].start as usize;
        let first = self.at == statement.first + 1;
        match values::read(self.text, self.lexed, tokens, first) {
            Ok(count) => self.at += count,
            Err((fault, count)) => {
                if self.is_command(statement) && values::is_bare(fault.kind) {
                    return self.unquoted_command(statement, start);
                }
                self.at += count;
                match fault.kind {
                    // What stands beside is fine.
                    FaultKind::Comma | FaultKind::Brackets | FaultKind::EqualsAfterName => {
                        self.blank(fault.span.clone());
                    }
                    // Meant as a comment: it goes to the end of the line.
                    FaultKind::Hash if fault.span.len() == 1 => {
                        self.skip_line();
                        self.blank(start..self.end_before());
                    }
                    _ => self.blank(start..self.end_before()),
                }
                if !std::mem::replace(&mut statement.faulty, true) {
                    self.fault(fault);
                }
            }
        }
    }

    pub(super) fn is_command(&self, statement: &Statement) -> bool {
        matches!(
            &self.text[statement.name.clone()],
            "run" | "exec" | "cmd" | "command" | "script" | "sh" | "run:"
        )
    }

    /// Shell words without quotes: all to the end of the line is one fault.
    pub(super) fn unquoted_command(&mut self, statement: &mut Statement, from: usize) {
        let start = if statement.values.is_empty() {
            from
        } else {
            self.first_value(statement)
        };
        self.skip_line();
        let end = self.end_before().max(start);
        self.blank(start..end);
        if !std::mem::replace(&mut statement.faulty, true) {
            self.fault(Fault::new(FaultKind::UnquotedCommand, start..end));
        }
    }

    fn first_value(&self, statement: &Statement) -> usize {
        self.lexed
            .tokens
            .get(statement.first + 1)
            .map_or(statement.values.start, |token| token.start as usize)
    }

    /// Moves to the line break, or to a `}` that closes a block from before.
    pub(super) fn skip_line(&mut self) {
        let mut depth = 0;
        while let Some(kind) = self.kind() {
            match kind {
                TokenKind::Newline if depth == 0 => return,
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => return,
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }
}
