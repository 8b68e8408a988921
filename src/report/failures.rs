//! Failures in plain words, and what to do about them.
//!
//! Does not know where the words go.

use super::printed::escaped;
use super::units;
use super::words::{list, sentence, shown};
use crate::base::path::ProjectPath;
use crate::base::record::{Ending, RunRecord};
use crate::logic::event::{BadOutput, Failure, FailureCause, OutputFault};
use crate::logic::plan::Reason;

/// Shells answer so for a program that this signal ended, plus its number.
const SHELL_SIGNAL_BASE: i32 = 128;
const SIGKILL: i32 = 9;
const SIGPIPE: i32 = 13;

/// What went wrong, in a line.
pub fn cause(cause: &FailureCause) -> String {
    match cause {
        FailureCause::Ending(ending) => ending_words(*ending),
        FailureCause::KilledForMemory {
            ending,
            peak,
            kernel_kills,
        } => killed_for_memory(*ending, *peak, *kernel_kills),
        // The system's words may have the program in them already.
        FailureCause::NotStarted { program, error } if error.contains(program.as_str()) => {
            escaped(error)
        }
        FailureCause::NotStarted { program, error } => {
            format!("cannot start {}: {}", escaped(program), escaped(error))
        }
        FailureCause::BadOutputs(outputs) => bad_outputs(outputs),
        FailureCause::Undeclared => {
            "exit code 0, but it is strict and touched what it does not declare".to_owned()
        }
        FailureCause::NotCached(reasons) => not_cached(reasons),
        FailureCause::Trouble(trouble) => escaped(trouble),
    }
}

/// How a run that failed had ended, as far as the history tells.
pub fn remembered(run: &RunRecord) -> String {
    let peak = run.usage.peak.map(|peak| peak.bytes);
    match FailureCause::of_ending(run.ending, peak, None) {
        Some(ending) => cause(&ending),
        None => "exit code 0, but it did not leave what it declares".to_owned(),
    }
}

fn not_cached(reasons: &[Reason]) -> String {
    let first = reasons.first().map(sentence).unwrap_or_default();
    format!("it would have to run: {first}")
}

/// What may help, each a sentence; often there is nothing to say.
pub fn hints(failure: &Failure) -> Vec<String> {
    let mut hints: Vec<String> = match &failure.cause {
        FailureCause::Ending(ending) => ending_hint(*ending)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        FailureCause::KilledForMemory {
            peak, kernel_kills, ..
        } => memory_hints(*peak, *kernel_kills),
        FailureCause::BadOutputs(outputs) => output_hint(outputs)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        FailureCause::NotStarted { .. }
        | FailureCause::Trouble(_)
        | FailureCause::NotCached(_)
        | FailureCause::Undeclared => Vec::new(),
    };
    hints.extend(failure.withheld.iter().map(|name| {
        format!(
            "what it printed names `{name}`, which the command did not get to see: `pass-env \"{name}\"` hands it \
             through, `env \"{name}\"` also makes it a part of the key"
        )
    }));
    hints
}

/// Says whether the kernel did it, as far as that is known, and how much was held.
fn killed_for_memory(ending: Ending, peak: Option<u64>, kernel_kills: Option<u64>) -> String {
    let at = peak.map_or(String::new(), |peak| format!(", at {}", units::size(peak)));
    let ended = ending_words(ending);
    let was_killed = matches!(
        FailureCause::of_ending(ending, None, None),
        Some(FailureCause::KilledForMemory { .. })
    );
    match kernel_kills.unwrap_or(0) {
        0 => format!("killed, probably for memory{at} ({ended})"),
        _ if was_killed => format!("killed by the kernel for memory{at} ({ended})"),
        _ => format!("{ended}, after the kernel killed a process for memory{at}"),
    }
}

fn memory_hints(peak: Option<u64>, kernel_kills: Option<u64>) -> Vec<String> {
    let amount = peak.map_or("\u{2026}".to_owned(), units::size_to_ask_for);
    let mut hints = vec![format!(
        "consider `exclusive`, which runs it alone, or `use memory=\"{amount}\"`, beside which only that runs for \
         which there is room"
    )];
    if kernel_kills == Some(0) {
        hints.push(
            "the kernel counted no kill for memory meanwhile: a person, a guard of memory or the host of a container \
             may have sent the signal"
                .to_owned(),
        );
    }
    hints
}

