//! What a command sees of the environment, and which withheld variables its log complains about.
//!
//! Does not read the environment of this process: `cli` does and passes it in as a list.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::world::execute::orphans;

/// What every command gets from the caller, outside its key. `*` stands for any letters.
const HANDED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TEMP",
    "TMP",
    // The Python that was activated.
    "VIRTUAL_ENV",
    "CONDA_*",
    // Programs on the PATH that only pass the call on to what these name, and cannot start without them.
    "PYENV_*",
    "RUSTUP_HOME",
    "CARGO_HOME",
    // The PATH of libraries: a program that the PATH finds may not start without it.
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
];

/// The same on every machine unless the manifest says otherwise.
const FIXED: &[(&str, &str)] = &[("LANG", "C.UTF-8"), ("TZ", "UTC")];

/// Linux refuses to start a program with a longer `NAME=value`, its closing zero byte counted.
const LONGEST_VARIABLE: usize = 128 * 1024;

/// Variables that logs mention for other reasons than missing them.
const COMMON_WORDS: &[&str] = &[
    "COLUMNS", "DATA", "DEBUG", "EDITOR", "ERROR", "FILE", "HOST", "HOSTNAME", "INFO", "LANGUAGE",
    "LESS", "LEVEL", "LINES", "MAIL", "MODE", "NAME", "OLDPWD", "PAGER", "SHLVL", "TEST", "TYPE",
    "VERSION", "VISUAL", "WARNING",
];

/// Most names that [`withheld`] returns.
const MOST_WITHHELD: usize = 5;

/// What a command's environment is made of.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentParts<'a> {
    /// The environment of the caller of `pipe`.
    pub caller: &'a [(OsString, OsString)],
    /// Variables of the manifest, which win over all others; of two of one name the later.
    pub declared: &'a [(String, String)],
    /// Names to hand through from the caller; `*` stands for any letters.
    pub pass_env: &'a [String],
    /// The inputs' paths as the command sees them, for `PIPE_IN`.
    pub inputs: &'a [String],
    /// The outputs' paths as the command sees them, for `PIPE_OUT`.
    pub outputs: &'a [String],
    /// Python's private byte-code cache, see [`super::bytecode`]; absolute.
    pub pycache: &'a Path,
    /// Marks the processes of this job, see [`orphans`].
    pub token: &'a str,
    /// What programs are offered that start others: a job server's variables. The caller's win where they are handed through.
    pub offered: &'a [(&'static str, String)],
}

/// The whole environment of a command, sorted by name, no name twice.
///
/// `PIPE_IN` and `PIPE_OUT` hold one path a line. Where that is longer than the system allows for one variable
/// (128 KiB on Linux) it is left out, since otherwise no program could start at all.
pub fn command_environment(parts: &EnvironmentParts<'_>) -> Vec<(OsString, OsString)> {
    let mut variables: BTreeMap<OsString, OsString> = BTreeMap::new();
    let mut set = |name: &str, value: &OsStr| variables.insert(name.into(), value.into());
    for (name, value) in FIXED {
        set(name, OsStr::new(value));
    }
    set("PYTHONPYCACHEPREFIX", parts.pycache.as_os_str());
    for (name, value) in parts.offered {
        set(name, OsStr::new(value));
    }
    for (name, value) in parts.caller {
        let asked_for = |pattern: &str| matches(pattern.as_bytes(), name.as_encoded_bytes());
        if HANDED_ON.iter().any(|pattern| asked_for(pattern))
            || parts.pass_env.iter().any(|it| asked_for(it))
        {
            variables.insert(name.clone(), value.clone());
        }
    }
    for (name, paths) in [("PIPE_IN", parts.inputs), ("PIPE_OUT", parts.outputs)] {
        // Also those of a build around this one must not be seen.
        variables.remove(OsStr::new(name));
        let value = paths.join("\n");
        if name.len() + value.len() + 2 <= LONGEST_VARIABLE {
            variables.insert(name.into(), value.into());
        }
    }
    for (name, value) in parts.declared {
        variables.insert(name.into(), value.into());
    }
    variables.insert(orphans::MARK.into(), parts.token.into());
    variables.into_iter().collect()
}

/// Whether `name` matches `pattern`, in which `*` stands for any bytes.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let Some(star) = pattern.iter().position(|&byte| byte == b'*') else {
        return pattern == name;
    };
    let Some(rest) = name.strip_prefix(&pattern[..star]) else {
        return false;
    };
    (0..=rest.len()).any(|skipped| matches(&pattern[star + 1..], &rest[skipped..]))
}

