//! Places for cards and ways for the lines between them: columns from left to right, each card right of all that it
//! waits for.
//!
//! Columns by the longest path to a card, lines that pass a column get a place in it, a few sweeps bring neighbours to
//! the same height. Time and memory grow with cards and lines; nothing recurses. Knows sizes and lines only.

mod columns;
mod heights;
mod sweeps;

use columns::Columns;

/// What is to be placed.
#[derive(Debug, Clone, Default)]
pub struct Task {
    /// The width of each card; every line runs from a card to one with a higher number.
    pub widths: Vec<f64>,
    /// The height of each card.
    pub heights: Vec<f64>,
    /// From where to where.
    pub lines: Vec<(u32, u32)>,
    /// Between two columns.
    pub gap: f64,
    /// Between two cards of a column.
    pub space: f64,
}

/// Where everything lies, in the unit of the sizes; nothing lies left of or above 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Of the whole.
    pub width: f64,
    /// Of the whole.
    pub height: f64,
    /// The left upper corner of each card.
    pub corners: Vec<(f64, f64)>,
    /// The width of each card: all cards of a column are as wide as the widest.
    pub widths: Vec<f64>,
    /// The column of each card, from the left.
    pub columns: Vec<u32>,
    /// By line: the points between which it bends; an even number, since it runs level inside the columns that it passes.
    pub ways: Vec<Vec<(f64, f64)>>,
}

/// What has a place in a column: a card, or a line on its way.
#[derive(Debug, Clone)]
struct Thing {
    column: u32,
    height: f64,
    /// Things in the columns left and right of it that it should be level with.
    left: Vec<u32>,
    right: Vec<u32>,
    /// How much it matters that it is level with them.
    weight: f64,
}

/// Lays out.
pub fn layout(task: &Task) -> Layout {
    let count = task.widths.len();
    let columns = Columns::assign(count, &task.lines);
    let (things, chains) = things(task, &columns);
    let rows = sweeps::order(&things, columns.count);
    let tops = heights::place(&things, &rows, task.space);
    let mut widths = vec![0.0f64; columns.count];
    for (card, &column) in columns.of.iter().enumerate() {
        let width = &mut widths[column as usize];
        *width = width.max(task.widths[card]);
    }
    let mut lefts = Vec::with_capacity(widths.len());
    let mut x = 0.0;
    for width in &widths {
        lefts.push(x);
        x += width + task.gap;
    }
    let corner = |card: usize| (lefts[columns.of[card] as usize], tops[card]);
    let middle = |thing: u32| tops[thing as usize] + things[thing as usize].height / 2.0;
    let wide = |card: usize| widths[columns.of[card] as usize];
    let way = |(&(from, to), chain): (&(u32, u32), &Vec<u32>)| {
        let mut way = vec![(corner(from as usize).0 + wide(from as usize), middle(from))];
        for &thing in chain {
            let column = things[thing as usize].column as usize;
            way.push((lefts[column], middle(thing)));
            way.push((lefts[column] + widths[column], middle(thing)));
        }
        way.push((corner(to as usize).0, middle(to)));
        way
    };
    let bottom = |card: usize| tops[card] + task.heights[card];
    Layout {
        width: (x - task.gap).max(0.0),
        height: (0..count).map(bottom).fold(0.0, f64::max),
        corners: (0..count).map(corner).collect(),
        ways: task.lines.iter().zip(&chains).map(way).collect(),
        widths: (0..count).map(wide).collect(),
        columns: columns.of,
    }
}