fn ending_words(ending: Ending) -> String {
    match ending {
        Ending::Exit(code) => format!("exit code {code}"),
        Ending::Signal(number) => format!("ended by {}", signal(number)),
        Ending::NotStarted => "it could not be started".to_owned(),
        Ending::Undeclared => "exit code 0, but it touched what it does not declare".to_owned(),
        Ending::TimedOut => "it took longer than its `timeout` and was ended".to_owned(),
    }
}

fn signal(number: i32) -> String {
    // Only those that have the same number on every system.
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        SIGKILL => "SIGKILL",
        11 => "SIGSEGV",
        SIGPIPE => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        _ => return format!("signal {number}"),
    };
    format!("signal {number} ({name})")
}

fn ending_hint(ending: Ending) -> Option<&'static str> {
    let signal = match ending {
        Ending::Signal(number) => number,
        Ending::Exit(code) => code - SHELL_SIGNAL_BASE,
        Ending::NotStarted | Ending::TimedOut | Ending::Undeclared => return None,
    };
    match (signal, ending) {
        (SIGPIPE, _) => Some(
            "a program in a pipe wrote to one that had stopped reading, as `head` does; the shell's `pipefail` \
             makes that a failure",
        ),
        (11, _) => Some("a program crashed: it touched memory that is not its own"),
        (_, Ending::Exit(127)) => {
            Some("the shell did not find a program: is it installed, and on the PATH?")
        }
        (_, Ending::Exit(126)) => Some(
            "the shell may not execute a program: `chmod +x` allows it, or name its interpreter",
        ),
        _ => None,
    }
}

fn bad_outputs(outputs: &[BadOutput]) -> String {
    let missing: Vec<ProjectPath> = outputs
        .iter()
        .filter(|output| output.fault == OutputFault::NotWritten)
        .map(|output| output.path.clone())
        .collect();
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("it did not write {}", list(&missing)));
    }
    parts.extend(outputs.iter().filter_map(|BadOutput { path, fault }| {
        let path = shown(path);
        match fault {
            OutputFault::NotWritten => None,
            OutputFault::NotADirectory => {
                Some(format!("{path} is a file where a directory is declared"))
            }
            OutputFault::IsADirectory => {
                Some(format!("{path} is a directory where a file is declared"))
            }
            OutputFault::Special => Some(format!("{path} is or holds a FIFO, socket or device")),
            OutputFault::LinkLeaves(link) => Some(format!(
                "{path} holds a link that leads out of it, or by an absolute path: {}",
                escaped(link)
            )),
        }
    }));
    format!("exit code 0, but {}", parts.join("; "))
}

