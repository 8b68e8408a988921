//! BLAKE3 digests of bytes, and framed hashing of named fields.
//!
//! Does not know what is hashed or why; keys are put together in `logic/plan/key`.

use std::fmt;

/// A 32-byte BLAKE3 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`, computed on this thread.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// The digest of `bytes`, computed on all processors.
    pub fn of_large(bytes: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update_rayon(bytes);
        Digest(*hasher.finalize().as_bytes())
    }

    /// A digest read back from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Digest(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve hexadecimal digits, for people.
    pub fn short(&self) -> String {
        self.0[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Reads 64 lower-case hexadecimal digits; anything else is `None`.
    pub fn parse(hex: &str) -> Option<Self> {
        let hex = hex.as_bytes();
        if hex.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Digest(bytes))
    }
}

fn hex_digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

/// Hashes a sequence of named fields so that no two different sequences give the same bytes: every name and every
/// value is preceded by its length: one byte, or for 255 and more that byte and eight, little-endian. The bytes are gathered first, since hashing a few hundred
/// at once costs half of hashing them piece by piece.
#[derive(Debug)]
pub struct DigestWriter {
    bytes: Vec<u8>,
    /// Where the domain ends.
    start: usize,
}

impl DigestWriter {
    /// A writer whose digests never meet those of another `domain`.
    pub fn new(domain: &str) -> Self {
        let mut writer = DigestWriter {
            bytes: Vec::new(),
            start: 0,
        };
        writer.framed(domain.as_bytes());
        writer.start = writer.bytes.len();
        writer
    }

    /// Adds one field.
    pub fn field(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.framed(name.as_bytes());
        self.framed(value);
        self
    }

    /// The digest of all that was added.
    pub fn finish(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// Forgets all fields, to be used again.
    pub fn clear(&mut self) {
        self.bytes.truncate(self.start);
    }

    fn framed(&mut self, bytes: &[u8]) {
        match u8::try_from(bytes.len()) {
            Ok(length) if length < u8::MAX => self.bytes.push(length),
            _ => {
                self.bytes.push(u8::MAX);
                self.bytes
                    .extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            }
        }
        self.bytes.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_form_goes_both_ways() {
        let digest = Digest::of(b"penguins");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse(&digest.to_string().to_uppercase()), None);
        assert_eq!(Digest::parse("ab"), None);
        assert!(digest.to_string().starts_with(&digest.short()));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let one = DigestWriter::new("t").field("a", b"bc").finish();
        let other = DigestWriter::new("t").field("ab", b"c").finish();
        let twice = DigestWriter::new("t")
            .field("a", b"b")
            .field("", b"c")
            .finish();
        assert!(one != other && one != twice && other != twice);
        let long = |length: usize| DigestWriter::new("t").field("", &vec![0; length]).finish();
        let all: std::collections::HashSet<Digest> = (250..260).map(long).collect();
        assert_eq!(all.len(), 10);
    }
}
