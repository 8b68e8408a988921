//! One value of a statement, as tokens: how far it goes, and what is wrong with it.
//!
//! Does not know statements and blocks; the guard does.

use super::lexer::{Lexed, Token, TokenKind};
use super::syntax::{Fault, FaultKind};

/// Reads the value or `name=value` that `tokens` start with and says how many tokens it takes; or what is wrong, and
/// how many tokens to leave out. `first` says that it follows its statement's name directly.
pub(super) fn read(
    text: &str,
    lexed: &Lexed,
    tokens: &[Token],
    first: bool,
) -> Result<usize, (Fault, usize)> {
    let mut at = 0;
    if is_bracket(text, tokens[0]) {
        return Err((Fault::new(FaultKind::Brackets, range(tokens[0])), 1));
    }
    if tokens[0].kind == TokenKind::ParenOpen {
        at += annotation(tokens).ok_or_else(|| whole_run(tokens, FaultKind::Parentheses))?;
    }
    if tokens
        .get(at)
        .is_some_and(|token| token.kind == TokenKind::Equals)
    {
        let kind = if first && at == 0 {
            FaultKind::EqualsAfterName
        } else {
            FaultKind::StrayEquals
        };
        return Err((Fault::new(kind, range(tokens[at])), at + 1));
    }
    at += simple(text, lexed, tokens, at)?;
    let is_name = at == 1 && matches!(tokens[0].kind, TokenKind::Text | TokenKind::Word);
    if is_name
        && tokens
            .get(1)
            .is_some_and(|token| token.kind == TokenKind::Equals)
    {
        at += 1;
        if tokens
            .get(at)
            .is_some_and(|token| token.kind == TokenKind::ParenOpen)
        {
            at += annotation(&tokens[at..])
                .ok_or_else(|| whole_run(tokens, FaultKind::Parentheses))?;
        }
        let missing = tokens.get(at).is_none_or(|token| !is_value(token.kind));
        if missing {
            return Err((Fault::new(FaultKind::MissingValue, range(tokens[1])), at));
        }
        at += simple(text, lexed, tokens, at)?;
    } else if is_name && tokens[0].kind == TokenKind::Word {
        number_or_name(text, tokens, 0)?;
    }
    match tokens.get(at) {
        Some(next) if next.glued && is_comma(text, *next) => {
            Err((Fault::new(FaultKind::Comma, range(*next)), at + 1))
        }
        Some(next) if next.glued && ends_list(text, &tokens[at..]) => {
            Err((Fault::new(FaultKind::Brackets, range(*next)), at + 1))
        }
        Some(next) if next.glued && touches(next.kind) => {
            Err(whole_run(tokens, blame(text, tokens)))
        }
        _ => Ok(at),
    }
}

/// The number of tokens of `(word)`, which may hold spaces; `None` when it is not one.
pub(super) fn annotation(tokens: &[Token]) -> Option<usize> {
    let kinds: Vec<TokenKind> = tokens.iter().take(3).map(|token| token.kind).collect();
    let proper = matches!(
        kinds[..],
        [
            TokenKind::ParenOpen,
            TokenKind::Text | TokenKind::Word,
            TokenKind::ParenClose
        ]
    );
    proper.then_some(3)
}

/// How many tokens from the first on touch each other: what a person sees as one word.
pub(super) fn glued_run(tokens: &[Token]) -> usize {
    let joins =
        |token: &&Token| token.glued && (touches(token.kind) || token.kind == TokenKind::Slashdash);
    1 + tokens[1..].iter().take_while(joins).count()
}

/// Whether a token of this kind may not follow a value without a space.
pub(super) fn touches(kind: TokenKind) -> bool {
    !matches!(
        kind,
        TokenKind::Newline
            | TokenKind::Semicolon
            | TokenKind::Open
            | TokenKind::Close
            | TokenKind::Slashdash
    )
}

/// Whether this is how a text without quotes goes wrong, so that quotes around a whole command may be the answer.
pub(super) fn is_bare(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::UnquotedPath
            | FaultKind::UnquotedBackslash
            | FaultKind::Glued
            | FaultKind::LeadingDigits
            | FaultKind::LeadingPoint
            | FaultKind::Parentheses
            | FaultKind::Brackets
            | FaultKind::StrayEquals
            | FaultKind::MissingValue
            | FaultKind::Other
    )
}

fn is_comma(text: &str, token: Token) -> bool {
    token.kind == TokenKind::Word && &text[range(token)] == ","
}

fn is_bracket(text: &str, token: Token) -> bool {
    token.kind == TokenKind::Odd && matches!(&text[range(token)], "[" | "]")
}

/// Whether `tokens` start with the bracket that closes a list: nothing but a comma touches it from behind.
fn ends_list(text: &str, tokens: &[Token]) -> bool {
    let free = |next: &Token| {
        !next.glued || !touches(next.kind) || is_bracket(text, *next) || is_comma(text, *next)
    };
    &text[range(tokens[0])] == "]" && tokens.get(1).is_none_or(free)
}

fn is_value(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Text
            | TokenKind::Word
            | TokenKind::Keyword
            | TokenKind::Broken(_)
            | TokenKind::Odd
    )
}