/// The cards, then a thing for every column that a line passes; and by line, its things. So that a few lines across
/// thousands of columns do not cost more than all the rest, the longest run straight once there are too many.
fn things(task: &Task, columns: &Columns) -> (Vec<Thing>, Vec<Vec<u32>>) {
    let count = task.widths.len();
    let card = |card: usize| Thing {
        column: columns.of[card],
        height: task.heights[card],
        left: Vec::new(),
        right: Vec::new(),
        weight: 1.0,
    };
    let mut things: Vec<Thing> = (0..count).map(card).collect();
    let mut chains = vec![Vec::new(); task.lines.len()];
    let span = |line: &(u32, u32)| columns.of[line.1 as usize] - columns.of[line.0 as usize];
    let mut by_span: Vec<usize> = (0..task.lines.len()).collect();
    by_span.sort_by_key(|&line| span(&task.lines[line]));
    let mut left = 4 * (count + task.lines.len());
    for line in by_span {
        let (from, to) = task.lines[line];
        let passed = span(&task.lines[line]).saturating_sub(1) as usize;
        if passed > left {
            continue;
        }
        left -= passed;
        let mut before = from;
        for column in columns.of[from as usize] + 1..columns.of[to as usize] {
            let thing = things.len() as u32;
            things.push(Thing {
                column,
                height: 0.0,
                left: vec![before],
                right: Vec::new(),
                weight: 4.0,
            });
            things[before as usize].right.push(thing);
            chains[line].push(thing);
            before = thing;
        }
        things[before as usize].right.push(to);
        things[to as usize].left.push(before);
    }
    (things, chains)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(count: usize, lines: &[(u32, u32)]) -> Layout {
        let layout = layout(&Task {
            widths: vec![100.0; count],
            heights: vec![40.0; count],
            lines: lines.to_vec(),
            gap: 50.0,
            space: 10.0,
        });
        assert_eq!(layout.corners.len(), count);
        for (at, (&(from, to), way)) in lines.iter().zip(&layout.ways).enumerate() {
            assert!(
                layout.columns[from as usize] < layout.columns[to as usize],
                "line {at}"
            );
            assert_eq!(way.len() % 2, 0, "line {at}");
            assert!(
                way.is_sorted_by(|a, b| a.0 <= b.0),
                "line {at} runs back: {way:?}"
            );
        }
        layout
    }

    /// Random numbers that are the same every time.
    fn numbers() -> impl FnMut(u32) -> u32 {
        let mut state = 88_172_645_463_325_252u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % u64::from(below)) as u32
        }
    }

    #[test]
    fn nothing_and_one_card() {
        assert_eq!(laid_out(0, &[]), Layout::default());
        let one = laid_out(1, &[]);
        assert_eq!((one.width, one.height), (100.0, 40.0));
        assert_eq!(one.corners, [(0.0, 0.0)]);
    }

    #[test]
    fn a_chain_is_level_and_a_line_past_a_card_goes_round_it() {
        let chain = laid_out(3, &[(0, 1), (1, 2)]);
        assert_eq!(chain.corners, [(0.0, 0.0), (150.0, 0.0), (300.0, 0.0)]);
        let past = laid_out(3, &[(0, 1), (0, 2), (1, 2)]);
        let (top, bottom) = (past.corners[1].1, past.corners[1].1 + 40.0);
        let way = &past.ways[1];
        assert_eq!(way.len(), 4);
        assert!(
            way[1].1 < top || way[1].1 > bottom,
            "{way:?} meets {top}..{bottom}"
        );
    }

    #[test]
    fn lines_that_need_not_cross_do_not() {
        // Two chains whose cards are numbered so that the second column starts the wrong way round.
        let layout = laid_out(4, &[(0, 3), (1, 2)]);
        let top = |card: usize| layout.corners[card].1;
        assert_eq!(top(0) < top(1), top(3) < top(2));
    }

    #[test]
    fn cards_never_overlap() {
        let mut number = numbers();
        for count in [5u32, 40, 300] {
            let mut lines: Vec<(u32, u32)> = (0..2 * count)
                .map(|_| (number(count), number(count)))
                .filter(|(a, b)| a != b)
                .map(|(a, b)| (a.min(b), a.max(b)))
                .collect();
            lines.sort_unstable();
            lines.dedup();
            let layout = laid_out(count as usize, &lines);
            let mut spots: Vec<(u32, f64)> = (0..count as usize)
                .map(|card| (layout.columns[card], layout.corners[card].1))
                .collect();
            spots.sort_by(|a, b| a.partial_cmp(b).expect("no card is nowhere"));
            for pair in spots.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                assert!(pair[1].1 - pair[0].1 >= 49.999, "{pair:?}");
            }
            assert!(spots.iter().all(|spot| spot.1 >= 0.0));
        }
    }

    #[test]
    fn a_column_has_no_more_cards_than_can_be_looked_at() {
        let lines: Vec<(u32, u32)> = (0..999).map(|card| (card, 999)).collect();
        let layout = laid_out(1000, &lines);
        let mut in_column = vec![0; 1000];
        for &column in &layout.columns {
            in_column[column as usize] += 1;
        }
        assert!(in_column.iter().max() < Some(&100));
    }

    #[test]
    fn deep_and_tangled_graphs_stay_affordable() {
        let count = 3_000u32;
        let mut lines: Vec<(u32, u32)> = (1..count).map(|card| (card - 1, card)).collect();
        // Lines across the whole depth: one for each card, which would pass four and a half million columns.
        lines.extend((2..count).map(|card| (0, card)));
        let things = laid_out(count as usize, &lines);
        let points: usize = things.ways.iter().map(Vec::len).sum();
        assert!(points < 20 * lines.len());
    }
}
