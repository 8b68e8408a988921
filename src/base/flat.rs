//! Writing numbers, texts and digests into one run of bytes, and reading them back with every length checked.
//!
//! The one way in which keys, listings, results, the ledger and snapshots are written down. Does not know what is
//! written. A reader that runs out of bytes answers `None`, never a wrong value.

use crate::base::digest::Digest;

/// Puts values one after the other.
#[derive(Debug, Default)]
pub struct FlatWriter(pub Vec<u8>);

impl FlatWriter {
    /// Four bytes, little-endian.
    pub fn number(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// One byte.
    pub fn byte(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    /// Eight bytes, little-endian.
    pub fn long(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// The 32 bytes of a digest.
    pub fn digest(&mut self, value: &Digest) -> &mut Self {
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    /// Length, then bytes.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.number(u32::try_from(value.len()).expect("one value is under 4 GiB"));
        self.0.extend_from_slice(value);
        self
    }

    /// Length, then UTF-8.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    /// Count, then each text.
    pub fn texts<T: AsRef<str>>(&mut self, values: &[T]) -> &mut Self {
        self.number(values.len() as u32);
        for value in values {
            self.text(value.as_ref());
        }
        self
    }
}

/// Takes values in the order in which they were put.
#[derive(Debug, Clone, Copy)]
pub struct FlatReader<'a>(pub &'a [u8]);

impl<'a> FlatReader<'a> {
    /// See [`FlatWriter::number`].
    pub fn number(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*taken))
    }

    /// See [`FlatWriter::byte`].
    pub fn byte(&mut self) -> Option<u8> {
        let (&taken, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(taken)
    }

    /// See [`FlatWriter::long`].
    pub fn long(&mut self) -> Option<u64> {
        let (taken, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*taken))
    }

    /// See [`FlatWriter::digest`].
    pub fn digest(&mut self) -> Option<Digest> {
        let (taken, rest) = self.0.split_first_chunk::<32>()?;
        self.0 = rest;
        Some(Digest::from_bytes(*taken))
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// See [`FlatWriter::bytes`].
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// See [`FlatWriter::text`].
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// See [`FlatWriter::texts`].
    pub fn texts(&mut self) -> Option<Vec<String>> {
        let count = self.number()?;
        (0..count).map(|_| self.text().map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_comes_out_and_nothing_else() {
        let mut writer = FlatWriter::default();
        writer.number(7).text("päth").texts(&["a", ""]);
        let mut reader = FlatReader(&writer.0);
        assert_eq!(reader.number(), Some(7));
        assert_eq!(reader.text(), Some("päth"));
        assert_eq!(reader.texts(), Some(vec!["a".to_owned(), String::new()]));
        assert_eq!(reader.number(), None);
        for end in 0..writer.0.len() {
            let mut reader = FlatReader(&writer.0[..end]);
            let all = reader
                .number()
                .and_then(|_| reader.text())
                .and_then(|_| reader.texts());
            assert_eq!(all, None, "cut at {end}");
        }
    }
}
