//! Single keys from the terminal, while a watch runs: no Enter is needed, and nothing is shown of them.
//!
//! Does not know what a key does to a build.

use crate::engine::watch::{Bell, Wish};
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use std::io::Read;

/// The terminal hands out single keys as long as this lives.
pub(super) struct Keys(Termios);

impl Keys {
    /// `None` where no terminal is there that is ours: a shell's background job must not take its keys.
    pub(super) fn open() -> Option<Keys> {
        let terminal = std::io::stdin();
        if tcgetpgrp(&terminal).ok()? != getpgrp() {
            return None;
        }
        let before = tcgetattr(&terminal).ok()?;
        let mut single = before.clone();
        single.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        single.special_codes[SpecialCodeIndex::VMIN] = 1;
        single.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &single).ok()?;
        Some(Keys(before))
    }

    /// Rings for each key, on a thread that ends with the program.
    pub(super) fn ring(&self, bell: Bell) {
        let listen = move || {
            let mut key = [0];
            while matches!(std::io::stdin().read(&mut key), Ok(1)) {
                let wish = match key[0] {
                    b'r' | b'R' => Wish::Build,
                    b'f' | b'F' => Wish::Force,
                    b'l' | b'L' => Wish::Log,
                    b'q' | b'Q' => Wish::Quit,
                    _ => continue,
                };
                if !bell.ring(wish) {
                    return;
                }
            }
        };
        // Without the thread there are no keys; everything else works.
        let _ = std::thread::Builder::new()
            .name("keys".into())
            .spawn(listen);
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
