//! What came out, as a picture: a bar for each contender, with its quartiles and the tightest bound.

use std::fmt::Write;

use crate::figure::{Spread, Unit};
use crate::group::Limit;
use crate::measure::{Outcome, Row};

const WIDTH: f64 = 840.0;
const NAMES: f64 = 270.0;
/// What is kept free to the right of the longest bar, for its figure.
const FIGURES: f64 = 90.0;
const HEAD: f64 = 52.0;
const LINE: f64 = 26.0;
const BAR: f64 = 16.0;
/// A bar that is so many times longer than most is cut short.
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
    let unit = outcome.unit;
    let bounds: Vec<Option<f64>> = outcome.rows.iter().map(|row| tightest(outcome, row)).collect();
    let figures: Vec<f64> = outcome.rows.iter().map(|row| row.figure.median).collect();
    let longest = figures.iter().chain(bounds.iter().flatten()).copied().fold(f64::MIN_POSITIVE, f64::max);
    let longest = longest.min(Spread::of(figures).median * CUT);
    let at = |figure: f64| NAMES + (figure / longest).min(1.0) * (WIDTH - NAMES - FIGURES);
    let height = HEAD + LINE * outcome.rows.len() as f64 + 34.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"8\" y=\"22\">{title}</text>\n<text class=\"quiet\" x=\"8\" y=\"40\">{hint}</text>\n",
        title = escape(&outcome.title),
        hint = hint(unit),
    );
    for (index, (row, bound)) in outcome.rows.iter().zip(bounds).enumerate() {
        let middle = HEAD + LINE * (index as f64 + 0.5);
        let (end, top) = (at(row.figure.median), middle - BAR / 2.0);
        let class = match index {
            _ if row.name.starts_with("dcache") => "own",
            0 => "base",
            _ => "peer",
        };
        let verdict = if is_over(outcome, row) { " class=\"over\"" } else { "" };
        let piece = |from: f64, to: f64| {
            let width = (to - from).max(1.0);
            format!(
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\n"
            )
        };
        let bar = if row.figure.median > longest {
            piece(NAMES, end - 16.0) + &piece(end - 12.0, end)
        } else {
            let (low, high) = (at(row.figure.low), at(row.figure.high));
            let spread = format!(
                "<line class=\"spread\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>\n"
            );
            piece(NAMES, end) + &spread
        };
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{name}</text>\n\
             {bar}<text{verdict} x=\"{label:.1}\" y=\"{y:.1}\">{figure}</text>",
            x = NAMES - 8.0,
            y = middle + 4.5,
            label = bound.map_or(end, |bound| end.max(at(bound))).max(at(row.figure.high)) + 8.0,
            name = escape(&row.name),
            figure = unit.show(row.figure.median),
        );
        if let Some(bound) = bound {
            let (x, low, high) = (at(bound), top - 3.0, top + BAR + 3.0);
            let _ = writeln!(
                out,
                "<line class=\"bound\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{low:.1}\" y2=\"{high:.1}\"/>"
            );
        }
    }
    let foot = HEAD + LINE * outcome.rows.len() as f64;
    let _ = writeln!(
        out,
        "<line class=\"axis\" x1=\"{NAMES}\" x2=\"{NAMES}\" y1=\"{HEAD}\" y2=\"{foot}\"/>\n\
         <text class=\"quiet\" x=\"8\" y=\"{y}\">bars: medians; thin lines: quartiles{mark}{cut}</text>\n</svg>",
        y = foot + 22.0,
        cut = if outcome.rows.iter().any(|row| row.figure.median > longest) {
            "; parted bars are cut short"
        } else {
            ""
        },
        mark = if outcome.checks.is_empty() { "" } else { "; red marks: the tightest bound" },
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

fn is_over(outcome: &Outcome, row: &Row) -> bool {
    outcome.checks.iter().any(|check| check.of == row.name && !check.holds)
}

fn hint(unit: Unit) -> &'static str {
    if unit.is_better_when_more() { "more is better" } else { "less is better" }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
