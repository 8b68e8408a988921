//! The graph as a tree of lines, for a terminal.
//!
//! What has been told is not told again. Never recurses, and the width of a line has a limit, however deep the graph.

use super::{Picture, State};
use crate::logic::drawing::Line;
use crate::report::printed::escaped;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

/// Deeper levels are not indented any further; they say how deep they are.
const DEEPEST: usize = 40;

/// How the tree is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Tree {
    /// From what is needed down to its users; else from the last nodes down to what they need.
    pub users_below: bool,
    /// With colour.
    pub colour: bool,
    /// With more than ASCII.
    pub unicode: bool,
}

/// A line that waits to be written: a card, how it hangs on the one above it, and for each level above whether more
/// follows there.
struct Branch {
    card: u32,
    reads: bool,
    depth: usize,
    is_last: bool,
    more: Vec<bool>,
}

/// `pipe graph --format tree`.
pub fn tree(picture: &Picture<'_>, style: Tree) -> String {
    let count = picture.drawing.cards.len();
    let mut below: Vec<Vec<(u32, bool)>> = vec![Vec::new(); count];
    let mut is_root = vec![true; count];
    for Line {
        from, to, reads, ..
    } in &picture.drawing.lines
    {
        let (upper, lower) = match style.users_below {
            true => (*from, *to),
            false => (*to, *from),
        };
        below[upper as usize].push((lower, *reads));
        is_root[lower as usize] = false;
    }
    let mut text = format!("{}\n", picture.sentence());
    if let Some(longest) = picture.longest_words() {
        let _ = writeln!(text, "{longest}: marked {}", longest_mark(style));
    }
    let mut told = vec![false; count];
    let roots = (0..count as u32)
        .rev()
        .filter(|&card| is_root[card as usize]);
    let root = |card| Branch {
        card,
        reads: true,
        depth: 0,
        is_last: true,
        more: Vec::new(),
    };
    let mut stack: Vec<Branch> = roots.map(root).collect();
    while let Some(branch) = stack.pop() {
        let children = &below[branch.card as usize];
        let is_told = std::mem::replace(&mut told[branch.card as usize], true);
        push_line(
            &mut text,
            picture,
            style,
            &branch,
            is_told && !children.is_empty(),
        );
        if is_told {
            continue;
        }
        let mut more = branch.more;
        if branch.depth > 0 && more.len() < DEEPEST {
            more.push(!branch.is_last);
        }
        for (number, &(card, reads)) in children.iter().enumerate().rev() {
            stack.push(Branch {
                card,
                reads,
                depth: branch.depth + 1,
                is_last: number + 1 == children.len(),
                more: more.clone(),
            });
        }
    }
    text
}

fn push_line(text: &mut String, picture: &Picture<'_>, style: Tree, branch: &Branch, seen: bool) {
    let [bar, fork, end, after_fork, after_end] = match style.unicode {
        true => [
            "\u{2502}  ",
            "\u{251c}\u{2500} ",
            "\u{2514}\u{2500} ",
            "\u{251c}\u{254c} ",
            "\u{2514}\u{254c} ",
        ],
        false => ["|  ", "|- ", "`- ", "|. ", "`. "],
    };
    for &more in &branch.more {
        text.push_str(if more { bar } else { "   " });
    }
    if branch.depth > 0 {
        text.push_str(match (branch.reads, branch.is_last) {
            (true, false) => fork,
            (true, true) => end,
            (false, false) => after_fork,
            (false, true) => after_end,
        });
    }
    if branch.depth > DEEPEST + 1 {
        let _ = write!(text, "[level {}] ", branch.depth);
    }
    if !branch.reads {
        text.push_str("after ");
    }
    let card = &picture.drawing.cards[branch.card as usize];
    let _ = write!(text, "{}", escaped(&picture.name_words(card)));
    if seen {
        text.push_str("  (see above)\n");
        return;
    }
    let colour = if style.colour {
        colour(picture.states(card)[0].0)
    } else {
        Style::new()
    };
    let _ = write!(text, "  {colour}{}{colour:#}", picture.state_words(card));
    for fact in [picture.time_words(card), picture.exclusive_words(card)] {
        if !fact.is_empty() {
            let _ = write!(text, "  {}", escaped(&fact));
        }
    }
    if card.is_longest {
        let _ = write!(text, "  {}", longest_mark(style));
    }
    text.push('\n');
}

fn longest_mark(style: Tree) -> &'static str {
    if style.unicode { "\u{25c6}" } else { "*" }
}

/// As in `pipe status`.
fn colour(state: State) -> Style {
    match state {
        State::Fresh => Style::new(),
        State::Cached => AnsiColor::Green.on_default(),
        State::MayRun => AnsiColor::Cyan.on_default(),
        State::Stale => AnsiColor::Yellow.on_default(),
        State::Missing => AnsiColor::Red.on_default(),
    }
}
