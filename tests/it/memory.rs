//! What commands take of the machine, and a command that died for want of memory.

use crate::support::Sandbox;

/// A command one of whose processes holds some 90 MB: as many as `tail` is to give back.
const LARGE: &str = r#"
node "large" {
    out "large.txt"
    run "head -c 90000000 /dev/zero | tail -c 90000000 | wc -c > {out}"
}
"#;

#[test]
fn status_and_why_tell_what_a_run_took() {
    let sandbox = Sandbox::new(LARGE);
    sandbox.build();
    for (command, before) in [("why large", "its run took "), ("status --all", "large")] {
        let told = sandbox.pipe(command).expect_code(0).out;
        let line = told
            .lines()
            .find(|line| line.contains(before))
            .unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains(" of processor time, "), "{line}");
        let (mib, _) = line
            .rsplit_once(" MiB of memory")
            .unwrap_or_else(|| panic!("{line}"));
        let mib: f64 = mib.rsplit(' ').next().unwrap().parse().unwrap();
        assert!((80.0..200.0).contains(&mib), "{line}");
    }
}

#[test]
fn a_command_that_was_killed_from_outside_is_named() {
    let sandbox = Sandbox::new(
        r#"
        node "shell" { out "a"; run "sh -c 'kill -9 $$'; echo not reached" }
        node "itself" { out "b"; exec "sh" "-c" "kill -9 $$" }
        "#,
    );
    let outcome = sandbox.pipe("build -k").expect_code(1);
    for ending in ["exit code 137", "ended by signal 9 (SIGKILL)"] {
        let line = outcome.err.lines().find(|line| line.contains(ending));
        let line = line.unwrap_or_else(|| panic!("{}", outcome.err));
        assert!(line.contains("for memory"), "{line}");
    }
    outcome.expect_said("`use memory=\"");
}
