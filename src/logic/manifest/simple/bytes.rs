//! Which bytes may stand in what, for the reader of simple nodes.
//!
//! Does not know KDL: the sets are those that need no thought.

/// What a byte may be part of.
pub(super) const TEXT: u8 = 1;
pub(super) const PATH: u8 = 2;
pub(super) const NAME: u8 = 4;
pub(super) const WORD: u8 = 8;
/// Of a command in which no placeholder can stand in quotes, behind a backslash, or in a here-document.
pub(super) const BARE: u8 = 16;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = (byte as u8).is_ascii_alphanumeric();
        let mut class = 0;
        if byte == b'\t' as usize || (byte >= b' ' as usize && byte < 0x7F) {
            class |= TEXT;
        }
        if letter
            || matches!(
                byte as u8,
                b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b',' | b'@'
            )
        {
            class |= PATH;
        }
        if letter || matches!(byte as u8, b'_' | b'-' | b'.') {
            class |= NAME;
        }
        if letter || matches!(byte as u8, b'_' | b'-') {
            class |= WORD;
        }
        let bare = b" \t_-./+=,@%:>|&;(){}";
        let mut at = 0;
        while at < bare.len() {
            if bare[at] as usize == byte {
                class |= BARE;
            }
            at += 1;
        }
        if letter {
            class |= BARE;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
}

/// Whether a byte may be part of `class`.
pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}
