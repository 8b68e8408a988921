//! stub until merge
/// x
#[derive(Debug, Clone, Default)]
pub struct Params;
/// x
#[derive(Debug, Clone)]
pub struct Value;
impl Params {
    /// x
    pub fn get(&self, _: &str) -> Option<&Value> {
        None
    }
    /// x
    pub fn keys(&self) -> Vec<String> {
        Vec::new()
    }
}
impl Value {
    /// x
    pub fn plain(&self) -> Option<String> {
        None
    }
    /// x
    pub fn canonical(&self) -> String {
        String::new()
    }
    /// x
    pub fn items(&self) -> Option<Vec<String>> {
        None
    }
}
