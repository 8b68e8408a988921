//! The graph as a picture: a card a node, lines between them.
//!
//! The same scene stands in the SVG file and in the page; each brings its own style. Does not know how cards find their
//! places.

use super::Picture;
use super::escape::{shortened, xml};
use crate::logic::drawing::layout::{Layout, Task, layout};
use crate::logic::drawing::{Card, Line};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Columns of a name or of the facts below it.
const WIDEST: usize = 34;
/// Of a letter of the name and of the facts, in the unit of the picture.
const NAME_LETTER: f64 = 7.9;
const FACT_LETTER: f64 = 6.3;
const CARD_HEIGHT: f64 = 46.0;
const MARGIN: f64 = 24.0;
/// Room for title and legend above the picture in a file of its own.
const HEAD: f64 = 84.0;

/// `pipe graph --format svg`: a file of its own, with a legend; light or dark as the viewer is.
pub fn svg(picture: &Picture<'_>) -> String {
    let (scene, layout) = scene(picture);
    let width = (layout.width + 2.0 * MARGIN).max(760.0);
    let height = layout.height + 2.0 * MARGIN + HEAD;
    let title = xml(picture.title);
    let longest = picture.longest_words().unwrap_or_default();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{title}</title>\n<desc id=\"desc\">{}. {}</desc>\n<style>{}</style>\n{SIGNS}\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"30\">{title}</text>\n",
        xml(&picture.sentence()),
        xml(&longest),
        include_str!("picture.css"),
    );
    let mut x = MARGIN;
    for (state, count) in picture.all_states() {
        let words = format!("{count} {}", state.word());
        let _ = writeln!(
            text,
            "<g class=\"key {}\" transform=\"translate({x:.0} 44)\"><use href=\"#sign-{}\"/><text class=\"facts\" x=\"20\" y=\"12\">{words}</text></g>",
            state.code(),
            state.code()
        );
        x += 20.0 + 6.6 * words.width() as f64 + 22.0;
    }
    let _ = writeln!(
        text,
        "<text class=\"facts\" x=\"{MARGIN}\" y=\"78\">{}{}</text>",
        if longest.is_empty() {
            String::new()
        } else {
            format!("thick: {}", xml(&longest))
        },
        if picture.drawing.lines.iter().any(|line| !line.reads) {
            " \u{b7} dashed: after, order only"
        } else {
            ""
        },
    );
    let _ = writeln!(
        text,
        "<g transform=\"translate({MARGIN} {:.0})\">\n{scene}</g>\n</svg>",
        HEAD + MARGIN
    );
    text
}

/// What a card says and how it looks.
pub(in crate::report) struct Look {
    /// The name of its state: a class, and the end of its sign's name.
    pub(in crate::report) state: &'static str,
    /// In the first line.
    pub(in crate::report) name: String,
    /// In the second.
    pub(in crate::report) facts: String,
    /// How many nodes stand on it.
    pub(in crate::report) count: usize,
    pub(in crate::report) is_exclusive: bool,
    pub(in crate::report) is_longest: bool,
}

/// Lines and cards, with their left upper corner at 0.
pub(super) fn scene(picture: &Picture<'_>) -> (String, Layout) {
    let look = |card: &Card| Look {
        state: picture.states(card)[0].0.code(),
        name: card.name.clone(),
        facts: picture.facts(card),
        count: card.nodes.len(),
        is_exclusive: !picture.exclusive_words(card).is_empty(),
        is_longest: card.is_longest,
    };
    let looks: Vec<Look> = picture.drawing.cards.iter().map(look).collect();
    draw(&looks, &picture.drawing.lines)
}

/// The same of any cards.
pub(in crate::report) fn draw(looks: &[Look], lines: &[Line]) -> (String, Layout) {
    let layout = layout(&Task {
        widths: looks.iter().map(width).collect(),
        heights: vec![CARD_HEIGHT; looks.len()],
        lines: lines.iter().map(|line| (line.from, line.to)).collect(),
        gap: 64.0,
        space: 18.0,
    });
    let mut text = String::new();
    text.push_str("<g class=\"lines\" fill=\"none\">\n");
    // What is marked lies on top of what is not.
    for is_longest in [false, true] {
        let lines = lines.iter().zip(&layout.ways);
        for (line, way) in lines.filter(|(line, _)| line.is_longest == is_longest) {
            push_line(&mut text, line, way);
        }
    }
    text.push_str("</g>\n<g class=\"cards\">\n");
    for (number, look) in looks.iter().enumerate() {
        let place = (layout.corners[number], layout.widths[number]);
        push_card(&mut text, number, look, place);
    }
    text.push_str("</g>\n");
    (text, layout)
}

fn width(look: &Look) -> f64 {
    let (name, facts) = words(look);
    let badge = match look.count {
        1 => 0.0,
        count => badge_width(count) + 8.0,
    };
    let name = NAME_LETTER * name.width() as f64 + badge;
    let facts = FACT_LETTER * facts.width() as f64;
    (name.max(facts) + 46.0).clamp(120.0, 420.0).round()
}

/// Both lines, cut to what a card takes.
fn words(look: &Look) -> (String, String) {
    (
        shortened(&look.name, WIDEST),
        shortened(&look.facts, WIDEST + 6),
    )
}

fn badge_width(count: usize) -> f64 {
    NAME_LETTER * (1 + count.to_string().len()) as f64 + 10.0
}

