//! What stands below the line of a node: its command, and the end of what it printed.
//!
//! Does not know the line itself.

use super::changes::clipped;
use super::plain::{PlainOptions, Shown};
use super::{printed, units};
use crate::logic::event::{Failure, FailureCause, Printed};

/// Of a command, so many lines of so many characters are shown.
const COMMAND_LINES: usize = 12;
const COMMAND_LINE: usize = 400;
/// Of what a failed command printed, the last lines are shown, unless everything is asked for.
const OUTPUT_LINES: usize = 60;

/// The command as a person would type it.
pub(super) fn command(command: &str) -> String {
    let lines: Vec<&str> = command.trim_matches('\n').lines().collect();
    let mut text = String::new();
    for (number, line) in lines.iter().take(COMMAND_LINES).enumerate() {
        let mark = if number == 0 { '$' } else { ' ' };
        let line = clipped(&printed::escaped(line), COMMAND_LINE);
        text.push_str(format!("  {mark} {line}").trim_end());
        text.push('\n');
    }
    if lines.len() > COMMAND_LINES {
        let more = units::count(lines.len() - COMMAND_LINES, "line");
        text.push_str(&format!("    \u{2026} {more} more\n"));
    }
    text
}

/// What the failed `node` printed, behind a bar.
pub(super) fn output(node: &str, failure: &Failure, options: PlainOptions) -> String {
    let has_run = matches!(
        failure.cause,
        FailureCause::Ending(_)
            | FailureCause::KilledForMemory { .. }
            | FailureCause::BadOutputs(_)
    );
    if failure.output.is_empty() {
        return match has_run {
            true => "  it printed nothing\n".to_owned(),
            false => String::new(),
        };
    }
    let most = match options.output {
        Shown::Grouped => usize::MAX,
        Shown::Failed if options.verbose => usize::MAX,
        Shown::Failed => OUTPUT_LINES,
        // It stands above, or nobody wants to see it here.
        Shown::Stream => return String::new(),
        Shown::None => return format!("  `pipe log {node}` shows what it printed\n"),
    };
    match lines(node, &failure.output, failure.output_cut, most, options) {
        text if text.is_empty() && has_run => "  it printed nothing\n".to_owned(),
        text => text,
    }
}

/// What a `node` printed that ran well, behind a bar; empty when that was nothing.
pub(super) fn whole(node: &str, printed: &Printed, options: PlainOptions) -> String {
    lines(node, &printed.bytes, printed.cut, usize::MAX, options)
}

fn lines(node: &str, bytes: &[u8], cut: bool, most: usize, options: PlainOptions) -> String {
    let mut lines = printed::lines(bytes, options.colour);
    if cut && lines.len() > 1 {
        // The cut may go through the middle of a line, or of a character.
        lines.remove(0);
    }
    let shown = lines.len().min(most);
    let mut text = String::new();
    if cut || shown < lines.len() {
        text.push_str(&format!(
            "  the end of what it printed; `pipe log {node}` shows all\n"
        ));
    }
    for line in &lines[lines.len() - shown..] {
        text.push_str(format!("  | {line}").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::record::Ending;

    fn printed(output: &str, output_cut: bool) -> String {
        let cause = FailureCause::Ending(Ending::Exit(1));
        let failure = Failure {
            output: output.into(),
            output_cut,
            ..Failure::before_start(cause, "x")
        };
        super::output("split", &failure, PlainOptions::default())
    }

    #[test]
    fn of_a_long_output_the_end_is_shown() {
        let long: String = (1..=70).map(|number| format!("{number}\n")).collect();
        let text = printed(&long, false);
        assert!(
            text.starts_with("  the end of what it printed; `pipe log split` shows all\n  | 11\n"),
            "{text}"
        );
        assert!(text.ends_with("\n  | 70\n"), "{text}");
        let cut = printed("of a line\nwhole", true);
        assert_eq!(
            cut,
            "  the end of what it printed; `pipe log split` shows all\n  | whole\n"
        );
    }

    #[test]
    fn nothing_is_said_to_be_printed_only_by_what_ran() {
        assert_eq!(printed("\n", false), "  it printed nothing\n");
        let cause = FailureCause::NotStarted {
            program: "x".into(),
            error: "gone".into(),
        };
        let never = Failure::before_start(cause, "x");
        assert_eq!(output("split", &never, PlainOptions::default()), "");
    }

    #[test]
    fn long_commands_are_cut() {
        let script: String = (1..=14).map(|number| format!("step {number}\n")).collect();
        let text = command(&script);
        assert!(text.starts_with("  $ step 1\n    step 2\n"), "{text}");
        assert!(
            text.ends_with("    step 12\n    \u{2026} 2 lines more\n"),
            "{text}"
        );
        let line = command(&"x".repeat(500));
        assert_eq!(
            line.trim_end(),
            format!("  $ {}\u{2026}", "x".repeat(COMMAND_LINE))
        );
        assert_eq!(
            command("printf 'a\\tb'\n\tsort"),
            "  $ printf 'a\\tb'\n    \tsort\n"
        );
    }
}
