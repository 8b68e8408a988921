//! The judge, case by case.

use super::*;
use crate::base::record::{Made, Origin, Usage};

fn path(text: &str) -> ProjectPath {
    ProjectPath::from_normal(text)
}

fn file(text: &str) -> Content {
    Content::File {
        digest: Digest::of(text.as_bytes()),
        executable: false,
        size: text.len() as u64,
    }
}

fn row(name: &str, value: &str) -> Row {
    Row {
        name: name.into(),
        value: value.into(),
    }
}

struct Case {
    declaration: Vec<Row>,
    inputs: Vec<(ProjectPath, Content)>,
    outputs: Vec<(ProjectPath, Content)>,
}

impl Case {
    fn settled() -> Self {
        Case {
            declaration: vec![row("command", "x"), row("{in}", "a")],
            inputs: vec![(path("a"), file("1"))],
            outputs: vec![(path("o"), file("2"))],
        }
    }

    fn now(&self) -> Situation<'_> {
        Situation {
            declaration: &self.declaration,
            inputs: &self.inputs,
            outputs: &self.outputs,
            always: false,
            forced: false,
            last_run: LastRun::Other,
        }
    }

    fn record(&self) -> NodeRecord {
        let parts = KeyParts {
            declaration: self.declaration.clone(),
            inputs: self.inputs.clone(),
        };
        let result = RunResult {
            outputs: self.outputs.clone(),
            log: None,
            duration_ms: 1,
            usage: Usage::default(),
            made: Made::default(),
        };
        NodeRecord {
            key: key::key_of(&parts),
            parts,
            result,
            origin: Origin::Ran,
            build: 1,
        }
    }
}

#[test]
fn fresh_when_the_result_stands() {
    let case = Case::settled();
    let last = case.record();
    assert_eq!(
        judge(&case.now(), Some(&last.result), Some(&last)),
        Verdict::Fresh
    );
    assert_eq!(judge(&case.now(), Some(&last.result), None), Verdict::Fresh);
}

#[test]
fn always_and_force_run_even_then() {
    let case = Case::settled();
    let last = case.record();
    let always = Situation {
        always: true,
        ..case.now()
    };
    let forced = Situation {
        forced: true,
        ..case.now()
    };
    assert_eq!(
        judge(&always, Some(&last.result), Some(&last)),
        Verdict::Run(vec![Reason::Always])
    );
    assert_eq!(
        judge(&forced, Some(&last.result), Some(&last)),
        Verdict::Run(vec![Reason::Forced])
    );
}

#[test]
fn outputs_that_went_or_changed_are_restored() {
    let last = Case::settled().record();
    let mut case = Case::settled();
    case.outputs[0].1 = Content::Absent;
    let gone = vec![Reason::OutputMissing(path("o"))];
    assert_eq!(
        judge(&case.now(), Some(&last.result), Some(&last)),
        Verdict::Restore(gone.clone())
    );
    assert_eq!(judge(&case.now(), None, Some(&last)), Verdict::Run(gone));
    case.outputs[0].1 = file("edited");
    let changed = Reason::OutputChanged {
        path: path("o"),
        old: file("2"),
        new: file("edited"),
    };
    assert_eq!(
        judge(&case.now(), Some(&last.result), Some(&last)),
        Verdict::Restore(vec![changed])
    );
}

#[test]
fn reasons_name_what_changed_and_only_that() {
    let last = Case::settled().record();
    let mut case = Case::settled();
    case.inputs[0].1 = file("new");
    let input = Reason::Input {
        path: path("a"),
        old: file("1"),
        new: file("new"),
    };
    assert_eq!(
        judge(&case.now(), None, Some(&last)),
        Verdict::Run(vec![input])
    );

    let mut case = Case::settled();
    case.inputs.push((path("b"), file("3")));
    case.declaration[1].value = "a\nb".into();
    assert_eq!(
        judge(&case.now(), None, Some(&last)),
        Verdict::Run(vec![Reason::InputAdded(path("b"))])
    );

    let mut case = Case::settled();
    case.declaration[0].value = "y".into();
    let part = Reason::Declaration {
        part: "command".into(),
        old: Some("x".into()),
        new: Some("y".into()),
    };
    assert_eq!(
        judge(&case.now(), None, Some(&last)),
        Verdict::Run(vec![part])
    );
    assert_eq!(
        judge(&case.now(), None, None),
        Verdict::Run(vec![Reason::NeverRan])
    );
}

#[test]
fn a_failure_is_the_reason_when_there_is_no_other() {
    let case = Case::settled();
    let failed = Situation {
        last_run: LastRun::Failed,
        ..case.now()
    };
    assert_eq!(
        judge(&failed, None, None),
        Verdict::Run(vec![Reason::LastRunFailed])
    );
    let last = case.record();
    let mut edited = Case::settled();
    edited.inputs[0].1 = file("new");
    let failed = Situation {
        last_run: LastRun::Failed,
        ..edited.now()
    };
    let Verdict::Run(reasons) = judge(&failed, None, Some(&last)) else {
        panic!("it has to run")
    };
    assert!(matches!(reasons[..], [Reason::Input { .. }]));
}

#[test]
fn inputs_in_another_order_are_a_reason() {
    let mut case = Case::settled();
    case.inputs.push((path("b"), file("3")));
    let last = case.record();
    case.inputs.swap(0, 1);
    assert_eq!(
        judge(&case.now(), None, Some(&last)),
        Verdict::Run(vec![Reason::InputOrder])
    );
}
