//! Ctrl-C, the request to end, and the closed terminal, as messages.
//!
//! Does not know what is done about them, nor with which code the program exits.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::{SigId, flag, low_level};

use crate::world::trouble::Trouble;

/// What makes the signals deadly again when nobody listens any more.
static FALLBACKS: Mutex<Vec<SigId>> = Mutex::new(Vec::new());

/// Listens as long as it lives. When it is dropped the signals end the process again, as if nobody had listened.
#[must_use = "signals are heard only while this lives"]
#[derive(Debug)]
pub struct Interrupts {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    unheard: Arc<AtomicBool>,
}

/// Calls `handler` on a thread of its own for SIGINT, SIGTERM and SIGHUP, with the number of the call, counted from
/// 1, and the signal. One listener at a time. Signals of one kind that come faster than the handler returns may be
/// told as one.
///
/// SIGINT and SIGHUP are left alone when this process was started with them ignored, as `nohup` and a shell's `&` do.
///
/// # Errors
/// When the system gives no signal handler or thread.
pub fn listen(mut handler: impl FnMut(u32, i32) + Send + 'static) -> Result<Interrupts, Trouble> {
    let refused = || Trouble::on("listen for", Path::new("signals"));
    let ignored = ignored_signals();
    let is_ignored = |signal: i32| ignored >> (signal - 1) & 1 == 1;
    let wanted: Vec<i32> = [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .filter(|&signal| signal == SIGTERM || !is_ignored(signal))
        .collect();
    let mut signals = Signals::new(&wanted).map_err(refused())?;
    let unheard = Arc::new(AtomicBool::new(false));
    let mut fallbacks = FALLBACKS.lock().unwrap_or_else(PoisonError::into_inner);
    fallbacks.drain(..).for_each(|id| {
        low_level::unregister(id);
    });
    for &signal in &wanted {
        fallbacks.push(
            flag::register_conditional_default(signal, Arc::clone(&unheard)).map_err(refused())?,
        );
    }
    let handle = signals.handle();
    let listener = move || {
        for (count, signal) in (1..).zip(signals.forever()) {
            handler(count, signal);
        }
    };
    let thread = thread::Builder::new()
        .name("signals".into())
        .spawn(listener)
        .map_err(refused())?;
    Ok(Interrupts {
        handle,
        thread: Some(thread),
        unheard,
    })
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.unheard.store(true, Ordering::Relaxed);
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // A handler that panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// The signals that this process ignores, one bit each from the lowest on; none where the system does not tell.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::{Signal, getpid, kill_process};
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Set in the process that `signals_are_heard_until_the_drop` starts: itself once more, to be ended by a signal.
    const CHILD: &str = "PIPE_TEST_INTERRUPT";

    fn raise(signal: Signal) {
        kill_process(getpid(), signal).unwrap();
    }

    /// One test, as the signals of a process are everyone's.
    #[test]
    fn signals_are_heard_until_the_drop() {
        let name = "interrupt::tests::signals_are_heard_until_the_drop";
        if std::env::var_os(CHILD).is_none() {
            let program = std::env::current_exe().unwrap();
            let script = r#"trap '' HUP; exec "$@""#;
            let mut again = Command::new("sh");
            again
                .args(["-c", script, "sh"])
                .arg(program)
                .args([name, "--nocapture"]);
            let output = again.env(CHILD, "1").output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("heard 1 15, 2 15, 1 15"), "{said}");
            assert_eq!(output.status.signal(), Some(SIGTERM), "{said}");
            return;
        }
        let (sender, receiver) = mpsc::channel();
        let hear = || receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        let tell = sender.clone();
        let interrupts =
            listen(move |count, signal| tell.send(format!("{count} {signal}")).unwrap()).unwrap();
        // Ignored from the start, by the shell above.
        raise(Signal::HUP);
        raise(Signal::TERM);
        let mut heard = vec![hear()];
        raise(Signal::TERM);
        heard.push(hear());
        drop(interrupts);
        // A second listener starts anew.
        let interrupts =
            listen(move |count, signal| sender.send(format!("{count} {signal}")).unwrap()).unwrap();
        raise(Signal::TERM);
        heard.push(hear());
        drop(interrupts);
        std::io::Write::write_all(
            &mut std::io::stdout(),
            format!("heard {}\n", heard.join(", ")).as_bytes(),
        )
        .unwrap();
        raise(Signal::TERM);
        // Not reached: the signal ends the process.
        thread::park_timeout(Duration::from_secs(20));
    }
}