/// Names of variables that the caller has, the command was not `given`, and its log mentions as a whole word, as in
/// `KeyError: 'DATABASE_URL'`: at most five, in the order in which the log names them.
pub fn withheld(
    caller: &[(OsString, OsString)],
    given: &[(OsString, OsString)],
    log: &[u8],
) -> Vec<String> {
    let given: HashSet<&OsStr> = given.iter().map(|(name, _)| name.as_os_str()).collect();
    let mut candidates: HashSet<&str> = caller
        .iter()
        .filter(|(name, _)| !given.contains(name.as_os_str()))
        .filter_map(|(name, _)| name.to_str())
        .filter(|name| name.len() >= 4 && !COMMON_WORDS.contains(name))
        .collect();
    let is_separator = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte == b'_');
    log.split(is_separator)
        .filter_map(|word| str::from_utf8(word).ok())
        .filter(|word| candidates.remove(word))
        .take(MOST_WITHHELD)
        .map(String::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    /// The environment of a command, as `NAME=value`, without the variables that every case has.
    fn seen(caller: &[(&str, &str)], declared: &[(&str, &str)], pass_env: &[&str]) -> Vec<String> {
        let declared: Vec<_> = declared
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        command_environment(&EnvironmentParts {
            caller: &list(caller),
            declared: &declared,
            pass_env: &texts(pass_env),
            inputs: &texts(&["a b", "c"]),
            outputs: &texts(&["d"]),
            pycache: Path::new("/p/.pipe/pycache"),
            token: "t1",
            offered: &[],
        })
        .into_iter()
        .map(|(name, value)| format!("{}={}", name.display(), value.display()))
        .collect()
    }

    #[test]
    fn a_command_sees_what_is_named_and_nothing_else() {
        let caller = [
            ("SECRET", "s"),
            ("PATH", "/bin"),
            ("LANG", "de_DE"),
            ("LC_ALL", "de_DE"),
            ("TZ", "Europe/Berlin"),
            ("CONDA_PREFIX", "/c"),
            ("NO_COLOR", "1"),
            ("PYENV_ROOT", "/r"),
            ("PIPE_IN", "outer"),
        ];
        let want = [
            "CONDA_PREFIX=/c",
            "LANG=C.UTF-8",
            "PATH=/bin",
            "PIPE_BUILD=t1",
            "PIPE_IN=a b\nc",
            "PIPE_OUT=d",
            "PYENV_ROOT=/r",
            "PYTHONPYCACHEPREFIX=/p/.pipe/pycache",
            "TZ=UTC",
        ];
        assert_eq!(seen(&caller, &[], &[]), want);
    }

    #[test]
    fn the_manifest_wins_over_the_caller_and_the_caller_over_the_fixed_values() {
        let caller = [
            ("LANG", "de_DE"),
            ("AWS_REGION", "eu"),
            ("XAWS_KEY", "k"),
            ("PYTHONPYCACHEPREFIX", "/mine"),
        ];
        let declared = [
            ("AWS_REGION", "us"),
            ("HOME", "/first"),
            ("HOME", "/nowhere"),
            ("PIPE_BUILD", "fake"),
        ];
        let want = [
            "AWS_REGION=us",
            "HOME=/nowhere",
            "LANG=de_DE",
            "PIPE_BUILD=t1",
            "PIPE_IN=a b\nc",
            "PIPE_OUT=d",
            "PYTHONPYCACHEPREFIX=/mine",
            "TZ=UTC",
        ];
        assert_eq!(
            seen(&caller, &declared, &["AWS_*", "LANG", "PYTHONPYCACHE*"]),
            want
        );
        // Even when all is handed through, the mark stays that of this build.
        assert!(
            seen(&[("PIPE_BUILD", "outer")], &[], &["*"]).contains(&"PIPE_BUILD=t1".to_string())
        );
    }

    #[test]
    fn a_list_of_inputs_that_no_variable_can_hold_is_left_out() {
        let longest = LONGEST_VARIABLE - "PIPE_IN=\0".len();
        for (length, present) in [(longest, true), (longest + 1, false)] {
            let environment = command_environment(&EnvironmentParts {
                caller: &[],
                declared: &[],
                pass_env: &[],
                inputs: &["x".repeat(length)],
                outputs: &[],
                pycache: Path::new("/p"),
                token: "t",
                offered: &[],
            });
            assert_eq!(
                environment.iter().any(|(name, _)| name == "PIPE_IN"),
                present,
                "{length}"
            );
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, want) in [
            ("AWS_*", "AWS_KEY", true),
            ("AWS_*", "AWS_", true),
            ("AWS_*", "AWS", false),
            ("*_PROXY", "HTTP_PROXY", true),
            ("*_PROXY", "HTTP_PROXY_X", false),
            ("A*B*C", "AxBxBxC", true),
            ("A*B*C", "AxCxB", false),
            ("A?", "AB", false),
            ("EXACT", "EXACT", true),
            ("EXACT", "EXACTLY", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                want,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn withheld_variables_are_found_as_whole_words() {
        let caller = list(&[
            ("DATABASE_URL", "x"),
            ("TOKEN", "x"),
            ("ABC", "x"),
            ("HOSTNAME", "x"),
            ("PATH", "x"),
            ("UNSEEN", "x"),
        ]);
        let given = list(&[("PATH", "x")]);
        let log = b"TOKENS HOSTNAME PATH ABC \xff\nKeyError: 'DATABASE_URL'\n$TOKEN: unbound, DATABASE_URL";
        assert_eq!(withheld(&caller, &given, log), ["DATABASE_URL", "TOKEN"]);

        let names: Vec<String> = (0..9).map(|number| format!("NAME_{number}")).collect();
        let caller: Vec<_> = names
            .iter()
            .map(|name| (name.into(), OsString::new()))
            .collect();
        assert_eq!(
            withheld(&caller, &[], names.join(" ").as_bytes()),
            names[..MOST_WITHHELD]
        );
    }
}
