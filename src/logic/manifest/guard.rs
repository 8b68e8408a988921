//! Looks a text over before kdl-rs does: finds what KDL cannot read, word by word, and leaves a text of the same
//! length from which comments, commented-out parts and unreadable words have been blanked.
//!
//! kdl-rs overflows its stack or takes exponential time on deep nesting, long comments and nested `/-`; none of these
//! are left in the blanked text. It also lets the rest of a manifest be read when one word is wrong.
//! Does not know what the words mean, except that `run` takes a command and that `node` starts a line of its own.

use super::lexer::{Lexed, Token, TokenKind, lex};
use super::syntax::{Fault, FaultKind};
use std::ops::Range;

/// How deep braces may nest.
pub(super) const MAX_DEPTH: usize = 32;

/// Faults beyond this many are not collected: the text is no manifest.
const MAX_FAULTS: usize = 1000;

/// What the guard found.
#[derive(Debug)]
pub(super) struct Guarded {
    /// As long as the text, byte for byte; only spaces have been put in, and `;` where a line break was missing.
    pub(super) clean: String,
    /// In no particular order.
    pub(super) faults: Vec<Fault>,
    /// The statements of the top level.
    pub(super) chunks: Vec<Chunk>,
}

/// A statement of the top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Byte range in the text.
    pub(super) span: Range<usize>,
    /// How many `}` are missing at its end.
    pub(super) unclosed: usize,
}

/// Looks `text` over.
pub(super) fn guard(text: &str) -> Guarded {
    let lexed = lex(text);
    let mut guard = Guard {
        text,
        lexed: &lexed,
        at: 0,
        stack: Vec::new(),
        faults: lexed.loose.clone(),
        patches: lexed
            .blanks
            .iter()
            .map(|range| (range.clone(), b' '))
            .collect(),
        chunks: Vec::new(),
        chunk_start: 0,
        previous: None,
        stray: false,
    };
    guard.document();
    let Guard {
        faults,
        patches,
        chunks,
        ..
    } = guard;
    let mut bytes = text.as_bytes().to_vec();
    for (range, fill) in patches {
        bytes[range].fill(fill);
    }
    let clean = String::from_utf8(bytes)
        .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
    Guarded {
        clean,
        faults,
        chunks,
    }
}

/// A statement being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    /// Its first token.
    pub(super) first: usize,
    /// The name's text range.
    pub(super) name: Range<usize>,
    /// Where its values begin and end.
    pub(super) values: Range<usize>,
    pub(super) faulty: bool,
    /// `/-` stands before it: where.
    pub(super) slashdash: Option<usize>,
}

/// A block that is open.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) brace: Range<usize>,
    pub(super) owner: Statement,
    /// `/-` stands before the block itself: where.
    pub(super) slashdash: Option<usize>,
}

pub(super) struct Guard<'t> {
    pub(super) text: &'t str,
    pub(super) lexed: &'t Lexed,
    pub(super) at: usize,
    pub(super) stack: Vec<Block>,
    pub(super) faults: Vec<Fault>,
    pub(super) patches: Vec<(Range<usize>, u8)>,
    pub(super) chunks: Vec<Chunk>,
    pub(super) chunk_start: usize,
    /// The end of the statement before, when it had no block: a `{` on the next line is meant for it.
    pub(super) previous: Option<usize>,
    pub(super) stray: bool,
}

