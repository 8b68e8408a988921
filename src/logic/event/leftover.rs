//! What becomes of a file that a node wrote which is gone.
//!
//! Does not know how that is decided.

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It matches a glob but is left out of it: nobody has changed it since.
    LeftOut,
    /// It was changed since, so it stays and is the user's.
    Yours,
    /// The cache could not bring it back, so it stays.
    Stays,
    /// It was as `pipe` left it, and the cache holds it: it was removed.
    Removed,
}
