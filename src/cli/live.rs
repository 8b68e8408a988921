//! The live view's thin edge: a thread that hears the events of a build, looks at the clock and at the terminal's size,
//! and writes frames to standard error.
//!
//! What a frame shows is `report::live`'s; the lines that stay are `report::plain`'s. Nothing of the terminal is
//! changed but its text, so a kill leaves nothing to be put right.

use super::output::Screen;
use crate::logic::event::BuildEvent;
use crate::report::live::{Line, Progress, Size, frame};
use crate::report::plain::{PlainOptions, PlainReport};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use signal_hook::consts::SIGCONT;
use std::io::Write;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Once};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Builds that are shorter than this show no live part.
const FIRST: Duration = Duration::from_millis(200);
/// The time between two frames at least.
const BETWEEN: Duration = Duration::from_millis(66);
/// How often the clock and the terminal's size are looked at when nothing happens.
const IDLE: Duration = Duration::from_millis(200);
/// Events that may wait to be heard. A terminal that stands still then holds up the build, but takes no memory.
const WAITING_EVENTS: usize = 256;

/// The rows of the live part that stand on the screen, for who panics.
static ROWS: AtomicUsize = AtomicUsize::new(0);
/// Said in `ROWS` after a panic: nothing is drawn any more.
const PANICKED: usize = usize::MAX;

/// The thread. When this is dropped, all that was told is on the screen and the live part is gone.
#[derive(Debug)]
pub(super) struct LiveScreen {
    events: Option<SyncSender<BuildEvent>>,
    thread: Option<JoinHandle<()>>,
}

impl LiveScreen {
    /// `None` where there can be no thread.
    pub(super) fn start(screen: &Screen, options: PlainOptions) -> Option<LiveScreen> {
        clear_before_a_panic_is_told();
        let (events, heard) = mpsc::sync_channel(WAITING_EVENTS);
        let painter = Painter {
            plain: PlainReport::new(Vec::new(), options),
            progress: Progress::new(screen.live_options()),
            begun: Instant::now(),
            drawn: Vec::new(),
            columns: 0,
            resumed: Arc::default(),
        };
        // Without it a build that was stopped and goes on draws over what the shell said meanwhile.
        let _ = signal_hook::flag::register(SIGCONT, Arc::clone(&painter.resumed));
        let thread = thread::Builder::new()
            .name("screen".into())
            .spawn(move || painter.paint(&heard))
            .ok()?;
        Some(LiveScreen {
            events: Some(events),
            thread: Some(thread),
        })
    }

    pub(super) fn tell(&self, event: BuildEvent) {
        if let Some(events) = &self.events {
            // Only a screen that panicked is gone, and that was told.
            let _ = events.send(event);
        }
    }
}

impl Drop for LiveScreen {
    fn drop(&mut self) {
        drop(self.events.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Painter {
    /// Writes the lines that stay into its buffer.
    plain: PlainReport<Vec<u8>>,
    progress: Progress,
    begun: Instant,
    /// What stands on the screen, and how wide that was when it was drawn.
    drawn: Vec<Line>,
    columns: usize,
    /// Set when the process was stopped and goes on.
    resumed: Arc<AtomicBool>,
}

impl Painter {
    fn paint(mut self, heard: &Receiver<BuildEvent>) {
        let mut last = self.begun;
        let mut next = self.begun + FIRST;
        loop {
            match heard.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(event) => {
                    self.plain.tell(&event);
                    self.progress.hear(&event, self.begun.elapsed());
                    // Soon, but not for each of many.
                    next = next.min(last + BETWEEN);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // Also when events come without a pause.
            if Instant::now() >= next {
                self.draw(false);
                last = Instant::now();
                next = last + IDLE;
            }
        }
        self.draw(true);
    }

    /// Brings the screen up to date; at the end without a live part.
    fn draw(&mut self, end: bool) {
        let now = self.begun.elapsed();
        let size = size();
        if self.resumed.swap(false, Ordering::SeqCst) {
            self.drawn.clear();
        }
        let lines = match end || now < FIRST || !is_in_front() {
            true => Vec::new(),
            false => self.progress.render(size, self.plain.name_width(), now),
        };
        let permanent = std::mem::take(self.plain.out());
        let is_same = lines == self.drawn && size.columns == self.columns;
        if permanent.is_empty() && is_same || ROWS.load(Ordering::SeqCst) == PANICKED {
            return;
        }
        let permanent = String::from_utf8_lossy(&permanent);
        let frame = frame::replace(&self.drawn, &permanent, &lines, size.columns);
        // A terminal that went away is no reason to end a build.
        let _ = std::io::stderr().write_all(frame.as_bytes());
        let rows = frame::rows(&lines, size.columns);
        let _ = ROWS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |old| {
            (old != PANICKED).then_some(rows)
        });
        (self.drawn, self.columns) = (lines, size.columns);
    }
}

/// Whether what is typed at the terminal comes to this process. One that a shell runs in the background tells what
/// stays, and draws nothing over what is typed. Where that cannot be asked nobody else is there.
fn is_in_front() -> bool {
    tcgetpgrp(std::io::stderr()).map_or(true, |group| group == getpgrp())
}

/// Asked for anew each time: it may be changed at any moment.
fn size() -> Size {
    let known = terminal_size::terminal_size_of(std::io::stderr());
    let (columns, rows) = known.map_or((80, 24), |(columns, rows)| (columns.0, rows.0));
    Size {
        columns: usize::from(columns),
        rows: usize::from(rows),
    }
}

/// A panic's message must neither stand inside the live part nor be written over by it.
fn clear_before_a_panic_is_told() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let rows = ROWS.swap(PANICKED, Ordering::SeqCst);
            if rows != PANICKED {
                let _ = std::io::stderr().write_all(frame::remove(rows).as_bytes());
            }
            tell(info);
        }));
    });
}
