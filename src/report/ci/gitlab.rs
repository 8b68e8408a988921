//! The marks that GitLab reads in a log: sections that can be folded.

/// Lines that are folded below a title. `number` tells it from the other sections of this log; the times are in seconds
/// since 1970 UTC.
pub(super) fn section(number: usize, title: &str, text: &str, begun_s: u64, now_s: u64) -> String {
    // What stands between the marks is wiped out on a terminal.
    format!(
        "\x1b[0Ksection_start:{begun_s}:pipe_{number}[collapsed=true]\r\x1b[0K{title}\n\
         {text}\x1b[0Ksection_end:{now_s}:pipe_{number}\r\x1b[0K\n"
    )
}
