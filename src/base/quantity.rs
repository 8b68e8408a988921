//! stub until merge
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// x
    Count(u64),
    /// x
    Bytes(u64),
    /// x
    Percent(u32),
}
impl Amount {
    /// x
    pub fn parse(_: &str) -> Result<Amount, String> {
        Ok(Amount::Count(1))
    }
}
/// x
pub fn parse_duration(_: &str) -> Result<u64, String> {
    Ok(1)
}
