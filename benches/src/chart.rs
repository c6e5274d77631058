//! What came out, as a picture: a bar for each contender, with its quartiles and the tightest bound.

use std::fmt::Write;

use crate::figure::Spread;
use crate::group::Limit;
use crate::measure::{Outcome, Row};

const WIDTH: f64 = 840.0;
const NAMES: f64 = 270.0;
/// What is kept free to the right of the longest bar, for its figure.
const FIGURES: f64 = 90.0;
const HEAD: f64 = 52.0;
const LINE: f64 = 26.0;
const BAR: f64 = 16.0;
/// A peer's bar that is so many times longer than most is cut short.
const CUT: f64 = 8.0;

/// Colours that are told apart in both schemes, and by those who do not see all colours.
const STYLE: &str = "
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .quiet { fill: #59636e }
  .own { fill: #0969da } .peer { fill: #afb8c1 } .base { fill: #6e7781 }
  .spread { stroke: #1f2328; stroke-width: 1.5 } .axis { stroke: #d1d9e0 }
  .bound { stroke: #cf222e; stroke-width: 2 } .over { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 }
    .own { fill: #4493f8 } .peer { fill: #4d5661 } .base { fill: #8b949e }
    .spread { stroke: #f0f6fc } .axis { stroke: #3d444d } .bound { stroke: #ff7b72 } .over { fill: #ff7b72 }
  }
";

/// Draws a group as SVG, for light and dark pages.
pub fn svg(outcome: &Outcome) -> String {
    let scale = Scale::of(outcome);
    let foot = HEAD + LINE * outcome.rows.len() as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"8\" y=\"22\">{title}</text>\n<text class=\"quiet\" x=\"8\" y=\"40\">{hint}</text>\n",
        height = foot + 34.0,
        title = escape(&outcome.title),
        hint = if outcome.unit.is_better_when_more() { "more is better" } else { "less is better" },
    );
    for (index, row) in outcome.rows.iter().enumerate() {
        out += &line(outcome, row, &scale, index);
    }
    let mut legend = "bars: medians; thin lines: quartiles".to_owned();
    if !outcome.checks.is_empty() {
        legend += "; red marks: the tightest bound";
    }
    if outcome.rows.iter().any(|row| scale.cuts(row.figure.median)) {
        legend += "; parted bars are cut short";
    }
    let _ = writeln!(
        out,
        "<line class=\"axis\" x1=\"{NAMES}\" x2=\"{NAMES}\" y1=\"{HEAD}\" y2=\"{foot}\"/>\n\
         <text class=\"quiet\" x=\"8\" y=\"{y}\">{legend}</text>\n</svg>",
        y = foot + 22.0,
    );
    out
}

/// Where figures stand.
struct Scale {
    /// The largest figure that is drawn in full.
    longest: f64,
}

impl Scale {
    fn of(outcome: &Outcome) -> Self {
        let figures = || outcome.rows.iter().map(|row| row.figure.median);
        let own = outcome.rows.iter().filter(|row| is_own(row)).map(|row| row.figure.median);
        let bounds = outcome.rows.iter().filter_map(|row| tightest(outcome, row));
        let shown = own.chain(bounds).fold(f64::MIN_POSITIVE, f64::max);
        Self { longest: figures().fold(0.0, f64::max).min(Spread::of(figures()).median * CUT).max(shown) }
    }

    fn at(&self, figure: f64) -> f64 {
        NAMES + (figure / self.longest).min(1.0) * (WIDTH - NAMES - FIGURES)
    }

    fn cuts(&self, figure: f64) -> bool {
        figure > self.longest
    }
}

/// Draws a contender: its name, its bar with the quartiles, the tightest bound, the figure.
fn line(outcome: &Outcome, row: &Row, scale: &Scale, index: usize) -> String {
    let Spread { low, median, high } = row.figure;
    let (low, end, high) = (scale.at(low), scale.at(median), scale.at(high));
    let middle = HEAD + LINE * (index as f64 + 0.5);
    let (top, text) = (middle - BAR / 2.0, middle + 4.5);
    let class = match index {
        _ if is_own(row) => "own",
        0 => "base",
        _ => "peer",
    };
    let piece = |from: f64, to: f64| {
        let width = (to - from).max(1.0);
        format!(
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\n"
        )
    };
    let vertical = |class: &str, x: f64| {
        let (from, to) = (top - 3.0, top + BAR + 3.0);
        format!("<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{from:.1}\" y2=\"{to:.1}\"/>\n")
    };
    let mut out = format!(
        "<text x=\"{x}\" y=\"{text:.1}\" text-anchor=\"end\">{name}</text>\n",
        x = NAMES - 8.0,
        name = escape(&row.name),
    );
    if scale.cuts(median) {
        out += &piece(NAMES, end - 16.0);
        out += &piece(end - 12.0, end);
    } else {
        out += &piece(NAMES, end);
        let _ = writeln!(
            out,
            "<line class=\"spread\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>"
        );
    }
    let bound = tightest(outcome, row).map(|bound| scale.at(bound));
    out += &bound.map(|bound| vertical("bound", bound)).unwrap_or_default();
    let is_over = outcome.checks.iter().any(|check| check.of == row.name && !check.holds);
    let _ = writeln!(
        out,
        "<text{class} x=\"{x:.1}\" y=\"{text:.1}\">{figure}</text>",
        class = if is_over { " class=\"over\"" } else { "" },
        x = end.max(high).max(bound.unwrap_or(0.0)) + 8.0,
        figure = outcome.unit.show(median),
    );
    out
}

/// Returns the figure at which a contender meets the tightest of its bounds.
fn tightest(outcome: &Outcome, row: &Row) -> Option<f64> {
    let own = outcome.checks.iter().filter(|check| check.of == row.name);
    let figures = own.filter_map(|check| {
        let over = outcome.rows.iter().find(|other| other.name == check.over)?.figure.median;
        Some(match check.limit {
            Limit::Times(times) | Limit::AtLeast(times) => over * times,
            Limit::Below => over,
            Limit::Plus(more) => over + more,
        })
    });
    let tighter = if outcome.unit.is_better_when_more() { f64::max } else { f64::min };
    figures.reduce(tighter)
}

fn is_own(row: &Row) -> bool {
    row.name.starts_with("dcache")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
