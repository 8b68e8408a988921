//! The question that `pipe` began with: A, B and C side by side, D alone. Proved by the times they record themselves.

use crate::support::Sandbox;

#[test]
fn a_b_and_c_overlap_and_d_overlaps_nothing() {
    let sandbox = Sandbox::fixture("kedro-question");
    // That D is alone holds each time. A machine with much else to do may start one of the others when the first has ended.
    let in_one_of_five = (0..5).any(|_| {
        assert_eq!(sandbox.pipe("build -f").expect_code(0).ran(), 4);
        let span = |name: &str| recorded_span(&sandbox.read(&format!("build/bar_{name}.txt")));
        let (a, b, c, d) = (span("a"), span("b"), span("c"), span("d"));
        let overlap = |one: (u128, u128), other: (u128, u128)| one.0 < other.1 && other.0 < one.1;
        for (name, light) in [("A", a), ("B", b), ("C", c)] {
            assert!(!overlap(light, d), "{name} {light:?} and D {d:?}");
        }
        overlap(a, b) && overlap(b, c) && overlap(a, c)
    });
    assert!(in_one_of_five, "A, B and C run side by side");
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