impl Guard<'_> {
    pub(super) fn peek(&self) -> Option<Token> {
        self.lexed.tokens.get(self.at).copied()
    }

    pub(super) fn kind(&self) -> Option<TokenKind> {
        self.peek().map(|token| token.kind)
    }

    /// Where the token before the current one ends.
    pub(super) fn end_before(&self) -> usize {
        self.at
            .checked_sub(1)
            .map_or(0, |before| self.lexed.tokens[before].end as usize)
    }

    pub(super) fn blank(&mut self, range: Range<usize>) {
        self.patches.push((range, b' '));
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    fn document(&mut self) {
        while let Some(token) = self.peek() {
            let span = token.start as usize..token.end as usize;
            let was_stray = std::mem::replace(&mut self.stray, false);
            match token.kind {
                TokenKind::Newline => self.at += 1,
                TokenKind::Semicolon => {
                    self.at += 1;
                    self.fault(Fault::new(FaultKind::StraySemicolon, span.clone()));
                    self.blank(span);
                }
                TokenKind::Close if self.stack.is_empty() => {
                    self.at += 1;
                    self.stray = true;
                    self.blank(span.clone());
                    if !was_stray {
                        self.fault(Fault::new(FaultKind::StrayClose, span));
                    }
                }
                TokenKind::Close => self.close(),
                TokenKind::Open => self.block_without_name(span),
                _ => self.statement(None),
            }
            if token.kind == TokenKind::Newline {
                self.stray = was_stray;
            }
        }
        self.end_of_text();
    }

    fn end_of_text(&mut self) {
        let Some(innermost) = self.stack.last() else {
            return;
        };
        let brace = innermost.brace.clone();
        // A text or comment without an end has swallowed the `}`.
        let swallowed = |fault: &Fault| {
            matches!(
                fault.kind,
                FaultKind::UnclosedMultiLine | FaultKind::UnclosedComment
            )
        };
        if !self.faults.iter().any(swallowed) {
            self.fault(Fault::new(FaultKind::UnclosedBlock, brace));
        }
        self.end_chunk(self.text.len(), self.stack.len());
        let commented: Vec<usize> = self
            .stack
            .iter()
            .flat_map(|block| [block.slashdash, block.owner.slashdash])
            .flatten()
            .collect();
        for start in commented {
            self.blank(start..self.text.len());
        }
    }

    pub(super) fn end_chunk(&mut self, end: usize, unclosed: usize) {
        self.chunks.push(Chunk {
            span: self.chunk_start..end,
            unclosed,
        });
    }

    /// A `{` at the start of a line: meant for the line before, if that has no block yet.
    fn block_without_name(&mut self, span: Range<usize>) {
        self.fault(Fault::new(FaultKind::BlockWithoutName, span.clone()));
        self.at += 1;
        if let Some(end) = self.previous.take() {
            self.blank(end..span.start);
            if self.stack.is_empty() {
                self.chunk_start = self
                    .chunks
                    .pop()
                    .map_or(span.start, |chunk| chunk.span.start);
            }
            let owner = Statement {
                faulty: true,
                ..Statement::default()
            };
            self.push(Block {
                brace: span,
                owner,
                slashdash: None,
            });
        } else {
            self.skip_block();
            self.blank(span.start..self.end_before());
        }
    }

    pub(super) fn push(&mut self, block: Block) {
        self.stack.push(block);
        self.previous = None;
        if self.stack.len() > MAX_DEPTH {
            let brace = self.stack[MAX_DEPTH].brace.clone();
            self.fault(Fault::new(FaultKind::TooDeep, brace));
            while self.stack.len() > 1 {
                self.skip_block();
                self.stack.pop();
            }
            self.skip_block();
            let bottom = self.stack.pop().map_or(0, |block| block.brace.start);
            self.blank(bottom..self.end_before());
            self.end_chunk(bottom, 0);
        }
    }

    /// Moves behind the `}` that closes the block whose `{` has just been passed, or to the end of the text.
    fn skip_block(&mut self) {
        let mut depth = 1;
        while let Some(kind) = self.kind() {
            self.at += 1;
            match kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn close(&mut self) {
        self.at += 1;
        let Some(block) = self.stack.pop() else {
            return;
        };
        let mut owner = block.owner;
        if let Some(start) = block.slashdash {
            self.blank(start..self.end_before());
            return self.statement_values(owner);
        }
        match self.kind() {
            None | Some(TokenKind::Close) => self.finish(&owner, false),
            Some(TokenKind::Newline | TokenKind::Semicolon) => {
                self.at += 1;
                self.finish(&owner, false);
            }
            Some(TokenKind::Slashdash) => self.statement_values(owner),
            Some(_) if self.is_command(&owner) => {
                owner.values.end = self.end_before();
                self.unquoted_command(&mut owner, block.brace.start);
                self.finish(&owner, false);
            }
            Some(_) => self.after_block(&owner),
        }
        self.previous = None;
    }

    /// Something behind a `}` on its line: read on as if a line break stood between.
    fn after_block(&mut self, owner: &Statement) {
        let from = self.end_before();
        let next = self
            .peek()
            .map_or(from..from, |token| token.start as usize..token.end as usize);
        self.fault(Fault::new(FaultKind::AfterBlock, next.clone()));
        if next.start > from {
            self.blank(from..next.start);
            self.patches.push((from..from + 1, b';'));
        } else {
            self.skip_line();
            self.blank(from..self.end_before());
        }
        self.finish(owner, false);
    }

    /// The end of a statement; one without a name is blanked to the end of its line.
    pub(super) fn finish(&mut self, statement: &Statement, nameless: bool) {
        let start = self
            .lexed
            .tokens
            .get(statement.first)
            .map_or(self.text.len(), |token| token.start as usize);
        if nameless {
            self.skip_line();
            self.blank(start..self.end_before().max(start));
        }
        let ended_by = self.at.checked_sub(1).map(|at| self.lexed.tokens[at]);
        let end = match ended_by {
            Some(token) if matches!(token.kind, TokenKind::Newline | TokenKind::Semicolon) => {
                token.start as usize
            }
            _ => self.end_before(),
        };
        if let Some(slashdash) = statement.slashdash {
            self.blank(slashdash..self.end_before());
        }
        self.previous = (!nameless && statement.slashdash.is_none()).then_some(end);
        if self.stack.is_empty() {
            self.end_chunk(end.max(self.chunk_start), 0);
        }
    }
}