fn output_hint(outputs: &[BadOutput]) -> Option<&'static str> {
    match outputs.first()?.fault {
        OutputFault::NotWritten => Some(
            "`{out}` in the command stands for the right path, seen from the folder in which it starts",
        ),
        OutputFault::NotADirectory => {
            Some("in `out`, leave off the `/` at the end to declare a file")
        }
        OutputFault::IsADirectory => Some("in `out`, put a `/` at the end to declare a directory"),
        OutputFault::Special => Some("only files, directories and links can be kept"),
        OutputFault::LinkLeaves(_) => {
            Some("what a link leads to must be in the same output, or be copied there")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(cause: FailureCause) -> Failure {
        Failure::before_start(cause, "x")
    }

    fn ended(ending: Ending) -> (String, String) {
        let ended = failure(FailureCause::Ending(ending));
        (cause(&ended.cause), hints(&ended).join("\n"))
    }

    fn bad(outputs: &[(&str, OutputFault)]) -> FailureCause {
        let output = |(path, fault): &(&str, OutputFault)| BadOutput {
            path: ProjectPath::from_normal(path),
            fault: fault.clone(),
        };
        FailureCause::BadOutputs(outputs.iter().map(output).collect())
    }

    #[test]
    fn endings() {
        assert_eq!(
            ended(Ending::Exit(1)),
            ("exit code 1".into(), String::new())
        );
        assert_eq!(
            ended(Ending::Signal(6)),
            ("ended by signal 6 (SIGABRT)".into(), String::new())
        );
        assert_eq!(ended(Ending::Signal(40)).0, "ended by signal 40");
        assert!(ended(Ending::Exit(141)).1.contains("`pipefail`"));
        assert!(ended(Ending::Exit(127)).1.contains("PATH"));
        assert!(ended(Ending::Exit(126)).1.contains("chmod"));
    }

    #[test]
    fn a_lack_of_memory_is_named() {
        let ended = |ending, peak, kernel_kills| {
            let ended = failure(FailureCause::of_ending(ending, peak, kernel_kills).unwrap());
            (cause(&ended.cause), hints(&ended).join("\n"))
        };
        let advice = |amount: &str| {
            format!(
                "consider `exclusive`, which runs it alone, or `use memory=\"{amount}\"`, beside which only that runs \
                 for which there is room"
            )
        };
        let peak = Some((112 << 30) / 10);
        let (said, hint) = ended(Ending::Signal(9), peak, None);
        assert_eq!(
            said,
            "killed, probably for memory, at 11.2 GiB (ended by signal 9 (SIGKILL))"
        );
        assert_eq!(hint, advice("12GiB"));
        let (said, hint) = ended(Ending::Exit(137), None, Some(0));
        assert_eq!(said, "killed, probably for memory (exit code 137)");
        assert!(hint.starts_with(&advice("\u{2026}")) && hint.contains("counted no kill"));
        let (said, _) = ended(Ending::Exit(137), peak, Some(1));
        assert_eq!(
            said,
            "killed by the kernel for memory, at 11.2 GiB (exit code 137)"
        );
        let (said, hint) = ended(Ending::Exit(1), Some(200 << 20), Some(2));
        assert_eq!(
            said,
            "exit code 1, after the kernel killed a process for memory, at 200 MiB"
        );
        assert_eq!(hint, advice("256MiB"));
        let other = FailureCause::of_ending(Ending::Signal(15), peak, Some(0));
        assert_eq!(other, Some(FailureCause::Ending(Ending::Signal(15))));
        assert_eq!(
            FailureCause::of_ending(Ending::Exit(0), peak, Some(1)),
            None
        );
    }

    #[test]
    fn a_program_that_cannot_be_started_is_named_once() {
        let said = |error: &str| {
            cause(&FailureCause::NotStarted {
                program: "sorrt".into(),
                error: error.into(),
            })
        };
        assert_eq!(said("no such file"), "cannot start sorrt: no such file");
        assert_eq!(
            said("cannot start sorrt: no such file"),
            "cannot start sorrt: no such file"
        );
    }

    #[test]
    fn outputs_that_are_not_as_declared() {
        use OutputFault::{IsADirectory, LinkLeaves, NotADirectory, NotWritten, Special};
        let missing = bad(&[
            ("a", NotWritten),
            ("b", NotWritten),
            ("c", NotWritten),
            ("d", NotWritten),
        ]);
        assert_eq!(
            cause(&missing),
            "exit code 0, but it did not write a, b, c and 1 more"
        );
        assert!(hints(&failure(missing))[0].starts_with("`{out}` in the command"));
        let mixed = bad(&[
            ("a", IsADirectory),
            ("b", NotADirectory),
            ("c", NotWritten),
            ("d", Special),
            ("e", LinkLeaves("e/x -> ../y".into())),
        ]);
        assert_eq!(
            cause(&mixed),
            "exit code 0, but it did not write c; a is a directory where a file is declared; b is a file \
             where a directory is declared; d is or holds a FIFO, socket or device; e holds a link that leads out of it, \
             or by an absolute path: e/x -> ../y"
        );
        assert_eq!(
            hints(&failure(mixed)),
            ["in `out`, put a `/` at the end to declare a directory"]
        );
    }

    #[test]
    fn variables_that_were_withheld_are_named() {
        let mut failure = failure(FailureCause::Ending(Ending::Exit(1)));
        failure.withheld = vec!["API_KEY".into()];
        assert_eq!(
            hints(&failure),
            [
                "what it printed names `API_KEY`, which the command did not get to see: `pass-env \"API_KEY\"` hands it \
              through, `env \"API_KEY\"` also makes it a part of the key"
            ]
        );
    }
}
