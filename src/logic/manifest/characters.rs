//! KDL 2's classes of characters, and lines as KDL counts them.
//!
//! Does not know tokens.

/// One of KDL's line breaks.
pub(super) fn is_newline(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{85}' | '\u{B}' | '\u{C}' | '\u{2028}' | '\u{2029}'
    )
}

/// One of KDL's spaces.
pub(super) fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t' | ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// A character that KDL does not allow anywhere as itself: control characters and direction marks.
pub(super) fn is_forbidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}' | '\u{200E}' | '\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// A character that a bare name may hold.
pub(super) fn is_word(character: char) -> bool {
    !matches!(
        character,
        '\\' | '/' | '(' | ')' | '{' | '}' | '[' | ']' | ';' | '"' | '#' | '='
    ) && !is_newline(character)
        && !is_space(character)
        && !is_forbidden(character)
}

/// Length of the line break that `text` starts with; 0 when there is none.
pub(super) fn newline_len(text: &str) -> usize {
    if text.starts_with("\r\n") {
        2
    } else {
        text.chars()
            .next()
            .filter(|c| is_newline(*c))
            .map_or(0, char::len_utf8)
    }
}

/// Where the line that holds `at` ends, its line break left out.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    at + text[at..].find(is_newline).unwrap_or(text.len() - at)
}
