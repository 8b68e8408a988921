//! The question that `pipe` began with: A, B and C side by side, D alone. Proved by the times they record themselves.

use crate::support::Sandbox;

#[test]
fn a_b_and_c_overlap_and_d_overlaps_nothing() {
    let sandbox = Sandbox::fixture("kedro-question");
    assert_eq!(sandbox.build().ran(), 4);
    let span = |name: &str| recorded_span(&sandbox.read(&format!("build/bar_{name}.txt")));
    let (a, b, c, d) = (span("a"), span("b"), span("c"), span("d"));
    let overlap = |one: (u128, u128), other: (u128, u128)| one.0 < other.1 && other.0 < one.1;
    assert!(
        overlap(a, b) && overlap(b, c) && overlap(a, c),
        "A {a:?}, B {b:?}, C {c:?}"
    );
    for (name, light) in [("A", a), ("B", b), ("C", c)] {
        assert!(!overlap(light, d), "{name} {light:?} and D {d:?}");
    }
}

fn recorded_span(text: &str) -> (u128, u128) {
    let time = |word: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(word))
            .unwrap_or_else(|| panic!("{word} in {text}"));
        line.trim()
            .parse()
            .unwrap_or_else(|_| panic!("a number after {word} in {text}"))
    };
    (time("start "), time("end "))
}