fn range(token: Token) -> std::ops::Range<usize> {
    token.start as usize..token.end as usize
}

/// A fault for all that touches the first token, and its number of tokens.
fn whole_run(tokens: &[Token], kind: FaultKind) -> (Fault, usize) {
    let count = glued_run(tokens);
    (
        Fault::new(
            kind,
            tokens[0].start as usize..tokens[count - 1].end as usize,
        ),
        count,
    )
}

/// One token that is a value by itself.
fn simple(text: &str, lexed: &Lexed, tokens: &[Token], at: usize) -> Result<usize, (Fault, usize)> {
    let Some(token) = tokens.get(at) else {
        return Err(whole_run(tokens, FaultKind::Other));
    };
    match token.kind {
        TokenKind::Text | TokenKind::Keyword => Ok(1),
        TokenKind::Broken(index) => Err((
            lexed.broken[index as usize].clone(),
            at + glued_run(&tokens[at..]),
        )),
        TokenKind::Word => {
            // A name before `=` has fewer rights than a value; both are judged once it is known which this is.
            let is_name = at == 0
                && tokens
                    .get(1)
                    .is_some_and(|next| next.kind == TokenKind::Equals);
            if is_name {
                let bad = word_fault(&text[range(*token)], true);
                return bad.map_or(Ok(1), |kind| Err(whole_run(tokens, kind)));
            }
            number_or_name(text, tokens, at).map(|()| 1)
        }
        _ => Err(whole_run(tokens, blame(text, tokens))),
    }
}

fn number_or_name(text: &str, tokens: &[Token], at: usize) -> Result<(), (Fault, usize)> {
    let Some(kind) = word_fault(&text[range(tokens[at])], false) else {
        return Ok(());
    };
    let touched = tokens
        .get(at + 1)
        .is_some_and(|next| next.glued && touches(next.kind));
    Err(whole_run(
        tokens,
        if touched { blame(text, tokens) } else { kind },
    ))
}

/// What is wrong with a run of word characters as a name or, unless `name_only`, as a number.
pub(super) fn word_fault(word: &str, name_only: bool) -> Option<FaultKind> {
    let unsigned = word.trim_start_matches(['+', '-']);
    let signs = word.len() - unsigned.len();
    if matches!(word, "true" | "false" | "null" | "inf" | "-inf" | "nan") {
        return Some(FaultKind::BareKeyword);
    }
    let starts_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if signs <= 1 && starts_with_digit(unsigned) {
        return if name_only {
            Some(FaultKind::LeadingDigits)
        } else {
            number_fault(word)
        };
    }
    let point = signs <= 1 && unsigned.strip_prefix('.').is_some_and(starts_with_digit);
    point.then_some(FaultKind::LeadingPoint)
}

fn number_fault(word: &str) -> Option<FaultKind> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            let valid = |c: char| c.is_digit(radix) || c == '_';
            if digits.is_empty() || digits.starts_with('_') || !digits.chars().all(valid) {
                return Some(FaultKind::LeadingDigits);
            }
            let fits = i128::from_str_radix(&digits.replace('_', ""), radix).is_ok();
            return (!fits).then_some(FaultKind::NumberTooLarge);
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    };
    if !digits(whole) || ![fraction, exponent].into_iter().flatten().all(digits) {
        return Some(FaultKind::LeadingDigits);
    }
    let integer = fraction.is_none() && exponent.is_none();
    (integer && whole.replace('_', "").parse::<i128>().is_err())
        .then_some(FaultKind::NumberTooLarge)
}

/// What a run of tokens that touch each other was most likely meant to be.
pub(super) fn blame(text: &str, tokens: &[Token]) -> FaultKind {
    let count = glued_run(tokens);
    let run = &text[tokens[0].start as usize..tokens[count - 1].end as usize];
    let second = tokens.get(1).filter(|_| count > 1);
    let raw = &text[tokens[0].start as usize..tokens[0].end as usize] == "r";
    let comma = |token: &Token| {
        token.kind == TokenKind::Word && text[token.start as usize..].starts_with(',')
    };
    let kinds = || tokens[..count].iter().map(|token| token.kind);
    if raw && second.is_some_and(|next| matches!(next.kind, TokenKind::Text | TokenKind::Broken(_)))
    {
        FaultKind::OldRawString
    } else if run.starts_with(['[', ']']) || run.ends_with([']', '[']) {
        FaultKind::Brackets
    } else if tokens[0].kind == TokenKind::Text && second.is_some_and(comma) {
        FaultKind::Comma
    } else if kinds().any(|kind| matches!(kind, TokenKind::ParenOpen | TokenKind::ParenClose)) {
        FaultKind::Parentheses
    } else if kinds().filter(|kind| *kind == TokenKind::Text).count() > 1 {
        FaultKind::Glued
    } else if run.contains('\\') {
        FaultKind::UnquotedBackslash
    } else if run.contains('/') {
        FaultKind::UnquotedPath
    } else if count > 1 {
        FaultKind::Glued
    } else {
        FaultKind::Other
    }
}
