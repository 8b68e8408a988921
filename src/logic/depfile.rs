//! stub until merge
/// x
pub fn parse(_: &[u8]) -> Result<Vec<String>, String> {
    Ok(Vec::new())
}