fn push_line(text: &mut String, line: &Line, way: &[(f64, f64)]) {
    let mut classes = String::from("line");
    for (class, is_so) in [(" after", !line.reads), (" longest", line.is_longest)] {
        if is_so {
            classes.push_str(class);
        }
    }
    let _ = write!(
        text,
        "<path class=\"{classes}\" data-from=\"{}\" data-to=\"{}\" marker-end=\"url(#tip{})\" d=\"M{:.1} {:.1}",
        line.from,
        line.to,
        if line.is_longest { "-longest" } else { "" },
        way[0].0,
        way[0].1
    );
    for (at, pair) in way.windows(2).enumerate() {
        let ((x, y), (mut to_x, to_y)) = (pair[0], pair[1]);
        if at % 2 == 1 {
            let _ = write!(text, " L{to_x:.1} {to_y:.1}");
            continue;
        }
        if at + 2 == way.len() {
            to_x -= 3.0;
        }
        let middle = f64::midpoint(x, to_x);
        let _ = write!(
            text,
            " C{middle:.1} {y:.1} {middle:.1} {to_y:.1} {to_x:.1} {to_y:.1}"
        );
    }
    text.push_str("\"/>\n");
}

fn push_card(text: &mut String, number: usize, look: &Look, ((x, y), width): ((f64, f64), f64)) {
    let (name, facts) = words(look);
    let count = match look.count {
        1 => String::new(),
        count => format!(" \u{d7}{count}"),
    };
    let (longest, class) = match look.is_longest {
        true => (" \u{b7} on the longest path", " longest"),
        false => ("", ""),
    };
    let whole = format!("{}{count}: {}{longest}", look.name, look.facts);
    let state = look.state;
    let _ = write!(
        text,
        "<g class=\"card {state}{class}\" id=\"card-{number}\" data-card=\"{number}\" transform=\"translate({x:.1} {y:.1})\"><title>{}</title>",
        xml(&whole)
    );
    let rect = |class: &str, inset: f64| {
        format!(
            "<rect class=\"{class}\" x=\"{inset}\" y=\"{inset}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{:.1}\"/>",
            width - 2.0 * inset,
            CARD_HEIGHT - 2.0 * inset,
            8.0 - inset
        )
    };
    if look.count > 1 {
        // A pile: two more cards look out behind this one.
        for offset in [7, 3] {
            let _ = write!(
                text,
                "<rect class=\"body pile\" x=\"{offset}\" y=\"{offset}\" width=\"{width:.1}\" height=\"{CARD_HEIGHT}\" rx=\"8\"/>"
            );
        }
    }
    text.push_str(&rect("body", 0.0));
    if look.is_exclusive {
        text.push_str(&rect("inner", 3.5));
    }
    let _ = write!(
        text,
        "<use href=\"#sign-{state}\" x=\"11\" y=\"15\"/><text class=\"name\" x=\"35\" y=\"20\">{}</text><text class=\"facts\" x=\"35\" y=\"36\">{}</text>",
        xml(&name),
        xml(&facts)
    );
    if look.count > 1 {
        let badge = badge_width(look.count);
        let _ = write!(
            text,
            "<rect class=\"badge\" x=\"{:.1}\" y=\"7\" width=\"{badge:.1}\" height=\"17\" rx=\"8.5\"/><text class=\"count\" x=\"{:.1}\" y=\"19.5\" text-anchor=\"middle\">\u{d7}{}</text>",
            width - badge - 9.0,
            width - badge / 2.0 - 9.0,
            look.count
        );
    }
    text.push_str("</g>\n");
}

/// A sign for each state, so that it can be told without its colour; and the tips of the lines.
pub(in crate::report) const SIGNS: &str = r##"<defs>
<symbol id="sign-fresh" width="16" height="16" viewBox="0 0 16 16"><circle class="disc fresh" cx="8" cy="8" r="7.5"/><path class="mark fresh" d="M4.6 8.3 7 10.7 11.4 5.8"/></symbol>
<symbol id="sign-cached" width="16" height="16" viewBox="0 0 16 16"><circle class="disc cached" cx="8" cy="8" r="7.5"/><path class="mark cached" d="M8 4.2v6.2M5.2 7.9 8 10.7l2.8-2.8M4.9 12.4h6.2"/></symbol>
<symbol id="sign-may-run" width="16" height="16" viewBox="0 0 16 16"><circle class="ring may-run" cx="8" cy="8" r="6.7"/><path class="mark may-run" d="M5.9 6.3a2.1 2.1 0 1 1 3.1 1.9c-.7.4-1 .8-1 1.6M8 11.6v.3"/></symbol>
<symbol id="sign-stale" width="16" height="16" viewBox="0 0 16 16"><circle class="disc stale" cx="8" cy="8" r="7.5"/><path class="solid stale" d="M6.1 4.6v6.8l5.4-3.4z"/></symbol>
<symbol id="sign-missing" width="16" height="16" viewBox="0 0 16 16"><path class="disc missing" d="M8 .8 15.6 14.4H.4z"/><path class="mark missing" d="M8 5.6v4M8 12v.2"/></symbol>
<marker id="tip" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 .6 7 4 0 7.4z"/></marker>
<marker id="tip-longest" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="13" markerHeight="13" markerUnits="userSpaceOnUse" orient="auto"><path class="tip longest" d="M0 .6 7 4 0 7.4z"/></marker>
</defs>"##;
